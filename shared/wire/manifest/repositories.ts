import * as v from 'valibot';
import type { Head, RepositoryRecord } from '#domain/master/manifest.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { count, epochMs } from '../fields.ts';
import { parseJson } from '../parse-json.ts';

const hashes = v.object({ md5: v.string(), sha1: v.string(), sha256: v.string(), sha512: v.string() });
const head = v.object({
  sizeBytes: count,
  timestampSeconds: v.pipe(v.number(), v.safeInteger()),
  hashes,
  firstSeenMs: epochMs,
});
const repository = v.object({
  repo: v.string(),
  arch: v.string(),
  type: v.picklist(['rpm', 'apt', 'files']),
  directory: v.string(),
  headPath: v.string(),
  heads: v.pipe(v.array(head), v.minLength(1)),
});

// Keys are listed by hand so that the bytes do not depend on how a caller built its objects.
const orderedHead = ({ sizeBytes, timestampSeconds, hashes: { md5, sha1, sha256, sha512 }, firstSeenMs }: Head): Head => ({
  sizeBytes,
  timestampSeconds,
  hashes: { md5, sha1, sha256, sha512 },
  firstSeenMs,
});

export const printRepositories = (repositories: readonly RepositoryRecord[]): string =>
  JSON.stringify(
    repositories.map(({ repo, arch, type, directory, headPath, heads }) => ({
      repo,
      arch,
      type,
      directory,
      headPath,
      heads: heads.map(orderedHead),
    })),
  );

export const parseRepositories = (bytes: Uint8Array): readonly RepositoryRecord[] =>
  parseJson(v.array(repository), decodeText(bytes, 'manifest repositories'), 'manifest repositories');
