import * as v from 'valibot';
import { parseJson } from './parse-json.ts';

/** What is kept of an answer besides its times; the adapter keeps those where the table's expiry reads them. */
const reply = v.object({
  v: v.literal(1),
  fingerprint: v.string(),
  statusCode: v.number(),
  headers: v.record(v.string(), v.string()),
  body: v.string(),
});

export type KeptReply = Omit<v.InferOutput<typeof reply>, 'v'>;

export const printKeptReply = ({ fingerprint, statusCode, headers, body }: KeptReply): string =>
  JSON.stringify({ v: 1, fingerprint, statusCode, headers, body });

export const parseKeptReply = (text: string): KeptReply => {
  const { v: _, ...rest } = parseJson(reply, text, 'kept reply');
  return rest;
};
