import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedStack, type StackFolder, stackFolder } from './deployed-stack.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Effect: string;
  readonly Condition?: unknown;
}

const VOLUME_STAGES = ['volumes-api', 'check-release', 'update-volume', 'sweep-volumes', 'content'];

let folder: StackFolder;
let stack: DeployedStack;

beforeAll(async () => {
  folder = await stackFolder();
  stack = folder.deploy({});
}, 120_000);

afterAll(() => folder.remove());

const statementsOf = (stage: string): readonly Statement[] => {
  const policy = JSON.parse(stack.policyOf(stage)) as { readonly PolicyDocument: { readonly Statement: readonly Statement[] } };
  return policy.PolicyDocument.Statement;
};

/** `action resource-end [partitions]` of everything that a stage may do with the table and the bucket of volumes. */
const rightsOf = (stage: string): readonly string[] =>
  statementsOf(stage)
    .flatMap(({ Action, Resource, Condition }) =>
      [Resource].flat().flatMap((resource) => {
        const text = JSON.stringify(resource);
        if (!text.includes('VolumeStorage')) return [];
        const below = /"\/([a-z*/]+)"/.exec(text)?.[1] ?? '';
        const keys = /LeadingKeys":(\[.*?\])/.exec(JSON.stringify(Condition ?? {}))?.[1] ?? '';
        return [Action].flat().map((action) => [action, below, keys].filter((part) => part !== '').join(' '));
      }),
    )
    .toSorted();

const DECIDING = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem ["V","V#*","L#*"]', 'dynamodb:Query'];

const bucket = () => {
  const [found] = stack.resources('AWS::S3::Bucket').filter(([id]) => id.startsWith('VolumeStorageContent'));
  if (found === undefined) throw new Error('there is no content bucket');
  return { id: found[0], properties: found[1].Properties as Record<string, unknown> };
};

const stageFunction = (stage: string): readonly [string, Record<string, unknown>] => {
  const [found] = stack
    .resources('AWS::Lambda::Function')
    .filter(([, { Properties }]) => (Properties as { Description?: string }).Description === `Mirrortide ${stage}`);
  if (found === undefined) throw new Error(`there is no ${stage}`);
  return [found[0], found[1].Properties as Record<string, unknown>];
};

describe('what stages of volumes may do, deployed', () => {
  it.each([
    ['check-release', [...DECIDING, 's3:GetObject objects/*', 's3:ListBucket']],
    ['volumes-api', [...DECIDING, 's3:GetObject objects/*', 's3:ListBucket', 's3:PutObject objects/*']],
    [
      'update-volume',
      [
        ...DECIDING,
        'dynamodb:PutItem ["U"]',
        's3:GetObject objects/*',
        's3:GetObject upstreams/*',
        's3:ListBucket',
        's3:PutObject objects/*',
        's3:PutObject upstreams/*',
      ],
    ],
    [
      'sweep-volumes',
      [
        ...DECIDING,
        'dynamodb:DeleteItem ["G#*"]',
        'dynamodb:PutItem ["G#*"]',
        'dynamodb:PutItem ["S"]',
        's3:DeleteObject objects/*',
        's3:GetObject objects/*',
        's3:ListBucket',
      ],
    ],
    [
      'content',
      [
        'dynamodb:GetItem ["V#*"]',
        'dynamodb:GetItem ["X#*"]',
        'dynamodb:Query ["V#*"]',
        'dynamodb:UpdateItem ["X#*"]',
        's3:GetObject objects/*',
        's3:GetObject proxy/*',
        's3:ListBucket',
        's3:PutObject proxy/*',
      ],
    ],
  ] as const)('%s: its part of the table and the bucket, and no more', (stage, rights) => {
    expect(rightsOf(stage)).toEqual(rights.toSorted());
  });

  it('read two items of the inventory, and no other bucket', () => {
    for (const stage of VOLUME_STAGES) {
      const others = statementsOf(stage).filter(({ Resource }) => !JSON.stringify(Resource).includes('VolumeStorage'));
      const actions = others.flatMap(({ Action }) => Action).filter((action) => /dynamodb:|s3:/.test(action));
      expect([stage, actions]).toEqual([stage, ['dynamodb:GetItem', 'dynamodb:BatchGetItem']]);
    }
  });

  it('ask for work of each other as they should: the API for all, an update for itself and a check', () => {
    const sent = (stage: string): readonly string[] =>
      statementsOf(stage)
        .filter(({ Action }) => [Action].flat().includes('sqs:SendMessage'))
        .flatMap(({ Resource }) => [Resource].flat())
        .map((resource) => /(Check|Update|Sweep)Queue/.exec(JSON.stringify(resource))?.[1] ?? '')
        .toSorted();
    expect(Object.fromEntries(VOLUME_STAGES.map((stage) => [stage, sent(stage)]))).toEqual({
      'volumes-api': ['Check', 'Sweep', 'Update'],
      'update-volume': ['Check', 'Update'],
      'check-release': [],
      'sweep-volumes': [],
      content: [],
    });
  });

  it('are the only ones that touch what volumes are made of', () => {
    const touching = stack
      .resources('AWS::IAM::Policy')
      .filter(([, { Properties }]) => JSON.stringify(Properties).includes('VolumeStorage'))
      .map(([id]) => /^(.+)RoleDefaultPolicy/.exec(id)?.[1]);
    expect(touching.toSorted()).toEqual(VOLUME_STAGES.map((stage) => stage.replaceAll('-', '')).toSorted());
  });
});

describe('what volumes are made of, deployed', () => {
  it('is a table that can be had back, in which only time takes items of proxy volumes', () => {
    const [table] = stack.resources('AWS::DynamoDB::GlobalTable').filter(([id]) => id.startsWith('VolumeStorage'));
    expect(table?.[1]).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        Replicas: [{ DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
      },
    });
  });

  it('is a bucket whose objects never go by age, are kept a week when removed, and are logged', () => {
    expect(bucket().properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      LoggingConfiguration: { LogFilePrefix: 'content/' },
      LifecycleConfiguration: {
        Rules: [
          {
            NoncurrentVersionExpiration: { NoncurrentDays: 7 },
            ExpiredObjectDeleteMarker: true,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
          },
          {
            Prefix: 'objects/',
            ObjectSizeGreaterThan: 1_048_576,
            Transitions: [{ StorageClass: 'INTELLIGENT_TIERING', TransitionInDays: 30 }],
          },
          { Prefix: 'proxy/', ExpirationInDays: 30, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
        ],
      },
    });
    const rules = (bucket().properties['LifecycleConfiguration'] as { Rules: Record<string, unknown>[] }).Rules;
    expect(rules.filter((rule) => 'ExpirationInDays' in rule).map((rule) => rule['Prefix'])).toEqual(['proxy/']);
  });

  it('refuses to replace an object, whoever asks', () => {
    const [policy] = stack
      .resources('AWS::S3::BucketPolicy')
      .filter(([, { Properties }]) => JSON.stringify((Properties as { Bucket: unknown }).Bucket).includes(bucket().id));
    const refused = {
      Sid: 'ObjectsNeverChange',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:PutObject',
      Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [bucket().id, 'Arn'] }, '/objects/*']] },
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    };
    expect(policy?.[1].Properties).toMatchObject({ PolicyDocument: { Statement: expect.arrayContaining([refused]) } });
  });
});

describe('work on volumes, deployed', () => {
  it.each([
    ['CheckQueue', 'check-release', 10],
    ['UpdateQueue', 'update-volume', 5],
    ['SweepQueue', 'sweep-volumes', 2],
  ])(
    '%s gives %s one message at a time, again a minute after its time is over, and sets aside what fails',
    (name, stage, most) => {
      const [queue] = stack.resources('AWS::SQS::Queue').filter(([id]) => new RegExp(`^${name}[0-9A-F]{8}$`).test(id));
      const [id, properties] = stageFunction(stage);
      expect(queue?.[1].Properties).toMatchObject({
        FifoQueue: true,
        VisibilityTimeout: (properties['Timeout'] as number) + 60,
        RedrivePolicy: { maxReceiveCount: 4 },
      });
      const sources = stack
        .resources('AWS::Lambda::EventSourceMapping')
        .filter(([, { Properties }]) => JSON.stringify(Properties).includes(`"${queue?.[0]}"`));
      expect(sources.map(([, { Properties }]) => Properties)).toEqual([
        {
          BatchSize: 1,
          EventSourceArn: { 'Fn::GetAtt': [queue?.[0], 'Arn'] },
          FunctionName: { Ref: id },
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: most },
        },
      ]);
    },
  );

  it('sweeps one at a time, whether its schedule or somebody asks', () => {
    const reserved = VOLUME_STAGES.map((stage) => [stage, stageFunction(stage)[1]['ReservedConcurrentExecutions']]);
    expect(Object.fromEntries(reserved)).toEqual({
      'volumes-api': undefined,
      'check-release': undefined,
      'update-volume': undefined,
      'sweep-volumes': 1,
      content: undefined,
    });
  });

  it('looks for updates every five minutes and for garbage every hour', () => {
    const scheduled = stack.resources('AWS::Scheduler::Schedule').flatMap(([, { Properties }]) => {
      const { ScheduleExpression, Description } = Properties as { ScheduleExpression: string; Description: string };
      return /volume/.test(Description) ? [`${ScheduleExpression}: ${Description}`] : [];
    });
    expect(scheduled.toSorted()).toEqual([
      'rate(1 hour): Mirrortide sweep-volumes every 1 hour',
      'rate(5 minutes): Mirrortide update-volume every 5 minutes',
    ]);
  });

  it('has an alarm as soon as any of its queues sets something aside', () => {
    const [alarm] = stack
      .resources('AWS::CloudWatch::Alarm')
      .map(([, { Properties }]) => Properties as { AlarmName: string; Metrics?: readonly { readonly MetricStat?: unknown }[] })
      .filter(({ AlarmName }) => AlarmName === 'mirrortide: work on volumes was given up');
    const watched = (alarm?.Metrics ?? []).filter(({ MetricStat }) => MetricStat !== undefined);
    expect(watched.map((metric) => /(Check|Update|Sweep)QueueDeadLetters/.exec(JSON.stringify(metric))?.[1]).toSorted()).toEqual([
      'Check',
      'Sweep',
      'Update',
    ]);
  });
});
