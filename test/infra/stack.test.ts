import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENV_KEYS as adminApiKeys } from '../../functions/admin-api/config.ts';
import { ENV_KEYS as answerKeys } from '../../functions/answer/config.ts';
import { ENV_KEYS as crawlMirrorKeys } from '../../functions/crawl-mirror/config.ts';
import { ENV_KEYS as hostsApiKeys } from '../../functions/hosts-api/config.ts';
import { ENV_KEYS as lockApiKeys } from '../../functions/lock-api/config.ts';
import { ENV_KEYS as planCrawlsKeys } from '../../functions/plan-crawls/config.ts';
import { ENV_KEYS as publishSnapshotKeys } from '../../functions/publish-snapshot/config.ts';
import { ENV_KEYS as recordLockEventsKeys } from '../../functions/record-lock-events/config.ts';
import { ENV_KEYS as scanMasterKeys } from '../../functions/scan-master/config.ts';
import { ENV_KEYS as sweepDrainsKeys } from '../../functions/sweep-drains/config.ts';
import { ENV_KEYS as sweepLocksKeys } from '../../functions/sweep-locks/config.ts';
import { type Environment, environments } from '../../infra/environments.ts';
import { MirrorNetworkStack } from '../../infra/mirror-network-stack.ts';
import { NETWORK_API_ROUTES, type NetworkApiRoute } from '../../infra/network-api-routes.ts';
import { lockTableInput } from '../../shared/wire/lock/lock-table.ts';
import { PUBLISH_SLOT_MS } from '../../shared/wire/publish-queue.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const envKeys: Record<string, readonly string[]> = {
  'admin-api': adminApiKeys,
  answer: answerKeys,
  'crawl-mirror': crawlMirrorKeys,
  'hosts-api': hostsApiKeys,
  'lock-api': lockApiKeys,
  'plan-crawls': planCrawlsKeys,
  'publish-snapshot': publishSnapshotKeys,
  'record-lock-events': recordLockEventsKeys,
  'scan-master': scanMasterKeys,
  'sweep-drains': sweepDrainsKeys,
  'sweep-locks': sweepLocksKeys,
};

interface Resource {
  readonly Properties: unknown;
}

let bundles: string;
let app: App;
let template: Template;

const stackOf = (within: App, name: string, change: Partial<Environment>): MirrorNetworkStack => {
  const environment = environments['default'];
  if (environment === undefined) throw new Error('there is no default environment');
  return new MirrorNetworkStack(within, name, {
    environment: { ...environment, ...change },
    categories: [
      { id: 'fedora', scanEveryMs: 600_000 },
      { id: 'epel', scanEveryMs: 30_000 },
    ],
    bundles,
    viewerRequest: join(root, 'functions/edge/viewer-request.js'),
  });
};

beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'mirrortide-bundles-'));
  for (const stage of Object.keys(envKeys)) {
    await mkdir(join(bundles, stage));
    await writeFile(join(bundles, stage, 'index.mjs'), 'export const handler = () => undefined;');
  }
  app = new App();
  const stack = stackOf(app, 'test', {});
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  template = Template.fromStack(stack);
}, 120_000);

afterAll(() => rm(bundles, { recursive: true, force: true }));

const resources = (type: string): [string, Resource][] => Object.entries(template.findResources(type)) as [string, Resource][];
/** Of the resource with this description. */
const logicalId = (type: string, description: string): string =>
  resources(type).find(([, { Properties }]) => (Properties as { Description?: string }).Description === description)?.[0] ?? '';
const isOf = (api: string, { Properties }: Resource): boolean => (Properties as { ApiId?: { Ref?: string } }).ApiId?.Ref === api;

const stageFunctions = () =>
  resources('AWS::Lambda::Function').flatMap(([id, resource]) => {
    const { Description = '', ...rest } = resource.Properties as { Description?: string };
    const stage = /^Mirrortide (.+)$/.exec(Description)?.[1];
    return stage === undefined ? [] : [{ id, stage, properties: rest as Record<string, unknown> }];
  });

const policyOf = (stage: string): string =>
  JSON.stringify(resources('AWS::IAM::Policy').find(([id]) => id.startsWith(`${stage.replaceAll('-', '')}Role`))?.[1].Properties);

describe('the deployed stack', () => {
  it('gives every stage exactly the environment its config names', () => {
    const given = Object.fromEntries(
      stageFunctions().map(({ stage, properties }) => [
        stage,
        Object.keys((properties['Environment'] as { Variables: Record<string, unknown> }).Variables).toSorted(),
      ]),
    );
    expect(given).toEqual(Object.fromEntries(Object.entries(envKeys).map(([stage, keys]) => [stage, keys.toSorted()])));
  });

  it('lets no role do anything to every resource', () => {
    const wild: string[] = [];
    for (const [id, policy] of resources('AWS::IAM::Policy')) {
      const document = (policy.Properties as { PolicyDocument: { Statement: { Resource: unknown; Action: unknown }[] } })
        .PolicyDocument;
      for (const statement of document.Statement) {
        if ([statement.Resource].flat().includes('*') || [statement.Action].flat().includes('*'))
          wild.push(`${id}: ${JSON.stringify(statement)}`);
      }
    }
    expect(wild).toEqual([]);
  });

  it('lets answer read snapshots and nothing else', () => {
    const answer = resources('AWS::IAM::Policy').find(([id]) => id.startsWith('answerRole'));
    const text = JSON.stringify(answer?.[1].Properties);
    expect(text).not.toMatch(/s3:(Put|Delete)|dynamodb:|sqs:/);
    expect(text).toContain('snapshots/*');
    expect(text).not.toMatch(/facts|manifests/);
  });

  it('consumes the crawl queue with partial failures, a dead-letter queue and six times the time-out', () => {
    const sources = resources('AWS::Lambda::EventSourceMapping').map(([, source]) => source.Properties as { BatchSize: number });
    expect(sources.find(({ BatchSize }) => BatchSize === 1)).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BatchSize: 1,
    });
    const crawl = stageFunctions().find(({ stage }) => stage === 'crawl-mirror');
    const queues = resources('AWS::SQS::Queue').map(
      ([, queue]) =>
        queue.Properties as { VisibilityTimeout?: number; RedrivePolicy?: { maxReceiveCount: number }; DelaySeconds?: number },
    );
    const withRedrive = queues.filter((queue) => queue.RedrivePolicy?.maxReceiveCount === 4);
    expect(withRedrive).toHaveLength(1);
    expect(withRedrive[0]).toMatchObject({
      FifoQueue: true,
      RedrivePolicy: { maxReceiveCount: 4 },
      VisibilityTimeout: (crawl?.properties['Timeout'] as number) * 6,
    });
  });

  it('delays requests to publish by the slot in which they are one, and works on whole batches of them', () => {
    const queue = resources('AWS::SQS::Queue').find(([, { Properties }]) => 'DelaySeconds' in (Properties as object));
    expect(queue?.[1].Properties).toMatchObject({
      FifoQueue: true,
      DelaySeconds: PUBLISH_SLOT_MS / 1000,
      VisibilityTimeout: 360,
      RedrivePolicy: { maxReceiveCount: 10 },
    });
    const sources = resources('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties as { BatchSize: number });
    const source = sources.find(({ BatchSize }) => BatchSize === 10);
    expect(source).toMatchObject({ ScalingConfig: { MaximumConcurrency: 2 } });
    expect(source).not.toHaveProperty('FunctionResponseTypes');
  });

  it('scans every category at its own rate, and never more often than once a minute', () => {
    const rates = resources('AWS::Scheduler::Schedule').map(([, schedule]) => {
      const { ScheduleExpression, Target } = schedule.Properties as { ScheduleExpression: string; Target: { Input: string } };
      return `${ScheduleExpression} ${Target.Input}`;
    });
    expect(rates.toSorted()).toEqual([
      'rate(1 minute) {"category":"epel"}',
      'rate(1 minute) {}',
      'rate(1 minute) {}',
      'rate(1 minute) {}',
      'rate(10 minutes) {"category":"fedora"}',
      'rate(5 minutes) {}',
    ]);
  });

  it('keeps buckets private, encrypted and reachable over TLS only', () => {
    for (const [, bucket] of resources('AWS::S3::Bucket')) {
      expect(bucket.Properties).toMatchObject({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      });
    }
    expect(JSON.stringify(resources('AWS::S3::BucketPolicy'))).toContain('aws:SecureTransport');
  });

  it('answers plain http without a redirect, and falls back to the static lists', () => {
    const [, distribution] = resources('AWS::CloudFront::Distribution')[0]!;
    const config = (distribution.Properties as { DistributionConfig: Record<string, unknown> }).DistributionConfig;
    expect(config['DefaultCacheBehavior']).toMatchObject({ ViewerProtocolPolicy: 'allow-all', Compress: true });
    expect(config['OriginGroups']).toMatchObject({
      Quantity: 1,
      Items: [{ FailoverCriteria: { StatusCodes: { Items: [500, 502, 503, 504] } } }],
    });
    expect(JSON.stringify(config['Origins'])).toContain('"OriginPath":"/static"');
  });

  it('has a page in the runbook for every alarm, and an alarm for every page', async () => {
    const runbook = await readFile(join(root, 'docs/RUNBOOK.md'), 'utf8');
    const pages = [...runbook.matchAll(/^## (.+)$/gm)].map((match) => `mirrortide: ${match[1]}`);
    const alarms = resources('AWS::CloudWatch::Alarm').map(([, alarm]) => (alarm.Properties as { AlarmName: string }).AlarmName);
    expect(alarms.toSorted()).toEqual(pages.toSorted());
  });

  it('keeps logs for a while and not for ever', () => {
    const groups = resources('AWS::Logs::LogGroup');
    // One for each stage, and the access logs of two APIs.
    expect(groups).toHaveLength(Object.keys(envKeys).length + 2);
    for (const [, group] of groups) expect(group.Properties).toMatchObject({ RetentionInDays: 90 });
  });
});

describe('the locks, deployed', () => {
  it('are in the very table that the emulators make', () => {
    const tables = resources('AWS::DynamoDB::GlobalTable').map(([, made]) => made.Properties as Record<string, unknown>);
    const locks = tables.filter((properties) => properties['StreamSpecification'] !== undefined);
    expect(locks).toHaveLength(1);
    const { AttributeDefinitions, KeySchema, LocalSecondaryIndexes, GlobalSecondaryIndexes } = lockTableInput('locks');
    const indexes = [...LocalSecondaryIndexes, ...GlobalSecondaryIndexes].map(({ IndexName, KeySchema: keys, Projection }) => ({
      IndexName,
      KeySchema: keys,
      Projection,
    }));
    expect(locks[0]).toMatchObject({
      AttributeDefinitions: expect.arrayContaining(AttributeDefinitions),
      KeySchema,
      LocalSecondaryIndexes: [indexes[0]],
      GlobalSecondaryIndexes: [indexes[1]],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      Replicas: [{ DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
    });
  });

  it('let each stage do what it does and no more', () => {
    expect(policyOf('record-lock-events')).not.toMatch(/UpdateItem|dynamodb:Scan|s3:/);
    expect(policyOf('sweep-locks')).not.toMatch(/PutItem|DeleteItem|dynamodb:Scan|s3:/);
    expect(policyOf('lock-api')).not.toMatch(/s3:|sqs:|GetRecords|dynamodb:Scan/);
    expect(policyOf('lock-api')).toMatch(/dynamodb:UpdateItem.+index\/byTicket/);
  });

  it('tell their changes in order, halve what fails, and set aside what cannot be recorded', () => {
    const sources = resources('AWS::Lambda::EventSourceMapping').map(
      ([, source]) => source.Properties as Record<string, unknown>,
    );
    const stream = sources.find((source) => source['StartingPosition'] !== undefined);
    expect(stream).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      FilterCriteria: {
        Filters: [{ Pattern: '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"L#"}]},"sk":{"S":["S"]}}}}' }],
      },
    });
    expect(JSON.stringify(stream?.['DestinationConfig'])).toContain('DeadLetters');
    expect(stream?.['MaximumRecordAgeInSeconds']).toBeLessThan(86_400);
  });

  it('are asked through an API that limits rates and logs no secret', () => {
    const lockApi = logicalId('AWS::ApiGatewayV2::Api', 'Mirrortide update locks');
    const stage = resources('AWS::ApiGatewayV2::Stage').find(([, one]) => isOf(lockApi, one))?.[1];
    expect(stage?.Properties).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 300, ThrottlingBurstLimit: 600 },
    });
    const logged = JSON.stringify(stage?.Properties);
    expect(logged).toContain('$context.status');
    expect(logged).not.toMatch(/header|authorization|querystring/i);
    const of = (type: string) => resources(type).flatMap(([, one]) => (isOf(lockApi, one) ? [one.Properties] : []));
    expect(of('AWS::ApiGatewayV2::Integration')).toMatchObject([{ PayloadFormatVersion: '2.0' }]);
    expect(of('AWS::ApiGatewayV2::Route')).toMatchObject([{ RouteKey: '$default' }]);
  });

  it("ask for client certificates under a name of one's own, and under no other name", () => {
    const lockDomain = {
      name: 'locks.example.org',
      certificateArn: 'arn:aws:acm:eu-north-1:111122223333:certificate/x',
      truststore: { bucket: 'trust', key: 'ca.pem', version: undefined },
    };
    const mutual = new App();
    Validations.of(mutual).addPlugins(new AwsSolutionsChecks(mutual));
    const own = Template.fromStack(stackOf(mutual, 'mutual', { lockDomain }));
    own.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'locks.example.org',
      DomainNameConfigurations: [{ SecurityPolicy: 'TLS_1_2' }],
      MutualTlsAuthentication: { TruststoreUri: 's3://trust/ca.pem' },
    });
    own.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true });
    expect(resources('AWS::ApiGatewayV2::DomainName')).toEqual([]);
  });
});

describe('the API of hosts and administrators, deployed', () => {
  const routesOf = (from: Template): Record<string, string> =>
    Object.fromEntries(
      Object.values(from.findResources('AWS::ApiGatewayV2::Route'))
        .map(({ Properties }) => Properties as { RouteKey: string; AuthorizationType?: string })
        .filter(({ RouteKey }) => RouteKey !== '$default')
        .map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType ?? 'NONE']),
    );
  const expected = (wanted: (route: NetworkApiRoute) => boolean): Record<string, string> =>
    Object.fromEntries(
      NETWORK_API_ROUTES.filter(wanted).map(({ path, auth }) => [`ANY ${path}`, auth === 'jwt' ? 'JWT' : 'NONE']),
    );

  it('has no route for people while nobody says who they are', () => {
    expect(routesOf(template)).toEqual(expected(({ auth }) => auth === 'none'));
  });

  it('asks for a token of the identity provider on every route for people', () => {
    const app = new App();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const identity = { issuer: 'https://id.example.org/realms/mirrors', audiences: ['mirrortide'] };
    const own = Template.fromStack(stackOf(app, 'people', { identity }));
    expect(routesOf(own)).toEqual(expected(() => true));
    own.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Audience: ['mirrortide'], Issuer: 'https://id.example.org/realms/mirrors' },
    });
  });

  it('lets administration touch what is declared and the tokens of hosts, and nothing else', () => {
    expect(policyOf('admin-api')).not.toMatch(/s3:|sqs:/);
    expect(policyOf('admin-api')).toContain(
      '"Condition":{"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":["audit","audit/*"]}},"Effect":"Deny"',
    );
  });
});
