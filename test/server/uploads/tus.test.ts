import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FileStore } from '@tus/file-store';
import { EVENTS, Server, type Upload as StoredUpload } from '@tus/server';
import { type DetailedError, Upload } from 'tus-js-client';
import { beforeEach, expect, test } from 'vitest';
import { createTusCheck } from '../../../examples/tus/tus-check.js';
import type { Decision } from '../../../src/matching/decision.js';
import { UploadRefused } from '../../../src/server/uploads/scanner.js';
import { testFolder } from '../../folder.js';
import { examAdapter } from './upload-exam.js';
import { blocklist, busy, LISTED, OTHER, pool, serving } from './uploads.js';

const folder = testFolder();
const clear = () => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
};
beforeEach(clear);

type TusStore = Parameters<typeof createTusCheck>[0];
type Options = Partial<Parameters<typeof createTusCheck>[1]>;

/** A server of tus, and what it was told. */
function application(options: Options = {}) {
  const decisions: Decision[] = [];
  const finished: string[] = [];
  const datastore = new FileStore({ directory: folder });
  const onUploadFinish = createTusCheck(datastore, {
    blocklist,
    pool,
    onError: 'refuse',
    onDecision: (decision) => void decisions.push(decision),
    ...options,
  });
  const tus = new Server({ path: '/files', datastore, onUploadFinish });
  tus.on(EVENTS.POST_FINISH, (_, __, { id }) => finished.push(id));
  const server = createServer((request, response) => void tus.handle(request, response));
  return { server, decisions, finished };
}

/** What a client is told of its upload: its address, or the status of the refusal. */
const uploaded = (url: string, bytes: Uint8Array, more: Partial<Upload['options']> = {}) =>
  new Promise<string | number | undefined>((resolve) => {
    const upload: Upload = new Upload(Buffer.from(bytes), {
      endpoint: `${url}/files`,
      retryDelays: null,
      onSuccess: () => resolve(upload.url ?? undefined),
      onError: (error) => resolve((error as DetailedError).originalResponse?.getStatus()),
      ...more,
    });
    upload.start();
  });

/** Uploads once to such a server. */
const answer = (bytes: Uint8Array, options?: Options, more?: Partial<Upload['options']>) => {
  const { server, ...told } = application(options);
  return serving(server, async (url) => ({ ...told, told: await uploaded(url, bytes, more) }));
};

/** The files that are stored, without what tus notes of them. */
const stored = () =>
  readdirSync(folder)
    .filter((name) => !name.endsWith('.json'))
    .map((name) => readFileSync(join(folder, name)));

test.each<[string, Partial<Upload['options']>]>([
  ['in one request', {}],
  ['with its creation', { uploadDataDuringCreation: true }],
  ['in parts', { chunkSize: 10_000 }],
  ['of a length that is told at the end', { uploadLengthDeferred: true, chunkSize: 10_000 }],
])('an upload %s is checked as a whole, once', async (_, more) => {
  const kept = await answer(OTHER, {}, more);
  expect(kept.told).toMatch(/\/files\/[0-9a-f]+$/);
  expect(kept.decisions).toMatchObject([{ verdict: 'none' }]);
  expect(kept.finished).toHaveLength(1);
  expect(stored()).toEqual([OTHER]);
  const refused = await answer(LISTED, {}, more);
  expect(refused).toMatchObject({ told: 451, decisions: [{ verdict: 'match' }], finished: [] });
  // Not even the notes of it stay.
  expect(stored()).toEqual([OTHER]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('an upload that broke off and is resumed is checked as a whole', async () => {
  const { server, decisions } = application();
  await serving(server, async (url) => {
    const address = await new Promise<string>((resolve) => {
      const upload: Upload = new Upload(Buffer.from(LISTED), {
        endpoint: `${url}/files`,
        chunkSize: 5000,
        retryDelays: null,
        onChunkComplete: () => {
          void upload.abort().then(() => resolve(upload.url!));
        },
      });
      upload.start();
    });
    expect([decisions, stored().length]).toEqual([[], 1]);
    expect(await uploaded(url, LISTED, { uploadUrl: address })).toBe(451);
    expect(decisions).toMatchObject([{ verdict: 'match' }]);
    expect(readdirSync(folder)).toEqual([]);
    // Its address is no longer one: the client begins anew.
    const gone = await fetch(address, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
    expect(gone.status).toBe(404);
  });
});

examAdapter(async (bytes, options) => {
  const { told, finished } = await answer(bytes, options);
  const isKept = typeof told === 'string';
  expect(finished).toHaveLength(isKept ? 1 : 0);
  // Of what is refused, not even the notes stay.
  const names = readdirSync(folder).filter((name) => !isKept || !name.endsWith('.json'));
  const files = names.map((name) => readFileSync(join(folder, name)));
  clear();
  return { status: isKept ? 200 : told!, stored: files };
});

test('an upload without bytes is refused whatever onError returns', async () => {
  expect(await answer(Buffer.alloc(0), { onError: 'accept' })).toMatchObject({ told: 400 });
  expect(readdirSync(folder)).toEqual([]);
});

test('an error of onDecision fails the upload, and nothing of it stays', async () => {
  const onDecision = () => Promise.reject(new Error('not now'));
  expect(await answer(OTHER, { onDecision })).toMatchObject({ told: 500, finished: [] });
  expect(readdirSync(folder)).toEqual([]);
});

test('a refused upload that cannot be removed fails by the error of the datastore', async () => {
  const full = new Error('the disk is broken');
  let isGone = false;
  const streams: Readable[] = [];
  const upload = { id: 'one' } as StoredUpload;
  const request = new Request('http://a.test/');
  const datastore: TusStore = {
    read: () => {
      streams.push(Readable.from([LISTED]));
      return streams.at(-1)!;
    },
    remove: () => Promise.reject(full),
    getUpload: async () => {
      if (isGone) throw new Error('gone');
      return upload;
    },
  };
  const hook = createTusCheck(datastore, { blocklist, pool, onError: 'refuse' });
  await expect(hook(request, upload)).rejects.toBe(full);
  isGone = true;
  await expect(hook(request, upload)).rejects.toBeInstanceOf(UploadRefused);
  const unread = createTusCheck(datastore, { check: busy, onError: 'refuse' });
  await expect(unread(request, upload)).rejects.toMatchObject({ status: 503 });
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
});
