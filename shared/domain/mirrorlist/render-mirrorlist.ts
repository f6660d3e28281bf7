/**
 * Lists as text. For rpm and paths: MirrorManager's, one comment line that says which rules applied, then one bare URL per line;
 * librepo wants LF, no BOM, nothing else on a URL's line. For apt's mirror method: `URL<TAB>priority:N`, the lower first; blanks
 * instead of the TAB make a line unusable and an `ftp://` line fails the whole update, so only http and https get this far.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Accepted } from '../selection/selection.ts';
import type { SnapshotView } from '../snapshot/view.ts';

export const TEXT_TYPE = 'text/plain; charset=utf-8';

/** Nothing in a comment may start a new line. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');

const continentCountries = (view: SnapshotView, accepted: readonly Accepted[]): string[] =>
  [...new Set(accepted.filter(({ tier }) => tier.kind === 'continent').map(({ host }) => view.host(host).country))].sort();

/** `Using preferred netblock `, `Using ASN 553 `, `country = DE `, …: the rules that put hosts into the list, in their order. */
export const appliedRules = (view: SnapshotView, accepted: readonly Accepted[]): string => {
  const tiers = [...new Set(accepted.map(({ tier }) => tier))];
  const parts: string[] = [];
  if (tiers.some((tier) => tier.kind === 'netblock')) parts.push('Using preferred netblock ');
  for (const tier of tiers) {
    if (tier.kind === 'asn') parts.push(`Using ASN ${tier.asn} `);
    if (tier.kind === 'country') {
      const found = accepted.filter((one) => one.tier === tier).map(({ host }) => view.host(host).country);
      parts.push(...tier.countries.filter((country) => found.includes(country)).map((country) => `country = ${country} `));
    }
  }
  parts.push(...continentCountries(view, accepted).map((country) => `country = ${country} `));
  if (tiers.some((tier) => tier.kind === 'global')) parts.push('country = global ');
  return parts.join('');
};

export interface ListHeading {
  /** `repo = fedora-41 arch = x86_64 ` or `path = pub/x `. */
  readonly title: string;
  /** As asked; `undefined` when the client did not say. */
  readonly protocols: readonly string[] | undefined;
  /** Shown when the client asked for the time of publishing. */
  readonly publishedMs: EpochMs | undefined;
}

const heading = (view: SnapshotView, heads: ListHeading, accepted: readonly Accepted[]): string => {
  const protocol = heads.protocols === undefined ? '' : `protocol = ${heads.protocols.join(',')}`;
  const first = `# ${oneLine(heads.title + appliedRules(view, accepted) + protocol)}\n`;
  return heads.publishedMs === undefined ? first : `${first}# database creation time: ${Math.floor(heads.publishedMs / 1000)}\n`;
};

/** One URL per host unless the client named protocols: then every one of these. */
export const renderMirrorlist = (
  view: SnapshotView,
  heads: ListHeading,
  accepted: readonly Accepted[],
  suffix: string,
): string => {
  let body = heading(view, heads, accepted);
  for (const { urls } of accepted) {
    for (const { url } of heads.protocols === undefined ? urls.slice(0, 1) : urls) body += `${url}${suffix}\n`;
  }
  return body;
};

/** One URL per host; priorities count from 1. */
export const renderAptList = (view: SnapshotView, heads: ListHeading, accepted: readonly Accepted[], suffix: string): string => {
  let body = heading(view, heads, accepted);
  accepted.forEach(({ urls }, index) => {
    const first = urls[0];
    if (first !== undefined) body += `${first.url}${suffix}\tpriority:${index + 1}\n`;
  });
  return body;
};
