import { readFile } from 'node:fs/promises';
import { createContext, Script } from 'node:vm';

/** The part of a CloudFront Functions event that the viewer function reads; names and values as they stand on the wire. */
export interface ViewerRequest {
  method: string;
  uri: string;
  querystring: Record<string, { value: string; multiValue?: { value: string }[] }>;
  headers: Record<string, { value: string }>;
}

export interface ViewerEvent {
  readonly version: '1.0';
  readonly context: { readonly eventType: 'viewer-request' };
  readonly viewer: { readonly ip: string };
  readonly request: ViewerRequest;
}

/** Reads one key of the key-value store; `undefined` when it is absent. */
export type KeyValueRead = (key: string) => string | undefined;
export type ViewerFunction = (event: ViewerEvent) => Promise<ViewerRequest>;

export const VIEWER_FUNCTION_FILE = new URL('../../functions/edge/viewer-request.js', import.meta.url);
const STORE_IMPORT = "import cf from 'cloudfront';";
/** The CDN ends a function after about a millisecond of work; here only an endless loop is meant. */
const LOAD_MS = 1000;

/**
 * Loads the CDN's own file into an empty context: no Node globals, as at the edge. Its one import, the module `cloudfront`, is
 * replaced by a store whose `get` rejects for an absent key, as the real one does.
 */
export async function loadViewerFunction(read: KeyValueRead): Promise<ViewerFunction> {
  const source = await readFile(VIEWER_FUNCTION_FILE, 'utf8');
  if (!source.includes(STORE_IMPORT)) throw new Error(`${VIEWER_FUNCTION_FILE.pathname} does not import cloudfront`);
  const cf = {
    kvs: () => ({
      get: async (key: string) => {
        const value = read(key);
        if (value === undefined) throw new Error('KeyNotFound');
        return value;
      },
    }),
  };
  const context = createContext({ cf });
  new Script(source.replace(STORE_IMPORT, ''), { filename: 'viewer-request.js' }).runInContext(context, { timeout: LOAD_MS });
  return context['handler'] as ViewerFunction;
}
