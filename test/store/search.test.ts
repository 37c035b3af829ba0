import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusteredHashes, plant, random, uniformHashes } from '../../bench/workloads.js';
import { type Hash, newHash, type PackedHashes } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/mutable-index.js';
import { keepBands, wrongBands } from '../../src/store/bands.js';
import type { Database } from '../../src/store/database.js';
import { Search, type SearchAnswer } from '../../src/store/search.js';
import { naiveScan } from '../oracles/hamming.js';
import { describeEngines } from './engines.js';
import { loadHashes, openTables } from './hash-loading.js';

/** Entries of each list; a release runs 200,000. */
const COUNT = Number(process.env.STORE_ENTRIES ?? 2000);

const queryAt = ({ algorithm, bits, bytes }: PackedHashes, at: number): Hash =>
  newHash(algorithm, bytes.slice((at * bits) / 8, ((at + 1) * bits) / 8));

/** Numbers and distances, nearest first. */
const inShort = ({ hits }: SearchAnswer) =>
  hits.map(({ entry, distance }) => ({ number: entry.number, distance }));

/** What a search must find, compared bit by bit. */
function expected({ bits, bytes }: PackedHashes, query: Hash, maxDistance: number) {
  return naiveScan(bytes, bits / 8, query.bytes, maxDistance)
    .map(({ id, distance }) => ({ number: id + 1, distance }))
    .sort((a, b) => a.distance - b.distance || a.number - b.number);
}

/** Hashes at these distances from entries, and one that is far from all. */
function queriesOf(hashes: PackedHashes, distances: readonly number[], seed: number): Hash[] {
  const next = random(seed);
  const { algorithm, bits, bytes } = hashes;
  const count = (bytes.length * 8) / bits;
  const planted = distances.map((distance) => {
    const out = new Uint8Array(bits / 8);
    plant(bytes, next() % count, out, 0, distance, next, bits);
    return newHash(algorithm, out);
  });
  return [...planted, queryAt(uniformHashes(1, seed ^ 1, { algorithm, bits }), 0)];
}

describeEngines(({ newPlace }) => {
  describe.each([
    ['uniform', uniformHashes(COUNT, 21)],
    ['clustered', clusteredHashes(COUNT, 22)],
    ['clustered, of 64 bits', clusteredHashes(COUNT, 23, { algorithm: 'phash', bits: 64 })],
  ])('%s hashes', (_, hashes) => {
    const { algorithm, bits, bytes } = hashes;
    let database: Database;
    beforeAll(async () => {
      database = await openTables(await newPlace());
      await loadHashes(database, hashes);
    }, 600_000);
    afterAll(() => database?.close());

    test.each([
      ['without bands', false],
      ['with bands', true],
    ])(
      '%s, a search finds what brute force and the index find',
      { timeout: 600_000 },
      async (_, bands) => {
        await keepBands(database, bands);
        const search = new Search(database);
        const index = createIndex({ algorithm, bits, bytes });
        // Without bands, each radius is the same statement.
        const radii = bands ? [...Array(32).keys(), 40, 47, 52] : [0, 31, 52];
        for (const radius of radii) {
          const queries = queriesOf(hashes, [0, radius, radius + 1], radius);
          const answers = await search.batch(queries, radius);
          for (const [at, query] of queries.entries()) {
            const found = inShort(answers[at]!);
            expect(found).toEqual(expected(hashes, query, radius));
            expect(found).toHaveLength(index.search(query, radius).length);
          }
          const isProbed = bands && radius <= (bits === 64 ? 15 : 47);
          expect(new Set(answers.map(({ way }) => way))).toEqual(
            new Set([isProbed ? 'bands' : 'scan']),
          );
        }
        expect(await wrongBands(database)).toEqual({ missing: 0, left: 0 });
      },
    );
  });
});
