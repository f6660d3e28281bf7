import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requestSender } from '../../../agent/volume/transfer/http-request.ts';
import { objectPutter, type PutOutcome, type WantedObject } from '../../../agent/volume/transfer/put-object.ts';
import { type Sending, sendObjects } from '../../../agent/volume/transfer/send-objects.ts';
import { taskPool } from '../../../agent/volume/transfer/task-pool.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';

const wanted = (at: number): WantedObject => ({ sha256: hashOf(`${at}`), sizeBytes: 1, name: `file-${at}`, file: `/none/${at}` });

async function* all(count: number): AsyncGenerator<WantedObject> {
  for (let at = 0; at < count; at += 1) yield wanted(at);
}

type Standing = 'missing' | 'usable' | 'wait';

const sending = (
  standing: (sha256: string, look: boolean, call: number) => Standing,
  outcome: (object: WantedObject, at: number) => PutOutcome['kind'] = () => 'sent',
) => {
  const calls: { readonly look: boolean; readonly objects: number }[] = [];
  const puts: string[] = [];
  let [nowMs, atOnce, most] = [0, 0, 0];
  const it: Sending = {
    service: {
      objects: async (_, { objects, look }) => {
        calls.push({ look, objects: objects.length });
        const answered = objects.map(({ sha256 }) => {
          const said = standing(sha256, look, calls.length);
          return { sha256, standing: said, ...(said === 'missing' && { upload: { url: 'http://store/', headers: {} } }) };
        });
        return { objects: answered, expiresMs: 1 };
      },
    },
    volume: 'v',
    root: hashOf('root'),
    put: async (object) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await turn();
      atOnce -= 1;
      puts.push(object.name);
      return { kind: outcome(object, puts.length), reason: 'no' };
    },
    concurrency: 3,
    waiting: {
      sleep: async (ms) => {
        nowMs += ms;
      },
      random: () => 0.5,
    },
    nowMs: () => nowMs,
    stop: new AbortController().signal,
    progress: () => {},
  };
  return { it, calls, puts, most: () => most };
};

describe('objects', () => {
  test('are asked for a thousand at a time, and put a few at a time', async () => {
    const scene = sending((sha256) => (sha256 < '8' ? 'missing' : 'usable'));
    const sent = await sendObjects(scene.it, all(2_500), true);
    expect(scene.calls).toEqual([
      { look: true, objects: 1_000 },
      { look: true, objects: 1_000 },
      { look: true, objects: 500 },
    ]);
    expect(sent.sent + sent.present).toBe(2_500);
    expect(scene.puts).toHaveLength(sent.sent);
    expect(scene.most()).toBe(3);
  });

  test('are looked for once one was there that nobody had looked for', async () => {
    const scene = sending(
      () => 'missing',
      (_, at) => (at === 5 ? 'present' : 'sent'),
    );
    expect(await sendObjects(scene.it, all(2_001), false)).toEqual({ sent: 2_000, sentBytes: 2_000, present: 1 });
    expect(scene.calls.map(({ look }) => look)).toEqual([false, true, true]);
  });

  test('that wait are asked for again, with longer and longer pauses, and given up in the end', async () => {
    const scene = sending((_, __, call) => (call < 4 ? 'wait' : 'missing'));
    expect(await sendObjects(scene.it, all(2), false)).toMatchObject({ sent: 2 });
    expect(scene.calls.map(({ look }) => look)).toEqual([false, true, true, true]);
    expect(scene.it.nowMs()).toBe((2_000 + 4_000 + 8_000) * 1.5);
    const never = sending(() => 'wait');
    await expect(sendObjects(never.it, all(2), true)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('whose URLs are never accepted end it', async () => {
    const scene = sending(
      () => 'missing',
      () => 'expired',
    );
    await expect(sendObjects(scene.it, all(1), true)).rejects.toMatchObject({ kind: 'unavailable', message: 'no' });
    expect(scene.puts).toHaveLength(3);
  });
});

test('a pool begins nothing after a task has failed, and tells the first failure', async () => {
  const pool = taskPool(2);
  const begun: number[] = [];
  await pool.start(async () => {
    await turn();
    throw new Error('first');
  });
  await pool.start(async () => {
    begun.push(1);
  });
  await expect(
    (async () => {
      for (let at = 2; at < 9; at += 1)
        await pool.start(async () => {
          begun.push(at);
          await turn();
        });
    })(),
  ).rejects.toThrow('first');
  expect(begun.length).toBeLessThan(4);
  await expect(pool.idle()).rejects.toThrow('first');
});

describe('an upload', () => {
  let folder: string;
  let server: Server;
  let got: { readonly expect: string | undefined; readonly bytes: number }[];
  let answer: number;
  const LARGE = 40_000_000;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirrortide-upload-'));
    [got, answer] = [[], 200];
    server = createServer(async (request, response) => {
      const bytes = (await buffer(request)).length;
      got.push({ expect: request.headers.expect, bytes });
      response.writeHead(answer).end();
    });
    server.on('checkContinue', (request, response) => {
      if (answer !== 412) {
        response.writeContinue();
        server.emit('request', request, response);
        return;
      }
      got.push({ expect: request.headers.expect, bytes: 0 });
      response.writeHead(412).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const put = async (sizeBytes: number) => {
    const file = join(folder, 'file');
    await writeFile(file, Buffer.alloc(sizeBytes));
    const moved: number[] = [];
    const putter = objectPutter(requestSender(1), new AbortController().signal);
    const upload = {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      headers: { 'content-length': String(sizeBytes) },
    };
    const outcome = await putter({ sha256: hashOf('x'), sizeBytes, name: 'file', file }, upload, (bytes) => moved.push(bytes));
    return { outcome: outcome.kind, moved: moved.reduce((sum, bytes) => sum + bytes, 0) };
  };

  test('of any size arrives whole, and is counted once', async () => {
    for (const sizeBytes of [0, 5, 262_145, LARGE]) expect(await put(sizeBytes)).toEqual({ outcome: 'sent', moved: sizeBytes });
    expect(got).toEqual([
      { expect: undefined, bytes: 0 },
      { expect: undefined, bytes: 5 },
      { expect: undefined, bytes: 262_145 },
      { expect: '100-continue', bytes: LARGE },
    ]);
  });

  test('of a large object that is there already sends nothing of it', async () => {
    answer = 412;
    expect(await put(LARGE)).toEqual({ outcome: 'present', moved: LARGE });
    expect(got).toEqual([{ expect: '100-continue', bytes: 0 }]);
  });

  test.each([
    ['that never says that it wants the body gets it', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', LARGE, 'sent'],
    ['that answers before it has the body need not get it', 'HTTP/1.1 412 No\r\ncontent-length: 0\r\n\r\n', 900_000, 'present'],
    ['that says nothing is given up', '', 9, 'again'],
  ])('to a server %s', async (_, said, sizeBytes, outcome) => {
    const raw = createTcpServer((socket) => {
      let bytes = 0;
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        bytes += chunk.length;
        if (said !== '' && (bytes > sizeBytes || outcome === 'present')) socket.write(said);
      });
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const file = join(folder, 'file');
    await writeFile(file, Buffer.alloc(sizeBytes));
    const send = requestSender(1, { stallMs: said === '' ? 50 : 60_000, continueMs: 10 });
    const url = `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`;
    const upload = { url, headers: { 'content-length': String(sizeBytes) } };
    const putter = objectPutter(send, new AbortController().signal);
    expect(await putter({ sha256: hashOf('x'), sizeBytes, name: 'file', file }, upload, () => {})).toMatchObject({
      kind: outcome,
    });
    raw.close();
  });

  test.each([
    [503, 'again'],
    [409, 'again'],
    [403, 'expired'],
  ])('that is answered with %i is %s', async (status, outcome) => {
    answer = status;
    expect(await put(9)).toEqual({ outcome, moved: 0 });
  });
});
