import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface StartOptions {
  readonly port: number;
  /** Absolute; `undefined`: the sample network. */
  readonly network: string | undefined;
  /** Absolute; `undefined`: state is temporary. */
  readonly data: string | undefined;
  readonly once: boolean;
  readonly geo: readonly string[];
  readonly trustClientHeader: boolean;
  readonly json: boolean;
  readonly accessLog: boolean;
  /** Whose tokens administer; undefined: this machine's own issuer. */
  readonly issuer: { readonly url: string; readonly audience: string } | undefined;
  /** Pause between two plans, and between two looks at whether to publish. */
  readonly paceMs: number;
}

export type ParsedOptions =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

export const DEFAULT_PORT = 8080;
const DEFAULT_PACE_MS = 2_000;
const DEFAULT_AUDIENCE = 'mirrortide';

export const HELP = `npm start -- [options]      the whole system on this machine

  --port N               port of the edge, on 127.0.0.1 (default ${DEFAULT_PORT}; 0 takes a free one)
  --network FILE         run the network that this file describes, instead of the sample
  --data DIR             keep tables, objects and the sample's state in DIR; without it all state is temporary. What was changed
                         through the API stays until the network file itself changes
  --once                 scan, crawl, publish, print the table, write the snapshot, leave
  --geo FILE             country or ASN database (.mmdb) that says where clients are; may be repeated
  --trust-client-header  believe \`Mirrortide-Client: <ip>[,country=CC][,asn=N]\`; for tests only
  --issuer URL           OpenID provider whose tokens administer the network, instead of the one that runs here
  --audience NAME        what such tokens must be meant for (default ${DEFAULT_AUDIENCE})
  --pace SECONDS         pause between plans and between publications (default 2; deployed: 60)
  --access-log           one line for each request
  --json                 print the table as JSON, one object per line
  --help                 this text

While the sample runs, a letter and Enter change it: u updates the master, s lets the good mirrors synchronise, c lets the stale
mirror catch up, b repairs or breaks the broken one. The answers follow within seconds.
Ctrl-C stops; a second one does not wait. Exit codes: 0 went well, 1 failed with a reason, 2 the command line is wrong.
`;

const OPTIONS = {
  port: { type: 'string' },
  network: { type: 'string' },
  data: { type: 'string' },
  once: { type: 'boolean', default: false },
  geo: { type: 'string', multiple: true },
  'trust-client-header': { type: 'boolean', default: false },
  issuer: { type: 'string' },
  audience: { type: 'string', default: DEFAULT_AUDIENCE },
  pace: { type: 'string' },
  'access-log': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_PORT;
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function parsePaceMs(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_PACE_MS;
  const seconds = /^\d{1,4}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return seconds >= 0.1 && seconds <= 3600 ? seconds * 1000 : undefined;
}

/** Reads the command line; paths are taken from `folder`, where the person stands. */
export function parseOptions(args: readonly string[], folder: string): ParsedOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { kind: 'wrong', problem: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: 'help' };
  const port = parsePort(values.port);
  if (port === undefined) return { kind: 'wrong', problem: `--port must be a number from 0 to 65535, not "${values.port}"` };
  const paceMs = parsePaceMs(values.pace);
  if (paceMs === undefined)
    return { kind: 'wrong', problem: `--pace must be a number of seconds from 0.1 to 3600, not "${values.pace}"` };
  const { issuer, audience } = values;
  if (issuer !== undefined && !/^https?:\/\/[^\s?#]+$/.test(issuer)) {
    return { kind: 'wrong', problem: `--issuer must be an http or https URL without query, not "${issuer}"` };
  }
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(folder, path));
  return {
    kind: 'start',
    options: {
      port,
      network: absolute(values.network),
      data: absolute(values.data),
      once: values.once,
      geo: (values.geo ?? []).map((file) => resolve(folder, file)),
      trustClientHeader: values['trust-client-header'],
      json: values.json,
      accessLog: values['access-log'],
      issuer: issuer === undefined ? undefined : { url: issuer, audience },
      paceMs,
    },
  };
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
}
