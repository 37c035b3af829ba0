import { type Hash, hashToHex } from '../../src/hash.js';
import type { Database } from '../../src/store/sql/database.js';
import type { Store } from '../../src/store/store.js';
import type { BenchContext } from '../harness.js';
import { naiveScan } from '../index/peers.js';
import { quantile } from '../race.js';

/** What is searched, and what is asked. */
export interface Asked {
  readonly hashes: readonly Hash[];
  readonly queries: readonly Hash[];
}

export const RADII = [15, 31];

/** How a way to search answered. */
export interface Searched {
  readonly way: string;
  readonly radius: number;
  readonly p50: number;
  readonly p99: number;
  /** share of what brute force finds */
  readonly recall: number;
}

/** The entries within each radius of each query, by comparing all: every way is held against it. */
type Truth = ReadonlyMap<number, readonly (readonly string[])[]>;

export function truthOf({ hashes, queries }: Asked): Truth {
  const words = new Int32Array(8 * hashes.length);
  const bytes = new Uint8Array(words.buffer);
  for (const [at, hash] of hashes.entries()) bytes.set(hash.bytes, 32 * at);
  const out = new Uint32Array(2 * hashes.length);
  const found = queries.map((query) => {
    const wanted = new Int32Array(query.bytes.slice().buffer);
    const total = naiveScan(words, hashes.length, wanted, Math.max(...RADII), out);
    return Array.from({ length: total }, (_, at) => {
      return { hex: hashToHex(hashes[out[2 * at]!]!), distance: out[2 * at + 1]! };
    });
  });
  return new Map(
    RADII.map((radius) => [
      radius,
      found.map((near) => near.flatMap(({ hex, distance }) => (distance <= radius ? hex : []))),
    ]),
  );
}

/** Times a way to search, and tells how much of the truth it found. */
export async function searched(
  context: BenchContext,
  way: string,
  asked: Asked,
  truth: Truth,
  find: (hash: Hash, radius: number) => Promise<readonly string[]>,
): Promise<Searched[]> {
  const rows: Searched[] = [];
  for (const radius of RADII) {
    const times: number[] = [];
    let [found, all] = [0, 0];
    for (const [at, query] of asked.queries.entries()) {
      const start = performance.now();
      const hits = await find(query, radius);
      times.push(performance.now() - start);
      const expected = truth.get(radius)![at]!;
      const wanted = new Set(expected);
      if (hits.some((hex) => !wanted.has(hex))) throw new Error('a hit is not within the radius');
      found += hits.length;
      all += expected.length;
    }
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    const recall = all === 0 ? 1 : found / all;
    rows.push({ way, radius, ...context.row(`${way}, r = ${radius}, ms`, { p50, p99, recall }) });
  }
  return rows;
}

/** The store's own search. It must find all. */
export async function storeSearched(
  context: BenchContext,
  store: Store,
  asked: Asked,
  truth: Truth,
  expected: 'bands' | 'scan',
): Promise<Searched[]> {
  const find = async (hash: Hash, radius: number) => {
    const { hits, way } = await store.search(hash, radius);
    if (way !== expected) throw new Error(`expected a search by ${expected}`);
    return hits.map(({ entry }) => hashToHex(entry.hash));
  };
  const name = `${store.engine}, ${expected}`;
  const rows = await searched(context, name, asked, truth, find);
  if (rows.some(({ recall }) => recall !== 1))
    throw new Error('a search in the store is not exact');
  return rows;
}

/** How many candidates HNSW looks at, and gives. */
const CANDIDATES = 200;

/**
 * The same hashes in pgvector: all compared, and the first ones by its approximate HNSW; undefined:
 * it is not there.
 * @param count of the hashes in HNSW
 */
export async function vectorSearched(
  context: BenchContext,
  database: Database,
  asked: Asked,
  truth: Truth,
  count: number,
): Promise<Searched[] | undefined> {
  const [there] = await database.query("select from pg_available_extensions where name = 'vector'");
  if (!there) {
    context.note('pgvector is not installed: apt-get install postgresql-*-pgvector');
    return undefined;
  }
  await database.query('create extension if not exists vector');
  await database.query('create table peer (at int, hash bit(256))');
  await database.query(
    "insert into peer select id::int, ('x' || encode(hash, 'hex'))::bit(256) from entry",
  );
  const within = async (hash: Hash, radius: number, inner: string) => {
    const rows = await database.transaction(async (sql) => {
      await sql.query(`set local hnsw.ef_search = ${CANDIDATES}`);
      return await sql.query<{ hash: string }>(
        `select hash::text from (${inner}) as near where bit_count(hash # $1::bit(256)) <= $2`,
        [bitsTextOf(hash), radius],
      );
    });
    return rows.map(({ hash: bits }) => hexOfBits(bits));
  };
  const scanned = await searched(context, 'pgvector, scan', asked, truth, (hash, radius) =>
    within(hash, radius, 'select hash from peer where hash <~> $1::bit(256) <= $2'),
  );
  await database.query('delete from peer where at >= $1', [count]);
  const some = { ...asked, hashes: asked.hashes.slice(0, count) };
  const start = performance.now();
  await database.query('create index on peer using hnsw (hash bit_hamming_ops)');
  context.figure('pgvector, HNSW: built, s', (performance.now() - start) / 1000);
  const nearest = `select hash from peer order by hash <~> $1::bit(256) limit ${CANDIDATES}`;
  const name = `pgvector, HNSW of ${count.toLocaleString('en')}`;
  const near = await searched(context, name, some, truthOf(some), (hash, radius) =>
    within(hash, radius, nearest),
  );
  await database.query('drop table peer');
  return [...scanned, ...near];
}

const bitsTextOf = ({ bytes }: Hash): string =>
  Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');

const hexOfBits = (bits: string): string =>
  bits.replace(/.{4}/g, (four) => Number.parseInt(four, 2).toString(16));
