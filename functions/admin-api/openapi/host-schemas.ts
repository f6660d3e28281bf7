import { STORED_STATES, SYNC_MODES } from '#domain/drain/drain-state.ts';
import { TRANSITION_NAMES } from '#domain/drain/transitions.ts';
import { checkInBody } from '#wire/check-in/check-in-body.ts';
import { beginSchema, endSchema, heartbeatSchema, reasonSchema } from '#wire/drain/sync-json.ts';
import { arrayOf, fromParser, type JsonSchema, object, ref, text, whole } from './entity-schemas.ts';

const EPOCH = 'Milliseconds since 1970-01-01 UTC.';
/** As shown: ADDING is told as SYNCING. */
const SHOWN_STATES = [...STORED_STATES.filter((state) => state !== 'ADDING'), 'DRAINED', 'PROVISIONING'];

const SYNC: Readonly<Record<string, JsonSchema>> = {
  host: text(),
  category: text(),
  state: { enum: SHOWN_STATES },
  syncId: text('Names it in paths.'),
  fence: whole('Goes with every call; a greater one means that another synchronisation took over.'),
  mode: { enum: SYNC_MODES },
  beganMs: whole(EPOCH),
  sinceMs: whole(`${EPOCH} When this state began.`),
  expectedDurationMs: whole('What the host said.'),
  safeAfterMs: whole(`${EPOCH} From then on no client is sent to the host.`),
  leaseUntilMs: whole(`${EPOCH} Without a heartbeat it has lapsed then.`),
  position: whole('In the queue; 1 is next.'),
  retryAfterMs: whole('Ask again after this many milliseconds.'),
  reason: text(),
  hold: object({ by: text(), reason: text(), atMs: whole(EPOCH) }),
  cancel: { type: 'boolean', description: 'Stop: the host is needed, or it is held.' },
};

const EVENT = object(
  {
    host: text(),
    category: text(),
    version: whole('Of the pair after it.'),
    fence: whole('Of the synchronisation.'),
    transition: { enum: TRANSITION_NAMES },
    from: { enum: [...STORED_STATES, 'none'] },
    to: { enum: STORED_STATES },
    by: text(),
    atMs: whole(EPOCH),
    reason: text(),
  },
  ['host', 'category', 'version', 'fence', 'transition', 'from', 'to', 'by', 'atMs'],
);

/** `components.schemas` of what hosts send and are told. */
export const hostSchemas = (): Readonly<Record<string, JsonSchema>> => ({
  CheckIn: fromParser(checkInBody),
  CheckedIn: object({
    categories: arrayOf(
      object(
        {
          id: text(),
          result: text('`probing`, `recorded`, or why not.'),
          retryAfterMs: whole('Say it again after this many milliseconds.'),
          manifestDigest: text('The present manifest; what to say after a synchronisation that begins now.'),
        },
        ['id', 'result'],
      ),
    ),
  }),
  BeginSync: fromParser(beginSchema),
  SyncHeartbeat: fromParser(heartbeatSchema),
  EndSync: fromParser(endSchema),
  Reason: fromParser(reasonSchema),
  Sync: object(SYNC, ['host', 'category', 'state']),
  SyncList: object({ host: text(), syncs: arrayOf(ref('Sync')) }),
  SyncEvent: EVENT,
  SyncHistory: object({ events: arrayOf(ref('SyncEvent')), next: whole('`before` of the next page; absent on the last.') }, [
    'events',
  ]),
});
