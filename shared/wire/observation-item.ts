import * as v from 'valibot';
import type { CheckInSeen, Evidence, Observation, ProtocolHealth } from '#domain/crawl/observation.ts';
import { count, epochMs, hex64, nonEmpty } from './fields.ts';
import { parseJson } from './parse-json.ts';

/** The text of the `observation` attribute of an observation item: JSON, version 1. Lease and fence are attributes of their own. */
const VERSION = 1;

const evidence = v.object({ atMs: epochMs, url: v.string(), text: v.string() });

const protocolHealth = v.object({
  protocol: v.picklist(['https', 'http', 'rsync']),
  state: v.picklist(['ok', 'down', 'unknown']),
  sinceMs: epochMs,
  consecutiveFailures: count,
  consecutiveSuccesses: count,
  lastOkMs: v.optional(epochMs),
  evidence,
});

const document = v.object({
  version: v.literal(VERSION),
  host: nonEmpty,
  category: nonEmpty,
  generation: count,
  facts: v.optional(hex64),
  health: v.array(protocolHealth),
  checkedMs: v.object({
    reach: v.optional(epochMs),
    heads: v.optional(epochMs),
    sample: v.optional(epochMs),
    full: v.optional(epochMs),
  }),
  unproven: count,
  behind: v.optional(count),
  checkIn: v.optional(v.object({ sinceMs: epochMs, lastMs: epochMs })),
  notBeforeMs: epochMs,
  evidence: v.array(evidence),
});

const orderedEvidence = ({ atMs, url, text }: Evidence): Evidence => ({ atMs, url, text });

const orderedHealth = (health: ProtocolHealth): ProtocolHealth => ({
  protocol: health.protocol,
  state: health.state,
  sinceMs: health.sinceMs,
  consecutiveFailures: health.consecutiveFailures,
  consecutiveSuccesses: health.consecutiveSuccesses,
  lastOkMs: health.lastOkMs,
  evidence: orderedEvidence(health.evidence),
});

const orderedCheckIn = ({ sinceMs, lastMs }: CheckInSeen): CheckInSeen => ({ sinceMs, lastMs });

/** Equal observations print equal text, whatever the order of their keys. */
export const printObservation = (observation: Observation): string => {
  const { reach, heads, sample, full } = observation.checkedMs;
  return JSON.stringify({
    version: VERSION,
    host: observation.host,
    category: observation.category,
    generation: observation.generation,
    facts: observation.facts,
    health: observation.health.map(orderedHealth),
    checkedMs: { reach, heads, sample, full },
    unproven: observation.unproven,
    behind: observation.behind,
    checkIn: observation.checkIn === undefined ? undefined : orderedCheckIn(observation.checkIn),
    notBeforeMs: observation.notBeforeMs,
    evidence: observation.evidence.map(orderedEvidence),
  });
};

export const parseObservation = (text: string): Observation => {
  const { version: _version, facts, health, ...rest } = parseJson(document, text, 'observation');
  return { ...rest, facts, health: health.map(({ lastOkMs, ...known }) => ({ ...known, lastOkMs })) };
};
