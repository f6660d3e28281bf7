/**
 * The index that pip asks: a list of projects, and of each project the files that there are of it (PEP 503 and PEP 691). It is made
 * from the files of one release and of nothing else, so every link of it resolves in that release. Files that are in the volume
 * twice are offered once.
 */

/** A file that an index offers. */
export interface Distribution {
  readonly path: string;
  readonly name: string;
  /** In the normal form. */
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** A specifier such as `>=3.9`, of wheels. */
  readonly requiresPython: string | undefined;
}

/** Projects by their names in the normal form, in order, each with its files in the order of their names. */
export type SimpleIndex = ReadonlyMap<string, readonly Distribution[]>;

export function simpleIndex(distributions: readonly Distribution[]): SimpleIndex {
  const unique = new Map(distributions.toReversed().map((file) => [file.name, file]));
  const files = [...unique.values()].toSorted((one, other) => order(one.name, other.name));
  // Not `Map.groupBy`: publishers have Node 20.
  const projects = new Map<string, Distribution[]>();
  for (const file of files) {
    const known = projects.get(file.project) ?? [];
    known.push(file);
    projects.set(file.project, known);
  }
  return new Map([...projects].toSorted(([one], [other]) => order(one, other)));
}

const order = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
