import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LOCK_TABLE } from '../../shared/wire/lock/lock-table.ts';
import type { StageFunction } from './stage-function.ts';

/** What a stage may do with the items of the lock table; scanning it is nobody's business. */
export type LockAction = 'GetItem' | 'BatchGetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'DeleteItem';

const { localIndex, globalIndex } = LOCK_TABLE;

/**
 * The table of the locks, its stream, and where changes end that nobody could record. Never make it a global table: its
 * replicas settle conflicts by the last writer, and a lock has no last writer. After a restore, docs/RUNBOOK.md says how to move fences on
 * before the first grant.
 */
export class LockStorage extends Construct {
  readonly table: TableV2;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new TableV2(this, 'Locks', {
      partitionKey: { name: LOCK_TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: LOCK_TABLE.sortKey, type: AttributeType.STRING },
      localSecondaryIndexes: [
        {
          indexName: localIndex.name,
          sortKey: { name: localIndex.sortKey, type: AttributeType.NUMBER },
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: [...localIndex.include],
        },
      ],
      globalSecondaryIndexes: [
        {
          indexName: globalIndex.name,
          partitionKey: { name: globalIndex.partitionKey, type: AttributeType.STRING },
          sortKey: { name: globalIndex.sortKey, type: AttributeType.STRING },
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: LOCK_TABLE.timeToLive,
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: "This queue is where a stream's failed changes end; it has an alarm and nothing consumes it.",
    });
  }

  allow(stage: StageFunction, actions: readonly LockAction[], indexes: readonly ('byTicket' | 'byKind')[] = []): void {
    stage.function.addToRolePolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn, ...indexes.map((index) => `${this.table.tableArn}/index/${index}`)],
      }),
    );
  }

  /**
   * Changes of locks only, in their order; waiters and the audit itself stay out. A batch that fails is halved until the change is
   * alone that cannot be recorded; that one is set aside long before the stream forgets it, and the sweep finds the gap.
   */
  changesTo(stage: StageFunction): void {
    const stream = this.table.tableStreamArn ?? '';
    stage.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
        resources: [stream],
      }),
    );
    stage.function.addEventSourceMapping('Changes', {
      eventSourceArn: stream,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(1),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 30,
      maxRecordAge: Duration.hours(12),
      onFailure: new SqsDlq(this.deadLetters),
      filters: [
        FilterCriteria.filter({
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith('L#') }, sk: { S: FilterRule.isEqual('S') } } },
        }),
      ],
    });
  }
}
