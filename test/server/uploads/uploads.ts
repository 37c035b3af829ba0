import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { type Decision, unhashable } from '../../../src/matching/decision.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type { HashPool } from '../../../src/node/pool/hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { ROOT } from '../../project/package.js';

const PHOTOS = join(ROOT, 'fixtures/photos');

// Processes run JavaScript, and this file runs as source.
setWorkerScripts(join(ROOT, 'dist'));
/** The pool of all uploads. */
export const pool = createHashPool({ workers: 1, timeoutSeconds: 3600 });

/** The pool, but for some members. */
export const poolWith = (more: Partial<HashPool>): HashPool => ({
  workers: pool.workers,
  videos: pool.videos,
  hash: pool.hash.bind(pool),
  check: pool.check.bind(pool),
  stats: () => pool.stats(),
  close: async () => {},
  ...more,
});

/** A picture that is listed, as a small copy. */
export const LISTED = readFileSync(join(PHOTOS, 'locomotion-house-cat-w301.jpg'));
/** One that is not. */
export const OTHER = readFileSync(join(PHOTOS, 'nagasaki-boats-q40.jpg'));
/** The beginning of the one that is not, which decodes as a picture if nobody tells. */
export const HALF = OTHER.subarray(0, OTHER.length >> 1);
/** A picture that is not read here. */
export const BMP = readFileSync(join(ROOT, 'fixtures/images/picture.bmp'));
export const NO_PICTURE = Buffer.from('no picture at all');

const { hash } = await hashFile(join(PHOTOS, 'locomotion-house-cat.jpg'));
/** By which the listed picture is no match, if it is compared as a whole. */
export const allowing = () => {
  const exceptions = [{ hash, reason: 'a mistake' }];
  return createAllowList({ radius: 31, exceptions });
};
const labels = ['a label for the platform alone'];
export const blocklist = createBlocklist([{ hash, labels, id: 'an id' }]);
/** By which the listed picture is for review. */
export const reviewing = createBlocklist([{ hash, labels, quality: 1 }]);
/** A check whose queue is full: it reads nothing. */
export const busy = async (): Promise<Decision> => unhashable(new DecodeError('busy', 'busy'));

/** Serves on loopback while `work` runs. @returns what `work` gives */
export async function serving<T>(server: Server, work: (url: string) => Promise<T>): Promise<T> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A form with files, each a picture of its own name. */
export function formOf(...files: readonly Uint8Array[]): FormData {
  const form = new FormData();
  form.append('title', 'a title');
  for (const [at, bytes] of files.entries()) {
    const type = 'image/jpeg';
    form.append('photo', new File([bytes as Uint8Array<ArrayBuffer>], `${at}.jpg`, { type }));
  }
  return form;
}

/** Sends the first half of a form with a listed picture, and breaks off. */
export async function breakOffForm(url: string): Promise<void> {
  const form = new Response(formOf(LISTED));
  const body = Buffer.from(await form.arrayBuffer());
  const type = form.headers.get('content-type');
  await breakOff(url, `Content-Length: ${body.length}\r\nContent-Type: ${type}`, body);
}

/** Sends the first half of a request with a body, and breaks off. */
export async function breakOff(url: string, head: string, body: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`POST /upload HTTP/1.1\r\nHost: a.test\r\n${head}\r\n\r\n`);
  await new Promise((resolve) => socket.write(body.subarray(0, body.length >> 1), resolve));
  socket.destroy();
}
