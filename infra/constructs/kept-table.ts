import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

export interface KeptTableKeys {
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** Holds the second at which an item may go. */
  readonly timeToLive?: string;
}

/** A table that outlives every deployment, and whose last 35 days can be had back. */
export const keptTable = (scope: Construct, id: string, { partitionKey, sortKey, timeToLive }: KeptTableKeys): TableV2 =>
  new TableV2(scope, id, {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    ...(sortKey === undefined ? {} : { sortKey: { name: sortKey, type: AttributeType.STRING } }),
    ...(timeToLive === undefined ? {} : { timeToLiveAttribute: timeToLive }),
    billing: Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
