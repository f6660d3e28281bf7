import { Validations } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpNoneAuthorizer, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { IdentityProvider } from '../environments.ts';
import { NETWORK_API_ROUTES, type NetworkApiRoute } from '../network-api-routes.ts';
import { apiStage } from './api-stage.ts';
import type { StageFunction } from './stage-function.ts';

export interface NetworkSiteProps {
  readonly stages: Readonly<Record<NetworkApiRoute['stage'], StageFunction>>;
  /** Undefined: routes that need a token of somebody are not there. */
  readonly identity: IdentityProvider | undefined;
  readonly logRetention: RetentionDays;
}

/** A thousand hosts that check in within a minute are 17 a second; administrators are few. */
const RATE_PER_SECOND = 100;
const BURST = 300;

/** Where hosts check in and synchronise, and where people administer and publish. Nothing of it is cached. */
export class NetworkSite extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: NetworkSiteProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', { description: 'Mirrortide hosts and administration', createDefaultStage: false });
    apiStage(this, { api: this.api, ratePerSecond: RATE_PER_SECOND, burst: BURST, logRetention: props.logRetention });
    const integrations = {
      'hosts-api': new HttpLambdaIntegration('HostsApi', props.stages['hosts-api'].function),
      'admin-api': new HttpLambdaIntegration('AdminApi', props.stages['admin-api'].function),
      'volumes-api': new HttpLambdaIntegration('VolumesApi', props.stages['volumes-api'].function),
    };
    const authorizers: Readonly<Record<'none' | 'jwt', IHttpRouteAuthorizer | undefined>> = {
      none: new HttpNoneAuthorizer(),
      jwt:
        props.identity && new HttpJwtAuthorizer('People', props.identity.issuer, { jwtAudience: [...props.identity.audiences] }),
    };
    for (const { path, stage, auth } of NETWORK_API_ROUTES) {
      const authorizer = authorizers[auth];
      if (authorizer === undefined) continue;
      this.api.addRoutes({ path, methods: [HttpMethod.ANY], integration: integrations[stage], authorizer });
    }
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason: 'Hosts show tokens of their own, which hosts-api verifies; every other route has the JWT authorizer.',
    });
  }
}
