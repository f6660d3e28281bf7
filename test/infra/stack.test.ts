import { readFile } from 'node:fs/promises';
import type { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NETWORK_API_ROUTES, type NetworkApiRoute } from '../../infra/network-api-routes.ts';
import { lockTableInput } from '../../shared/wire/lock/lock-table.ts';
import { PUBLISH_SLOT_MS } from '../../shared/wire/publish-queue.ts';
import { type DeployedStack, type Resource, STAGE_KEYS, type StackFolder, stackFolder } from './deployed-stack.ts';

let folder: StackFolder;
let stack: DeployedStack;

beforeAll(async () => {
  folder = await stackFolder();
  stack = folder.deploy({});
}, 120_000);

afterAll(() => folder.remove());

const resources = (type: string): [string, Resource][] => stack.resources(type);
const policyOf = (stage: string): string => stack.policyOf(stage);
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

describe('the deployed stack', () => {
  it('gives every stage exactly the environment its config names', () => {
    const given = Object.fromEntries(
      stageFunctions().map(({ stage, properties }) => [
        stage,
        Object.keys((properties['Environment'] as { Variables: Record<string, unknown> }).Variables).toSorted(),
      ]),
    );
    expect(given).toEqual(Object.fromEntries(Object.entries(STAGE_KEYS).map(([stage, keys]) => [stage, keys.toSorted()])));
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
    const [queue] = resources('AWS::SQS::Queue').filter(([id]) => /^CrawlQueue[0-9A-F]{8}$/.test(id));
    const crawl = stageFunctions().find(({ stage }) => stage === 'crawl-mirror');
    expect(queue?.[1].Properties).toMatchObject({
      FifoQueue: true,
      RedrivePolicy: { maxReceiveCount: 4 },
      VisibilityTimeout: (crawl?.properties['Timeout'] as number) * 6,
    });
    const sources = resources('AWS::Lambda::EventSourceMapping').map(
      ([, source]) => source.Properties as Record<string, unknown>,
    );
    const [source] = sources.filter(({ EventSourceArn }) => JSON.stringify(EventSourceArn).includes(queue?.[0] ?? 'none'));
    expect(source).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 40 },
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
      'rate(1 hour) {}',
      'rate(1 minute) {"category":"epel"}',
      'rate(1 minute) {}',
      'rate(1 minute) {}',
      'rate(1 minute) {}',
      'rate(10 minutes) {"category":"fedora"}',
      'rate(5 minutes) {}',
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

  it("is asked under the CDN's own name, without a name of one's own", () => {
    const [distribution, ...others] = resources('AWS::CloudFront::Distribution');
    expect(others).toEqual([]);
    expect(distribution?.[1].Properties).toMatchObject({ DistributionConfig: { Enabled: true } });
    expect(JSON.stringify(distribution?.[1].Properties)).not.toMatch(/"Aliases"|"ViewerCertificate"/);
  });

  it('has a page in the runbook for every alarm, and an alarm for every page but the one that people open by themselves', async () => {
    const runbook = await readFile(new URL('../../docs/RUNBOOK.md', import.meta.url), 'utf8');
    const pages = [...runbook.matchAll(/^## (.+)$/gm)].map((match) => `mirrortide: ${match[1]}`);
    const alarms = resources('AWS::CloudWatch::Alarm').map(([, alarm]) => (alarm.Properties as { AlarmName: string }).AlarmName);
    expect(pages.toSorted()).toEqual([...alarms, 'mirrortide: a bad release is out'].toSorted());
  });

  it('keeps logs for a while and not for ever', () => {
    const groups = resources('AWS::Logs::LogGroup');
    // One for each stage, and the access logs of two APIs.
    expect(groups).toHaveLength(Object.keys(STAGE_KEYS).length + 2);
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
    const own = folder.deploy({ lockDomain }).template;
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
    expect(routesOf(stack.template)).toEqual(expected(({ auth }) => auth === 'none'));
  });

  it('asks for a token of the identity provider on every route for people', () => {
    const identity = { issuer: 'https://id.example.org/realms/mirrors', audiences: ['mirrortide'] };
    const own = folder.deploy({ identity }).template;
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
