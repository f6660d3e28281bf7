import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StageFunction } from './stage-function.ts';

/** Deliveries of one message before it is set aside. */
const MAX_RECEIVE_COUNT = 4;

/**
 * A queue of work that may take minutes: first in, first out per group, which is a mirror's host or a volume, so that two pieces of work
 * on one never run at a time; and a queue where messages end that failed too often.
 */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  /** `visibility`: how long a message is hidden while it is worked on. After a failure the rest of its group waits for as long. */
  constructor(scope: Construct, id: string, visibility: Duration) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      fifo: true,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      fifo: true,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      visibilityTimeout: visibility,
      retentionPeriod: Duration.days(1),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }

  /** `concurrency` bounds how many groups are worked on at the same time; 2 is the least that event sources take. */
  consumedBy(stage: StageFunction, concurrency: number): void {
    stage.function.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 1, reportBatchItemFailures: true, maxConcurrency: concurrency }),
    );
  }
}
