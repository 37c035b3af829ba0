import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openReviewLog } from '../../src/node/review-log.js';
import { testFolder } from '../folder.js';
import { hexOf, newRecord } from '../matching/reviews.js';
import { onlyhashes } from './program.js';

const base = testFolder();

/** With three records: two of them on one entry. */
let folder: string;
let folders = 0;
const noon = () => Date.UTC(2026, 10, 26, 12);
const openLog = () => openReviewLog(folder, { retentionDays: 30_000, now: noon });
beforeEach(async () => {
  folder = join(base, `${folders++}`);
  const log = await openLog();
  await log.append(newRecord(1, { id: 'a' }));
  await log.append(newRecord(1, { id: 'b', outcome: 'rejected', role: 'appeals' }));
  await log.append(newRecord(5, { id: 'c', list: '=ncmec' }));
  await log.close();
});

const TIME = '2026-11-26T12:00:00.000Z';

test('prints a line for each record, safe for a spreadsheet', async () => {
  const { lines, code } = await onlyhashes(['log', folder]);
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
  const { lines, code } = await onlyhashes(['log', folder, '--json', ...words]);
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids);
  expect(code).toBe(ids.length > 0 ? 0 : 1);
});

test('answers how often each list was wrong, and what a report takes', async () => {
  const errors = await onlyhashes(['log', folder, '--errors']);
  expect(errors.lines).toEqual(["'=ncmec,1,0", 'stopncii,1,1']);
  const ncmec = await onlyhashes(['log', folder, '--report', 'ncmec', '--json']);
  expect(ncmec.lines).toEqual([`{"originalFileHash":"${hexOf(5)}","hashType":"PDQ"}`]);
  expect((await onlyhashes(['log', folder, '--report', 'nca'])).lines).toEqual([hexOf(5)]);
});

test('erases what is chosen, and nothing without a choice', async () => {
  const refused = await onlyhashes(['log', folder, '--erase']);
  expect([refused.code, refused.lines]).toEqual([2, []]);
  expect(refused.err).toContain('expected which records');
  const erased = await onlyhashes(['log', folder, '--erase', '--entry', 'entry 1']);
  expect(erased).toMatchObject({ lines: ['2'], code: 0 });
  expect((await onlyhashes(['log', folder])).lines).toHaveLength(1);
  const again = await onlyhashes(['log', folder, '--erase', '--entry', 'entry 1']);
  expect(again).toMatchObject({ lines: ['0'], code: 1 });
});

test('does not erase beside the program that writes', async () => {
  const log = await openLog();
  const { err, code } = await onlyhashes(['log', folder, '--erase', '--id', 'a']);
  expect([err, code]).toEqual([
    `onlyhashes: ${folder}: expected a folder in which nobody else writes\n`,
    2,
  ]);
  expect((await onlyhashes(['log', folder])).lines).toHaveLength(3);
  await log.close();
});

test('a line that cannot be read is told, and the others are printed', async () => {
  const name = readdirSync(folder).find((one) => one.endsWith('.jsonl'))!;
  appendFileSync(join(folder, name), 'no record\n');
  const { lines, err, code } = await onlyhashes(['log', folder]);
  expect(lines).toHaveLength(3);
  expect([err, code]).toEqual([`onlyhashes: ${folder}: line 4 of a file cannot be read\n`, 2]);
});

test('a folder that is not there is an error, and none is made', async () => {
  const missing = join(base, 'missing');
  for (const words of [[], ['--erase', '--id', 'a']]) {
    const { err, code } = await onlyhashes(['log', missing, ...words]);
    expect([err, code]).toEqual([`onlyhashes: ${missing}: no such file or directory\n`, 2]);
  }
  expect(existsSync(missing)).toBe(false);
});

test.each([
  [['--from', 'yesterday'], 'expected from to be a time'],
  [['--errors', '--report', 'nca'], 'expected one of --errors and --report'],
  [['--algorithm', 'phash'], '--algorithm: only with --entry'],
])('%j is refused', async (words, message) => {
  const { err, code } = await onlyhashes(['log', folder, ...words]);
  expect(err).toContain(message);
  expect(code).toBe(2);
});
