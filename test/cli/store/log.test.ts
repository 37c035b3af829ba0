import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../src/store/sql/open-store.js';
import { testFolder } from '../../folder.js';
import { hexOf, newRecord } from '../../matching/reviews.js';
import { EMBEDDED, onlyhashes } from '../program.js';

const base = testFolder();
const noon = () => Date.UTC(2026, 10, 26, 12);

/** Two embedded stores with three records, two of them on one entry. */
const [db, other] = ['db', 'other'].map((name) => join(base, name)) as [string, string];
beforeAll(async () => {
  for (const dataDir of [db, other]) {
    const store = await openStore({ dataDir });
    const log = store.reviewLog({ retentionDays: 30_000, now: noon });
    await log.append(newRecord(1, { id: 'a' }));
    await log.append(newRecord(1, { id: 'b', outcome: 'rejected', role: 'appeals' }));
    await log.append(newRecord(5, { id: 'c', list: '=ncmec' }));
    await store.close();
  }
});

const log = (words: readonly string[], place = db) =>
  onlyhashes(['log', '--store', place, ...words], { node: EMBEDDED });

const TIME = '2026-11-26T12:00:00.000Z';

test('prints a line for each record, safe for a spreadsheet', async () => {
  const { lines, code } = await log([]);
  expect(lines).toEqual([
    `${TIME},stopncii,match,confirmed,moderator,12,${hexOf(2)},entry 1`,
    `${TIME},stopncii,match,rejected,appeals,12,${hexOf(2)},entry 1`,
    `${TIME},'=ncmec,match,confirmed,moderator,12,${hexOf(6)},entry 5`,
  ]);
  expect(code).toBe(0);
});

test.each([
  ['the hash of an entry', ['--entry', hexOf(2).toUpperCase()], ['a', 'b']],
  ['the id of an entry', ['--entry', 'entry 5'], ['c']],
  ['a list', ['--list', 'stopncii', '--from', '2026-11-26'], ['a', 'b']],
  ['a record', ['--id', 'b'], ['b']],
  ['a time', ['--before', '2026-11-26'], []],
])('chooses by %s', async (_, words, ids) => {
  const { lines, code } = await log(['--json', ...words]);
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids);
  expect(code).toBe(ids.length > 0 ? 0 : 1);
});

test('counts the errors of each list, and gives the hashes for a report', async () => {
  const errors = await log(['--errors']);
  expect(errors.lines).toEqual(["'=ncmec,1,0", 'stopncii,1,1']);
  const ncmec = await log(['--report', 'ncmec', '--json']);
  expect(ncmec.lines).toEqual([`{"originalFileHash":"${hexOf(5)}","hashType":"PDQ"}`]);
  expect((await log(['--report', 'nca'])).lines).toEqual([hexOf(5)]);
});

test('erases the chosen records, and nothing without a choice', async () => {
  const refused = await log(['--erase']);
  expect([refused.code, refused.lines]).toEqual([2, []]);
  expect(refused.err).toContain('expected a choice of records');
  const erased = await log(['--erase', '--entry', 'entry 1'], other);
  expect(erased).toMatchObject({ lines: ['2'], code: 0 });
  expect((await log([], other)).lines).toHaveLength(1);
  const again = await log(['--erase', '--entry', 'entry 1'], other);
  expect(again).toMatchObject({ lines: ['0'], code: 1 });
});

test('a store that is not there is an error, and none is made', async () => {
  const missing = join(base, 'missing');
  for (const words of [[], ['--erase', '--id', 'a']]) {
    const { err, code } = await log(words, missing);
    expect([err, code]).toEqual([
      'onlyhashes: the store: no such folder; onlyhashes store init creates it\n',
      2,
    ]);
  }
  expect(existsSync(missing)).toBe(false);
});

test.each([
  [['--from', 'yesterday'], 'expected from to be a time'],
  [['--errors', '--report', 'nca'], 'expected only one of --errors and --report'],
  [['--algorithm', 'phash'], '--algorithm: only with --entry'],
  [['review-log'], 'expected options only, not review-log'],
])('%j is refused', async (words, message) => {
  const { err, code } = await log(words);
  expect(err).toContain(message);
  expect(code).toBe(2);
});
