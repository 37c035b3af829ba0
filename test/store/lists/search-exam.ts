import { expect } from 'vitest';
import { plant, random, uniformHashes } from '../../../bench/workloads.js';
import { type Hash, newHash, type PackedHashes } from '../../../src/hash.js';
import { createIndex } from '../../../src/indexing/create-index.js';
import { type SearchAnswer, searchEntries } from '../../../src/store/lists/search.js';
import type { Database } from '../../../src/store/sql/database.js';
import { naiveScan } from '../../oracles/hamming.js';

/** Entries of each list that is searched; a release runs 200,000. */
export const COUNT = Number(process.env.STORE_ENTRIES ?? 2000);

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

/** Up to which radius bands are looked up. */
const mostProbed = (bits: number) => (bits === 64 ? 15 : 50);

/**
 * What any store must find: hashes that were loaded as entries 1 …, at all radii to 31 and some
 * beyond, compared with brute force and the index.
 */
export async function examine(
  database: Database,
  hashes: PackedHashes,
  { bands }: { bands: boolean },
): Promise<void> {
  const { bits } = hashes;
  const index = createIndex(hashes);
  // Without bands, each radius is the same statement.
  const radii = bands ? [...Array(32).keys(), 40, 47, 52] : [0, 31, 52];
  for (const radius of radii) {
    const queries = queriesOf(hashes, [0, radius, radius + 1], radius);
    const answers = await searchEntries(database, queries, radius);
    for (const [at, query] of queries.entries()) {
      const found = inShort(answers[at]!);
      expect(found).toEqual(expected(hashes, query, radius));
      const hits = index.search(query, radius).map((hit) => ({ ...hit, number: hit.id + 1 }));
      expect(found.map(({ number }) => number).sort()).toEqual(
        hits.map(({ number }) => number).sort(),
      );
    }
    const way = bands && radius <= mostProbed(bits) ? 'bands' : 'scan';
    expect(answers.map((answer) => answer.way)).toEqual(queries.map(() => way));
  }
}
