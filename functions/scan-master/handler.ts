import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { directoryLister } from '#adapters/net/directory-lister.ts';
import { fileHashes } from '#adapters/net/file-hashes.ts';
import { masterReader } from '#adapters/net/master-reader.ts';
import { networkPeers } from '#adapters/net/network-peers.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { parseConfig } from './config.ts';
import { scanKinds } from './log-scan.ts';
import { parseScanInput } from './scan-input.ts';
import { type ScanMasterDeps, scanMaster } from './scan-master.ts';

const config = parseConfig(process.env);
const dynamo = dynamoClient();
const s3 = s3Client((process.env.AWS_ENDPOINT_URL_S3 ?? '') !== '');
const log = jsonLog();

const masters: ScanMasterDeps['masters'] = (master, policy) => {
  const { http, lister: rsync } = networkPeers(policy);
  return masterReader(master, { http, rsync, directories: directoryLister() });
};

const deps: ScanMasterDeps = {
  inventory: dynamoInventoryStore(dynamo, config.inventoryTable),
  manifests: dynamoManifestStore(dynamo, config.pointerTable, { client: s3, name: config.bucket }),
  masters,
  hashes: fileHashes,
  clock: { now: Date.now },
  log,
};

export const handler = scheduled(log, parseScanInput, async (input) => scanKinds(await scanMaster(deps, input)));
