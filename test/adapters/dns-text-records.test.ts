import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dnsTextRecords } from '#adapters/net/dns-text-records.ts';

const TXT = 16;
const NO_SUCH_NAME = 3;
/** Pieces of each record, by name. */
const ZONE: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '_mirrortide.a.example.org': [['v=spf1 -all'], ['t0', 'k']],
};

const nameIn = (query: Buffer): { readonly name: string; readonly end: number } => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.'), end: at + 5 };
};

/** RFC 1035, 4.1: the question again, then one answer per record, each naming the question by a pointer. */
const replyTo = (query: Buffer): Buffer => {
  const { name, end } = nameIn(query);
  const records = ZONE[name];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 | (records === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(records?.length ?? 0, 6);
  header.writeUInt16BE(0, 10);
  const answers = (records ?? []).map((pieces) => {
    const data = Buffer.concat(pieces.map((piece) => Buffer.from([piece.length, ...Buffer.from(piece)])));
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(TXT, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, query.subarray(12, end), ...answers]);
};

describe('TXT records', () => {
  let server: Socket;
  let silent = false;
  beforeAll(async () => {
    server = createSocket('udp4');
    server.on('message', (query, from) => {
      if (!silent) server.send(replyTo(query), from.port, from.address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());
  const records = () => dnsTextRecords([`127.0.0.1:${server.address().port}`]);

  test('come whole, one text for each record', async () => {
    expect(await records().lookup('_mirrortide.a.example.org', 5_000)).toEqual(['v=spf1 -all', 't0k']);
  });

  test('are none where the name has none, is no name, or nobody answers', async () => {
    expect(await records().lookup('_mirrortide.b.example.org', 5_000)).toEqual([]);
    expect(await records().lookup(`${'x'.repeat(70)}.example.org`, 5_000)).toEqual([]);
    silent = true;
    expect(await records().lookup('_mirrortide.a.example.org', 200)).toEqual([]);
    silent = false;
  });
});
