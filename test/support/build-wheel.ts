import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

export interface WheelPlan {
  readonly project: string;
  readonly version: string;
  /** What METADATA says; the version itself unless given. */
  readonly metadataVersion?: string;
  /** `py3-none-any` unless given, compressed sets as in the name. */
  readonly tags?: string;
  readonly build?: string;
  readonly requiresPython?: string;
  /** Files beside the package's own. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Changes what is in it after all of it, RECORD too, was made. */
  readonly damage?: (members: Map<string, string>) => void;
  /** Members are stored and not compressed. */
  readonly stored?: boolean;
}

const SCRIPT = `
import json, sys, zipfile
plan = json.load(open(sys.argv[1]))
kind = zipfile.ZIP_STORED if plan["stored"] else zipfile.ZIP_DEFLATED
with zipfile.ZipFile(sys.argv[2], "w", kind) as archive:
    for name, content in plan["members"]:
        archive.writestr(zipfile.ZipInfo(name), content, kind)
`;

const digest = (content: string): string => createHash('sha256').update(content).digest('base64url');

const members = ({
  project,
  version,
  tags = 'py3-none-any',
  build,
  requiresPython,
  extra,
  metadataVersion = version,
}: WheelPlan): Map<string, string> => {
  const folder = `${project}-${version}.dist-info`;
  const [pythons = '', abis = '', platforms = ''] = tags.split('-');
  const lines = pythons
    .split('.')
    .flatMap((python) =>
      abis.split('.').flatMap((abi) => platforms.split('.').map((platform) => `Tag: ${python}-${abi}-${platform}\n`)),
    );
  const requires = requiresPython === undefined ? '' : `Requires-Python: ${requiresPython}\n`;
  const found = new Map<string, string>([
    [`${project}/__init__.py`, `VERSION = "${version}"\n`],
    ...Object.entries(extra ?? {}),
    [
      `${folder}/METADATA`,
      `Metadata-Version: 2.1\nName: ${project}\nVersion: ${metadataVersion}\n${requires}\nA package for tests\n`,
    ],
    [
      `${folder}/WHEEL`,
      `Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n${build === undefined ? '' : `Build: ${build}\n`}${lines.join('')}`,
    ],
  ]);
  const rows = [...found].map(([path, content]) => `${path},sha256=${digest(content)},${Buffer.byteLength(content)}\n`);
  return found.set(`${folder}/RECORD`, `${rows.join('')}${folder}/RECORD,,\n`);
};

export const wheelFileName = ({ project, version, build, tags = 'py3-none-any' }: WheelPlan): string =>
  `${project}-${version}${build === undefined ? '' : `-${build}`}-${tags}.whl`;

/** A wheel as Python's own zipfile writes it. */
export const buildWheel = async (plan: WheelPlan): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-wheel-'));
  try {
    const content = members(plan);
    plan.damage?.(content);
    await writeFile(join(folder, 'plan.json'), JSON.stringify({ members: [...content], stored: plan.stored ?? false }));
    const result = await runProgram('python3', ['-c', SCRIPT, join(folder, 'plan.json'), join(folder, 'out.whl')]);
    if (result.exitCode !== 0) throw new Error(result.stderr);
    return new Uint8Array(await readFile(join(folder, 'out.whl')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
