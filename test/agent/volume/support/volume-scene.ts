import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type CommandTable, runCommandLine } from '../../../../agent/cli/run-command-line.ts';
import { diffCommand } from '../../../../agent/volume/commands/diff-command.ts';
import { gcFamily } from '../../../../agent/volume/commands/gc-family.ts';
import { holdCommand, pinCommand, resumeCommand, unpinCommand } from '../../../../agent/volume/commands/hold-commands.ts';
import { logCommand } from '../../../../agent/volume/commands/log-command.ts';
import { publishCommand } from '../../../../agent/volume/commands/publish-command.ts';
import { releaseCommand } from '../../../../agent/volume/commands/release-command.ts';
import { rollbackCommand } from '../../../../agent/volume/commands/rollback-command.ts';
import { statusCommand } from '../../../../agent/volume/commands/status-command.ts';
import { verifyCommand } from '../../../../agent/volume/commands/verify-command.ts';
import { requestSender, type StreamedRequest } from '../../../../agent/volume/transfer/http-request.ts';
import type { VolumeWorld } from '../../../../agent/volume/volume-command.ts';
import type { EmulatorsInTest } from '../../../support/emulators.ts';
import { type VolumesApiServer, volumesApiServer } from '../../../support/volumes-api-server.ts';
import { type Person, type VolumesSetup, volumesSetup } from '../../../support/volumes-setup.ts';

export interface Typed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface VolumeScene {
  readonly setup: VolumesSetup;
  readonly server: VolumesApiServer;
  readonly folder: string;
  /** The bodies that went to the store, by their addresses; may change or end a request. */
  beforeSend: (request: StreamedRequest) => StreamedRequest;
  readonly sent: string[];
  /** What the command's user does when it waits or sends. */
  interrupt: () => void;
  readonly slept: number[];
  /** Happens while the command waits. */
  onSleep: () => Promise<void>;
  readonly put: (path: string, content: string | Uint8Array) => Promise<void>;
  readonly typed: (who: Person, ...words: readonly string[]) => Promise<Typed>;
  /** With --json; the last line of what it prints. */
  readonly said: (who: Person, ...words: readonly string[]) => Promise<Record<string, unknown>>;
}

const tableOf = (world: VolumeWorld): CommandTable => ({
  publish: publishCommand(world),
  release: releaseCommand(world),
  rollback: rollbackCommand(world),
  diff: diffCommand(world),
  log: logCommand(world),
  hold: holdCommand(world),
  resume: resumeCommand(world),
  pin: pinCommand(world),
  unpin: unpinCommand(world),
  status: statusCommand(world),
  verify: verifyCommand(world),
  gc: gcFamily(world),
});

const makeScene = async (emulators: EmulatorsInTest): Promise<VolumeScene> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-volume-'));
  const setup = await volumesSetup(emulators);
  const server = await volumesApiServer(() => setup);
  const [sent, slept]: [string[], number[]] = [[], []];
  // Signatures are judged by the store's clock, so only ours goes on by itself.
  let ownMs = Date.now();
  const world: VolumeWorld = {
    waiting: {
      sleep: async (ms, stop) => {
        slept.push(ms);
        await scene.onSleep();
        ownMs += ms;
        stop?.throwIfAborted();
      },
      random: () => 0.5,
    },
    nowMs: () => ownMs,
    requests: (connections) => {
      const send = requestSender(connections);
      return (request) => {
        sent.push(request.url.pathname);
        return send(scene.beforeSend(request));
      };
    },
    onInterrupt: (interrupted) => {
      scene.interrupt = interrupted;
      return () => {};
    },
  };
  const table = tableOf(world);
  const typed = async (who: Person, ...words: readonly string[]): Promise<Typed> => {
    const [command = '', ...rest] = words;
    let [out, err] = ['', ''];
    await writeFile(join(folder, 'token'), who);
    const terminal = {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
      environment: { MIRRORTIDE_SERVER: server.url, MIRRORTIDE_TOKEN_FILE: join(folder, 'token') },
      userId: 1000,
      program: [],
    };
    const code = await runCommandLine(table, [command, ...rest], terminal);
    return { code, out, err };
  };
  const scene: VolumeScene = {
    setup,
    server,
    folder: join(folder, 'tree'),
    beforeSend: (request) => request,
    sent,
    interrupt: () => {},
    slept,
    onSleep: async () => {},
    put: async (path, content) => {
      await mkdir(dirname(join(folder, 'tree', path)), { recursive: true });
      await writeFile(join(folder, 'tree', path), content);
    },
    typed,
    said: async (who, ...words) => {
      const { code, out } = await typed(who, ...words, '--json');
      const said = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
      if (said['exitCode'] !== code) throw new Error(`it says ${out} and ends with ${code}`);
      return said;
    },
  };
  await mkdir(scene.folder);
  return scene;
};

/** The commands of volumes against the real functions, over one table and one bucket for each test. */
export const useVolumeScene = (emulators: EmulatorsInTest): (() => VolumeScene) => {
  let scene: VolumeScene | undefined;
  beforeEach(async () => {
    scene = await makeScene(emulators);
  });
  afterEach(async () => {
    await scene?.server.close();
    await rm(dirname(scene?.folder ?? ''), { recursive: true, force: true });
    scene = undefined;
  });
  return () => {
    if (scene === undefined) throw new Error('there is a scene only during a test');
    return scene;
  };
};
