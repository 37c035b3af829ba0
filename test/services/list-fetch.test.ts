import { expect, test } from 'vitest';
import { latestUpdates, ReportedRecords } from '../../src/services/list-fetch.js';
import type { ListUpdate } from '../../src/services/list-update.js';

const PAIRS = [
  { source: 'a', key: 'b\nc' },
  { source: 'a\nb', key: 'c' },
  { source: 'a', key: '1 b' },
  { source: '', key: 'a1 b' },
];

test('records of different sources are reported separately, whatever is in their keys', () => {
  const updates = PAIRS.map(
    (pair): ListUpdate => ({ ...pair, state: 'withdrawn', signals: [], entries: [] }),
  );
  expect(latestUpdates([...updates, updates[0]!])).toHaveLength(PAIRS.length);
  for (const each of PAIRS) {
    const reported = new ReportedRecords();
    reported.add(each);
    const found = PAIRS.filter(({ source, key: id }) => reported.has({ source, id }));
    expect(found).toEqual([each]);
  }
});
