/**
 * Bounds, checked once when a snapshot is opened, so that no read after that can leave the file or go round in circles. The rules
 * are data: which columns go together, which point where, which are ranges. A file may still say nonsense about the network; it
 * cannot break its reader.
 */
import { WireError } from '#domain/errors.ts';
import {
  CARRIER_STATES,
  type ColumnName,
  NONE,
  PROTOCOLS,
  REPOSITORY_TYPES,
  type SnapshotColumns,
  STANDING_LISTS,
} from './schema.ts';

/** Columns with one element per row of the first. */
const SAME_ROWS: readonly (readonly ColumnName[])[] = [
  ['categoryId', 'categoryTop'],
  ['hostId', 'hostSite', 'hostCountry', 'hostWeight', 'hostPrivate'],
  ['carrierHost', 'carrierCategory', 'carrierState', 'evidenceAtMs', 'evidenceUrl', 'evidenceText'],
  ['urlProtocol', 'urlText'],
  ['directoryPath', 'directoryCategory', 'directoryStandings'],
  [
    'repositoryRepo',
    'repositoryArch',
    'repositoryType',
    'repositoryDisabled',
    'repositoryCategory',
    'repositoryDirectory',
    'repositoryHeadPath',
    'repositoryStandings',
  ],
  ['headSize', 'headTimestamp', 'headFirstSeenMs', 'headMd5', 'headSha1', 'headSha256', 'headSha512'],
  ['aliasFrom', 'aliasTo'],
  ['overrideNetblock', 'overrideCountry'],
  ['continentCountry', 'continentName'],
  ['netblockPrefix', 'netblockText', 'netblockParent'],
];

/** Ranges: the starts, a column that has their rows (`undefined`: any number), the column they point into. */
const RANGES: readonly (readonly [ColumnName, ColumnName | undefined, ColumnName])[] = [
  ['textStarts', undefined, 'textBytes'],
  ['hostAllowedStarts', 'hostId', 'hostAllowed'],
  ['hostAsnStarts', 'hostId', 'hostAsns'],
  ['hostNetblockStarts', 'hostId', 'hostNetblocks'],
  ['carrierUrlStarts', 'carrierHost', 'urlText'],
  ['standingStarts', undefined, 'standingCarriers'],
  ['repositoryHeadStarts', 'repositoryRepo', 'headSize'],
  ['netblockHostStarts', 'netblockPrefix', 'netblockHosts'],
  ['asnHostStarts', 'asn', 'asnHosts'],
];

const TEXT_COLUMNS: readonly ColumnName[] = [
  'embargoed',
  'categoryId',
  'categoryTop',
  'hostId',
  'hostSite',
  'hostCountry',
  'hostAllowed',
  'hostNetblocks',
  'urlText',
  'evidenceUrl',
  'evidenceText',
  'directoryPath',
  'repositoryRepo',
  'repositoryArch',
  'repositoryDirectory',
  'repositoryHeadPath',
  'headMd5',
  'headSha1',
  'headSha256',
  'headSha512',
  'aliasFrom',
  'aliasTo',
  'overrideNetblock',
  'overrideCountry',
  'continentCountry',
  'continentName',
  'netblockText',
];

const checkBelow = (columns: SnapshotColumns, name: ColumnName, limit: number): void => {
  const column = columns[name];
  for (let i = 0; i < column.length; i += 1) {
    if ((column[i] ?? 0) >= limit) throw new WireError(`snapshot: ${name} points outside`);
  }
};

const checkRange = (columns: SnapshotColumns, [starts, rows, into]: (typeof RANGES)[number]): void => {
  const column = columns[starts];
  const expected = rows === undefined ? column.length : columns[rows].length + 1;
  let previous = column[0] ?? 1;
  let ok = column.length === expected && previous === 0 && column[column.length - 1] === columns[into].length;
  for (let i = 1; ok && i < column.length; i += 1) {
    const start = column[i] ?? 0;
    ok = start >= previous;
    previous = start;
  }
  if (!ok) throw new WireError(`snapshot: ${starts} is not a range of ${into}`);
};

const checkNetblocks = (columns: SnapshotColumns): void => {
  const { netblockParent, netblockPrefix, netblockWords } = columns;
  if (netblockWords.length !== 4 * netblockPrefix.length) throw new WireError('snapshot: netblockWords has other rows');
  checkBelow(columns, 'netblockPrefix', 129);
  for (let i = 0; i < netblockParent.length; i += 1) {
    const parent = netblockParent[i] ?? NONE;
    if (parent !== NONE && parent >= i) throw new WireError('snapshot: netblockParent goes round in circles');
  }
};

export const checkColumns = (columns: SnapshotColumns): void => {
  for (const group of SAME_ROWS) {
    if (new Set(group.map((name) => columns[name].length)).size > 1)
      throw new WireError(`snapshot: ${group.join(', ')} have other rows`);
  }
  for (const range of RANGES) checkRange(columns, range);
  const texts = columns.textStarts.length - 1;
  for (const name of TEXT_COLUMNS) checkBelow(columns, name, texts);
  if (columns.settings.length !== 3 || (columns.settings[0] ?? NONE) >= texts) throw new WireError('snapshot: bad settings');
  const standings = (columns.standingStarts.length - 1) / STANDING_LISTS.length;
  if (!Number.isInteger(standings)) throw new WireError('snapshot: standings are not whole');
  const limits: readonly (readonly [ColumnName, number])[] = [
    ['carrierHost', columns.hostId.length],
    ['carrierCategory', columns.categoryId.length],
    ['carrierState', CARRIER_STATES.length],
    ['urlProtocol', PROTOCOLS.length],
    ['standingCarriers', columns.carrierHost.length],
    ['directoryCategory', columns.categoryId.length],
    ['directoryStandings', standings],
    ['repositoryType', REPOSITORY_TYPES.length],
    ['repositoryCategory', columns.categoryId.length],
    ['repositoryStandings', standings],
    ['netblockHosts', columns.hostId.length],
    ['asnHosts', columns.hostId.length],
  ];
  for (const [name, limit] of limits) checkBelow(columns, name, limit);
  checkNetblocks(columns);
};
