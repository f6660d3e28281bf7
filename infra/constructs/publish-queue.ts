import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { PUBLISH_SLOT_MS } from '../../shared/wire/publish-queue.ts';
import type { StageFunction } from './stage-function.ts';

/** Generous: a message that finds the only publisher at work is brought back, and that counts as a delivery. */
const MAX_RECEIVE_COUNT = 10;
/** The least that SQS event sources take. One message group: there is never more than one at a time anyway. */
const MAX_CONCURRENCY = 2;
const BATCH = 10;
/**
 * Just above the publisher's own time, instead of the usual six times that: one failure would hold up all that is asked behind it for half an hour,
 * and a publisher at work, for which those retries are meant, is free again within seconds.
 */
const VISIBILITY = Duration.minutes(6);

/**
 * Requests to publish before the schedule does. The delay is as long as the slot within which requests are one, so that the one that stays is
 * worked on after all the others were sent. Whatever is lost here is published by the schedule, a minute later.
 */
export class PublishQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      fifo: true,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(1),
    });
    this.queue = new Queue(this, 'Queue', {
      fifo: true,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      deliveryDelay: Duration.millis(PUBLISH_SLOT_MS),
      visibilityTimeout: VISIBILITY,
      retentionPeriod: Duration.hours(6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }

  /** A batch is one publication: all of it is done, or none. */
  consumedBy(stage: StageFunction): void {
    stage.function.addEventSource(new SqsEventSource(this.queue, { batchSize: BATCH, maxConcurrency: MAX_CONCURRENCY }));
  }
}
