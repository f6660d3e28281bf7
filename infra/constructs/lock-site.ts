import { Validations } from 'aws-cdk-lib';
import { DomainName, HttpApi, HttpNoneAuthorizer, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { LockDomain } from '../environments.ts';
import { apiStage } from './api-stage.ts';
import type { StageFunction } from './stage-function.ts';

export interface LockSiteProps {
  readonly lockApi: StageFunction;
  readonly domain: LockDomain | undefined;
  readonly logRetention: RetentionDays;
}

/**
 * 10,000 waiting hosts ask less than three times a second; an arrival of all of them within a minute is 170. A client that is
 * refused here gets 429 and asks again at its own pace, as after any failure.
 */
const RATE_PER_SECOND = 300;
const BURST = 600;

/**
 * The locks' own host name, beside the CDN: nothing of it may be cached, the API tells when a request arrived (`timeEpoch`, by which
 * releases of clients without fences are judged) and which certificate the client showed.
 */
export class LockSite extends Construct {
  readonly api: HttpApi;
  /** `https://` and the name, without a slash at the end. */
  readonly address: string;

  constructor(scope: Construct, id: string, props: LockSiteProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      description: 'Mirrortide update locks',
      createDefaultStage: false,
      // One name, one way to be known: with a name of one's own, none can go around its client certificates.
      disableExecuteApiEndpoint: props.domain !== undefined,
      defaultIntegration: new HttpLambdaIntegration('LockApi', props.lockApi.function),
      defaultAuthorizer: new HttpNoneAuthorizer(),
    });
    const domain = props.domain === undefined ? undefined : this.domainOf(props.domain);
    apiStage(this, { api: this.api, ratePerSecond: RATE_PER_SECOND, burst: BURST, logRetention: props.logRetention, domain });
    this.address = props.domain === undefined ? this.api.apiEndpoint : `https://${props.domain.name}`;
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'Clients of four protocols show tokens, certificates or plain names: lock-api decides by the rules of the network file.',
    });
  }

  private domainOf({ name, certificateArn, truststore }: LockDomain): DomainName {
    return new DomainName(this, 'Domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
      ...(truststore === undefined
        ? {}
        : {
            mtls: {
              bucket: Bucket.fromBucketName(this, 'Truststore', truststore.bucket),
              key: truststore.key,
              ...(truststore.version === undefined ? {} : { version: truststore.version }),
            },
          }),
    });
  }
}
