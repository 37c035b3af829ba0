import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runLists } from '../../../bench/lists/lists.js';
import { testFolder } from '../../folder.js';
import { listener, SERVER } from '../listener.js';

const folder = testFolder();

test('all parts: what is fetched is as the service has it, and every figure is there', async () => {
  await runLists(listener({ out: folder, largest: '1000' }).context, SERVER);
  const record = JSON.parse(readFileSync(join(folder, 'lists.json'), 'utf8'));
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
}, 120_000);

test('parts are named, or refused', async () => {
  await expect(runLists(listener({}, ['fetch', 'fetched']).context, SERVER)).rejects.toThrow(
    RangeError,
  );
});
