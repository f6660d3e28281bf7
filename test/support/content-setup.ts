import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import type { ContentRules } from '#domain/content/content-rules.ts';
import { decideCommit } from '#domain/volume/decide-release.ts';
import type { NetworkContent } from '#ports/content-rules-store.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import { type ContentDeps, content, type ProxyQuestion } from '../../functions/content/content.ts';
import type { ContentReply } from '../../functions/content/content-reply.ts';
import { heldRules } from '../../functions/content/held-rules.ts';
import { releaseTrees } from '../../functions/content/release-trees.ts';
import { volumeReleases } from '../../functions/content/volume-releases.ts';
import { freshBucket, freshTable } from '../contract/places.ts';
import { ask, aVolume } from './a-volume.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { type LoggedLine, memoryLog } from './memory-stores.ts';
import type { Files } from './publish-release.ts';
import { publish } from './volume-journey.ts';

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ContentSetup {
  readonly store: VolumeStore;
  readonly objects: VolumeObjects;
  readonly deps: ContentDeps;
  readonly log: { readonly lines: readonly LoggedLine[] };
  /** What was asked of proxy volumes. */
  readonly proxied: readonly ProxyQuestion[];
  /** The same network, as another instance of the function sees it. */
  otherInstance(): ContentDeps;
  pass(ms: number): void;
  /** Validated; gives the root. */
  publish(volume: string, files: Files): Promise<string>;
  /** Published and made current. */
  release(volume: string, files: Files): Promise<string>;
  get(path: string, asking?: Asking, deps?: ContentDeps): Promise<ContentReply>;
}

export const textOf = ({ body }: ContentReply): string => new TextDecoder().decode(body);

/** Volumes on the emulators, and the story of `content` over them. */
export const contentSetup = async (
  emulators: EmulatorsInTest,
  rules: Partial<ContentRules> & Pick<ContentRules, 'volumes'>,
): Promise<ContentSetup> => {
  const store = dynamoVolumeStore(
    emulators.dynamoDb(),
    await freshTable(emulators.dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk'),
  );
  const objects = s3VolumeObjects({ client: emulators.s3(), name: await freshBucket(emulators) });
  const [log, proxied] = [memoryLog(), [] as ProxyQuestion[]];
  let nowMs = 1_000_000;
  const clock = { now: () => nowMs };
  const network = {
    rules: { names: { domain: undefined, places: [] }, proxies: [], ...rules },
  } as unknown as NetworkContent;
  const otherInstance = (): ContentDeps => ({
    rules: heldRules({ read: async () => network }, clock, log),
    releases: volumeReleases({ store, clock, log }),
    trees: releaseTrees(objects.read),
    objects,
    clock,
    log,
    serveProxy: async (question) => {
      proxied.push(question);
      return { status: 200, headers: {}, body: new Uint8Array() };
    },
  });
  const deps = otherInstance();
  const validated = (id: string, files: Files): Promise<string> => {
    // Guards are looked at elsewhere: what is released here may be smaller than what was.
    const volume = { ...(rules.volumes.find((one) => one.id === id) ?? aVolume(id)), maximumShrinkShare: 1 };
    return publish({ volume, store, objects, validator: async () => [], now: clock.now }, files);
  };
  return {
    store,
    objects,
    deps,
    log,
    proxied,
    otherInstance,
    pass: (ms) => {
      nowMs += ms;
    },
    publish: validated,
    release: async (volume, files) => {
      const root = await validated(volume, files);
      await ask(store, root, (view) => decideCommit(view), { volume, nowMs });
      return root;
    },
    get: (path, { method = 'GET', headers = {} } = {}, asked = deps) => content(asked, { method, path, headers }),
  };
};
