import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

// What a daemon sends, piece by piece, so that a test can send it wrong.

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
};

export interface WireEntry {
  readonly name: string | Buffer;
  readonly shared?: number;
  readonly size?: number | bigint;
  readonly time?: number;
  readonly mode?: number;
  /** Instead of the name's own length. */
  readonly length?: number;
}

export const wireEntry = (entry: WireEntry): Buffer => {
  const name = Buffer.from(entry.name);
  const length = entry.length ?? name.length;
  const long = length > 255 || length < 0;
  const size = entry.size ?? 1;
  const flags = 0x18 | (entry.shared === undefined ? 0 : 0x20) | (long ? 0x40 : 0);
  const large = Buffer.alloc(8);
  if (typeof size === 'bigint') large.writeBigInt64LE(size);
  return Buffer.concat([
    Buffer.from([flags, ...(entry.shared === undefined ? [] : [entry.shared])]),
    long ? int32(length) : Buffer.from([length]),
    name,
    typeof size === 'bigint' ? Buffer.concat([int32(-1), large]) : int32(size),
    int32(entry.time ?? 1_700_000_000),
    int32(entry.mode ?? 0o100644),
  ]);
};

export const ROOT = wireEntry({ name: '.', mode: 0o40755, size: 4_096 });
/** The zero that ends a list, and the I/O error after it. */
export const listEnd = (ioError = 0): Buffer => Buffer.concat([Buffer.from([0]), int32(ioError)]);

export const frame = (tag: number, payload: Buffer | string, length = Buffer.byteLength(payload)): Buffer =>
  Buffer.concat([int32(((tag + 7) << 24) | length), Buffer.from(payload)]);
export const data = (...pieces: Buffer[]): Buffer => frame(0, Buffer.concat(pieces));

/** Everything up to the first frame. */
export const OPENING = Buffer.concat([Buffer.from('@RSYNCD: 31.0 sha512 md5\n@RSYNCD: OK\n'), int32(12_345)]);

export interface ScriptedServer {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs `script` on each connection, whatever the client says. */
export const startScriptedServer = async (script: (socket: Socket) => void): Promise<ScriptedServer> => {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy()); // a client that hangs up is what many tests are about
    socket.resume();
    script(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, url: `rsync://127.0.0.1:${address.port}/mirror/`, stop };
};

export interface Recorder extends ScriptedServer {
  /** All that the daemon sent over the last connection. */
  recorded(): Buffer;
}

/** Passes everything on to a daemon and keeps a copy of its side. */
export const startRecorder = async (daemonPort: number): Promise<Recorder> => {
  let pieces: Buffer[] = [];
  const server = await startScriptedServer((client) => {
    pieces = [];
    const daemon = connect({ port: daemonPort, host: '127.0.0.1' });
    daemon.on('data', (bytes: Buffer) => pieces.push(bytes));
    daemon.on('error', () => client.destroy());
    client.pipe(daemon).pipe(client);
  });
  return { ...server, recorded: () => Buffer.concat(pieces) };
};
