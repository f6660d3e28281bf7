import type { Inventory } from '#domain/inventory/inventory.ts';
import type { LocalClient } from '#wire/network-file/parse-network-file.ts';
import type { SampleNetwork } from './sample/sample-network.ts';

/** What is run: a network file's content, and the sample's commands when it is the sample. */
export interface Network {
  readonly inventory: Inventory;
  readonly localClient: LocalClient;
  readonly sample: SampleNetwork | undefined;
}
