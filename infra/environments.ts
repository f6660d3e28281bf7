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
  /** Network file that gives the categories to schedule; its inventory is applied with `npm run apply`. */
  readonly networkFile: string;
  /** Whoever hears of alarms; empty: nobody subscribes yet. */
  readonly alarmEmail: string;
  /** A name of one's own and its certificate (us-east-1); undefined serves under the CDN's name. */
  readonly domain: { readonly name: string; readonly certificateArn: string } | undefined;
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
