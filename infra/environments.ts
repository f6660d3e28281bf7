/** A name of one's own for the locks, in the region of the stack. */
export interface LockDomain {
  readonly name: string;
  readonly certificateArn: string;
  /**
   * PEM file with the certification authorities whose client certificates are accepted (mutual TLS), as an object in S3; undefined
   * asks for no certificate. A client without an accepted one is then refused before any of our code runs, so hosts with tokens need
   * a deployment without it. API Gateway checks no revocation: take a host's certificate name out of the network file instead.
   */
  readonly truststore: { readonly bucket: string; readonly key: string; readonly version: string | undefined } | undefined;
}

/**
 * A name of one's own for the CDN. Its certificate (us-east-1) must have every name that is asked for, or the deployment is refused. A
 * wildcard covers one label: `*.example.org` has `mirror-REGION-PROVIDER.example.org`, and `mirror.REGION.PROVIDER.example.org` must
 * stand in the certificate by itself (ACM allows ten names, a hundred when asked).
 */
export interface SiteDomain {
  readonly name: string;
  readonly certificateArn: string;
  /** Names of the network file's places that are served too: none, those that a wildcard covers, or in both forms. */
  readonly placeNames: 'none' | 'dashed' | 'both';
}

/** Whoever says who people are: any OpenID provider that API Gateway can reach. */
export interface IdentityProvider {
  /** The `iss` of its tokens; its discovery document is below. */
  readonly issuer: string;
  /** What tokens must be meant for (`aud`, or the client's id). */
  readonly audiences: readonly string[];
}

/** Sizes, schedules and names per deployment: plain data, chosen by `-c environment=NAME`. */
export interface Environment {
  /** CloudFormation stack name; also the prefix of what is named by hand. */
  readonly stackName: string;
  /** Network file that gives the categories to schedule and the names of places; its inventory is applied with `npm run apply`. */
  readonly networkFile: string;
  /** Whoever hears of alarms; empty: nobody subscribes yet. */
  readonly alarmEmail: string;
  /** Undefined serves under the CDN's name. */
  readonly domain: SiteDomain | undefined;
  /** Undefined: the locks are under the name that the API was given. */
  readonly lockDomain: LockDomain | undefined;
  /** Undefined: nobody administers over HTTP; the inventory is what `npm run apply` puts there. */
  readonly identity: IdentityProvider | undefined;
  readonly logRetentionDays: number;
}

export const environments: Readonly<Record<string, Environment>> = {
  default: {
    stackName: 'mirrortide',
    networkFile: 'examples/fedora.yaml',
    alarmEmail: '',
    domain: undefined,
    lockDomain: undefined,
    identity: undefined,
    logRetentionDays: 90,
  },
};
