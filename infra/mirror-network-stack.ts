import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { EnvKey as AnswerEnv } from '../functions/answer/config.ts';
import { type EnvKey as CrawlMirrorEnv, FUNCTION_TIMEOUT_MS } from '../functions/crawl-mirror/config.ts';
import type { EnvKey as PlanCrawlsEnv } from '../functions/plan-crawls/config.ts';
import type { EnvKey as PublishSnapshotEnv } from '../functions/publish-snapshot/config.ts';
import type { EnvKey as ScanMasterEnv } from '../functions/scan-master/config.ts';
import type { EnvKey as SweepDrainsEnv } from '../functions/sweep-drains/config.ts';
import type { HostNames } from '../shared/domain/content/host-names.ts';
import { Alarms } from './constructs/alarms.ts';
import { LockSite } from './constructs/lock-site.ts';
import { LockStorage } from './constructs/lock-storage.ts';
import { NetworkSite } from './constructs/network-site.ts';
import { NetworkStorage } from './constructs/network-storage.ts';
import { type EdgeSources, PublicSite } from './constructs/public-site.ts';
import { PublishQueue } from './constructs/publish-queue.ts';
import { StageSchedule } from './constructs/schedule.ts';
import { type MakeStage, StageFunction } from './constructs/stage-function.ts';
import { VolumeStorage } from './constructs/volume-storage.ts';
import { WorkQueue } from './constructs/work-queue.ts';
import type { Environment } from './environments.ts';
import { lockStages } from './lock-stages.ts';
import { adminApi, hostsApi } from './network-stages.ts';
import { siteNames } from './site-names.ts';
import { volumeStages } from './volume-stages.ts';

export interface ScannedCategory {
  readonly id: string;
  readonly scanEveryMs: number;
}

export interface MirrorNetworkProps extends StackProps {
  readonly environment: Environment;
  /** Categories of the network file; each gets a schedule of its own. */
  readonly categories: readonly ScannedCategory[];
  /** The names of the network file's places; undefined: it serves no content. */
  readonly hostNames: HostNames | undefined;
  /** Folder that holds one folder with a bundle per stage. */
  readonly bundles: string;
  readonly edge: EdgeSources;
}

/** Hosts crawled at the same time, and so the most functions the crawl can take from the account. */
const CRAWL_CONCURRENCY = 40;
/** The stage's own figure: its requests end before it and its lease after it. */
const CRAWL_TIMEOUT = Duration.millis(FUNCTION_TIMEOUT_MS);

/** The wiring diagram, in the order the data flows: scan, plan, crawl, publish, answer; then volumes, and the locks, which stand alone. */
export class MirrorNetworkStack extends Stack {
  private readonly props: MirrorNetworkProps;
  private readonly logRetention: RetentionDays;
  private readonly storage: NetworkStorage;
  private readonly volumeStorage: VolumeStorage;
  private readonly locks: LockStorage;

  constructor(scope: Construct, id: string, props: MirrorNetworkProps) {
    super(scope, id, props);
    this.props = props;
    this.logRetention = props.environment.logRetentionDays as RetentionDays;
    this.storage = new NetworkStorage(this, 'Storage');
    this.volumeStorage = new VolumeStorage(this, 'VolumeStorage', this.storage.accessLogs);
    this.locks = new LockStorage(this, 'LockStorage');
    const scanMaster = this.scanMaster();
    const crawlQueue = new WorkQueue(this, 'CrawlQueue', Duration.seconds(CRAWL_TIMEOUT.toSeconds() * 6));
    const publishQueue = new PublishQueue(this, 'PublishQueue');
    const planCrawls = this.planCrawls(crawlQueue);
    const crawlMirror = this.crawlMirror(crawlQueue, publishQueue);
    const answer = this.answer();
    const volumes = volumeStages(this, this.stage, this.volumeStorage, this.storage.inventory);
    const site = this.site(answer, volumes.stages.content);
    const publishSnapshot = this.publishSnapshot(site, publishQueue);
    const hosts = hostsApi(this.stage, { storage: this.storage, crawlQueue, publishQueue });
    const admin = adminApi(this.stage, this.storage);
    const networkSite = new NetworkSite(this, 'NetworkSite', {
      stages: { 'hosts-api': hosts, 'admin-api': admin, 'volumes-api': volumes.stages.volumesApi },
      identity: props.environment.identity,
      logRetention: this.logRetention,
    });
    const { lockApi, recordLockEvents, sweepLocks } = lockStages(this, this.stage, this.locks, this.storage.inventory);
    const sweepDrains = this.sweepDrains(crawlQueue);
    const lockSite = new LockSite(this, 'LockSite', {
      lockApi,
      domain: props.environment.lockDomain,
      logRetention: this.logRetention,
    });
    const mirrors = [scanMaster, planCrawls, crawlMirror, publishSnapshot, answer, hosts, admin, sweepDrains];
    new Alarms(this, 'Alarms', {
      stages: [...mirrors, lockApi, recordLockEvents, sweepLocks, ...Object.values(volumes.stages)],
      crawlQueue,
      publishQueue,
      volumeQueues: Object.values(volumes.queues),
      lockEvents: recordLockEvents,
      lostLockEvents: this.locks.deadLetters,
      lockSite,
      networkSite,
      content: volumes.stages.content,
      email: props.environment.alarmEmail,
    });
    this.outputs(site, networkSite, lockSite);
  }

  private readonly stage: MakeStage = (stage, environment, size) =>
    new StageFunction(this, stage, {
      stage,
      bundle: `${this.props.bundles}/${stage}`,
      environment,
      logRetention: this.logRetention,
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

  private planCrawls(crawlQueue: WorkQueue): StageFunction {
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

  private crawlMirror(crawlQueue: WorkQueue, publishQueue: PublishQueue): StageFunction {
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

  /** Its id is from when only `answer` was behind it: another one would be another distribution, with another name. */
  private site(answer: StageFunction, content: StageFunction): PublicSite {
    const { environment, hostNames, edge } = this.props;
    const { domain } = environment;
    return new PublicSite(this, 'AnswerSite', {
      answer,
      content,
      data: this.storage.data,
      objects: this.volumeStorage.content,
      accessLogs: this.storage.accessLogs,
      edge,
      domain: domain && { names: siteNames(domain, hostNames), certificateArn: domain.certificateArn },
    });
  }

  private publishSnapshot(site: PublicSite, publishQueue: PublishQueue): StageFunction {
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

  private sweepDrains(crawlQueue: WorkQueue): StageFunction {
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

  private outputs(site: PublicSite, networkSite: NetworkSite, lockSite: LockSite): void {
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
    new CfnOutput(this, 'VolumeTable', {
      value: this.volumeStorage.table.tableName,
      description: 'Pointers, releases and their logs',
    });
    new CfnOutput(this, 'ContentBucket', {
      value: this.volumeStorage.content.bucketName,
      description: 'Files of volumes, by their hash',
    });
  }
}
