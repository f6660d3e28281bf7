import type { Duration } from 'aws-cdk-lib';
import { Duration as Time } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StageFunction } from './stage-function.ts';

/** Deliveries of one message before it is set aside. */
const MAX_RECEIVE_COUNT = 4;

/**
 * The crawl queue: first in, first out per host, so that one host is never asked for two things at once, and a queue where
 * messages end that failed too often. The visibility time is six times the function's time-out, as AWS asks of SQS event sources.
 */
export class CrawlQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, functionTimeout: Duration) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      fifo: true,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Time.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      fifo: true,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      visibilityTimeout: Time.seconds(functionTimeout.toSeconds() * 6),
      retentionPeriod: Time.days(1),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }

  /** `concurrency` bounds how many hosts are crawled at the same time. */
  consumedBy(stage: StageFunction, concurrency: number): void {
    stage.function.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 1, reportBatchItemFailures: true, maxConcurrency: concurrency }),
    );
  }
}
