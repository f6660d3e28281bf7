import type { Distribution } from '#domain/volume/python/simple-index.ts';
import { lineSorter } from './line-sorter.ts';

type Files = readonly Distribution[];

export interface ProjectFiles {
  readonly add: (distribution: Distribution) => void;
  /** In order. */
  readonly names: () => readonly string[];
  /** One project after the other, in the order of folders that are named for them. */
  readonly projects: () => AsyncGenerator<readonly [project: string, files: Files]>;
}

type Line = readonly [
  folder: string,
  name: string,
  path: string,
  version: string,
  sha256: string,
  sizeBytes: number,
  requiresPython: string | null,
];

/** Begins with the project's folder, so that the lines of one project stand together: `a-b/` is before `a/`. */
const lineOf = ({ project, name, path, version, sha256, sizeBytes, requiresPython }: Distribution): string => {
  const line: Line = [`${project}/`, name, path, version, sha256, sizeBytes, requiresPython ?? null];
  return JSON.stringify(line);
};

const distributionOf = (line: string): Distribution => {
  const [folder, name, path, version, sha256, sizeBytes, python] = JSON.parse(line) as Line;
  return { path, name, project: folder.slice(0, -1), version, sha256, sizeBytes, requiresPython: python ?? undefined };
};

/** Files of an index by their projects; only the names of these are in memory, and the files of one. */
export const projectFiles = (temporary: string): ProjectFiles => {
  const sorter = lineSorter(temporary);
  const names = new Set<string>();

  async function* projects(): AsyncGenerator<readonly [string, Files]> {
    let files: Distribution[] = [];
    for await (const line of sorter.sorted()) {
      const file = distributionOf(line);
      const project = files[0]?.project;
      if (project !== undefined && project !== file.project) {
        yield [project, files];
        files = [];
      }
      files.push(file);
    }
    const project = files[0]?.project;
    if (project !== undefined) yield [project, files];
  }

  return {
    add: (distribution) => {
      names.add(distribution.project);
      sorter.add(lineOf(distribution));
    },
    names: () => [...names].toSorted(),
    projects,
  };
};
