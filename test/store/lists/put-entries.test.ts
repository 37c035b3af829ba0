import { expect, test } from 'vitest';
import { hashesOf, uniformHashes } from '../../../bench/workloads.js';
import { type BlocklistEntry, FIELD_NAMES, type FieldName, type Said } from '../../../src/entry.js';
import { hashFromHex } from '../../../src/hash.js';
import { describeEngines } from '../engines.js';
import { databaseOf } from '../opened.js';
import { sharedStore } from '../shared-store.js';

const COUNT = 6000;

/** An entry that says all that one can, and something else for each member. */
const SAID: Required<BlocklistEntry> = {
  hash: hashFromHex('pdq', `13579bdf${'0f1e2d3c4b5a69'.repeat(4)}`),
  labels: ['a label'],
  quality: 60,
  source: 'here',
  id: 'an id',
  resample: 512,
  variant: 'window1x1',
  group: '1234567a'.repeat(8),
  parts: '1234567a'.repeat(48),
  seconds: 0.033,
  still: true,
  list: 'a list',
  caseCount: 1,
  opinions: [{ from: 'one', says: 'yes', tags: ['a'] }],
  confirmed: true,
};
const ELSE: Required<Said> = {
  labels: ['a label', 'another'],
  quality: 0,
  source: '',
  id: '',
  resample: 'none',
  variant: '',
  group: '1234567b'.repeat(8),
  parts: '1234567b'.repeat(48),
  seconds: 0,
  still: false,
  list: 'another list',
  caseCount: 0,
  opinions: [{ from: 'one', says: 'yes' }],
  confirmed: false,
};
/** What makes an entry another one, if it is a frame of a video. */
const OWN: readonly FieldName[] = ['source', 'id', 'variant', 'list', 'group', 'seconds'];

describeEngines((running) => {
  const { store } = sharedStore(running);

  test.each(FIELD_NAMES)('an entry that differs by %s is noticed', async (name) => {
    const { [name]: _, ...less } = SAID;
    const others = [{ ...SAID, [name]: ELSE[name] }, ...(name === 'labels' ? [] : [less])];
    const follower = await store().follow({ pollSeconds: 3600 });
    const followed = async (revision: number) => {
      await follower.reached(revision);
      const fresh = await store().follow({ pollSeconds: 3600 });
      const [all, anew] = [follower, fresh].map(({ blocklist }) => [...blocklist.entries()]);
      await fresh.close();
      expect(new Set(anew)).toEqual(new Set(all));
      return all!;
    };
    const { revision } = await store().apply({ add: [SAID] });
    expect(await followed(revision)).toEqual([SAID]);
    let expected = [SAID];
    for (const other of others) {
      const { added, revision } = await store().apply({ add: [other as BlocklistEntry] });
      expect(added).toBe(1);
      expect((await store().apply({ add: [other as BlocklistEntry] })).added).toBe(0);
      expected = [...(OWN.includes(name) ? expected : []), other as typeof SAID];
      expect(new Set(await followed(revision))).toEqual(new Set(expected));
    }
    expect(await store().verify()).toEqual([]);
    await follower.close();
  });

  test('a page of many entries added at once is read by an index', async () => {
    const hashes = hashesOf(uniformHashes(COUNT, 3).bytes);
    await store().apply({ add: hashes.map((hash) => ({ hash, labels: ['label'] })) });
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
