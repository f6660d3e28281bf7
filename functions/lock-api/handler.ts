import { randomUUID } from 'node:crypto';
import { dynamoClient } from '#adapters/aws/clients.ts';
import { dynamoLockRules } from '#adapters/aws/dynamo-lock-rules.ts';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { httpApi } from '#lambda/http-api.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { parseConfig, TABLE_TRIES } from './config.ts';
import { heldRules } from './held-rules.ts';
import { lockApi } from './lock-api.ts';
import { lockOperations } from './lock-operations.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const clock = { now: Date.now };
const dynamo = dynamoClient({ maxAttempts: TABLE_TRIES });
const rules = heldRules({ store: dynamoLockRules(dynamo, config.inventoryTable), clock, log });
const store = dynamoLockStore(dynamo, config.lockTable);
const deps = { operations: lockOperations({ store, rules, clock, newId: randomUUID, log }), rules, log };

export const handler = httpApi((call) => lockApi(deps, call));
