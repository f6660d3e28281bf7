import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { keptTable } from './kept-table.ts';
import type { StageFunction } from './stage-function.ts';

/** What a stage may do with items of the table of volumes; scanning it is nobody's business. */
export type VolumeAction = 'GetItem' | 'BatchGetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'DeleteItem';

/** Files of volumes and documents of their trees, under their SHA-256. */
export const OBJECTS = 'objects/*';
/** Files that proxy volumes hold, under their SHA-256. */
export const PROXIED = 'proxy/*';
/** What was seen of the files of upstreams, one document per volume. */
export const UPSTREAMS = 'upstreams/*';

/** Below it, a class by access costs more than it saves; what is larger is not answered by the function but read by the CDN. */
const TIERED_ABOVE_BYTES = 1_048_576;

/**
 * What volumes are made of: the table that says what is current, and the bucket with every file once. The table is the truth; of the
 * bucket, a version that was removed by mistake can be had back for a week.
 */
export class VolumeStorage extends Construct {
  readonly table: TableV2;
  readonly content: Bucket;

  constructor(scope: Construct, id: string, accessLogs: Bucket) {
    super(scope, id);
    this.table = keptTable(this, 'Volumes', { partitionKey: 'pk', sortKey: 'sk', timeToLive: 'ttl' });
    this.content = new Bucket(this, 'Content', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'content/',
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        // No object goes by age: a release of years ago may be current. The sweep removes them, and this is how long it can be undone.
        {
          noncurrentVersionExpiration: Duration.days(7),
          expiredObjectDeleteMarker: true,
          abortIncompleteMultipartUploadAfter: Duration.days(2),
        },
        {
          // What nobody asks for becomes cheaper by itself, and costs nothing when somebody does.
          prefix: 'objects/',
          objectSizeGreaterThan: TIERED_ABOVE_BYTES,
          transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) }],
        },
        { prefix: 'proxy/', expiration: Duration.days(30), noncurrentVersionExpiration: Duration.days(1) },
      ],
    });
    Validations.of(this.content).acknowledge({
      id: 'CloudFormation-Validate::W9003',
      reason: 'The construct writes the size of a lifecycle rule as a number, which CloudFormation takes as well.',
    });
    this.refuseOverwriting();
  }

  /** Whoever may put an object, also by a URL that was signed for somebody, cannot replace one. Copies are refused as well. */
  private refuseOverwriting(): void {
    this.content.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ObjectsNeverChange',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [this.content.arnForObjects(OBJECTS)],
        // The parts of an upload carry no condition; its completion does.
        conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      }),
    );
  }

  /** `partitions`: only items whose partition key is like one of these. */
  allow(stage: StageFunction, actions: readonly VolumeAction[], partitions: readonly string[] = []): void {
    stage.function.addToRolePolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
        ...(partitions.length === 0
          ? {}
          : { conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } } }),
      }),
    );
  }
}
