import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusteredHashes, uniformHashes } from '../../../bench/workloads.js';
import { type Algorithm, type Bits, type Hash, newHash } from '../../../src/hash.js';
import { searchEntries } from '../../../src/store/lists/search.js';
import { keepBands, wrongBands } from '../../../src/store/sql/bands.js';
import type { Database } from '../../../src/store/sql/database.js';
import type { Store } from '../../../src/store/store.js';
import { describeEngines } from '../engines.js';
import { loadHashes, openTables } from '../hash-loading.js';
import { databaseOf, openStore } from '../opened.js';
import { COUNT, examine } from './search-exam.js';

/** The full size takes its time. */
const WHOLE = 1_800_000;

/** A hash that is not degenerate, `flips` bits from that of flips 0. */
function hashOf(algorithm: Algorithm, bits: Bits, flips = 0): Hash {
  const bytes = uniformHashes(1, 5).bytes.slice(0, bits / 8);
  for (let bit = 0; bit < flips; bit++) bytes[(3 * bit) % bytes.length]! ^= 1 << (bit % 8);
  return newHash(algorithm, bytes);
}

describeEngines(({ newPlace }) => {
  describe.each([
    ['uniform', uniformHashes(COUNT, 21)],
    ['clustered', clusteredHashes(COUNT, 22)],
    ['clustered, of 64 bits', clusteredHashes(COUNT, 23, { algorithm: 'phash', bits: 64 })],
  ])('%s hashes: a search finds the same as brute force and the index', (_, hashes) => {
    let database: Database;
    beforeAll(async () => {
      database = await openTables(await newPlace());
      await loadHashes(database, hashes);
    }, WHOLE);
    afterAll(() => database?.close());

    test.each([false, true])('with bands: %s', async (bands) => {
      await keepBands(database, bands);
      await examine(database, hashes, { bands });
      expect(await wrongBands(database)).toEqual({ missing: 0, left: 0 });
    });
  });

  describe('a store', () => {
    let store: Store;
    beforeAll(async () => {
      store = await openStore(await newPlace(), { bands: true });
    });
    afterAll(() => store?.close());

    test.each([true, false])('finds matches, at once, with bands: %s', async (bands) => {
      await keepBands(databaseOf(store), bands);
      const way = bands ? 'bands' : 'scan';
      const hash = hashOf('pdq', 256);
      const near = hashOf('pdq', 256, 9);
      const found = async () =>
        (await store.search(hash, 31)).hits.map(({ entry, distance }) => [entry.number, distance]);
      const { numbers } = await store.apply({
        add: [
          { hash, labels: ['a'], list: 'own' },
          { hash: near, labels: [], id: 'b', list: 'other' },
        ],
      });
      const [first, second] = numbers as [number, number];
      const both = [
        [first, 0],
        [second, 9],
      ];
      expect(await found()).toEqual(both);
      expect(await store.search(hash, 8)).toMatchObject({ hits: [{ distance: 0 }], way });
      expect((await store.search(hash, 0)).hits[0]!.entry).toEqual(await store.entry(first));

      await store.pause(first, 'for-good');
      expect(await found()).toEqual([both[1]]);
      await store.pause(first, undefined);
      expect(await found()).toEqual(both);

      await store.apply({ settings: { other: { enabled: false } } });
      expect(await found()).toEqual([both[0]]);
      await store.apply({ settings: { other: { enabled: true } } });
      expect(await found()).toEqual(both);

      await store.apply({ withdraw: [{ id: 'b' }] });
      expect(await found()).toEqual([both[0]]);
      await store.apply({ remove: [first] });
      expect(await store.search(hash, 256)).toEqual({ hits: [], way: 'scan' });
      await store.apply({ reinstate: [{ id: 'b' }] });
      expect(await store.verify()).toEqual([]);
    });

    test.each([true, false])('finds equal digests, at once, with bands: %s', async (bands) => {
      await keepBands(databaseOf(store), bands);
      const hash = hashOf('sha1', 160);
      const near = hashOf('sha1', 160, 1);
      const list = 'digests';
      const { numbers } = await store.apply({
        add: [hash, near].flatMap((each) =>
          ['x', 'y'].map((id) => ({ hash: each, labels: [], id, list })),
        ),
      });
      const [first, second] = numbers as [number, number];
      const found = async (radius: number) => {
        const { hits, way } = await store.search(hash, radius);
        expect(way).toBe('digest');
        expect(hits.map(({ distance }) => distance)).toEqual(hits.map(() => 0));
        return hits.map(({ entry }) => entry.number);
      };
      for (const radius of [0, 31, 160]) expect(await found(radius)).toEqual([first, second]);
      await store.pause(first, 'for-good');
      expect(await found(31)).toEqual([second]);
      await store.apply({ settings: { [list]: { enabled: false } } });
      expect(await found(31)).toEqual([]);
      await store.apply({ settings: { [list]: { enabled: true } }, withdraw: [{ id: 'y', list }] });
      expect(await found(31)).toEqual([]);
      await store.pause(first, undefined);
      expect(await found(31)).toEqual([first]);
      await store.apply({ withdraw: [hash] });
      expect(await found(31)).toEqual([]);
      expect((await store.search(near, 0)).hits).toHaveLength(1);
      expect(await wrongBands(databaseOf(store))).toEqual({ missing: 0, left: 0 });
      expect(await store.verify()).toEqual([]);
      await store.apply({ replace: { list, entries: [] }, reinstate: [hash, { id: 'y', list }] });
    });

    test('other kinds of hashes are never found, in one batch', async () => {
      await keepBands(databaseOf(store), true);
      const kinds = [
        ['pdq', 256],
        ['blockhash', 256],
        ['blockhash', 64],
        ['phash', 256],
        ['phash', 64],
        ['dhash', 64],
        ['ahash', 64],
        ['md5', 128],
        ['sha1', 160],
        ['sha256', 256],
      ] as const;
      const hashes = kinds.map(([algorithm, bits]) => hashOf(algorithm, bits));
      const { numbers } = await store.apply({ add: hashes.map((hash) => ({ hash, labels: [] })) });
      expect(new Set(numbers).size).toBe(kinds.length);
      for (const radius of [0, 15, 60]) {
        const answers = await store.searchBatch(hashes, radius);
        expect(answers.map(({ hits }) => hits.map(({ entry }) => entry.number))).toEqual(
          numbers.map((number) => [number]),
        );
      }
      expect(await store.searchBatch([], 31)).toEqual([]);
    });

    test('bands follow every writer, and verify finds those that do not', async () => {
      await keepBands(databaseOf(store), true);
      const database = databaseOf(store);
      const hashes = uniformHashes(20, 77);
      await loadHashes(database, hashes, { first: 9000 });
      expect(await wrongBands(database)).toEqual({ missing: 0, left: 0 });
      await database.query('delete from entry where number between 9000 and 9009');
      expect(await wrongBands(database)).toEqual({ missing: 0, left: 0 });
      await database.query('delete from band where number = 9010');
      await database.query("insert into band values (9005, 7, b'1'::bit(256))");
      expect(await wrongBands(database)).toEqual({ missing: 16, left: 1 });
      const problems = await store.verify();
      expect(problems).toContainEqual({ code: 'no-band', count: 16 });
      expect(problems).toContainEqual({ code: 'band-left', count: 1 });
      // Made anew, they are right.
      await keepBands(database, false);
      await keepBands(database, true);
      expect(await wrongBands(database)).toEqual({ missing: 0, left: 0 });
    });

    test('another process turns the bands off and on: answers stay whole', async () => {
      const database = databaseOf(store);
      const hash = hashOf('pdq', 256, 3);
      const { numbers } = await store.apply({ add: [{ hash, labels: [] }] });
      const ways: string[] = [];
      for (const bands of [true, true, false, false, true, true]) {
        await keepBands(database, bands);
        const [answer] = await searchEntries(database, [hash], 0);
        expect(answer!.hits.map(({ entry }) => entry.number)).toEqual(numbers);
        ways.push(answer!.way);
      }
      expect(ways).toEqual(['bands', 'bands', 'scan', 'scan', 'bands', 'bands']);
    });

    test.each([
      ['of another type', { bytes: new Uint8Array(32) }, 31, TypeError],
      ['too far', hashOf('phash', 64), 65, RangeError],
      ['too near', hashOf('pdq', 256), -1, RangeError],
    ])('a query %s is refused', async (_, hash, radius, kind) => {
      await expect(store.search(hash as Hash, radius)).rejects.toThrow(kind);
      await expect(store.searchBatch([hash as Hash], radius)).rejects.toThrow(kind);
    });
  });
});
