import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Hash, hashFromHex, hashToHex } from '../../../src/hash.js';
import { createSearchThreads } from '../../../src/node/files/search-threads.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import type { Follower } from '../../../src/store/lists/follower.js';
import type { Store } from '../../../src/store/store.js';
import { flipBits } from '../../arbitraries.js';
import { ORDER } from '../../matching/bases.js';
import { databaseOf } from '../../store/opened.js';
import { LISTED, OTHER } from '../uploads/uploads.js';
import { followedStore, pictureForm, servedHma } from './hma-served.js';

let store: Store;
let follower: Follower;
let listed: Hash;
let numbers: number[];
beforeAll(async () => {
  ({ store, follower } = await followedStore());
  ({ hash: listed } = await hashFile(LISTED));
  const entry = (bits: number, list: string) => ({
    hash: flipBits(listed, ORDER, bits),
    labels: [],
    list,
  });
  const { revision } = await store.apply({
    add: [entry(200, 'BANK'), entry(0, 'BANK'), entry(9, 'OTHER')],
  });
  await follower.reached(revision);
  // Smaller segments are not given to threads.
  const many = Array.from({ length: 17_000 }, (_, at) => ({
    hash: hashFromHex('pdq', createHash('sha256').update(`${at}`).digest('hex')),
    labels: [],
  }));
  await follower.reached((await store.apply({ add: many })).revision);
  const one = async (hash: Hash) => (await store.find({ hash }))[0]!.number;
  numbers = [await one(entry(0, 'BANK').hash), await one(entry(9, 'OTHER').hash)];
});
afterEach(() => {
  release();
  vi.restoreAllMocks();
});
afterAll(async () => {
  await follower.close();
  await store.close();
});

let release = () => {};

/** The database takes every question, and answers none before `release`. */
function hang(): void {
  const database = databaseOf(store);
  const hanging = new Promise<never>((_, reject) => {
    release = () => reject(new Error('the test is over'));
  });
  hanging.catch(() => {});
  for (const one of new Set([database, database.prompt()])) {
    vi.spyOn(one, 'query').mockReturnValue(hanging);
    vi.spyOn(one, 'transaction').mockReturnValue(hanging);
  }
}

for (const workers of [0, 1]) {
  test(`while the database hangs, hits are answered with their numbers: ${workers} threads`, async () => {
    const threads = workers > 0 ? createSearchThreads(follower.blocklist, { workers }) : undefined;
    await threads?.ready();
    if (threads) expect(threads.stats().sharedBytes).toBeGreaterThan(0);
    let now = 1e12;
    await servedHma(
      async ({ json, url }) => {
        hang();
        const asked = `signal=${hashToHex(listed)}&signal_type=pdq`;
        const content = (number: number, distance: string) => [
          { bank_content_id: number, distance },
        ];
        const banks = { BANK: content(numbers[0]!, '0'), OTHER: content(numbers[1]!, '9') };
        expect(await json('GET', `/m/lookup?${asked}`)).toEqual({ status: 200, body: banks });
        expect((await json('GET', `/m/raw_lookup?${asked}`)).body).toEqual({ matches: numbers });
        const long = await json('GET', `/m/raw_lookup?${asked}&include_distance=true`);
        expect(long.body).toEqual({ matches: [...banks.BANK, ...banks.OTHER] });
        for (const [bytes, expected] of [
          [LISTED, { pdq: banks }],
          [OTHER, { pdq: {} }],
        ] as const) {
          const body = pictureForm('photo', bytes);
          const reply = await fetch(`${url}/m/lookup`, { method: 'POST', body });
          expect(await reply.json()).toEqual(expected);
        }
        // Readiness does not depend on the store; HMA's status does, and notices.
        const ready = await json('GET', '/health/ready');
        expect(ready).toMatchObject({ status: 200, body: { status: 'ready' } });
        expect(await (await fetch(`${url}/status`)).text()).toBe('I-AM-ALIVE');
        now += 66_000;
        expect(await (await fetch(`${url}/status`)).text()).toBe('INDEX-STALE');
      },
      { follower, store, now: () => now },
    );
    await threads?.close();
  });
}
