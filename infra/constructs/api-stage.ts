import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { type DomainName, type HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface ApiStageProps {
  readonly api: HttpApi;
  readonly ratePerSecond: number;
  readonly burst: number;
  readonly logRetention: RetentionDays;
  readonly domain?: DomainName | undefined;
}

/** One line of an HTTP API's access log. No query, no header, no body: tokens never reach a log. */
const ACCESS_LOG = JSON.stringify({
  time: '$context.requestTimeEpoch',
  id: '$context.requestId',
  ip: '$context.identity.sourceIp',
  certificate: '$context.identity.clientCert.subjectDN',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  ms: '$context.responseLatency',
  integrationError: '$context.integrationErrorMessage',
});

/** The one stage of an HTTP API: at its root, with limits of rates, and with a log of requests. */
export const apiStage = (scope: Construct, { api, ratePerSecond, burst, logRetention, domain }: ApiStageProps): HttpStage =>
  new HttpStage(scope, 'Stage', {
    httpApi: api,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: ratePerSecond, burstLimit: burst },
    accessLogSettings: {
      destination: new LogGroupLogDestination(new LogGroup(scope, 'AccessLog', { retention: logRetention })),
      format: AccessLogFormat.custom(ACCESS_LOG),
    },
    ...(domain === undefined ? {} : { domainMapping: { domainName: domain } }),
  });
