import { WireError } from '#domain/errors.ts';
import type { RpmLocation, RpmPackage } from '#domain/volume/validate/rpm-repository.ts';
import { type XmlAttributes, XmlScanner } from '../xml/xml-scanner.ts';
import { wholeNumber } from './parse-rpm-indexes.ts';
import { rpmDigest } from './rpm-digest.ts';

const WHAT = 'the index of packages';
const PACKAGE_DEPTH = 2;
const FIELD_DEPTH = 3;

export interface PackageScanner {
  /** The packages that are complete after this piece of the document. */
  push(text: string): readonly RpmPackage[];
  /** How many packages the document says it has. Throws WireError when it is not complete. */
  end(): number | undefined;
}

interface Fields {
  name: string;
  arch: string;
  version: string;
  checksumType: string | undefined;
  checksum: string | undefined;
  sizeBytes: number | undefined;
  location: RpmLocation | undefined;
}

const noFields = (): Fields => ({
  name: '',
  arch: '',
  version: '',
  checksumType: undefined,
  checksum: undefined,
  sizeBytes: undefined,
  location: undefined,
});

/** Reads the index `primary` a piece at a time. Throws WireError for anything that is not one. */
export function packageScanner(): PackageScanner {
  let [fields, complete, announced, root] = [noFields(), [] as RpmPackage[], undefined as number | undefined, ''];
  const scanner = new XmlScanner(WHAT, {
    open: (name, attributes, depth) => {
      if (depth === 1) [root, announced] = [name, wholeNumber(attributes('packages'))];
      if (root !== 'metadata') throw new WireError(`${WHAT} is no index of packages, but ${root}`);
      if (depth === PACKAGE_DEPTH) fields = noFields();
      if (depth === FIELD_DEPTH) noteAttributes(fields, name, attributes);
    },
    close: (name, text, depth) => {
      if (depth === FIELD_DEPTH) noteText(fields, name, text.trim());
      if (depth === PACKAGE_DEPTH && name === 'package') complete.push(packageOf(fields));
    },
  });
  return {
    push: (text) => {
      scanner.push(text);
      const packages = complete;
      complete = [];
      return packages;
    },
    end: () => {
      scanner.end();
      return announced;
    },
  };
}

function noteAttributes(fields: Fields, name: string, attributes: XmlAttributes): void {
  if (name === 'location') fields.location = { href: attributes('href') ?? '', base: attributes('base') };
  if (name === 'size') fields.sizeBytes = wholeNumber(attributes('package'));
  if (name === 'checksum') fields.checksumType = attributes('type');
  if (name === 'version') fields.version = `${attributes('ver') ?? ''}-${attributes('rel') ?? ''}`;
}

function noteText(fields: Fields, name: string, text: string): void {
  if (name === 'name' || name === 'arch' || name === 'checksum') fields[name] = text;
}

function packageOf({ name, arch, version, checksumType, checksum, sizeBytes, location }: Fields): RpmPackage {
  const label = `${name}-${version}.${arch}`;
  if (location === undefined || location.href === '') throw new WireError(`${WHAT} does not say where ${label} is`);
  return { label, location, digest: rpmDigest(checksumType, checksum), sizeBytes };
}
