import type * as v from 'valibot';
import type { Category, Master, RepositoryRule } from '#domain/inventory/inventory.ts';
import { isFileList } from './category-checks.ts';
import { alternatesSchema, categorySchema, ruleSchema, scheduleSchema } from './category-schema.ts';
import { masterObject } from './master-schema.ts';
import { said } from './said.ts';
import { printDuration } from './scalars.ts';
import { defaultArch, defaultHeads } from './to-inventory.ts';
import { parseTreeUrl } from './url.ts';

export type CategoryDocument = v.InferInput<typeof categorySchema>;

const NO_MASTER = {
  directory: undefined,
  rsync: undefined,
  fullfiletimelist: undefined,
  stripPrefix: undefined,
  url: undefined,
  repositories: undefined,
  heads: undefined,
};

const printFileList = (master: Extract<Master, { kind: 'fullfiletimelist' }>): CategoryDocument['master'] => {
  const { listUrl, stripPrefix, headsUrl } = master;
  const heads = headsUrl === defaultHeads(listUrl, stripPrefix) ? undefined : headsUrl;
  const parsed = parseTreeUrl(listUrl, ['http', 'https']);
  if (stripPrefix === '' && heads === undefined && 'value' in parsed && isFileList(parsed.value.path)) return listUrl;
  const prefix = stripPrefix === '' ? undefined : stripPrefix;
  return said(masterObject, { ...NO_MASTER, fullfiletimelist: listUrl, stripPrefix: prefix, heads });
};

const printMaster = (master: Master): CategoryDocument['master'] => {
  switch (master.kind) {
    case 'directory':
      return master.path.startsWith('/') ? master.path : said(masterObject, { ...NO_MASTER, directory: master.path });
    case 'rsync':
      return said(masterObject, { ...NO_MASTER, rsync: master.url, heads: master.headsUrl });
    case 'heads-only':
      return said(masterObject, { ...NO_MASTER, url: master.url, repositories: master.repositories });
    case 'fullfiletimelist':
      return printFileList(master);
  }
};

const printRule = (rule: RepositoryRule): NonNullable<CategoryDocument['rules']>[number] => {
  if (rule.kind === 'ignore') return { ignore: rule.match };
  return said(ruleSchema, {
    ignore: undefined,
    match: rule.match,
    type: rule.type === 'rpm' ? undefined : rule.type,
    repo: rule.repo,
    arch: rule.arch === defaultArch(rule.type, rule.match) ? undefined : rule.arch,
    directory: rule.directory,
  });
};

/** In the network file's own shape. Directories of masters stay absolute: where the file will lie is not known here. */
export const printCategory = (category: Category): CategoryDocument =>
  said(categorySchema, {
    id: category.id,
    topDirectory: category.topDirectory === category.id ? undefined : category.topDirectory,
    master: printMaster(category.master),
    excludes: category.excludes,
    rules: category.rules.map(printRule),
    alternates: said(alternatesSchema, {
      propagation: printDuration(category.alternates.propagationMs),
      stale: printDuration(category.alternates.staleMs),
    }),
    schedule: said(scheduleSchema, {
      scanMaster: printDuration(category.schedule.scanMasterMs),
      reach: printDuration(category.schedule.reachMs),
      heads: printDuration(category.schedule.headsMs),
      sample: printDuration(category.schedule.sampleMs),
      full: printDuration(category.schedule.fullMs),
      probeAfterChange: category.schedule.probeAfterChangeMs.map(printDuration),
    }),
  });
