import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { Progress } from '../../../bench/precision/progress.js';
import { testFolder } from '../../folder.js';

const root = testFolder();
let folder = '';
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
});

const file = () => join(folder, readdirSync(folder)[0]!);

/** Squares the numbers, until it is stopped. */
async function squares(numbers: readonly number[], { key = 'code', stopAt = Number.NaN } = {}) {
  const notes: string[] = [];
  const worked: number[] = [];
  const progress = new Progress(folder, key, (text) => notes.push(text));
  const results: number[] = [];
  try {
    for (const number of numbers) {
      const work = async () => {
        if (number === stopAt) throw new Error('stopped');
        worked.push(number);
        return number * number;
      };
      results.push(await progress.once(`square ${number}`, work));
    }
  } catch {
    return { stopped: true, notes, worked, results };
  }
  return { notes, worked, results };
}

test('a run that was stopped continues, and has the results of one that was not', async () => {
  expect(await squares([1, 2, 3], { stopAt: 3 })).toMatchObject({ stopped: true, worked: [1, 2] });
  const { notes, worked, results } = await squares([1, 2, 3]);
  expect([worked, results]).toEqual([[3], [1, 4, 9]]);
  expect(notes).toEqual([expect.stringMatching(/^continues: 2 results/)]);
});

test('a line that was cut off is done again, and does not spoil the next', async () => {
  await squares([1, 2]);
  const whole = readFileSync(file(), 'utf8');
  for (let cut = 1; cut < 20; cut++) {
    writeFileSync(file(), whole.slice(0, -cut));
    const { worked, results, notes } = await squares([1, 2]);
    // Without its newline, the line is whole.
    expect([worked, results]).toEqual([cut === 1 ? [] : [2], [1, 4]]);
    expect(notes.some((note) => note.includes(':2 is damaged'))).toBe(cut > 1);
    expect((await squares([1, 2])).worked).toEqual([]);
  }
});

test('a changed digit in a line is noticed, and any other line', async () => {
  await squares([1, 2]);
  const whole = readFileSync(file(), 'utf8');
  writeFileSync(file(), whole.replace('",1]', '",7]'));
  appendFileSync(file(), 'no result\n');
  const { results, notes } = await squares([1, 2]);
  expect(results).toEqual([1, 4]);
  expect(notes.join()).toMatch(/:1 is damaged.*:3 is damaged.*continues: 1 results/);
});

test('other code or options begin again, say so, and leave the file of the first', async () => {
  await squares([1, 2]);
  const { worked, notes } = await squares([1, 2], { key: 'other code' });
  expect(worked).toEqual([1, 2]);
  expect(notes).toEqual([expect.stringMatching(/^begins again: progress-.* is of other code/)]);
  expect((await squares([1, 2])).worked).toEqual([]);
});

test('without a folder, nothing is kept', async () => {
  const progress = new Progress(undefined, 'code', () => {});
  expect(await progress.once('a', async () => [1])).toEqual([1]);
});
