/** A server that says "too many requests" without saying how long. */
const UNNAMED_WAIT_MS = 10 * 60_000;

/** How long a server wants to be left alone (RFC 9110, 10.2.3: seconds or a date). 503 without the field is an ordinary failure. */
export const askedWaitMs = (status: number, headers: Readonly<Record<string, string>>, nowMs: number): number | undefined => {
  if (status !== 429 && status !== 503) return undefined;
  const text = headers['retry-after']?.trim();
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const moment = text === undefined ? Number.NaN : Date.parse(text);
  if (Number.isFinite(moment)) return moment - nowMs;
  return status === 429 ? UNNAMED_WAIT_MS : undefined;
};
