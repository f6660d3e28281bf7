/** How a command about volumes ended. Each has one exit code; docs/publish.md has the same table in a publisher's words. */
export type VolumeOutcomeKind =
  | 'done'
  | 'local'
  | 'refused'
  | 'conflict'
  | 'rejected'
  | 'unavailable'
  | 'differs'
  | 'interrupted';

export const VOLUME_EXIT_CODES: Readonly<Record<VolumeOutcomeKind, number>> = {
  done: 0,
  local: 1,
  refused: 3,
  conflict: 4,
  rejected: 5,
  unavailable: 6,
  differs: 7,
  interrupted: 130,
};

export const VOLUME_EXIT_LINES = [
  'Exit codes: 0 done, or nothing to do; 1 a problem of this machine or of the files; 2 wrong usage; 3 refused by the service;',
  '4 held, moved, or leased by somebody else; 5 the release was rejected; 6 no usable answer, run it again; 7 something differs,',
  'or is stale; 130 interrupted, run it again to go on.',
];

/** More about a problem, for --json. */
export type ProblemFields = Readonly<Record<string, unknown>>;

/** Why a command cannot do what it was asked to. */
export class VolumeProblem extends Error {
  override readonly name = 'VolumeProblem';
  readonly kind: VolumeOutcomeKind;
  readonly fields: ProblemFields;

  constructor(kind: VolumeOutcomeKind, message: string, fields: ProblemFields = {}, options: ErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
    this.fields = fields;
  }
}

/** Everything that is not a known problem is this machine's: a full disk, a file that went away. */
export const volumeProblemOf = (error: unknown): VolumeProblem =>
  error instanceof VolumeProblem
    ? error
    : new VolumeProblem('local', error instanceof Error ? error.message : String(error), {}, { cause: error });
