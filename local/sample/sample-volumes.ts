import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Terminal } from '../../agent/cli/command.ts';
import { publishCommand } from '../../agent/volume/commands/publish-command.ts';
import { processVolumeWorld } from '../../agent/volume/volume-command.ts';

/** Where the running network is, and how somebody with every right gets a token of it. */
export interface SampleAccess {
  readonly url: string;
  readonly token: () => Promise<string>;
}

/** What each volume of the sample is published from, below a state's tree. */
const SOURCES: Readonly<Record<string, string>> = {
  centos: 'fedora/linux/releases/41/Everything/x86_64/os',
  ubuntu: 'debian',
  pypi: 'pypi',
  wheel: 'wheel',
  tools: 'tools',
};

const silent = (said: string[]): Terminal => ({
  out: (text) => void said.push(text),
  err: (text) => void said.push(text),
  environment: {},
  userId: 0,
  program: [],
});

/** As `mirrortide publish` does it; an interrupt is the sample's own to see. */
const publisher = publishCommand({ ...processVolumeWorld, onInterrupt: () => () => undefined });

/** Publishes and releases every volume from one state's tree, and says how that went in one line. */
export async function publishSampleVolumes(folder: string, tree: string, { url, token }: SampleAccess): Promise<string> {
  const tokenFile = join(folder, 'publisher.token');
  await writeFile(tokenFile, `${await token()}\n`, { mode: 0o600 });
  const told: string[] = [];
  for (const [volume, source] of Object.entries(SOURCES)) {
    const said: string[] = [];
    const options = { server: url, 'token-file': tokenFile, release: true };
    const exitCode = await publisher.run(options, silent(said), [volume, join(tree, source)]);
    const [line = ''] = said
      .join('')
      .split('\n')
      .filter((text) => /^(?:released|unchanged)/.test(text));
    told.push(exitCode === 0 ? `${volume} ${/^released: release (\d+)/.exec(line)?.[1] ?? 'unchanged'}` : `! ${said.join('')}`);
  }
  return `released ${told.join(', ')}`;
}
