import { Duration, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  Distribution,
  Function as EdgeFunction,
  type FunctionAssociation,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  KeyValueStore,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin, OriginGroup, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { SITE_PATHS, type SiteOrigin } from '../site-paths.ts';
import { answerCache, answerRequest, contentCache, contentRequest, objectCache } from './site-policies.ts';
import type { StageFunction } from './stage-function.ts';

/** Sources of the functions that run at the edge: on requests of each kind of path, and on answers from the bucket. */
export type EdgeSources = Readonly<Record<SiteOrigin | 'objectAnswers', string>>;

export interface PublicSiteProps {
  readonly answer: StageFunction;
  readonly content: StageFunction;
  /** Has the static lists of mirrors. */
  readonly data: Bucket;
  /** Has the objects of trees. */
  readonly objects: Bucket;
  readonly accessLogs: Bucket;
  readonly edge: EdgeSources;
  /** Undefined serves under the CDN's own name. */
  readonly domain: { readonly names: readonly string[]; readonly certificateArn: string } | undefined;
}

/** What every path has in common; a redirect to https makes apt 2.6 wait for ever: plain http is answered as it is asked. */
const EVERY_PATH = {
  viewerProtocolPolicy: ViewerProtocolPolicy.ALLOW_ALL,
  allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
} as const;

/**
 * How long an error is kept at least; `answer` and `content` may ask for longer by their own Cache-Control. dnf asks twelve times at once
 * after any error status, so a short cache makes eleven of them free; a path that was just released must not stay absent.
 */
const ERROR_SECONDS: Readonly<Record<number, number>> = { 400: 30, 403: 5, 404: 5, 405: 30 };

/**
 * The CDN in front of everything that clients ask under one host name. `site-paths.ts` says which origin a path has:
 *
 *   answer    lists of mirrors. The viewer function reduces a client to a bucket and a variant and tidies the query; both are in the
 *             cache key. When the function fails, the same path is read from the static lists in S3.
 *   objects   files by their hash, from the bucket itself.
 *   content   everything else: what is released below the mounts.
 */
export class PublicSite extends Construct {
  readonly distribution: Distribution;
  readonly edgeTable: KeyValueStore;

  constructor(scope: Construct, id: string, props: PublicSiteProps) {
    super(scope, id);
    this.edgeTable = new KeyValueStore(this, 'EdgeTable', { comment: 'Registered netblocks and networks of the hosts' });
    const behaviours = { answer: this.answer(props), objects: this.objects(props), content: this.content(props) };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Mirrortide: lists of mirrors, and content',
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(props.domain === undefined
        ? {}
        : {
            domainNames: [...props.domain.names],
            certificate: Certificate.fromCertificateArn(this, 'Certificate', props.domain.certificateArn),
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
          }),
      logBucket: props.accessLogs,
      logFilePrefix: 'cdn/',
      defaultBehavior: behaviours.content,
      additionalBehaviors: Object.fromEntries(SITE_PATHS.map(({ pattern, origin }) => [pattern, behaviours[origin]])),
      errorResponses: Object.entries(ERROR_SECONDS).map(([status, seconds]) => ({
        httpStatus: Number(status),
        ttl: Duration.seconds(seconds),
      })),
    });
    this.acknowledge();
  }

  private answer({ answer, data, edge }: PublicSiteProps): BehaviorOptions {
    const url = answer.function.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    return {
      ...EVERY_PATH,
      origin: new OriginGroup({
        primaryOrigin: FunctionUrlOrigin.withOriginAccessControl(url, { readTimeout: Duration.seconds(10) }),
        fallbackOrigin: S3BucketOrigin.withOriginAccessControl(data, { originPath: '/static' }),
        fallbackStatusCodes: [500, 502, 503, 504],
      }),
      compress: true,
      cachePolicy: answerCache(this),
      originRequestPolicy: answerRequest(this),
      functionAssociations: this.viewer('ViewerRequest', edge.answer, FunctionEventType.VIEWER_REQUEST, this.edgeTable),
    };
  }

  private content({ content, edge }: PublicSiteProps): BehaviorOptions {
    const url = content.function.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    return {
      ...EVERY_PATH,
      // Above the function's own time, in which a proxy volume asks its upstream.
      origin: FunctionUrlOrigin.withOriginAccessControl(url, { readTimeout: Duration.seconds(30) }),
      // Of texts; the CDN leaves archives and packages alone, whose hashes clients know as they are.
      compress: true,
      cachePolicy: contentCache(this),
      originRequestPolicy: contentRequest(this),
      functionAssociations: this.viewer('ContentViewerRequest', edge.content),
    };
  }

  private objects({ objects, edge }: PublicSiteProps): BehaviorOptions {
    return {
      ...EVERY_PATH,
      origin: S3BucketOrigin.withOriginAccessControl(objects),
      compress: false,
      cachePolicy: objectCache(this),
      functionAssociations: [
        ...this.viewer('ObjectViewerRequest', edge.objects),
        ...this.viewer('ObjectViewerResponse', edge.objectAnswers, FunctionEventType.VIEWER_RESPONSE),
      ],
    };
  }

  private viewer(
    id: string,
    filePath: string,
    eventType = FunctionEventType.VIEWER_REQUEST,
    keyValueStore?: KeyValueStore,
  ): FunctionAssociation[] {
    const made = new EdgeFunction(this, id, {
      code: FunctionCode.fromFile({ filePath }),
      runtime: FunctionRuntime.JS_2_0,
      ...(keyValueStore === undefined ? {} : { keyValueStore }),
    });
    return [{ function: made, eventType }];
  }

  private acknowledge(): void {
    Validations.of(this.distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR1',
        reason: 'Embargoed countries are a policy of the network file, decided in selection, where explain can show it.',
      },
      {
        id: 'AwsSolutions-CFR2',
        reason: 'The origins are read-only for whoever asks and hold no personal data; rate rules are added per deployment.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          "Without a name of one's own the CDN's default certificate fixes the policy; with `domain` set, TLS 1.2 is the minimum.",
      },
    );
  }
}
