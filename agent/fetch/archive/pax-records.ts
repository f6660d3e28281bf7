import { VerificationProblem } from '../fetch-outcome.ts';
import { decodeName } from './tar-header.ts';

/** What extended headers (POSIX.1-2001, pax) say of the entry that follows. Others of their records change nothing that is unpacked. */
export interface PaxRecords {
  readonly path?: string;
  readonly target?: string;
  readonly sizeBytes?: number;
  readonly mtimeSeconds?: number;
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;

const damaged = (): VerificationProblem =>
  new VerificationProblem('the archive is damaged: an extended header is not well-formed');

/** `LENGTH KEY=VALUE\n`, where the length counts all of it. */
export function parsePaxRecords(bytes: Buffer): PaxRecords {
  let records: PaxRecords = {};
  for (let start = 0; start < bytes.length; ) {
    const space = bytes.indexOf(SPACE, start);
    const digits = space === -1 ? '' : bytes.toString('latin1', start, space);
    const end = start + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > bytes.length || end <= space + 1 || bytes[end - 1] !== LINE_FEED) throw damaged();
    const record = decodeName(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 1) throw damaged();
    records = { ...records, ...recordOf(record.slice(0, equals), record.slice(equals + 1)) };
    start = end;
  }
  return records;
}

function recordOf(key: string, value: string): PaxRecords {
  if (key.startsWith('GNU.sparse.')) throw new VerificationProblem('the archive has a sparse file, which is not unpacked');
  switch (key) {
    case 'path':
      return { path: value };
    case 'linkpath':
      return { target: value };
    case 'size':
      if (!/^\d{1,15}$/.test(value)) throw damaged();
      return { sizeBytes: Number(value) };
    case 'mtime':
      if (!/^-?\d{1,15}(\.\d+)?$/.test(value)) throw damaged();
      return { mtimeSeconds: Number(value) };
    default:
      return {};
  }
}
