import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { LockSite } from './lock-site.ts';
import type { NetworkSite } from './network-site.ts';
import type { PublishQueue } from './publish-queue.ts';
import type { StageFunction } from './stage-function.ts';
import type { WorkQueue } from './work-queue.ts';

export interface AlarmsProps {
  readonly stages: readonly StageFunction[];
  readonly crawlQueue: WorkQueue;
  readonly publishQueue: PublishQueue;
  /** Of checks, updates and sweeps. */
  readonly volumeQueues: readonly WorkQueue[];
  readonly lockEvents: StageFunction;
  /** Changes of locks that nobody could record. */
  readonly lostLockEvents: Queue;
  readonly lockSite: LockSite;
  readonly networkSite: NetworkSite;
  readonly content: StageFunction;
  readonly email: string;
}

interface AlarmDefinition {
  /** Also the heading of its page in docs/RUNBOOK.md. */
  readonly name: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly periods: number;
  readonly missing: TreatMissingData;
  readonly comparison?: ComparisonOperator;
}

const METRICS = 'Mirrortide';

/** Set aside in any of the queues. One that nothing was ever sent to has no figures. */
const messagesIn = (queues: readonly WorkQueue[], period: Duration): IMetric => {
  const counts = queues.map(({ deadLetters }, at) => [
    `q${at}`,
    deadLetters.metricApproximateNumberOfMessagesVisible({ period }),
  ]);
  return new MathExpression({
    expression: counts.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(counts),
    period,
  });
};

/** Every alarm has a name that is a heading of docs/RUNBOOK.md; a test compares the two. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Mirrortide alarms', enforceSSL: true });
    if (props.email !== '') this.topic.addSubscription(new EmailSubscription(props.email));

    for (const stage of props.stages) {
      this.alarm({
        name: `${stage.stage} fails`,
        metric: stage.function.metricErrors({ period: Duration.minutes(5) }),
        threshold: 3,
        periods: 2,
        missing: TreatMissingData.NOT_BREACHING,
      });
    }
    this.alarm({
      name: 'crawl requests were given up',
      metric: props.crawlQueue.deadLetters.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) }),
      threshold: 1,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.alarm({
      name: 'publication requests were given up',
      metric: props.publishQueue.deadLetters.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) }),
      threshold: 1,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.alarm({
      name: 'crawl queue is late',
      metric: props.crawlQueue.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5) }),
      threshold: Duration.hours(2).toSeconds(),
      periods: 3,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.alarm({
      name: 'snapshot was refused',
      metric: new Metric({ namespace: METRICS, metricName: 'SnapshotRefused', statistic: 'Sum', period: Duration.minutes(5) }),
      threshold: 1,
      periods: 3,
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.silence('publisher is silent', 'PublishRuns', Duration.minutes(15));
    this.drainAlarms();
    this.volumeAlarms(props);
    this.lockAlarms(props);
    this.siteAlarms(props);
  }

  private drainAlarms(): void {
    const period = Duration.minutes(5);
    const ours = (metricName: string) => new Metric({ namespace: METRICS, metricName, statistic: 'Maximum', period });
    const missing = TreatMissingData.NOT_BREACHING;
    this.alarm({ name: 'a host is held', metric: ours('HostsHeld'), threshold: 1, periods: 1, missing });
    this.alarm({ name: 'a host is not verified', metric: ours('HostsUnverifiedTooLong'), threshold: 1, periods: 1, missing });
    this.alarm({ name: 'a group has nobody else', metric: ours('HostsKeptThoughAway'), threshold: 1, periods: 1, missing });
    this.silence('drains are not swept', 'DrainSweeps', Duration.minutes(15));
  }

  private volumeAlarms({ volumeQueues }: AlarmsProps): void {
    const period = Duration.minutes(5);
    const ours = (metricName: string, statistic: 'Sum' | 'Maximum') =>
      new Metric({ namespace: METRICS, metricName, statistic, period });
    const missing = TreatMissingData.NOT_BREACHING;
    const once = { threshold: 1, periods: 1, missing };
    // Counted every hour, or every five minutes: what was found stands until somebody looks again.
    const hourly = { threshold: 1, periods: 1, missing: TreatMissingData.IGNORE };
    this.alarm({ name: 'work on volumes was given up', metric: messagesIn(volumeQueues, period), ...once });
    this.alarm({ name: 'a volume is stale', metric: ours('VolumesStale', 'Maximum'), ...hourly });
    this.alarm({ name: 'a release was rejected', metric: ours('ReleasesRejected', 'Sum'), ...once });
    this.alarm({ name: 'a release waits', metric: ours('ReleasesWaiting', 'Maximum'), ...hourly });
    this.alarm({ name: 'a volume is held', metric: ours('VolumesHeldTooLong', 'Maximum'), ...hourly });
    this.alarm({ name: 'a volume is nearly full', metric: ours('QuotaNear', 'Maximum'), ...hourly, threshold: 90 });
    this.alarm({ name: 'garbage cannot be collected', metric: ours('SweepStopped', 'Maximum'), ...hourly });
    // Clients of one that is down ask for the same files again and again; a few failures are its upstream's usual day.
    this.alarm({
      name: 'a proxy cannot reach its upstream',
      metric: ours('ProxyFailures', 'Sum'),
      threshold: 10,
      periods: 3,
      missing,
    });
    this.silence('updates of volumes do not run', 'VolumeUpdateRuns', Duration.minutes(15));
    this.silence('volumes are not swept', 'VolumeSweeps', Duration.hours(2));
  }

  private lockAlarms({ lockEvents, lostLockEvents }: AlarmsProps): void {
    const period = Duration.minutes(5);
    const ours = (metricName: string, statistic: 'Sum' | 'Maximum') =>
      new Metric({ namespace: METRICS, metricName, statistic, period });
    const missing = TreatMissingData.NOT_BREACHING;
    const once = { threshold: 1, periods: 1, missing };
    this.alarm({ name: 'a lock is stuck', metric: ours('LocksHeldTooLong', 'Maximum'), ...once });
    this.alarm({ name: 'a failed update holds its lock', metric: ours('LockFailures', 'Maximum'), ...once });
    this.alarm({ name: 'a lock is halted', metric: ours('LocksHalted', 'Maximum'), ...once });
    this.alarm({ name: 'lock history has a gap', metric: ours('LockAuditGaps', 'Maximum'), ...once });
    this.alarm({
      name: 'lock history is late',
      metric: lockEvents.function.metric('IteratorAge', { statistic: 'Maximum', period }),
      // The stream forgets after 24 hours.
      threshold: Duration.hours(1).toMilliseconds(),
      periods: 1,
      missing,
    });
    this.alarm({
      name: 'lock changes were given up',
      metric: lostLockEvents.metricApproximateNumberOfMessagesVisible({ period }),
      ...once,
    });
    this.silence('locks are not swept', 'LockSweeps', Duration.minutes(15));
  }

  /** Functions answer 5xx for what they cannot do at the moment, which is no failure of a function. */
  private siteAlarms({ lockSite, networkSite, content }: AlarmsProps): void {
    const [period, statistic] = [Duration.minutes(5), 'Sum'];
    const often = { threshold: 5, periods: 2, missing: TreatMissingData.NOT_BREACHING };
    const errorsOf = ({ api }: LockSite | NetworkSite): Metric => api.metricServerError({ period, statistic });
    this.alarm({ name: 'locks answer with errors', metric: errorsOf(lockSite), ...often });
    this.alarm({ name: 'the network answers with errors', metric: errorsOf(networkSite), ...often });
    const atUrl = content.function.metric('Url5xxCount', { period, statistic });
    this.alarm({ name: 'content answers with errors', metric: atUrl, ...often });
  }

  /** Nothing ended for two periods, whatever the reason. */
  private silence(name: string, metricName: string, period: Duration): void {
    this.alarm({
      name,
      metric: new Metric({ namespace: METRICS, metricName, statistic: 'Sum', period }),
      threshold: 1,
      periods: 2,
      missing: TreatMissingData.BREACHING,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    });
  }

  private alarm(definition: AlarmDefinition): void {
    const slug = definition.name.replaceAll(/[^a-z]+/g, '-');
    const alarm = new Alarm(this, slug, {
      alarmName: `mirrortide: ${definition.name}`,
      alarmDescription: `See "${definition.name}" in docs/RUNBOOK.md`,
      metric: definition.metric,
      threshold: definition.threshold,
      evaluationPeriods: definition.periods,
      comparisonOperator: definition.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: definition.missing,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }
}
