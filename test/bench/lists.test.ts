import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BenchContext } from '../../bench/harness.js';
import { runLists } from '../../bench/lists.js';
import { ROOT } from '../package.js';

const SERVER = pathToFileURL(join(ROOT, 'dist/bench-server.js'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-lists-bench-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const contextOf = (
  options: BenchContext['options'],
  words: readonly string[] = [],
): BenchContext => ({ report() {}, note() {}, figure() {}, options, words });

test('all parts: what is fetched is as the service has it, and every figure is there', async () => {
  await runLists(contextOf({ out: folder, largest: '1000' }), SERVER);
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
  await expect(runLists(contextOf({}, ['fetch', 'fetched']), SERVER)).rejects.toThrow(RangeError);
});
