import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_ENTRY, bundleAgent } from '../../local/bundle-agent.ts';
import { type MirrortideProcess, startMirrortide } from './mirrortide-process.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface VolumeNetwork {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly tide: MirrortideProcess;
  /** Of the program that publishers use. */
  readonly agent: string;
  /** Holds a token of whoever has this account. */
  tokenFile(account: string): string;
  /** `mirrortide COMMAND WORDS` of whoever has this account. */
  mirrortide(account: string, command: string, ...words: readonly string[]): Promise<ProgramResult>;
  stop(): Promise<void>;
}

/** With one of the accounts that `npm start` prints, whose secrets are of that form in its output. */
const tokenOf = async (tide: MirrortideProcess, account: string): Promise<string> => {
  const [, secret = ''] = new RegExp(`\\b${account}:([\\w-]+)`).exec(tide.output()) ?? [];
  const response = await fetch(`${tide.url}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${account}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token for ${account}: status ${response.status}`);
  return token;
};

/** The whole system with the volumes of this network file, and the program that its publishers use. */
export const startVolumeNetwork = async (
  networkFile: string,
  accounts: readonly string[],
  args: readonly string[] = [],
): Promise<VolumeNetwork> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-volumes-'));
  const agent = join(folder, 'mirrortide.mjs');
  await bundleAgent(AGENT_ENTRY, agent);
  await writeFile(join(folder, 'network.yaml'), networkFile);
  const tide = await startMirrortide(['--network', join(folder, 'network.yaml'), '--port', '0', ...args]);
  const tokenFile = (account: string): string => join(folder, `${account}.token`);
  for (const account of accounts) await writeFile(tokenFile(account), `${await tokenOf(tide, account)}\n`);
  return {
    url: tide.url,
    tide,
    agent,
    tokenFile,
    mirrortide: (account, command, ...words) => {
      const access = ['--server', tide.url, '--token-file', tokenFile(account)];
      return runProgram(process.execPath, [agent, command, ...access, ...words]);
    },
    stop: async () => {
      await tide.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
