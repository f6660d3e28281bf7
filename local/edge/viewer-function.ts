import { readFile } from 'node:fs/promises';
import { createContext, Script } from 'node:vm';

/** The part of a CloudFront Functions event that the edge's functions read; names and values as they stand on the wire. */
export interface ViewerRequest {
  method: string;
  uri: string;
  querystring: Record<string, { value: string; multiValue?: { value: string }[] }>;
  headers: Record<string, { value: string; multiValue?: { value: string }[] }>;
}

export interface ViewerEvent {
  readonly version: '1.0';
  readonly context: { readonly eventType: 'viewer-request' };
  readonly viewer: { readonly ip: string };
  readonly request: ViewerRequest;
}

/** What a function answers itself, so that nothing behind it is asked. */
export interface ViewerResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, { readonly value: string }>>;
  readonly body?: string;
}

/** Reads one key of the key-value store; `undefined` when it is absent. */
export type KeyValueRead = (key: string) => string | undefined;
export type ViewerFunction = (event: ViewerEvent) => Promise<ViewerRequest>;
/** In front of content, and in front of its objects. */
export type ContentFunction = (event: ViewerEvent) => ViewerRequest;
export type ObjectFunction = (event: ViewerEvent) => ViewerRequest | ViewerResponse;

/** What an origin or the cache answered, as a viewer-response function may change it. */
export interface OriginResponse {
  readonly statusCode: number;
  readonly headers: Record<string, { value: string }>;
}

export interface ViewerResponseEvent {
  readonly version: '1.0';
  readonly context: { readonly eventType: 'viewer-response' };
  /** As the viewer-request function left it. */
  readonly request: ViewerRequest;
  readonly response: OriginResponse;
}
export type ObjectResponseFunction = (event: ViewerResponseEvent) => OriginResponse;

const edgeFile = (name: string): URL => new URL(`../../functions/edge/${name}.js`, import.meta.url);

export const VIEWER_FUNCTION_FILE = edgeFile('viewer-request');
export const CONTENT_FUNCTION_FILE = edgeFile('content-request');
const OBJECT_FUNCTION_FILE = edgeFile('object-request');
const OBJECT_RESPONSE_FILE = edgeFile('object-response');
const STORE_IMPORT = "import cf from 'cloudfront';";
/** The CDN ends a function after about a millisecond of work; here only an endless loop is meant. */
const LOAD_MS = 1000;

/** Runs the CDN's own file in an empty context: no Node globals, as at the edge. */
const handlerOf = (source: string, file: URL, globals: object): unknown => {
  const context = createContext(globals);
  new Script(source, { filename: file.pathname }).runInContext(context, { timeout: LOAD_MS });
  return context['handler'];
};

/** Its one import, the module `cloudfront`, is replaced by a store whose `get` rejects for an absent key, as the real one does. */
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
  return handlerOf(source.replace(STORE_IMPORT, ''), VIEWER_FUNCTION_FILE, { cf }) as ViewerFunction;
}

export const loadContentFunction = async (): Promise<ContentFunction> =>
  handlerOf(await readFile(CONTENT_FUNCTION_FILE, 'utf8'), CONTENT_FUNCTION_FILE, {}) as ContentFunction;

export const loadObjectFunction = async (): Promise<ObjectFunction> =>
  handlerOf(await readFile(OBJECT_FUNCTION_FILE, 'utf8'), OBJECT_FUNCTION_FILE, {}) as ObjectFunction;

export const loadObjectResponseFunction = async (): Promise<ObjectResponseFunction> =>
  handlerOf(await readFile(OBJECT_RESPONSE_FILE, 'utf8'), OBJECT_RESPONSE_FILE, {}) as ObjectResponseFunction;
