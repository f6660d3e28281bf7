import { createHash } from 'node:crypto';
import { WireError } from '#domain/errors.ts';
import type { StagedTree } from '#domain/volume/decide-release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import { isMapping } from '#wire/network-file/raw.ts';
import {
  parseVolumeReply,
  type ReleaseReply,
  type ReplyKind,
  type SweepReply,
  type VolumeReplyOf,
} from '#wire/volume/volume-replies.ts';
import {
  type AskedCall,
  askService,
  isPassing,
  type NetworkServiceConfig,
  parsedBody,
  problemsOf,
  reasonOf,
  type ServiceProblem,
  type Waiting,
} from '../../network/ask-service.ts';
import type { HttpAnswer } from '../../service/http-exchange.ts';
import { VolumeProblem } from '../volume-exit.ts';

export interface AskedObjects {
  readonly root: Sha256;
  readonly objects: readonly { readonly sha256: Sha256; readonly sizeBytes: number }[];
  readonly look: boolean;
}

/** The API of volumes, asked for one person. Everything throws VolumeProblem when there is no answer, or the service refuses. */
export interface VolumeService {
  readonly volumes: () => Promise<VolumeReplyOf<'volumes'>['volumes']>;
  readonly volume: (id: string) => Promise<VolumeReplyOf<'volume'>>;
  readonly releases: (id: string) => Promise<VolumeReplyOf<'releases'>['releases']>;
  /** `name`: a root, a sequence, `current` or `previous`. */
  readonly release: (id: string, name: string) => Promise<VolumeReplyOf<'release'>>;
  readonly log: (id: string, limit: number) => Promise<VolumeReplyOf<'log'>['entries']>;
  /** The root or a shard of a tree. */
  readonly document: (id: string, sha256: Sha256) => Promise<Uint8Array>;
  readonly stage: (id: string, tree: StagedTree) => Promise<VolumeReplyOf<'staged'>>;
  /** For a release that was staged. `look`: whether those are to be found that are there already. */
  readonly objects: (id: string, asked: AskedObjects) => Promise<VolumeReplyOf<'objects'>>;
  readonly seal: (id: string, root: Sha256) => Promise<ReleaseReply>;
  /** A change of one volume: `release`, `rollback`, `hold`, `releases/ROOT/pin` and so on. */
  readonly change: <Kind extends ReplyKind>(id: string, verb: string, body: object, kind: Kind) => Promise<VolumeReplyOf<Kind>>;
  readonly releaseTogether: (releases: readonly NamedRelease[]) => Promise<VolumeReplyOf<'movedTogether'>['releases']>;
  /** Asks for a sweep; gives the name of its run. */
  readonly sweep: (mode: SweepMode) => Promise<string>;
  readonly lastSweep: (mode: SweepMode) => Promise<SweepReply | undefined>;
}

export type SweepMode = SweepReply['mode'];

export interface NamedRelease {
  readonly volume: string;
  readonly release: Sha256;
}

interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  /** What the service calls it, such as `held`. */
  readonly refusal: string;
  readonly reason: string;
  readonly problems: readonly ServiceProblem[];
}

type Understood = { readonly kind: 'ok'; readonly text: string } | Refused;

/** Somebody else's doing, and not a mistake of whoever asks. */
const CONFLICTS: readonly string[] = ['held', 'moved', 'leased', 'fenced'];

const understood = ({ status, text }: HttpAnswer): Understood | undefined => {
  if (isPassing(status)) return undefined;
  if (status >= 200 && status < 300) return { kind: 'ok', text };
  const body = parsedBody(text);
  if (!isMapping(body)) return undefined;
  const refusal = typeof body['kind'] === 'string' ? body['kind'] : `status-${status}`;
  return { kind: 'refused', status, refusal, reason: reasonOf(status, body), problems: problemsOf(body) };
};

const refusedProblem = ({ refusal, reason, problems }: Refused): VolumeProblem => {
  const lines = [reason, ...problems.map(({ path, message }) => `    ${path === '' ? '' : `${path}: `}${message}`)];
  const kind = CONFLICTS.includes(refusal) ? 'conflict' : 'refused';
  return new VolumeProblem(kind, lines.join('\n'), { refusal, ...(problems.length > 0 && { problems }) });
};

const parsed = <Kind extends ReplyKind>(kind: Kind, text: string): VolumeReplyOf<Kind> => {
  try {
    return parseVolumeReply(kind, parsedBody(text));
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new VolumeProblem('unavailable', `${cause.message}; is --server the address of the network’s API?`, {}, { cause });
  }
};

export const volumeService = (config: NetworkServiceConfig, waiting: Waiting): VolumeService => {
  const askOnce = askService(config, waiting);
  const textOf = async (call: AskedCall): Promise<string> => {
    const reply = await askOnce(call, understood);
    if (reply.kind === 'ok') return reply.text;
    if (reply.kind === 'refused') throw refusedProblem(reply);
    throw new VolumeProblem('unavailable', `the service does not answer: ${reply.reason}; run it again`);
  };
  const at = (id: string, rest = ''): string => `/api/v1/volumes/${encodeURIComponent(id)}${rest}`;
  const get = async <Kind extends ReplyKind>(path: string, kind: Kind) => parsed(kind, await textOf({ method: 'GET', path }));
  const post = async <Kind extends ReplyKind>(path: string, body: object, kind: Kind) =>
    parsed(kind, await textOf({ method: 'POST', path, body }));
  const change: VolumeService['change'] = (id, verb, body, kind) => post(at(id, `/${verb}`), body, kind);

  return {
    volumes: async () => (await get('/api/v1/volumes', 'volumes')).volumes,
    volume: (id) => get(at(id), 'volume'),
    releases: async (id) => (await get(at(id, '/releases'), 'releases')).releases,
    release: (id, name) => get(at(id, `/releases/${encodeURIComponent(name)}`), 'release'),
    log: async (id, limit) => (await get(at(id, `/log?limit=${limit}`), 'log')).entries,
    document: async (id, sha256) => {
      const headers = { accept: 'text/plain' };
      const bytes = Buffer.from(await textOf({ method: 'GET', path: at(id, `/documents/${sha256}`), headers }));
      if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
      throw new VolumeProblem('unavailable', `the service sends another document than ${sha256}`);
    },
    stage: (id, tree) => change(id, 'stage', tree, 'staged'),
    objects: (id, asked) => change(id, 'objects', asked, 'objects'),
    seal: async (id, root) => (await change(id, `releases/${root}/seal`, {}, 'changed')).release,
    change,
    releaseTogether: async (releases) => (await post('/api/v1/releases', { releases }, 'movedTogether')).releases,
    sweep: async (mode) => (await post('/api/v1/garbage/runs', { mode }, 'asked')).run,
    lastSweep: async (mode) => (await get(`/api/v1/garbage?mode=${mode}`, 'garbage')).last,
  };
};
