import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { UpdateEnd } from '#domain/volume/upstream/upstream-check.ts';

/** Ends a run from whatever depth it came to; at the top it is the run's outcome, and no fault. */
export class UpdateStopped extends Error {
  override readonly name = 'UpdateStopped';
  readonly end: UpdateEnd;
  readonly notBeforeMs: EpochMs | undefined;

  /** `problem` is for people; it may quote upstream. */
  constructor(end: UpdateEnd, problem: string, notBeforeMs?: EpochMs) {
    super(problem);
    this.end = end;
    this.notBeforeMs = notBeforeMs;
  }
}

/** Upstream is not what it says, at this path. */
export class UpstreamBroken extends UpdateStopped {
  readonly path: string;

  constructor(path: string, problem: string) {
    super('upstream_broken', `${path} ${problem}`);
    this.path = path;
  }
}

export const broken = (path: string, problem: string): UpstreamBroken => new UpstreamBroken(path, problem);

/** More came than was asked for. */
export class TooLarge extends UpdateStopped {
  constructor(problem: string) {
    super('upstream_broken', problem);
  }
}
