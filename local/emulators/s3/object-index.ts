import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ChecksumAlgorithm, Checksums, ChecksumType } from './checksums.ts';

export interface StoredObject {
  readonly key: string;
  readonly bodyId: string;
  readonly sizeBytes: number;
  /** Without its quotes. */
  readonly etag: string;
  /** Whole seconds, as S3 keeps it. */
  readonly modifiedMs: number;
  /** content-type, cache-control, …, x-amz-meta-*. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksums: Checksums;
  readonly checksumType: ChecksumType;
}

export interface StoredUpload {
  readonly id: string;
  readonly key: string;
  readonly startedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly algorithm?: ChecksumAlgorithm;
  readonly checksumType: ChecksumType;
}

export interface StoredPart {
  readonly number: number;
  readonly bodyId: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksums: Checksums;
}

/**
 * What exists, in SQLite. Every method is synchronous: a condition checked and the write that follows it, without an await between them, are atomic.
 * Keys are BLOBs, because S3 lists in the order of UTF-8 bytes and every key that starts with a prefix sorts below prefix + 0xFF.
 */
export interface ObjectIndex {
  createBucket(name: string, nowMs: number): void;
  deleteBucket(name: string): void;
  hasBucket(name: string): boolean;
  buckets(): { name: string; createdMs: number }[];
  object(bucket: string, key: string): StoredObject | undefined;
  putObject(bucket: string, object: StoredObject): void;
  deleteObject(bucket: string, key: string): void;
  /** Objects whose key has the prefix and lies above `after` (bytes), in order. */
  objectsAfter(bucket: string, prefix: string, after: Buffer, limit: number): StoredObject[];
  upload(bucket: string, key: string, id: string): StoredUpload | undefined;
  putUpload(bucket: string, upload: StoredUpload): void;
  deleteUpload(id: string): void;
  uploads(bucket: string): StoredUpload[];
  parts(uploadId: string): StoredPart[];
  putPart(uploadId: string, part: StoredPart): void;
  bodyIds(): Set<string>;
  /** Several writes as one: all of them or, after a crash or a throw, none. */
  atomically(work: () => void): void;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, createdMs INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS objects (bucket TEXT, key BLOB, bodyId TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key BLOB NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parts (uploadId TEXT, number INTEGER, bodyId TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (uploadId, number)) WITHOUT ROWID;
`;

/** A file path or `:memory:`. The file is held exclusively: a second emulator on the same directory fails at once. */
export function objectIndex(location: string): ObjectIndex {
  const database = openDatabase(location);
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    ...bucketRows(sql),
    ...objectRows(sql),
    ...uploadRows(sql),
    bodyIds: () => {
      const rows = sql('SELECT bodyId FROM objects UNION SELECT bodyId FROM parts').all();
      return new Set(rows.map((row) => String(row['bodyId'])));
    },
    atomically: (work) => {
      database.exec('BEGIN');
      try {
        work();
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function openDatabase(location: string): DatabaseSync {
  const database = new DatabaseSync(location);
  try {
    // WAL with NORMAL syncs at checkpoints only: safe against a killed process, and a put does not wait for the disk.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`);
  } catch (cause) {
    database.close();
    throw new Error(`cannot open ${location}: is another emulator running on this directory?`, { cause });
  }
  return database;
}

type Prepare = (text: string) => StatementSync;

function bucketRows(sql: Prepare): Pick<ObjectIndex, 'createBucket' | 'deleteBucket' | 'hasBucket' | 'buckets'> {
  const insert = sql('INSERT OR IGNORE INTO buckets VALUES (?, ?)');
  const remove = sql('DELETE FROM buckets WHERE name = ?');
  const find = sql('SELECT 1 FROM buckets WHERE name = ?');
  const list = sql('SELECT name, createdMs FROM buckets ORDER BY name');
  return {
    createBucket: (name, nowMs) => void insert.run(name, nowMs),
    deleteBucket: (name) => void remove.run(name),
    hasBucket: (name) => find.get(name) !== undefined,
    buckets: () => list.all().map((row) => ({ name: String(row['name']), createdMs: Number(row['createdMs']) })),
  };
}

function objectRows(sql: Prepare): Pick<ObjectIndex, 'object' | 'putObject' | 'deleteObject' | 'objectsAfter'> {
  const find = sql('SELECT document FROM objects WHERE bucket = ? AND key = ?');
  const put = sql('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)');
  const remove = sql('DELETE FROM objects WHERE bucket = ? AND key = ?');
  const range = sql('SELECT document FROM objects WHERE bucket = ? AND key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?');
  return {
    object: (bucket, key) => document(find.get(bucket, Buffer.from(key))),
    putObject: (bucket, object) => void put.run(bucket, Buffer.from(object.key), object.bodyId, JSON.stringify(object)),
    deleteObject: (bucket, key) => void remove.run(bucket, Buffer.from(key)),
    objectsAfter: (bucket, prefix, after, limit) => {
      const start = Buffer.from(prefix);
      return documents(range.all(bucket, start, afterPrefix(start), after, limit));
    },
  };
}

function uploadRows(sql: Prepare): Pick<ObjectIndex, 'upload' | 'putUpload' | 'deleteUpload' | 'uploads' | 'parts' | 'putPart'> {
  const find = sql('SELECT document FROM uploads WHERE id = ? AND bucket = ? AND key = ?');
  const put = sql('INSERT INTO uploads VALUES (?, ?, ?, ?)');
  const remove = sql('DELETE FROM uploads WHERE id = ?');
  const removeParts = sql('DELETE FROM parts WHERE uploadId = ?');
  const list = sql('SELECT document FROM uploads WHERE bucket = ? ORDER BY key, id');
  const parts = sql('SELECT document FROM parts WHERE uploadId = ? ORDER BY number');
  const putPart = sql('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)');
  return {
    upload: (bucket, key, id) => document(find.get(id, bucket, Buffer.from(key))),
    putUpload: (bucket, upload) => void put.run(upload.id, bucket, Buffer.from(upload.key), JSON.stringify(upload)),
    deleteUpload: (id) => {
      remove.run(id);
      removeParts.run(id);
    },
    uploads: (bucket) => documents(list.all(bucket)),
    parts: (uploadId) => documents(parts.all(uploadId)),
    putPart: (uploadId, part) => void putPart.run(uploadId, part.number, part.bodyId, JSON.stringify(part)),
  };
}

/** The smallest byte string above everything that starts with the prefix: 0xFF occurs in no UTF-8 text. */
export function afterPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(0xff)]);
}

/** Only this file writes the documents, so their shape is taken as written. */
function document<T>(row: Record<string, unknown> | undefined): T | undefined {
  return row === undefined ? undefined : (JSON.parse(String(row['document'])) as T);
}

function documents<T>(rows: readonly Record<string, unknown>[]): T[] {
  return rows.map((row) => JSON.parse(String(row['document'])) as T);
}
