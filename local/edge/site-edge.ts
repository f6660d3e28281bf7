import { siteOriginOf } from '../../infra/site-paths.ts';
import type { Network } from '../network.ts';
import type { LocalSystem } from '../runtime/local-system.ts';
import type { PlaceLookup } from './client-place.ts';
import { contentAtEdge } from './content-edge.ts';
import { answerAtEdge } from './edge.ts';
import { type EdgeAnswer, edgeCache } from './edge-cache.ts';
import type { EdgeRequest } from './edge-request.ts';
import { homePage } from './home-page.ts';
import { loadContentFunction, loadViewerFunction } from './viewer-function.ts';

export interface SiteInput {
  readonly system: LocalSystem;
  readonly network: Network;
  readonly lookUp: PlaceLookup;
  readonly trustClientHeader: boolean;
}

/** `base` is where the edge listens, as clients write it. */
export type Respond = (request: EdgeRequest, base: string) => Promise<EdgeAnswer>;

/** One host name: lists of mirrors, content, and, on this machine, a first page. */
export async function siteEdge({ system, network, lookUp, trustClientHeader }: SiteInput): Promise<Respond> {
  const common = { cache: edgeCache(Date.now), now: Date.now };
  const answers = {
    ...common,
    viewer: await loadViewerFunction(system.edgeStore.lookUp),
    lookUp,
    trustClientHeader,
    invokeAnswer: system.answer,
    staticList: system.edgeStore.staticList,
  };
  const content = { ...common, viewer: await loadContentFunction(), invokeContent: system.content };
  return (request, base) => {
    if (request.uri === '/') return homePage(system, network.inventory, base);
    return siteOriginOf(request.uri) === 'answer' ? answerAtEdge(answers, request) : contentAtEdge(content, request);
  };
}
