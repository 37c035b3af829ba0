import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clusteredHashes, uniformHashes } from '../../bench/workloads.js';
import { newHash, type PackedHashes } from '../../src/hash.js';
import { keepBands, wrongBands } from '../../src/store/bands.js';
import type { Database, SqlValue } from '../../src/store/database.js';
import { Search } from '../../src/store/search.js';
import { shardScript } from '../../src/store/shard-script.js';
import { describePostgresql } from './engines.js';
import { loadHashes, openTables } from './hash-loading.js';
import { databaseOf, openStore } from './opened.js';
import { PostgresqlServer } from './postgresql.js';
import { COUNT, examine } from './search-exam.js';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

/** Runs a script as `psql -f` does. */
async function run(url: string, script: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(script);
  } finally {
    await client.end();
  }
}

/** A shard at a server of a test. */
function shardAt(url: string) {
  const { pathname, searchParams } = new URL(url);
  return { host: searchParams.get('host')!, database: pathname.slice(1), user: 'postgres' };
}

/** The first hash of some. */
const firstOf = ({ algorithm, bytes }: PackedHashes) => newHash(algorithm, bytes.slice(0, 32));

describePostgresql(
  (server) => {
    let second: PostgresqlServer;
    beforeAll(async () => {
      second = await PostgresqlServer.start();
    });
    afterAll(() => second?.close());

    /** A store over two servers; a coordinator is on the first, too. */
    async function newSharded(): Promise<{ url: string; shards: string[] }> {
      const shards = [await server().newDatabase(), await second.newDatabase()];
      for (const url of shards) await (await openStore({ url }, { bands: true })).close();
      const url = await server().newDatabase();
      await (await openStore({ url })).close();
      await run(url, shardScript(shards.map(shardAt)));
      return { url, shards };
    }

    describe.each([
      ['uniform', uniformHashes(COUNT, 21)],
      ['clustered', clusteredHashes(COUNT, 22)],
    ])('%s hashes', (_, hashes) => {
      let database: Database;
      let shards: string[];
      beforeAll(async () => {
        const sharded = await newSharded();
        ({ shards } = sharded);
        database = await openTables({ url: sharded.url });
        await loadHashes(database, hashes);
      });
      afterAll(() => database?.close());

      test('a search finds what brute force and the index find', async () => {
        await examine(database, hashes, { bands: true });
      });

      test('each shard has a part of the entries, with their bands', async () => {
        const sizes: number[] = [];
        for (const url of shards) {
          const shard = await openTables({ url });
          const [row] = await shard.query<{ count: number }>('select count(*) from entry');
          sizes.push(row!.count);
          expect(await wrongBands(shard)).toEqual({ missing: 0, left: 0 });
          await shard.close();
        }
        expect(Math.min(...sizes)).toBeGreaterThan(COUNT / 4);
        expect(sizes[0]! + sizes[1]!).toBe(COUNT);
      });

      test('the shards look up the bands and compare the hashes themselves', async () => {
        for (const radius of [0, 31, 60]) {
          const asked: [string, readonly SqlValue[]][] = [];
          const told: Database = Object.create(database, {
            query: {
              value: (text: string, values: readonly SqlValue[] = []) => {
                asked.push([text, values]);
                return database.query(text, values);
              },
            },
          });
          const queries = [firstOf(hashes), firstOf(uniformHashes(1, 99))];
          await new Search(told).batch(queries, radius);
          const [text, values] = asked.find(([text]) => text.includes('from band'))!;
          const plan = await database.query<{ 'QUERY PLAN': string }>(
            `explain (verbose) ${text}`,
            values,
          );
          const lines = plan.map((row) => row['QUERY PLAN'].trim());
          const remote = lines.filter((line) => line.startsWith('Remote SQL:'));
          // Two queries, two shards.
          expect(remote).toHaveLength(4);
          for (const line of remote) {
            expect(line).toContain('bit_count((bits # ');
            expect(line).toMatch(
              radius < 60 ? /token = ANY \('\{\d+/ : /token >= \d+\)\) AND \(\(token <= \d+/,
            );
          }
          // No filter is left to the coordinator but that of its own, empty table.
          expect(lines.filter((line) => line.startsWith('->  Async Foreign Scan'))).toHaveLength(4);
        }
      });
    });

    test('a store is written through the coordinator', async () => {
      const { url } = await newSharded();
      const store = await openStore({ url });
      try {
        const hashes = uniformHashes(40, 3);
        const entries = Array.from({ length: 40 }, (_, at) => ({
          hash: newHash('pdq', hashes.bytes.slice(32 * at, 32 * at + 32)),
          labels: ['a'],
          id: String(at),
        }));
        expect(await store.add(entries)).toMatchObject({ added: 40, revision: 1 });
        // The same again changes nothing.
        expect(await store.add(entries)).toMatchObject({ added: 0, revision: 1 });
        const all = async () =>
          (
            await store.searchBatch(
              entries.map(({ hash }) => hash),
              31,
            )
          ).map(({ hits }) => hits.length);
        expect(await all()).toEqual(entries.map(() => 1));
        await store.withdraw({ id: '7' });
        await store.withdraw(entries[8]!.hash);
        expect(await all()).toEqual(entries.map(({ id }) => (id === '7' || id === '8' ? 0 : 1)));
        expect(await store.status()).toMatchObject({ bands: true, sharded: true, entries: 38 });
        expect(await store.verify()).toEqual([]);
        const follower = await store.follow();
        expect(follower.blocklist.size).toBe(38);
        await follower.close();
        await expect(keepBands(databaseOf(store), false)).rejects.toThrow(RangeError);
      } finally {
        await store.close();
      }
    });

    test('a shard that does not answer is no empty answer', async () => {
      const { url } = await newSharded();
      const store = await openStore({ url });
      const hash = firstOf(uniformHashes(1, 3));
      await store.add([{ hash, labels: [] }]);
      await second.kill();
      try {
        await expect(store.search(hash, 31)).rejects.toThrow();
      } finally {
        await second.start();
      }
      expect((await store.search(hash, 31)).hits).toHaveLength(1);
      await store.close();
    });

    test('a store that has entries is not spread', async () => {
      const url = await server().newDatabase();
      const store = await openStore({ url }, { bands: true });
      await store.add([{ hash: firstOf(uniformHashes(1, 3)), labels: [] }]);
      const shard = await server().newDatabase();
      await expect(run(url, shardScript([shardAt(shard)]))).rejects.toThrow('an empty store');
      expect(await store.status()).toMatchObject({ entries: 1, sharded: false });
      expect(await store.verify()).toEqual([]);
      await store.close();
    });
  },
  { isDurable: true },
);

test('names are quoted, and what cannot be a shard is refused', () => {
  const shard = { host: "o'host", database: 'd', user: 'u' };
  expect(shardScript([shard])).toContain("host 'o''host', port '5432', dbname 'd'");
  expect(() => shardScript([])).toThrow(RangeError);
  expect(() => shardScript(Array(9).fill(shard))).toThrow(RangeError);
  expect(() => shardScript([{ ...shard, port: 0 }])).toThrow(RangeError);
  expect(() => shardScript([{ ...shard, user: '' }])).toThrow(RangeError);
  expect(() => shardScript([shard], { schema: 'a;b' })).toThrow(RangeError);
  expect(() => shardScript('x' as never)).toThrow(TypeError);
});
