/**
 * Versions of Python projects, as PEP 440 defines them (its appendix B has the expression). The same version can be written in many
 * ways: `1.0RC-1`, `v1.0rc1` and `1.0.rc.1` are one. Builders write the normal form or do not, file names replace characters, so
 * versions are compared in a normal form. Trailing zeros of the release are not significant: `1.0` and `1.0.0` are equal.
 */
const VERSION =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?((?:-(\d+))|(?:[-_.]?(?:post|rev|r)[-_.]?(\d*)))?([-_.]?dev[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

const LONGEST = 200;
const PRE: Readonly<Record<string, string>> = { alpha: 'a', beta: 'b', c: 'rc', pre: 'rc', preview: 'rc' };

/** Without leading zeros; numbers may have more digits than a double holds. */
const plain = (digits: string | undefined): string => (digits ?? '').replace(/^0+(?=\d)/, '') || '0';

/** The normal form, with the release as it is written: `1.0` stays `1.0`. Undefined for what is no version. */
export function normalVersion(written: string): string | undefined {
  const text = written.trim().toLowerCase();
  const match = text.length > LONGEST ? null : VERSION.exec(text);
  if (match === null) return undefined;
  const [, epoch, release = '', pre, preNumber, post, dashed, postNumber, dev, devNumber, local] = match;
  const parts = [
    epoch === undefined || plain(epoch) === '0' ? '' : `${plain(epoch)}!`,
    release.split('.').map(plain).join('.'),
    pre === undefined ? '' : `${PRE[pre] ?? pre}${plain(preNumber)}`,
    post === undefined ? '' : `.post${plain(dashed ?? postNumber)}`,
    dev === undefined ? '' : `.dev${plain(devNumber)}`,
    local === undefined ? '' : `+${local.split(/[-_.]/).map(localPart).join('.')}`,
  ];
  return parts.join('');
}

const localPart = (part: string): string => (/^\d+$/.test(part) ? plain(part) : part);

export function sameVersion(one: string, other: string): boolean {
  const [left, right] = [normalVersion(one), normalVersion(other)];
  return left !== undefined && right !== undefined && withoutZeros(left) === withoutZeros(right);
}

const withoutZeros = (normal: string): string => normal.replace(/^((?:\d+!)?\d+(?:\.\d+)*?)(?:\.0+)+(?=$|[a-z+]|\.[a-z])/, '$1');
