import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { FUNCTION_TIMEOUT_MS as ADMIN_TIMEOUT_MS, type EnvKey as AdminApiEnv } from '../functions/admin-api/config.ts';
import type { EnvKey as AnswerEnv } from '../functions/answer/config.ts';
import { type EnvKey as CrawlMirrorEnv, FUNCTION_TIMEOUT_MS } from '../functions/crawl-mirror/config.ts';
import { FUNCTION_TIMEOUT_MS as HOSTS_TIMEOUT_MS, type EnvKey as HostsApiEnv } from '../functions/hosts-api/config.ts';
import type { EnvKey as PlanCrawlsEnv } from '../functions/plan-crawls/config.ts';
import type { EnvKey as PublishSnapshotEnv } from '../functions/publish-snapshot/config.ts';
import type { EnvKey as ScanMasterEnv } from '../functions/scan-master/config.ts';
import type { EnvKey as SweepDrainsEnv } from '../functions/sweep-drains/config.ts';
import { Alarms } from './constructs/alarms.ts';
import { AnswerSite } from './constructs/answer-site.ts';
import { CrawlQueue } from './constructs/crawl-queue.ts';
import { LockSite } from './constructs/lock-site.ts';
import { LockStorage } from './constructs/lock-storage.ts';
import { NetworkSite } from './constructs/network-site.ts';
import { NetworkStorage } from './constructs/network-storage.ts';
import { PublishQueue } from './constructs/publish-queue.ts';
import { StageSchedule } from './constructs/schedule.ts';
import { StageFunction } from './constructs/stage-function.ts';
import type { Environment } from './environments.ts';
import { lockStages, type MakeStage } from './lock-stages.ts';

export interface ScannedCategory {
  readonly id: string;
  readonly scanEveryMs: number;
}

export interface MirrorNetworkProps extends StackProps {
  readonly environment: Environment;
  /** Categories of the network file; each gets a schedule of its own. */
  readonly categories: readonly ScannedCategory[];
  /** Folder that holds one folder with a bundle per stage. */
  readonly bundles: string;
  readonly viewerRequest: string;
}

/** Hosts crawled at the same time, and so the most functions the crawl can take from the account. */
const CRAWL_CONCURRENCY = 40;
/** The stage's own figure: its requests end before it and its lease after it. */
const CRAWL_TIMEOUT = Duration.millis(FUNCTION_TIMEOUT_MS);

/** The wiring diagram, in the order the data flows: scan, plan, crawl, publish, answer; then the locks, which stand alone. */
export class MirrorNetworkStack extends Stack {
  private readonly props: MirrorNetworkProps;
  private readonly storage: NetworkStorage;
  private readonly locks: LockStorage;

  constructor(scope: Construct, id: string, props: MirrorNetworkProps) {
    super(scope, id, props);
    this.props = props;
    this.storage = new NetworkStorage(this, 'Storage');
    this.locks = new LockStorage(this, 'LockStorage');
    const scanMaster = this.scanMaster();
    const crawlQueue = new CrawlQueue(this, 'CrawlQueue', CRAWL_TIMEOUT);
    const publishQueue = new PublishQueue(this, 'PublishQueue');
    const planCrawls = this.planCrawls(crawlQueue);
    const crawlMirror = this.crawlMirror(crawlQueue, publishQueue);
    const answer = this.answer();
    const site = new AnswerSite(this, 'AnswerSite', {
      answer,
      data: this.storage.data,
      accessLogs: this.storage.accessLogs,
      viewerRequest: props.viewerRequest,
      domain: props.environment.domain,
    });
    const publishSnapshot = this.publishSnapshot(site, publishQueue);
    const hostsApi = this.hostsApi(crawlQueue, publishQueue);
    const adminApi = this.adminApi();
    const networkSite = new NetworkSite(this, 'NetworkSite', {
      hostsApi,
      adminApi,
      identity: props.environment.identity,
      logRetention: props.environment.logRetentionDays as RetentionDays,
    });
    const { lockApi, recordLockEvents, sweepLocks } = lockStages(this, this.stage, this.locks, this.storage.inventory);
    const sweepDrains = this.sweepDrains(crawlQueue);
    const lockSite = new LockSite(this, 'LockSite', {
      lockApi,
      domain: props.environment.lockDomain,
      logRetention: props.environment.logRetentionDays as RetentionDays,
    });
    new Alarms(this, 'Alarms', {
      stages: [
        scanMaster,
        planCrawls,
        crawlMirror,
        publishSnapshot,
        answer,
        hostsApi,
        adminApi,
        lockApi,
        recordLockEvents,
        sweepLocks,
        sweepDrains,
      ],
      crawlQueue,
      publishQueue,
      lockEvents: recordLockEvents,
      lostLockEvents: this.locks.deadLetters,
      lockSite,
      email: props.environment.alarmEmail,
    });
    this.outputs(site, networkSite, lockSite);
  }

  private readonly stage: MakeStage = (stage, environment, size) =>
    new StageFunction(this, stage, {
      stage,
      bundle: `${this.props.bundles}/${stage}`,
      environment,
      logRetention: this.props.environment.logRetentionDays as RetentionDays,
      ...size,
    });

  private scanMaster(): StageFunction {
    const { inventory, pointers, data } = this.storage;
    const environment: Record<ScanMasterEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_POINTER_TABLE: pointers.tableName,
      MIRRORTIDE_BUCKET: data.bucketName,
    };
    const stage = this.stage('scan-master', environment, { memoryMib: 1769, timeout: Duration.minutes(15) });
    inventory.grantReadData(stage.function);
    pointers.grantReadWriteData(stage.function);
    stage.allowObjects(data, ['s3:GetObject', 's3:PutObject'], ['manifests/*']);
    for (const category of this.props.categories) {
      new StageSchedule(this, `Scan-${category.id}`, {
        stage,
        every: Duration.minutes(Math.max(1, Math.round(category.scanEveryMs / 60_000))),
        input: { category: category.id },
      });
    }
    return stage;
  }

  private planCrawls(crawlQueue: CrawlQueue): StageFunction {
    const { inventory, pointers, observations } = this.storage;
    const environment: Record<PlanCrawlsEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_POINTER_TABLE: pointers.tableName,
      MIRRORTIDE_OBSERVATION_TABLE: observations.tableName,
      MIRRORTIDE_CRAWL_QUEUE_URL: crawlQueue.queue.queueUrl,
    };
    const stage = this.stage('plan-crawls', environment, { memoryMib: 512, timeout: Duration.seconds(50), concurrency: 1 });
    inventory.grantReadData(stage.function);
    pointers.grantReadData(stage.function);
    observations.grantReadData(stage.function);
    crawlQueue.queue.grantSendMessages(stage.function);
    new StageSchedule(this, 'PlanCrawls', { stage, every: Duration.minutes(1), input: {} });
    return stage;
  }

  private crawlMirror(crawlQueue: CrawlQueue, publishQueue: PublishQueue): StageFunction {
    const { inventory, pointers, observations, drains, data } = this.storage;
    const environment: Record<CrawlMirrorEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_POINTER_TABLE: pointers.tableName,
      MIRRORTIDE_OBSERVATION_TABLE: observations.tableName,
      MIRRORTIDE_DRAIN_TABLE: drains.tableName,
      MIRRORTIDE_BUCKET: data.bucketName,
      MIRRORTIDE_PUBLISH_QUEUE_URL: publishQueue.queue.queueUrl,
    };
    const stage = this.stage('crawl-mirror', environment, { memoryMib: 1024, timeout: CRAWL_TIMEOUT });
    inventory.grantReadData(stage.function);
    pointers.grantReadData(stage.function);
    observations.grantReadWriteData(stage.function);
    drains.grantReadWriteData(stage.function);
    stage.allowObjects(data, ['s3:GetObject'], ['manifests/*']);
    stage.allowObjects(data, ['s3:GetObject', 's3:PutObject'], ['facts/*']);
    publishQueue.queue.grantSendMessages(stage.function);
    crawlQueue.consumedBy(stage, CRAWL_CONCURRENCY);
    return stage;
  }

  private answer(): StageFunction {
    const { data } = this.storage;
    const environment: Record<AnswerEnv, string> = { MIRRORTIDE_BUCKET: data.bucketName };
    const stage = this.stage('answer', environment, { memoryMib: 512, timeout: Duration.seconds(10) });
    stage.allowObjects(data, ['s3:GetObject'], ['snapshots/*', 'snapshot-pointer.json']);
    return stage;
  }

  private publishSnapshot(site: AnswerSite, publishQueue: PublishQueue): StageFunction {
    const { inventory, pointers, observations, drains, data } = this.storage;
    const environment: Record<PublishSnapshotEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_POINTER_TABLE: pointers.tableName,
      MIRRORTIDE_OBSERVATION_TABLE: observations.tableName,
      MIRRORTIDE_DRAIN_TABLE: drains.tableName,
      MIRRORTIDE_BUCKET: data.bucketName,
      MIRRORTIDE_EDGE_TABLE_ARN: site.edgeTable.keyValueStoreArn,
    };
    const stage = this.stage('publish-snapshot', environment, { memoryMib: 3008, timeout: Duration.minutes(5), concurrency: 1 });
    inventory.grantReadData(stage.function);
    pointers.grantReadData(stage.function);
    observations.grantReadData(stage.function);
    drains.grantReadWriteData(stage.function);
    stage.allowObjects(data, ['s3:GetObject'], ['manifests/*', 'facts/*']);
    stage.allowObjects(data, ['s3:GetObject', 's3:PutObject'], ['snapshots/*', 'snapshot-pointer.json', 'edge-table.json']);
    stage.allowObjects(data, ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], ['static/*']);
    stage.function.addToRolePolicy(
      new PolicyStatement({
        actions: [
          'cloudfront-keyvaluestore:DescribeKeyValueStore',
          'cloudfront-keyvaluestore:ListKeys',
          'cloudfront-keyvaluestore:UpdateKeys',
        ],
        resources: [site.edgeTable.keyValueStoreArn],
      }),
    );
    publishQueue.consumedBy(stage);
    new StageSchedule(this, 'PublishSnapshot', { stage, every: Duration.minutes(1), input: {} });
    return stage;
  }

  /** What hosts say of themselves. A report of 400,000 directories and a manifest of as many are in memory at once. */
  private hostsApi(crawlQueue: CrawlQueue, publishQueue: PublishQueue): StageFunction {
    const { inventory, pointers, observations, hosts, drains, data } = this.storage;
    const environment: Record<HostsApiEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_POINTER_TABLE: pointers.tableName,
      MIRRORTIDE_OBSERVATION_TABLE: observations.tableName,
      MIRRORTIDE_HOST_TABLE: hosts.tableName,
      MIRRORTIDE_DRAIN_TABLE: drains.tableName,
      MIRRORTIDE_BUCKET: data.bucketName,
      MIRRORTIDE_CRAWL_QUEUE_URL: crawlQueue.queue.queueUrl,
      MIRRORTIDE_PUBLISH_QUEUE_URL: publishQueue.queue.queueUrl,
    };
    const stage = this.stage('hosts-api', environment, { memoryMib: 2048, timeout: Duration.millis(HOSTS_TIMEOUT_MS) });
    inventory.grantReadData(stage.function);
    pointers.grantReadData(stage.function);
    observations.grantReadWriteData(stage.function);
    hosts.grantReadWriteData(stage.function);
    drains.grantReadWriteData(stage.function);
    stage.allowObjects(data, ['s3:GetObject'], ['manifests/*']);
    stage.allowObjects(data, ['s3:GetObject', 's3:PutObject'], ['facts/*']);
    crawlQueue.queue.grantSendMessages(stage.function);
    publishQueue.queue.grantSendMessages(stage.function);
    return stage;
  }

  private adminApi(): StageFunction {
    const { inventory, hosts } = this.storage;
    const environment: Record<AdminApiEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_HOST_TABLE: hosts.tableName,
    };
    const stage = this.stage('admin-api', environment, { memoryMib: 1024, timeout: Duration.millis(ADMIN_TIMEOUT_MS) });
    inventory.grantReadWriteData(stage.function);
    hosts.grantReadWriteData(stage.function);
    // The trail only grows, whatever the function's code should come to.
    stage.function.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['dynamodb:DeleteItem', 'dynamodb:UpdateItem'],
        resources: [inventory.tableArn],
        conditions: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['audit', 'audit/*'] } },
      }),
    );
    return stage;
  }

  private sweepDrains(crawlQueue: CrawlQueue): StageFunction {
    const { inventory, pointers, drains } = this.storage;
    const environment: Record<SweepDrainsEnv, string> = {
      MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
      MIRRORTIDE_POINTER_TABLE: pointers.tableName,
      MIRRORTIDE_DRAIN_TABLE: drains.tableName,
      MIRRORTIDE_CRAWL_QUEUE_URL: crawlQueue.queue.queueUrl,
    };
    const stage = this.stage('sweep-drains', environment, { memoryMib: 256, timeout: Duration.seconds(50), concurrency: 1 });
    inventory.grantReadData(stage.function);
    pointers.grantReadData(stage.function);
    drains.grantReadWriteData(stage.function);
    crawlQueue.queue.grantSendMessages(stage.function);
    new StageSchedule(this, 'SweepDrains', { stage, every: Duration.minutes(1), input: {} });
    return stage;
  }

  private outputs(site: AnswerSite, networkSite: NetworkSite, lockSite: LockSite): void {
    new CfnOutput(this, 'NetworkAddress', {
      value: networkSite.api.apiEndpoint,
      description: 'Where hosts check in, and people administer',
    });
    new CfnOutput(this, 'LockAddress', { value: lockSite.address, description: 'Where hosts ask for locks' });
    new CfnOutput(this, 'LockTable', { value: this.locks.table.tableName, description: 'For the runbook, "a lock is stuck"' });
    new CfnOutput(this, 'Address', {
      value: `https://${site.distribution.distributionDomainName}`,
      description: 'Where clients ask',
    });
    new CfnOutput(this, 'InventoryTable', {
      value: this.storage.inventory.tableName,
      description: 'For npm run apply -- --table',
    });
  }
}
