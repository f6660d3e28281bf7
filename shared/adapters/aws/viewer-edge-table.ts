import type { EdgeTable } from '#ports/edge-table.ts';
import { cloudfrontEdgeTable, keyValueStoreClient } from './cloudfront-edge-table.ts';
import { s3EdgeTable } from './s3-edge-table.ts';
import type { Bucket } from './s3-object.ts';

/** The CDN's own table where there is one; without a CDN an object of the bucket, which the local edge reads. */
export const viewerEdgeTable = (bucket: Bucket, arn: string | undefined): EdgeTable =>
  arn === undefined ? s3EdgeTable(bucket) : cloudfrontEdgeTable(keyValueStoreClient(), arn);
