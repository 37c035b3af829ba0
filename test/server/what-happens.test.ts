import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import multipart from '@fastify/multipart';
import { createAdaptorServer } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import multer from 'multer';
import { afterAll, expect, test } from 'vitest';
import { checkedStorage } from '../../examples/express/checked-storage.js';
import { createPartCheck } from '../../examples/fastify/check-part.js';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { Decision } from '../../src/matching/decision.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { createHashPool } from '../../src/node/pool/create-hash-pool.js';
import type { HashPool } from '../../src/node/pool/hash-pool.js';
import { tokenHash } from '../../src/server/routes/webhook-sender.js';
import { createService } from '../../src/server/service.js';
import { scan } from '../../src/server/uploads/scan.js';
import { type ScanOptions, UploadRefused } from '../../src/server/uploads/scanner.js';
import { createUploadScanner } from '../../src/server/uploads/upload-scanner.js';
import { ROOT } from '../project/package.js';
import { type Options as ClamdOptions, chunksOf, answer as clamdAnswer } from './clamd-client.js';
import { pictureForm } from './hma/hma-served.js';
import { BMP, formOf, HALF, LISTED, OTHER, pool, serving } from './uploads/uploads.js';

/* Each cell of the table "What happens to an upload" of docs/outcomes.md is a test. */

const read = (path: string) => readFileSync(join(ROOT, path));

/** A cell: a file on its way to one of the doors. */
interface Row {
  readonly file: string;
  /** by the heads of the columns */
  readonly cells: Readonly<Record<string, string>>;
}

const rows = ((): Row[] => {
  const [, section = ''] = read('docs/outcomes.md')
    .toString()
    .split('# What happens to an upload\n');
  const [head, , ...body] = section
    .split(/\n#/)[0]!
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  return body.map(([file = '', ...cells]) => ({
    file,
    cells: Object.fromEntries(cells.map((cell, at) => [head![at + 1]!, cell])),
  }));
})();

const maxBytes = 150_000;
const isLong = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(maxBytes)]);
const VIDEO = read('fixtures/images/film.mp4');
const OTHER_VIDEO = Buffer.concat([VIDEO, Buffer.from('.')]);
const LONG_VIDEO = isLong(VIDEO);
const UNCONFIRMED = read('fixtures/photos/acanthus-mollis-q40.jpg');

const FILES: Readonly<Record<string, Buffer>> = {
  'a listed picture': LISTED,
  'a picture listed, but unconfirmed': UNCONFIRMED,
  'a plain picture': OTHER,
  'a broken picture': HALF,
  'a BMP': BMP,
  'a video listed by its MD5': VIDEO,
  'a plain video': OTHER_VIDEO,
  'a PDF': read('fixtures/images/page.pdf'),
  'an empty file': Buffer.alloc(0),
  'a plain picture of more than `maxBytes`': isLong(OTHER),
  'a listed video of more than `maxBytes`': LONG_VIDEO,
  'a plain video of more than `maxBytes`': isLong(OTHER_VIDEO),
  'a plain picture, while the queue is full': OTHER,
};

const md5 = (bytes: Uint8Array) => ({
  algorithm: 'md5' as const,
  bytes: new Uint8Array(createHash('md5').update(bytes).digest()),
});
const blocklist = createBlocklist([
  { hash: (await hashFile(LISTED)).hash, labels: [], list: 'LISTED' },
  { hash: (await hashFile(UNCONFIRMED)).hash, labels: [], list: 'LISTED', confirmed: false },
  { hash: md5(VIDEO), labels: [], list: 'LISTED' },
  { hash: md5(LONG_VIDEO), labels: [], list: 'LISTED' },
]);

/** A pool whose only place is taken until the end. */
const full = createHashPool({ workers: 1, maxQueued: 0 });
const end = new AbortController();
const taken = full.check(
  OTHER,
  () => new Promise<Decision>((_, reject) => end.signal.addEventListener('abort', reject)),
);
afterAll(async () => {
  end.abort(new Error('the end'));
  await taken;
  await full.close();
});

interface Asked extends Pick<ScanOptions<never>, 'onError' | 'notPictures'> {
  readonly file: Buffer;
  readonly pool: HashPool;
  readonly clamd?: ClamdOptions;
  readonly hma?: { readonly notPictures?: 'accept' | 'refuse' };
}

const asked = (name: string, options: Partial<Asked> = {}): Asked => ({
  file: FILES[name]!,
  pool: name.endsWith('while the queue is full') ? full : pool,
  onError: 'refuse',
  ...options,
});

const optionsOf = ({ pool, onError, notPictures }: Asked) => ({
  ...{ blocklist, pool, maxBytes },
  ...{ onError, notPictures },
});
const bodyOf = ({ file }: Asked) => file as Uint8Array<ArrayBuffer>;

const post = async (server: Server, body: BodyInit) =>
  await serving(server, async (url) => (await fetch(url, { method: 'POST', body })).status);

/** The same of all. */
async function agreed(...answers: readonly Promise<unknown>[]): Promise<string> {
  const all = await Promise.all(answers);
  expect(new Set(all).size, String(all)).toBe(1);
  return String(all[0]);
}

const storedBy = {
  async multer(one: Asked) {
    const app = express().set('env', 'test');
    const storage = checkedStorage(multer.memoryStorage(), optionsOf(one));
    app.post('/', multer({ storage }).array('photo'), (_, response) => response.send('stored'));
    return await post(createServer(app), formOf(one.file));
  },
  async fastify(one: Asked) {
    const app = fastify();
    await app.register(multipart, { limits: { fileSize: 2 ** 24 } });
    const checkPart = createPartCheck(optionsOf(one));
    app.post('/', async (request) => {
      for await (const part of request.files()) await checkPart(part);
      return 'stored';
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return await post(app.server, formOf(one.file));
  },
  async handler(one: Asked) {
    const handler = scan(optionsOf(one));
    const stored = (request: Request) => handler(request, () => new Response('stored'));
    return await post(createAdaptorServer({ fetch: stored }) as Server, formOf(one.file));
  },
};

const TOKEN = 'a-token-of-many-characters';

/** A request to a service that has all doors. */
async function ofService({ pool, hma = {} }: Asked, path: string, init: RequestInit) {
  const service = createService({
    ...{ blocklist, pool, maxBytes, hma },
    scanBlob: { labels: { LISTED: 'csam' } },
    tokens: [{ name: 'the caller', hash: tokenHash(TOKEN), role: 'match' }],
    onError: (error) => {
      throw error;
    },
  });
  const headers = { authorization: `Bearer ${TOKEN}`, ...init.headers };
  const request = new Request(`http://a.test${path}`, { ...init, headers });
  return await service.handler(request, { address: '192.0.2.1' });
}

/** The answers of the doors, by the heads of the columns. */
const DOORS: Readonly<Record<string, (asked: Asked) => Promise<string>>> = {
  async '`check`'({ file, pool }) {
    const { verdict, reason } = await pool.check(file, blocklist, { maxBytes });
    return verdict === 'unhashable' ? `${verdict}: ${reason}` : verdict;
  },
  async '`scan`'(one) {
    const server = createAdaptorServer({ fetch: scan(optionsOf(one)) }) as Server;
    const adapted = createUploadScanner(optionsOf(one)).check(one.file, undefined as never);
    const status = adapted.then(
      () => 200,
      (error: unknown) => (error instanceof UploadRefused ? error.status : error),
    );
    return await agreed(post(server, bodyOf(one)), status);
  },
  async 'a form'(one) {
    return await agreed(storedBy.multer(one), storedBy.fastify(one), storedBy.handler(one));
  },
  async clamd({ file, pool, notPictures, clamd }) {
    const options = { blocklist, pool, maxBytes, notPictures, ...clamd };
    const reply = await clamdAnswer(options, 'nINSTREAM\n', chunksOf(file));
    return reply.trim().split(' ').at(-1)!;
  },
  async HMA(one) {
    const kind = one.file.subarray(4, 8).toString() === 'ftyp' ? 'video' : 'photo';
    const form = pictureForm(kind, one.file);
    const hashed = await ofService(one, '/h/hash', { method: 'POST', body: form });
    if (hashed.status !== 200) return String(hashed.status);
    const banks: string[] = [];
    for (const [type, signal] of Object.entries((await hashed.json()) as object)) {
      const found = await ofService(one, `/m/lookup?signal_type=${type}&signal=${signal}`, {});
      expect(found.status).toBe(200);
      banks.push(...Object.keys((await found.json()) as object));
    }
    expect(banks).toEqual(banks.map(() => 'LISTED'));
    return banks.length > 0 ? 'a bank' : 'no bank';
  },
  async '`scanBlob`'(one) {
    const credentials = Buffer.from(`admin:${TOKEN}`).toString('base64');
    const response = await ofService(one, '/xrpc/com.atproto.unspecced.scanBlob?did=a', {
      ...{ method: 'POST', body: bodyOf(one) },
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'image/jpeg' },
    });
    if (response.status !== 200) return String(response.status);
    const { match } = (await response.json()) as {
      match: { status: string; hits: { label?: string }[] };
    };
    expect(match.hits.map(({ label }) => label)).toEqual(match.hits.map(() => 'csam'));
    if (match.status !== 'success') expect(match.hits).toEqual([]);
    if (match.status !== 'success') return match.status;
    return match.hits.length > 0 ? 'a hit' : 'no hit';
  },
};

test('the table has all files and all doors', () => {
  expect(rows.map(({ file }) => file)).toEqual(Object.keys(FILES));
  for (const { cells } of rows) expect(Object.keys(cells)).toEqual(Object.keys(DOORS));
});

test.each(
  rows.flatMap(({ file, cells }) =>
    Object.entries(cells).map(([door, cell]) => [file, door, cell] as const),
  ),
)('%s, %s: %s', async (file, door, cell) => {
  expect(await DOORS[door]!(asked(file))).toBe(cell);
});

/** What the sentences below the table say. */
test.each(Object.keys(FILES))('the options change the answers about %s', async (file) => {
  const { cells } = rows.find((row) => row.file === file)!;
  const isOther = cells['`check`']!.endsWith('not-a-picture');
  for (const door of ['`scan`', 'a form']) {
    const status = cells[door]!;
    const accepting = await DOORS[door]!(asked(file, { onError: 'accept' }));
    expect(accepting).toBe(['415', '422', '503'].includes(status) ? '200' : status);
    const refusing = await DOORS[door]!(asked(file, { notPictures: 'refuse' }));
    expect(refusing).toBe(isOther && status === '200' ? '415' : status);
  }
  const refusing = await DOORS.clamd!(asked(file, { notPictures: 'refuse' }));
  expect(refusing).toBe(isOther ? 'ERROR' : cells.clamd);
  const unread = await DOORS.clamd!(asked(file, { clamd: { unreadPictures: 'accept' } }));
  expect(unread).toBe(file === 'a BMP' ? 'OK' : cells.clamd);
  const ofHma = await DOORS.HMA!(asked(file, { hma: { notPictures: 'accept' } }));
  expect(ofHma).toBe(file === 'a PDF' ? 'no bank' : cells.HMA);
});
