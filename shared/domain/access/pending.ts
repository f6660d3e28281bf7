/**
 * A public host that its owner declares is pending, neither crawled nor listed, until the owner proves control of every name in
 * its URLs; otherwise anybody could put anybody's server into the lists of a network. It becomes pending anew when a URL with
 * another name comes in, or when a host that was private, and so needed no proof, becomes public. Administrators of the network
 * declare hosts without proof.
 */
import type { Host } from '../inventory/inventory.ts';
import { type HostChange, isPublicHost } from './field-rights.ts';

// URLs in an inventory are canonical: scheme in lower case, no user information.
const AUTHORITY = /^[a-z]+:\/\/(\[[^\]]*\]|[^/:]*)/;

/** The name, or the address, that a URL leads to. */
export const nameInUrl = (url: string): string => AUTHORITY.exec(url)?.[1] ?? '';

/** The names of a host's URLs, each once, in the order of its declaration. */
export const namesInUrls = (host: Host): readonly string[] => [
  ...new Set(host.carries.flatMap(({ urls }) => urls.map(nameInUrl))),
];

/** Whether the host is pending after a change by its owner. */
export const pendingAfter = ({ before, after, siteBefore, siteAfter }: HostChange): boolean => {
  if (before?.pending === true) return true;
  if (!isPublicHost(after, siteAfter)) return false;
  if (before === undefined || !isPublicHost(before, siteBefore)) return true;
  const known = namesInUrls(before);
  return namesInUrls(after).some((name) => !known.includes(name));
};
