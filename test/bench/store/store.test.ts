import { expect, test } from 'vitest';
import { postgresqlPrograms } from '../../../bench/store/postgresql-server.js';
import { runService } from '../../../bench/store/service.js';
import { runStore, scaleOf } from '../../../bench/store/store.js';
import { listener, recordOf, SERVER } from '../listener.js';

const { context } = listener();

test('store: searches are exact on every engine, and every figure is there', async () => {
  const scale = {
    ...{ entries: 300, embedded: 200, queries: 8, scanned: 4, approximate: 100 },
    ...{ withdrawals: 3, missed: 5, missedEntries: 1500 },
  };
  const record = recordOf(await runStore(context, scale, SERVER));
  const engines = postgresqlPrograms() ? ['pglite', 'postgresql'] : ['pglite'];
  for (const engine of engines) {
    const { searches, bytes, bytesWithBands } = record[engine];
    const own = searches.filter(({ way }: { way: string }) => way.startsWith(engine));
    expect(own.map(({ recall }: { recall: number }) => recall)).toEqual([1, 1, 1, 1]);
    // Of so few entries, half-empty pages weigh more than bands.
    expect(Math.min(bytes, bytesWithBands)).toBeGreaterThan(32);
  }
  expect(record.embedded.seconds).toBeGreaterThan(0);
  if (engines.length > 1) {
    const { followers } = record.postgresql;
    expect(followers).toMatchObject({ missed: 5, missedEntries: 1500, withdrawals: 3 });
    expect(followers.catchUpOfManyMilliseconds).toBeGreaterThan(0);
    expect(followers.loadMilliseconds).toHaveLength(3);
    expect(followers.toInvisible.p99).toBeGreaterThan(0);
  }
});

test('service: every load is answered, in both dialects', async () => {
  const scale = {
    entries: 1000,
    queries: 20,
    seconds: 1,
    connections: 4,
    rate: 50,
    workers: [0, 1],
  };
  const record = recordOf(await runService(context, scale, SERVER));
  const lookups = ['/m/lookup, 50 a second', '/m/lookup, flat out'];
  const matches = ['/v1/match, 50 a second', '/v1/match, flat out', 'uploads'];
  expect(Object.keys(record['workers 0'].loads)).toEqual([...lookups, ...matches]);
  expect(Object.keys(record['workers 1'].loads)).toEqual(matches);
  for (const workers of ['workers 0', 'workers 1']) {
    const loads: { answered: number; failed: number }[] = Object.values(record[workers].loads);
    for (const { answered, failed } of loads) {
      expect(answered).toBeGreaterThan(0);
      expect(failed).toBe(0);
    }
  }
});

test('of few entries, none is withdrawn twice', () => {
  expect(scaleOf(7)).toMatchObject({ entries: 7, embedded: 7, withdrawals: 7, missedEntries: 7 });
  expect(scaleOf(1e6)).toMatchObject({ embedded: 1e5, withdrawals: 200, missedEntries: 1e5 });
});
