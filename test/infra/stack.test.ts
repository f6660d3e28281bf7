import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENV_KEYS as answerKeys } from '../../functions/answer/config.ts';
import { ENV_KEYS as crawlMirrorKeys } from '../../functions/crawl-mirror/config.ts';
import { ENV_KEYS as planCrawlsKeys } from '../../functions/plan-crawls/config.ts';
import { ENV_KEYS as publishSnapshotKeys } from '../../functions/publish-snapshot/config.ts';
import { ENV_KEYS as scanMasterKeys } from '../../functions/scan-master/config.ts';
import { environments } from '../../infra/environments.ts';
import { MirrorNetworkStack } from '../../infra/mirror-network-stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const envKeys: Record<string, readonly string[]> = {
  answer: answerKeys,
  'crawl-mirror': crawlMirrorKeys,
  'plan-crawls': planCrawlsKeys,
  'publish-snapshot': publishSnapshotKeys,
  'scan-master': scanMasterKeys,
};

interface Resource {
  readonly Properties: unknown;
}

let bundles: string;
let app: App;
let template: Template;

beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'mirrortide-bundles-'));
  for (const stage of Object.keys(envKeys)) {
    await mkdir(join(bundles, stage));
    await writeFile(join(bundles, stage, 'index.mjs'), 'export const handler = () => undefined;');
  }
  const environment = environments['default'];
  if (environment === undefined) throw new Error('there is no default environment');
  app = new App();
  const stack = new MirrorNetworkStack(app, 'test', {
    environment,
    categories: [
      { id: 'fedora', scanEveryMs: 600_000 },
      { id: 'epel', scanEveryMs: 30_000 },
    ],
    bundles,
    viewerRequest: join(root, 'functions/edge/viewer-request.js'),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  template = Template.fromStack(stack);
}, 120_000);

afterAll(() => rm(bundles, { recursive: true, force: true }));

const resources = (type: string): [string, Resource][] => Object.entries(template.findResources(type)) as [string, Resource][];
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
    const [[, source] = []] = resources('AWS::Lambda::EventSourceMapping');
    expect(source?.Properties).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'], BatchSize: 1 });
    const crawl = stageFunctions().find(({ stage }) => stage === 'crawl-mirror');
    const queues = resources('AWS::SQS::Queue').map(
      ([, queue]) =>
        queue.Properties as { VisibilityTimeout?: number; RedrivePolicy?: { maxReceiveCount: number }; FifoQueue?: boolean },
    );
    const withRedrive = queues.filter((queue) => queue.RedrivePolicy !== undefined);
    expect(withRedrive).toHaveLength(1);
    expect(withRedrive[0]).toMatchObject({
      FifoQueue: true,
      RedrivePolicy: { maxReceiveCount: 4 },
      VisibilityTimeout: (crawl?.properties['Timeout'] as number) * 6,
    });
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
      'rate(10 minutes) {"category":"fedora"}',
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
    expect(groups).toHaveLength(Object.keys(envKeys).length);
    for (const [, group] of groups) expect(group.Properties).toMatchObject({ RetentionInDays: 90 });
  });
});
