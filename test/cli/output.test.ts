import { stderr } from 'node:process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { csvLine, progress } from '../../src/cli/output.js';

let drawn: string[];
beforeEach(() => {
  drawn = [];
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(stderr, 'write').mockImplementation((text) => drawn.push(String(text)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Reflect.deleteProperty(stderr, 'isTTY');
});
/** Sets what `stderr` is from now on. */
const terminal = (isTTY: boolean) =>
  Object.defineProperty(stderr, 'isTTY', { value: isTTY, configurable: true });
/** The line after each drawing. */
const lines = () => drawn.splice(0).map((text) => text.replace('\r\x1b[2K', ''));

test('progress shows a total and the time left once the total is known', () => {
  terminal(true);
  const bar = progress('hashing');
  bar.update(0);
  vi.advanceTimersByTime(500);
  bar.update(10);
  vi.advanceTimersByTime(500);
  bar.update(20, 60);
  expect(lines()).toEqual(['hashing: 10, 20/s', 'hashing: 20 of 60, 20/s, 2 s left']);
  bar.clear();
  bar.clear();
  expect(lines()).toEqual(['']);
});

test('the clock of progress starts with the work, amounts have a unit, and times are rounded', () => {
  terminal(true);
  const bar = progress('reading the list', ' MB');
  vi.advanceTimersByTime(60_000);
  bar.update(0, 4000);
  vi.advanceTimersByTime(2000);
  bar.update(3, 4000);
  bar.update(3, 4000);
  vi.advanceTimersByTime(998_000);
  bar.update(900, 4000);
  expect(lines()).toEqual([
    'reading the list: 3 of 4000 MB, 1.5 MB/s, 44 min left',
    'reading the list: 900 of 4000 MB, 0.9 MB/s, 57 min left',
  ]);
  bar.stage('building the index');
  expect(lines()).toEqual(['building the index']);
});

test('draws nothing if standard error is not a terminal', () => {
  terminal(false);
  const bar = progress('hashing');
  bar.update(0);
  vi.advanceTimersByTime(500);
  bar.update(10);
  bar.stage('writing');
  bar.clear();
  expect(lines()).toEqual([]);
});

test('a line of CSV has its labels in one cell, and an empty cell for each unknown value', () => {
  expect(csvLine(['=1', undefined, null, 0, ['a;b', '@c']])).toBe('\'=1,,,0,"a\\;b;\'@c"');
});
