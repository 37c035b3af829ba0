import { expect, test } from 'vitest';
import { hashesOf, uniformHashes } from '../../bench/workloads.js';
import { describeEngines } from './engines.js';
import { databaseOf } from './opened.js';
import { sharedStore } from './shared-store.js';

const COUNT = 6000;

describeEngines((running) => {
  const { store } = sharedStore(running);

  test('a page of many entries that came at once is read by an index', async () => {
    const hashes = hashesOf(uniformHashes(COUNT, 3).bytes);
    await store().add(hashes.map((hash) => ({ hash, labels: ['label'] })));
    const database = databaseOf(store());
    const [counted] = await database.query<{ rows: number }>(
      `select sum(reltuples)::int as rows from pg_inherits join pg_class on oid = inhrelid
      where inhparent = 'entry'::regclass`,
    );
    expect(counted!.rows).toBe(COUNT);
    const plan = await database.query<{ 'QUERY PLAN': string }>(
      'explain select * from entry where listed and number > 1000 order by number limit 1000',
    );
    const lines = plan.map((line) => line['QUERY PLAN']);
    expect(lines.filter((line) => line.includes('Seq Scan'))).toEqual([]);
    expect(lines.filter((line) => /Index Scan using entry_\d_number_idx/.test(line))).toHaveLength(
      8,
    );
  });
});
