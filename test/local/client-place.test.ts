import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { databasePlaces } from '../../local/edge/client-place.ts';

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0x40 | value.length]), Buffer.from(value)]);
const map = (...entries: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([Buffer.from([0xe0 | entries.length]), ...entries.flatMap(([key, value]) => [text(key), value])]);
const uint16 = (value: number): Buffer => Buffer.from([0xa2, value >> 8, value & 255]);
const uint32 = (value: number): Buffer => Buffer.from([0xc4, 0, 0, value >> 8, value & 255]);

/** A database of one node (MaxMind DB file format 2.0): the lower half of IPv4 has `record`, the upper half nothing. */
function database(record: Buffer): Buffer {
  const [nodes, separator] = [1, 16];
  const tree = Buffer.from([0, 0, nodes + separator, 0, 0, nodes]);
  const metadata = map(
    ['node_count', uint32(nodes)],
    ['record_size', uint16(24)],
    ['ip_version', uint16(4)],
    ['database_type', text('Test')],
    ['languages', Buffer.from([0x00, 0x04])],
    ['binary_format_major_version', uint16(2)],
    ['binary_format_minor_version', uint16(0)],
    ['build_epoch', Buffer.from([0x01, 0x02, 1])],
    ['description', map()],
  );
  return Buffer.concat([tree, Buffer.alloc(separator), record, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}

test('countries and networks come from the databases, what they do not know from the fallback', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-geo-'));
  try {
    const files = { country: join(folder, 'country.mmdb'), asn: join(folder, 'asn.mmdb'), flat: join(folder, 'flat.mmdb') };
    await writeFile(files.country, database(map(['country', map(['iso_code', text('AT')])])));
    await writeFile(files.asn, database(map(['autonomous_system_number', uint32(6_450)])));
    await writeFile(files.flat, database(map(['country_code', text('CH')])));
    const places = await databasePlaces([files.country, files.asn], { country: 'DE', asn: undefined });
    expect(places('10.0.0.1')).toEqual({ country: 'AT', asn: 6_450 });
    expect(places('192.0.2.1')).toEqual({ country: 'DE', asn: undefined });
    expect(places('2001:db8::1')).toEqual({ country: 'DE', asn: undefined });
    expect((await databasePlaces([files.flat]))('10.0.0.1')).toEqual({ country: 'CH', asn: undefined });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
