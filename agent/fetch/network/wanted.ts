import { type ChosenDigest, refusedChecksum } from '#domain/artefact/choose-digest.ts';
import { type Digest, isWeak } from '#domain/artefact/digest.ts';
import type { CheckedSource } from '#domain/artefact/installed.ts';
import { digestOfEntityTag, parseReprDigest } from '#wire/checksum/checksum-value.ts';
import { chooseOfValue, parseChecksums } from '#wire/checksum/parse-checksums.ts';
import type { Report } from '../../report/report.ts';
import { NetworkProblem, VerificationProblem } from '../fetch-outcome.ts';
import type { FetchSettings } from '../fetch-settings.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { attempts } from './attempts.ts';
import { follow, UnusableStatus } from './follow.ts';
import type { HttpReply } from './open-http.ts';

/** The digest that is published now. */
export interface Wanted {
  readonly digest: Digest;
  /** Undefined when it was given and not asked for. */
  readonly checked: CheckedSource | undefined;
  /** The artefact's own answer with its body still to come, when that is what said the digest. Must be read or discarded. */
  readonly reply: HttpReply | undefined;
}

const OK = 200;
const NOT_MODIFIED = 304;
const ABSENT: readonly number[] = [404, 410];
/** The SHA256SUMS of a large distribution's pool has a few. */
const LONGEST_LIST_BYTES = 32 << 20;

/** What a fetch asks, and with what; the functions below share it. */
interface Question {
  readonly world: FetchWorld;
  readonly settings: FetchSettings;
  readonly report: Report;
  /** What was learnt last time; it makes requests conditional. */
  readonly known: CheckedSource | undefined;
}

/** One request when nothing has changed. Rejects with NetworkProblem or VerificationProblem. */
export async function findWanted(question: Question): Promise<Wanted> {
  const { checksum, url } = question.settings;
  if (checksum.kind === 'value') return { digest: checksum.digest, checked: undefined, reply: undefined };
  const known = question.known?.artefact === url ? question.known : undefined;
  if (checksum.kind === 'list')
    return fromList({ ...question, known: known?.url === checksum.url ? known : undefined }, checksum.url);
  if (known?.kind === 'list') {
    const again = await listUnlessAbsent({ ...question, known }, known.url);
    if (again !== undefined) return again;
  }
  return discover({ ...question, known: known?.kind === 'artefact' ? known : undefined });
}

async function discover(question: Question): Promise<Wanted> {
  const { settings } = question;
  const own = await fromArtefact(question);
  if (own !== undefined) return own;
  const unknown = { ...question, known: undefined };
  for (const url of [besideUrl(settings.url), new URL('SHA256SUMS', settings.url).href]) {
    const found = await listUnlessAbsent(unknown, url);
    if (found !== undefined) return found;
  }
  throw new VerificationProblem(
    `${settings.url} says no digest in its headers, and there is neither a .sha256 nor a SHA256SUMS beside it; give --checksum`,
  );
}

function besideUrl(artefact: string): string {
  const url = new URL(artefact);
  url.pathname = `${url.pathname}.sha256`;
  return url.href;
}

/** Undefined when the artefact does not say its digest. */
async function fromArtefact({ world, settings, report, known }: Question): Promise<Wanted | undefined> {
  const reply = await attempts(world, report, () => follow(world, settings.url, conditions(known), [OK, NOT_MODIFIED]));
  if (reply.status === NOT_MODIFIED) {
    reply.discard();
    return notModified(settings, known);
  }
  const said = parseReprDigest(reply.headers['repr-digest']?.toString() ?? '') ?? tagDigest(reply);
  if (said === undefined) {
    reply.discard();
    return undefined;
  }
  const chosen = chooseOfValue(said, { name: settings.fileName, allowWeak: settings.allowWeak });
  if (chosen.kind === 'refused') reply.discard();
  const digest = accepted(chosen, settings.url);
  return { digest, checked: { ...sourceOf(settings.url, 'artefact', settings.url, reply), digest }, reply };
}

function tagDigest(reply: HttpReply): readonly Digest[] | undefined {
  const digest = digestOfEntityTag(reply.headers.etag);
  return digest && [digest];
}

async function listUnlessAbsent(question: Question, url: string): Promise<Wanted | undefined> {
  try {
    return await fromList(question, url);
  } catch (error) {
    if (error instanceof UnusableStatus && ABSENT.includes(error.status)) return undefined;
    throw error;
  }
}

async function fromList({ world, settings, report, known }: Question, url: string): Promise<Wanted> {
  const answer = await attempts(world, report, async () => {
    const reply = await follow(world, url, conditions(known), [OK, NOT_MODIFIED]);
    return { reply, text: reply.status === OK ? await textOf(reply, url) : '' };
  });
  answer.reply.discard();
  if (answer.reply.status === NOT_MODIFIED) return notModified(settings, known);
  const name = nameInList(settings, url);
  const chosen = name === undefined ? refusedChecksum('other_file', 'it is not of this artefact') : undefined;
  const digest = accepted(chosen ?? parseChecksums(answer.text, { name: name ?? '', allowWeak: settings.allowWeak }), url);
  return { digest, checked: { ...sourceOf(url, 'list', settings.url, answer.reply), digest }, reply: undefined };
}

/** The artefact as a list names it: seen from the list's folder when it lies below that, else by its own name. */
function nameInList(settings: Pick<FetchSettings, 'url' | 'fileName'>, listUrl: string): string | undefined {
  const list = new URL('.', listUrl);
  const artefact = new URL(settings.url);
  if (artefact.origin !== list.origin || !artefact.pathname.startsWith(list.pathname)) return settings.fileName;
  try {
    return decodeURIComponent(artefact.pathname.slice(list.pathname.length));
  } catch {
    return undefined;
  }
}

function notModified(settings: FetchSettings, known: CheckedSource | undefined): Wanted {
  if (known === undefined) throw new NetworkProblem(`${settings.url}: status 304 to an unconditional request`, false);
  if (isWeak(known.digest) && !settings.allowWeak)
    throw new VerificationProblem(`${known.url} has only ${known.digest.algorithm} for ${settings.fileName}`);
  return { digest: known.digest, checked: known, reply: undefined };
}

function accepted(chosen: ChosenDigest, url: string): Digest {
  if (chosen.kind === 'refused') throw new VerificationProblem(`${url} cannot be used: ${chosen.reason}`);
  return chosen.digest;
}

function conditions(known: CheckedSource | undefined): Readonly<Record<string, string>> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag };
  return known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified };
}

const sourceOf = (url: string, kind: CheckedSource['kind'], artefact: string, reply: HttpReply) => ({
  url,
  kind,
  artefact,
  etag: reply.headers.etag,
  lastModified: reply.headers['last-modified'],
});

async function textOf(reply: HttpReply, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reply.body) {
    bytes += chunk.length;
    if (bytes > LONGEST_LIST_BYTES) throw new VerificationProblem(`${url} is larger than ${LONGEST_LIST_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new VerificationProblem(`${url} is not text`, { cause });
  }
}
