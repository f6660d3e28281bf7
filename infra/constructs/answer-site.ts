import { Duration, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  KeyValueStore,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin, OriginGroup, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { StageFunction } from './stage-function.ts';

export interface AnswerSiteProps {
  readonly answer: StageFunction;
  readonly data: Bucket;
  readonly accessLogs: Bucket;
  /** Path of the viewer-request function's source. */
  readonly viewerRequest: string;
  readonly domain: { readonly name: string; readonly certificateArn: string } | undefined;
}

/**
 * The CDN in front of `answer`. The viewer-request function reduces a client to a bucket and a variant and tidies the query; the
 * cache key is (path, tidied query, bucket, variant). When `answer` fails, the same path is read from the static lists in S3.
 */
export class AnswerSite extends Construct {
  readonly distribution: Distribution;
  readonly edgeTable: KeyValueStore;

  constructor(scope: Construct, id: string, props: AnswerSiteProps) {
    super(scope, id);
    this.edgeTable = new KeyValueStore(this, 'EdgeTable', { comment: 'Registered netblocks and networks of the hosts' });
    const viewerRequest = new EdgeFunction(this, 'ViewerRequest', {
      code: FunctionCode.fromFile({ filePath: props.viewerRequest }),
      runtime: FunctionRuntime.JS_2_0,
      keyValueStore: this.edgeTable,
    });

    const url = props.answer.function.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    const origin = new OriginGroup({
      primaryOrigin: FunctionUrlOrigin.withOriginAccessControl(url, { readTimeout: Duration.seconds(10) }),
      fallbackOrigin: S3BucketOrigin.withOriginAccessControl(props.data, { originPath: '/static' }),
      fallbackStatusCodes: [500, 502, 503, 504],
    });

    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Mirrortide: mirrorlist and metalink',
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(props.domain === undefined
        ? {}
        : {
            domainNames: [props.domain.name],
            certificate: Certificate.fromCertificateArn(this, 'Certificate', props.domain.certificateArn),
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
          }),
      logBucket: props.accessLogs,
      logFilePrefix: 'cdn/',
      defaultBehavior: {
        origin,
        // A redirect to https makes apt 2.6 wait for ever: plain http is answered as it is asked.
        viewerProtocolPolicy: ViewerProtocolPolicy.ALLOW_ALL,
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
        compress: true,
        cachePolicy: this.cachePolicy(),
        originRequestPolicy: this.originRequestPolicy(),
        functionAssociations: [{ function: viewerRequest, eventType: FunctionEventType.VIEWER_REQUEST }],
      },
      // dnf asks twelve times at once after any error status; a short cache makes eleven of them free.
      errorResponses: [400, 404, 405].map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(30) })),
    });
    this.acknowledge();
  }

  private cachePolicy(): CachePolicy {
    return new CachePolicy(this, 'Cache', {
      comment: 'Tidied query, client bucket, shuffle variant',
      headerBehavior: CacheHeaderBehavior.allowList('x-mirrortide-bucket', 'x-mirrortide-variant'),
      queryStringBehavior: CacheQueryStringBehavior.all(),
      cookieBehavior: CacheCookieBehavior.none(),
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(30),
      maxTtl: Duration.minutes(10),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    });
  }

  /** The viewer function only sees the CDN's own geography headers when a policy names them. */
  private originRequestPolicy(): OriginRequestPolicy {
    return new OriginRequestPolicy(this, 'OriginRequest', {
      comment: 'Makes the viewer country and network known at the edge',
      headerBehavior: OriginRequestHeaderBehavior.allowList('CloudFront-Viewer-Country', 'CloudFront-Viewer-ASN'),
      queryStringBehavior: OriginRequestQueryStringBehavior.all(),
      cookieBehavior: OriginRequestCookieBehavior.none(),
    });
  }

  private acknowledge(): void {
    Validations.of(this.distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR1',
        reason: 'Embargoed countries are a policy of the network file, decided in selection, where explain can show it.',
      },
      {
        id: 'AwsSolutions-CFR2',
        reason: 'The origin is read-only, holds no personal data and answers from memory; rate rules are added per deployment.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          "Without a name of one's own the CDN's default certificate fixes the policy; with `domain` set, TLS 1.2 is the minimum.",
      },
    );
  }
}
