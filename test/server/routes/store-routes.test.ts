import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashFromHex, hashToJSON } from '../../../src/hash.js';
import type { CurationOptions } from '../../../src/server/routes/store-routes.js';
import { createService } from '../../../src/server/service.js';
import type { FetchProgress } from '../../../src/services/list-fetch.js';
import type { Follower } from '../../../src/store/lists/follower.js';
import { StoreError } from '../../../src/store/sql/store-error.js';
import type { Store } from '../../../src/store/store.js';
import { newRecord } from '../../matching/reviews.js';
import { hexOf } from '../../node/files/fed-services.js';
import { databaseOf } from '../../store/opened.js';
import { followedStore } from '../hma/hma-served.js';
import { TOKENS, type TokenRole, tokens } from '../served.js';
import { pool } from '../uploads/uploads.js';

let store: Store;
let follower: Follower;
beforeAll(async () => {
  ({ store, follower } = await followedStore());
});
afterAll(() => store.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const hash = (n: number) => hashFromHex('pdq', hexOf(n));

/** Asks a service with the routes of the store, as a caller of a role or of the socket. */
async function asked(
  route: string,
  body?: object,
  { role = 'admin', ...options }: CurationOptions & { role?: TokenRole | 'socket' } = {},
) {
  const [method, path] = route.split(' ') as [string, string];
  const service = createService({
    ...{ follower, store, pool, tokens },
    curation: options,
  });
  const isSocket = role === 'socket';
  const response = await service.handler(
    new Request(`http://localhost${path}`, {
      method,
      headers: { ...JSON_TYPE, ...(!isSocket && { authorization: `Bearer ${TOKENS[role]}` }) },
      ...(body && { body: JSON.stringify(body) }),
    }),
    { address: '', ...(isSocket && { role: 'admin' }) },
  );
  const text = await response.text();
  const lines = text.split('\n').filter((line) => line !== '');
  return { status: response.status, lines: lines.map((line) => JSON.parse(line)) };
}

test('entries are withdrawn and reinstated, by hash and by id, in one change', async () => {
  await store.apply({
    add: [
      { hash: hash(1), labels: [], list: 'a' },
      { hash: hash(2), labels: [], id: 'two', list: 'a' },
    ],
  });
  const before = await store.revision();
  const withdraw = [
    { ...hashToJSON(hash(1)), reason: 'a mistake' },
    { id: 'two', list: 'a' },
    { id: 'no such' },
  ];
  const done = await asked('POST /v1/changes', { withdraw });
  expect(done).toEqual({ status: 200, lines: [{ removed: [1, 1, 0], reinstated: [] }] });
  expect(await store.revision()).toBe(before + 1);
  expect((await store.status()).entries).toBe(0);
  const reinstate = [hashToJSON(hash(1)), { id: 'another' }];
  const back = await asked('POST /v1/changes', { reinstate }, { role: 'socket' });
  expect(back.lines).toEqual([{ removed: [], reinstated: [true, false] }]);
  await asked('POST /v1/changes', { settings: { a: { enabled: false } } });
  expect((await store.settings()).get('a')).toMatchObject({ enabled: false });
});

test('64 hex digits that name no algorithm are PDQ, in changes and in queries of the log', async () => {
  await store.apply({ add: [{ hash: hash(21), labels: [], list: 'b' }] });
  const { hash: hex } = hashToJSON(hash(21));
  const gone = await asked('POST /v1/changes', { withdraw: [{ hash: hex, reason: 'wrong' }] });
  expect(gone).toEqual({ status: 200, lines: [{ removed: [1], reinstated: [] }] });
  const back = await asked('POST /v1/changes', { reinstate: [{ hash: hex }] });
  expect(back.lines).toEqual([{ removed: [], reinstated: [true] }]);
  const records = await asked('POST /v1/reviews', { entry: { hash: hex } });
  expect(records).toEqual({ status: 200, lines: [] });
  expect((await asked('POST /v1/changes', { withdraw: [{ hash: 'ab'.repeat(8) }] })).status).toBe(
    400,
  );
});

test.each([
  [{ withdraw: [{ algorithm: 'pdq', hash: 'ab' }] }],
  [{ withdraw: [{}] }],
  [{ withdraw: [{ id: 'a', list: 7 }] }],
  [{ withdraw: ['a'] }],
  [{ withdrawn: [] }],
  [{ settings: { a: { trust: 'none' } } }],
  [{ settings: { a: 7 } }],
])('%j is refused, and nothing is changed', async (body) => {
  const before = await store.revision();
  const { status, lines } = await asked('POST /v1/changes', body);
  expect([status, lines[0].code]).toEqual([400, 'bad-request']);
  expect(await store.revision()).toBe(before);
});

test('all lists are returned, with their feeds and no credential', async () => {
  const feeds = store.feeds(new Uint8Array(32).fill(7));
  const credentials = { key: 'a secret' };
  await feeds.set('theirs', { api: 'stopncii', settings: {}, credentials, enabled: true });
  const { lines } = await asked('GET /v1/lists', undefined, { role: 'curate' });
  expect(lines).toEqual([
    JSON.parse(
      JSON.stringify({
        revision: await store.revision(),
        lists: await store.lists(),
        feeds: await feeds.items(),
      }),
    ),
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('everything that matching uses is returned: settings, withdrawals, exceptions, entries', async () => {
  await store.apply({
    withdraw: [{ ...hash(8), list: 'b', reason: 'a mistake' }],
    settings: { b: { trust: 'foreign' } },
    allow: [{ hash: hash(9), entry: hash(7), reason: 'another picture' }],
    add: [
      { hash: hash(7), labels: ['seven'], id: 'seven', list: 'b' },
      { hash: hash(10), labels: [], id: 'paused' },
    ],
  });
  const [paused] = await store.find({ id: 'paused' });
  await store.pause(paused!.number, 'for-good');
  const { lines } = await asked('GET /v1/entries', undefined, { role: 'socket' });
  const [first, ...pages] = lines;
  expect(first.lists.b).toEqual({ trust: 'foreign' });
  expect(first.withdrawals.at(-1)).toEqual({
    ...hashToJSON(hash(8)),
    list: 'b',
    reason: 'a mistake',
  });
  expect(first.exceptions).toEqual({
    radius: 0,
    exceptions: [{ ...hashToJSON(hash(9)), entry: hashToJSON(hash(7)), reason: 'another picture' }],
  });
  const entries = pages.flatMap((page) => page.entries);
  expect(entries).toContainEqual(
    expect.objectContaining({ hash: hashToJSON(hash(7)), id: 'seven' }),
  );
  expect(entries.map(({ id }) => id)).not.toContain('paused');
  expect((await asked('GET /v1/entries', undefined, { role: 'curate' })).status).toBe(403);
});

test('records are those of the log; an altered one is reported by its number', async () => {
  const log = store.reviewLog({ retentionDays: 30 });
  for (let n = 0; n < 4; n++) await log.append(newRecord(n, { id: `r${n}` }));
  await databaseOf(store).query("update review_record set list = 'other' where id = 'r2'");
  const { lines } = await asked('POST /v1/reviews', {});
  expect(lines.map(({ record, changed }) => record?.id ?? changed)).toEqual(['r0', 'r1', 3, 'r3']);
  const entry = newRecord(1).entry!;
  for (const query of [{ entry: { id: entry.id } }, { entry }, { id: 'r1' }]) {
    const some = await asked('POST /v1/reviews', query);
    expect(some.lines).toEqual([lines[1]]);
  }
  expect((await asked('POST /v1/reviews/erase', { id: 'r1' })).lines).toEqual([{ erased: 1 }]);
  expect((await asked('POST /v1/reviews', { id: 'r1' })).lines).toEqual([]);
});

test.each([
  ['POST /v1/reviews', { fron: '2026-01-01' }],
  ['POST /v1/reviews', { from: 'yesterday' }],
  ['POST /v1/reviews', { entry: { algorithm: 'pdq', hash: 'ab' } }],
  ['POST /v1/reviews/erase', {}],
  ['POST /v1/reviews/erase', { id: 7 }],
])('%s with %j is refused', async (route, body) => {
  expect((await asked(route, body)).status).toBe(400);
});

test('a list is fetched, with progress reported to the caller', async () => {
  const progress = { reported: 2, added: 1 } as FetchProgress;
  const fetch: CurationOptions['fetch'] = async (list, options) => {
    if (list !== 'a') return undefined;
    const { fromStart, onProgress, onProblem } = options;
    onProgress(progress);
    onProblem(new Error('a record'));
    if (fromStart) throw new StoreError('in-use', 'it is being fetched');
    return progress;
  };
  const lines = [{ progress }, { problem: 'a record' }];
  const done = await asked('POST /v1/lists/a/fetch', {}, { fetch, role: 'curate' });
  expect(done).toEqual({ status: 200, lines: [...lines, { done: progress }] });
  const failed = await asked('POST /v1/lists/a/fetch', { fromStart: true }, { fetch });
  expect(failed.lines).toEqual([...lines, { failed: 'it is being fetched', code: 'in-use' }]);
  expect((await asked('POST /v1/lists/b/fetch', {}, { fetch })).lines).toEqual([
    { failed: 'this service does not fetch this list' },
  ]);
  expect((await asked('POST /v1/lists/a/fetch', {})).status).toBe(501);
});

test('a caller that disconnects ends the fetch', async () => {
  const service = createService({
    ...{ follower, store, pool, tokens },
    curation: {
      fetch: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    },
  });
  const { body } = await service.handler(
    new Request('http://localhost/v1/lists/a/fetch', {
      ...{ method: 'POST', body: '{}' },
      headers: JSON_TYPE,
    }),
    { address: '', role: 'admin' },
  );
  const reader = body!.getReader();
  // It says that it goes on, until nobody hears it.
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('\n');
  await reader.cancel();
  await service.drain();
});
