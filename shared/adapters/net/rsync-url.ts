import { isIP } from 'node:net';

export interface RsyncTarget {
  /** A name or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly module: string;
  /** What the daemon is asked to list: begins with the module, ends with a slash. */
  readonly root: string;
}

const DEFAULT_PORT = 873;
const MAX_URL_BYTES = 2_048;
const URL_PARTS = /^rsync:\/\/(\[[0-9a-f:.]+\]|[^/:@[\]]+)(?::([0-9]{1,5}))?\/([^/]+)(?:\/(.*))?$/i;
const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?$/i;
// inet_aton reads a name whose last label is a number as an address in disguise; the URL standard refuses those as well.
const NUMERIC_NAME = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;
// The request is made of lines, so a line break would smuggle in an argument.
const CONTROL = /\p{C}/u;
// The daemon expands these on its side, also in protocol 29.
const GLOB = /[*?[\]\\]/;
// '#list' asks for the list of modules; the other two would be read as an option or a protocol line.
const NOT_A_MODULE = /^[#@-]/;

const hostOf = (text: string): string | undefined => {
  if (text.startsWith('[')) return isIP(text.slice(1, -1)) === 6 ? text.slice(1, -1) : undefined;
  if (isIP(text) === 4) return text;
  return text.length <= 253 && HOST_NAME.test(text) && !NUMERIC_NAME.test(text) ? text : undefined;
};

/**
 * Reads `rsync://host[:port]/module[/path]` and returns the problem as text otherwise. Stricter than rsync(1): no user name, no
 * wildcards, no control characters, no `.` or `..` steps. As in rsync(1) nothing is percent-decoded.
 */
export const parseRsyncUrl = (url: string): RsyncTarget | string => {
  if (!url.isWellFormed() || CONTROL.test(url)) return 'the URL holds control characters';
  if (Buffer.byteLength(url) > MAX_URL_BYTES) return `the URL is longer than ${MAX_URL_BYTES} bytes`;
  const parts = URL_PARTS.exec(url);
  if (parts === null) return 'the URL is not rsync://host[:port]/module/path';
  const [, hostText = '', portText, module = '', path = ''] = parts;
  const host = hostOf(hostText);
  if (host === undefined) return 'the URL has no valid host';
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (port < 1 || port > 65_535) return 'the URL has no valid port';
  const steps = [module, ...path.split('/').filter((step) => step !== '')];
  if (steps.some((step) => step === '.' || step === '..')) return 'the URL has a . or .. step';
  if (NOT_A_MODULE.test(module) || steps.some((step) => GLOB.test(step))) return 'the URL holds characters that rsync interprets';
  return { host, port, module, root: `${steps.join('/')}/` };
};
