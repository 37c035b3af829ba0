import { expect, test } from 'vitest';
import { runLists } from '../../../bench/lists/lists.js';
import { listener, recordOf, SERVER } from '../listener.js';

test('all parts: fetched lists are those of the service, and every figure is there', async () => {
  const record = recordOf(await runLists(listener({ largest: 1000 }).context, SERVER));
  expect(record.entries).toBe(1000);
  const ways = ['StopNCII, paged', 'StopNCII, naive', 'NCMEC, paged', 'NCMEC, naive'];
  expect(Object.keys(record.fetch)).toEqual(ways);
  for (const way of ways) {
    for (const figure of ['recordsPerSecond', 'recordsPerCpuSecond', 'peakMegabytes']) {
      expect([way, figure, record.fetch[way][figure] > 0]).toEqual([way, figure, true]);
    }
  }
  expect(Object.keys(record.withdraw)).toHaveLength(4);
  expect(record.decide.map(({ name }: { name: string }) => name)).toEqual([
    '1 list in one blocklist',
    '5 lists in one blocklist',
    '20 lists in one blocklist',
    '20 blocklists of a list each',
  ]);
  expect(record.replace.entries).toBe(200);
});

test('parts are named, or refused', async () => {
  await expect(runLists(listener({}, ['fetch', 'fetched']).context, SERVER)).rejects.toThrow(
    RangeError,
  );
});
