import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import express, { type NextFunction, type Request, type Response } from 'express';
import multer from 'multer';
import { beforeEach, expect, test, vi } from 'vitest';
import { checkedStorage } from '../../../examples/express/checked-storage.js';
import type { Decision } from '../../../src/matching/decision.js';
import { type ScanOptions, UploadRefused } from '../../../src/server/uploads/scanner.js';
import { testFolder } from '../../folder.js';
import { examAdapter } from './upload-exam.js';
import {
  blocklist,
  breakOffForm,
  busy,
  formOf,
  HALF,
  LISTED,
  OTHER,
  pool,
  serving,
} from './uploads.js';

const folder = testFolder();
const clear = () => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
};
beforeEach(clear);

type Options = Partial<ScanOptions<{ request: Request; file: Express.Multer.File }>>;
interface Setup {
  readonly options?: Options;
  readonly limits?: multer.Options['limits'];
  readonly storage?: multer.StorageEngine;
}

/** An Express application that stores what multer gives it. */
function application({ options, limits, storage }: Setup) {
  const decisions: Decision[] = [];
  const errors: unknown[] = [];
  const stored: { name: string; bytes: Buffer }[] = [];
  const onDecision = (decision: Decision) => void decisions.push(decision);
  const inner = storage ?? multer.diskStorage({ destination: folder });
  const checked = checkedStorage(inner, {
    blocklist,
    pool,
    onError: 'refuse',
    onDecision,
    ...options,
  });
  const app = express();
  const upload = multer({ storage: checked, ...(limits && { limits }) });
  app.post('/upload', upload.array('photo'), (request, response) => {
    for (const { originalname: name, buffer, path } of request.files as Express.Multer.File[]) {
      stored.push({ name, bytes: buffer ?? readFileSync(path) });
    }
    response.send(`stored ${(request.body as { title?: string }).title}`);
  });
  app.use((error: unknown, _: Request, __: Response, next: NextFunction) => {
    errors.push(error);
    next(error);
  });
  // Else Express prints each error.
  app.set('env', 'test');
  return { server: createServer(app), decisions, errors, stored };
}

/** Posts a form to such an application; its answer, and what was stored. */
async function answer(form: FormData, setup: Setup = {}) {
  const { server, ...told } = application(setup);
  return await serving(server, async (url) => {
    const response = await fetch(`${url}/upload`, { method: 'POST', body: form });
    const { status, headers } = response;
    const retryAfter = headers.get('retry-after');
    return { status, retryAfter, text: await response.text(), ...told };
  });
}

test.each([
  ['disk', () => multer.diskStorage({ destination: folder })],
  ['memory', () => multer.memoryStorage()],
])('accepted files reach the %s storage as they were sent', async (_, storage) => {
  const { status, text, stored, decisions } = await answer(formOf(OTHER, OTHER), {
    storage: storage(),
  });
  expect([status, text]).toEqual([200, 'stored a title']);
  expect(stored).toEqual([
    { name: '0.jpg', bytes: OTHER },
    { name: '1.jpg', bytes: OTHER },
  ]);
  expect(decisions).toMatchObject([{ verdict: 'none' }, { verdict: 'none' }]);
});

examAdapter(async (bytes, options) => {
  const { status, retryAfter } = await answer(formOf(bytes), { options });
  const stored = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  clear();
  return { status, retryAfter, stored };
});

test('a match is refused by 451, and no file of the form stays', async () => {
  const { status, stored, errors } = await answer(formOf(OTHER, LISTED));
  expect([status, stored]).toEqual([451, []]);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(UploadRefused);
  expect(errors[0]).toMatchObject({ verdict: 'match', message: 'the upload was refused' });
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['production', /<pre>Unavailable For Legal Reasons<\/pre>/],
  // As for any error.
  ['test', /<pre>UploadRefused: the upload was refused<br>.+at decisionOf/],
])('the reply of Express itself to a refusal in %s', async (env, page) => {
  const app = express();
  const options = { blocklist, pool, onError: 'refuse' } as const;
  const upload = multer({ storage: checkedStorage(multer.memoryStorage(), options) });
  app.post('/upload', upload.single('photo'), (_, response) => response.send('stored'));
  app.set('env', env);
  // In production Express prints each error.
  const printed = vi.spyOn(console, 'error').mockReturnValue();
  const body = formOf(LISTED);
  await serving(createServer(app), async (url) => {
    const response = await fetch(`${url}/upload`, { method: 'POST', body });
    expect([response.status, response.headers.get('onlyhashes-verdict')]).toEqual([451, 'match']);
    expect(await response.text()).toMatch(page);
  });
  printed.mockRestore();
});

test('a file that multer cut at its limit is no picture, whatever onError returns', async () => {
  for (const options of [
    { onError: 'refuse' },
    { onError: 'accept' },
    { onError: 'accept', check: busy },
  ] as const) {
    const limits = { fileSize: HALF.length };
    const { stored, errors, decisions } = await answer(formOf(OTHER), { options, limits });
    expect(stored).toEqual([]);
    expect(errors).toMatchObject([{ code: 'LIMIT_FILE_SIZE' }]);
    expect(decisions.at(-1)).toMatchObject({ reason: 'too-many-bytes' });
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('a file accepted without a check reaches the storage as it arrives', async () => {
  const CHUNK = 64 * 1024;
  let [sent, stored, most] = [0, 0, 0];
  const file = {
    stream: new Readable({
      highWaterMark: CHUNK,
      read() {
        this.push(sent++ < 1000 ? new Uint8Array(CHUNK) : null);
      },
    }),
  };
  const slow: multer.StorageEngine = {
    async _handleFile(_, { stream }, done) {
      for await (const chunk of stream) {
        stored += (chunk as Uint8Array).length;
        most = Math.max(most, sent * CHUNK - stored);
        await new Promise((resolve) => setImmediate(resolve));
      }
      done();
    },
    _removeFile: (_, __, done) => done(null),
  };
  const storage = checkedStorage(slow, { check: busy, onError: 'accept' });
  expect(await handled(storage, file)).toBe(null);
  expect(stored).toBe(1000 * CHUNK);
  expect(most).toBeLessThan(10 * CHUNK);
});

/** The error that a storage gives for a file. */
const handled = (storage: multer.StorageEngine, file: { stream: Readable }) =>
  new Promise<unknown>((resolve) => {
    storage._handleFile({} as Request, file as Express.Multer.File, resolve);
  });

test('a file that turns out incomplete is removed from the storage again', async () => {
  const removed = vi.fn((_: object, __: object, done: (error: Error | null) => void) => done(null));
  const inner: multer.StorageEngine = {
    async _handleFile(_, { stream }, done) {
      for await (const __ of stream);
      done(null, { path: 'a' });
    },
    _removeFile: removed,
  };
  const storage = checkedStorage(inner, { check: busy, onError: 'accept', maxBytes: 9 });
  const broken = async function* () {
    yield new Uint8Array(5);
    throw new Error('the client is gone');
  };
  for (const [stream, status] of [
    [Readable.from([new Uint8Array(5), new Uint8Array(5)]), 413],
    [Readable.from(broken()), 400],
    [Object.assign(Readable.from([new Uint8Array(5)]), { truncated: true }), 413],
  ] as const) {
    const error = await handled(storage, { stream });
    expect(error).toBeInstanceOf(UploadRefused);
    expect(error).toMatchObject({ status });
    expect(removed.mock.lastCall![1]).toMatchObject({ path: 'a' });
  }
  expect(removed).toHaveBeenCalledTimes(3);
  const full = {
    ...inner,
    _removeFile: (_: object, __: object, done: (e: Error) => void) => done(new Error('read-only')),
  };
  const left = checkedStorage(full, { check: busy, onError: 'accept', maxBytes: 9 });
  const stream = Readable.from([new Uint8Array(10)]);
  const error = await handled(left, { stream });
  expect(error).toMatchObject({ message: 'read-only' });
});

test('a form that breaks off is not checked as a whole, and nothing stays', async () => {
  const told = new Promise<Decision>((resolve) => {
    const { server, stored } = application({ options: { onError: 'accept', onDecision: resolve } });
    void serving(server, async (url) => {
      await breakOffForm(`${url}/upload`);
      await told;
      expect(stored).toEqual([]);
    });
  });
  expect(await told).toMatchObject({ verdict: 'unhashable', reason: 'unreadable' });
  expect(readdirSync(folder)).toEqual([]);
});

test('a storage that fails fails the upload', async () => {
  const storage: multer.StorageEngine = {
    _handleFile: (_, __, callback) => callback(new Error('the disk is full')),
    _removeFile: (_, __, callback) => callback(null),
  };
  const { status, errors } = await answer(formOf(OTHER), { storage });
  expect(status).toBe(500);
  expect(errors).toMatchObject([{ message: 'the disk is full' }]);
});
