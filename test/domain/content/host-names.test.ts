import { expect, it } from 'vitest';
import { namesOfPlace, placeOfHost } from '#domain/content/host-names.ts';

const DFW = { region: 'dfw', provider: 'rackspace' };
const BHS = { region: 'bhs1', provider: 'ovh' };
const NAMES = { domain: 'example.org', places: [DFW, BHS] };

it.each([
  ['mirror.dfw.rackspace.example.org', DFW],
  ['mirror-bhs1-ovh.example.org', BHS],
  ['MIRROR.DFW.Rackspace.Example.ORG', DFW],
  ['mirror.dfw.rackspace.example.org:8080', DFW],
  ['mirror.dfw.rackspace.example.org.', DFW],
  ['mirror.dfw.rackspace.example.org.:443', DFW],
  ['mirror.dfw.ovh.example.org', undefined],
  ['mirror.dfw.rackspace.example.com', undefined],
  ['xmirror.dfw.rackspace.example.org', undefined],
  ['mirror.example.org', undefined],
  ['127.0.0.1:8080', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s is a place, or the generic one', (host, expected) => {
  expect(placeOfHost(NAMES, host)).toEqual(expected);
});

it('has no places without a domain', () => {
  expect(placeOfHost({ domain: undefined, places: [DFW] }, 'mirror.dfw.rackspace.example.org')).toBeUndefined();
});

it('has a name of one label for wildcard certificates', () => {
  expect(namesOfPlace('example.org', DFW)).toEqual(['mirror.dfw.rackspace.example.org', 'mirror-dfw-rackspace.example.org']);
});
