import type { ServiceAccess } from '../../service/service-access.ts';

/** Folders of scripts, by the name that they have in every configuration. The first five are the workflow and must exist. */
export const PHASE_FOLDERS = ['needs_update', 'pre_update', 'update', 'needs_reboot', 'post_update'] as const;
export const HOOK_FOLDERS = ['reboot', 'ext_notify', 'on_failure'] as const;

export type PhaseFolder = (typeof PHASE_FOLDERS)[number];
export type HookFolder = (typeof HOOK_FOLDERS)[number];

export type ConfigFormat = 'mirrortide' | 'foreman_dlm_updater' | 'dlm_engine_updater' | 'dlm_engine_updater_env';
export type InterruptedPolicy = 'rerun' | 'skip' | 'ask';
export type FailurePolicy = 'stop' | 'retry';
export type CheckCodes = 'nonzero' | '100';
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface ServiceConfig extends ServiceAccess {
  readonly lock: string;
}

export interface UpdateConfig {
  readonly format: ConfigFormat;
  readonly file: string;
  readonly service: ServiceConfig;
  readonly folders: Readonly<Record<PhaseFolder, string>> & Readonly<Record<HookFolder, string | undefined>>;
  /** Program and arguments; empty when scripts in the folder `reboot` do it. */
  readonly rebootCommand: readonly string[];
  /** A reboot that was asked for and did not come is asked for again after this. */
  readonly rebootRetryMs: number;
  readonly bootIdFile: string;
  readonly stateFile: string;
  /** Where an updater before us kept its state: an update that it began must be ended by it. */
  readonly seedStateFile: string | undefined;
  readonly agentLockFile: string;
  readonly log: {
    readonly file: string | undefined;
    readonly level: LogLevel;
    readonly retentionDays: number;
    readonly maxBytes: number;
  };
  readonly scriptLimitMs: number;
  readonly interrupted: InterruptedPolicy;
  readonly afterFailure: FailurePolicy;
  /** What a check script's exit code means: any but 0 is yes, or 100 and more is yes and 1 to 99 an error. */
  readonly checkCodes: CheckCodes;
  /** Names of variables that scripts get from the agent's own environment; all others are dropped. */
  readonly passEnvironment: readonly string[];
  readonly wait: boolean;
  /** Infinity: for as long as it takes. */
  readonly waitMaxMs: number;
  readonly randomSleepMs: number;
  readonly dateConstraint: string | undefined;
  /** Things that an operator should know and that stop nothing. */
  readonly warnings: readonly string[];
}
