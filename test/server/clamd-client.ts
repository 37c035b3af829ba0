import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { DecodeError } from '../../src/errors.js';
import { unhashable } from '../../src/matching/decision.js';
import { type ClamdOptions, createClamdListener } from '../../src/server/clamd/clamd.js';
import { blocklist, pool } from './uploads/uploads.js';

export const FOUND = 'stream: Onlyhashes.Listed-Picture FOUND';

export type Options = Partial<ClamdOptions> & { onError?: (error: unknown) => void };

/** Where a listener listens. */
export type Address = { port: number } | { path: string };

/** Listens while `work` runs, on TCP or at a path. @returns what `work` gives */
export async function listening<T>(
  { onError, ...options }: Options,
  work: (address: Address) => Promise<T>,
  path?: string,
): Promise<T> {
  const all = { enabled: true, blocklist, pool, ...options } as const;
  const sockets = new Set<Socket>();
  const server = createServer(createClamdListener(all, onError));
  server.on('connection', (socket) => sockets.add(socket));
  await once(path ? server.listen(path) : server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await work(path ? { path } : { port: (server.address() as AddressInfo).port });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** All that a listener answers to `sent`, until it closes the connection. */
export async function answered(
  address: Address,
  ...sent: readonly (string | Uint8Array)[]
): Promise<string> {
  const client = new Client(address);
  for (const part of sent) client.socket.write(part);
  return await client.reply;
}

/** A client that keeps all that it is sent. */
export class Client {
  readonly socket: Socket;
  /** all that it was sent, once the connection is closed */
  readonly reply: Promise<string>;

  constructor(address: Address) {
    this.socket = connect(address as { port: number });
    // Whoever is cut off may be so by a reset.
    this.socket.on('error', () => {});
    const chunks: Buffer[] = [];
    this.socket.on('data', (chunk) => chunks.push(chunk));
    this.reply = once(this.socket, 'close').then(() => Buffer.concat(chunks).toString('latin1'));
  }
}

/** The decision about a file that was read and is no picture. */
export const noPicture = () => unhashable(new DecodeError('unsupported', 'no picture'));

/** Reads all of a stream. */
export async function readAll(source: unknown): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a listener with these options answers. */
export const answer = (options: Options, ...sent: readonly (string | Uint8Array)[]) =>
  listening(options, (address) => answered(address, ...sent));

export const lengthOf = (length: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};
export const END = lengthOf(0);

/** A stream of chunks of `size` bytes, and its end. */
export function chunksOf(bytes: Uint8Array, size = 100_000): Buffer {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    chunks.push(lengthOf(chunk.length), chunk);
  }
  return Buffer.concat([...chunks, END]);
}
