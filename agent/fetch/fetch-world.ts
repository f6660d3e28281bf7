import type * as fs from 'node:fs';
import type { RetryPace } from '#domain/artefact/splay.ts';
import type { Flock } from '../update/host/flock.ts';
import type { OpenHttp } from './network/open-http.ts';

/** Every call that changes the disk, each of which may be the last thing this process does. */
export type Disk = Pick<
  typeof fs,
  | 'closeSync'
  | 'fchmodSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'futimesSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'renameSync'
  | 'rmSync'
  | 'symlinkSync'
  | 'unlinkSync'
  | 'writeSync'
>;

export interface HookRun {
  readonly command: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
  readonly output: (text: string) => void;
}

export interface FetchPace extends RetryPace {
  /** Attempts in a row that bring nothing new. */
  readonly attempts: number;
  /** Attempts of one download, however much each brings. */
  readonly mostAttempts: number;
  readonly connectMs: number;
  /** A body that brings less than a kibibyte in this time is given up. */
  readonly stallMs: number;
}

/** What a fetch is given of the world; tests give it another one. */
export interface FetchWorld {
  readonly disk: Disk;
  /** Puts all of the file system that the folder is in on disk; false when this host has no means to. */
  readonly syncFileSystem: (folder: string) => boolean;
  readonly open: OpenHttp;
  /** Undefined when another process has it. */
  readonly lock: (file: string) => Pick<Flock, 'release'> | undefined;
  /** Resolves to what is wrong, or undefined. */
  readonly run: (hook: HookRun) => Promise<string | undefined>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly nowMs: () => number;
  readonly hostName: string;
  readonly pace: FetchPace;
}
