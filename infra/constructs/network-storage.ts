import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { keptTable } from './kept-table.ts';

/** What outlives every deployment: five tables, the data bucket, and a bucket for access logs. */
export class NetworkStorage extends Construct {
  /** What people declared: sites, hosts, categories, settings. */
  readonly inventory: TableV2;
  /** One item per category: which manifest is the present one. */
  readonly pointers: TableV2;
  /** One small item per host and category, with the crawl lease and its fence. */
  readonly observations: TableV2;
  /** What is known of hosts beside the inventory: hashes of their tokens, their last check-ins. */
  readonly hosts: TableV2;
  /** Which host is out of service in which category, and the slots of groups. */
  readonly drains: TableV2;
  /** Manifests, facts, snapshots: immutable and named by content; the snapshot pointer; static lists. */
  readonly data: Bucket;
  readonly accessLogs: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.inventory = keptTable(this, 'Inventory', { partitionKey: 'kind', sortKey: 'id', timeToLive: 'expires' });
    this.pointers = keptTable(this, 'Pointers', { partitionKey: 'pointer' });
    this.observations = keptTable(this, 'Observations', { partitionKey: 'category', sortKey: 'host' });
    this.hosts = keptTable(this, 'Hosts', { partitionKey: 'pk', sortKey: 'sk' });
    this.drains = keptTable(this, 'Drains', { partitionKey: 'pk', sortKey: 'sk', timeToLive: 'ttl' });

    this.accessLogs = new Bucket(this, 'AccessLogs', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_PREFERRED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.accessLogs).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'This bucket receives the access logs of the others; logging it into itself would never end.',
    });

    this.data = new Bucket(this, 'Data', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      serverAccessLogsBucket: this.accessLogs,
      serverAccessLogsPrefix: 'data/',
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        // Nothing that a pointer may name ever expires by age: an unchanged snapshot or manifest can be years old.
        {
          prefix: 'snapshots/',
          transitions: [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(30) }],
        },
        { noncurrentVersionExpiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(2) },
      ],
    });
  }
}
