import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { GroupCommit, Journal } from '../../src/disk/journal.js';
import { testFolder } from '../folder.js';
import { fileHandles } from './file-handles.js';

const folder = testFolder();
afterEach(() => vi.restoreAllMocks());

let files = 0;
const freshPath = () => join(folder, `${files++}.jsonl`);

test('lines are on disk, for the owner alone', async () => {
  const path = freshPath();
  const journal = await Journal.open(path);
  await journal.append('a\nb\n');
  await journal.append('é\n');
  expect(readFileSync(path, 'utf8')).toBe('a\nb\né\n');
  expect(journal.length).toBe(7);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await journal.close();
});

test('whatever is left after the last whole line is cut off', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(9),
      fc.constantFrom(0, 1, 100, 65_535, 65_536, 200_000),
      async (lines, torn) => {
        const path = freshPath();
        const whole = 'a whole line\n'.repeat(lines);
        writeFileSync(path, whole + 'x'.repeat(torn));
        const journal = await Journal.open(path);
        await journal.append('next\n');
        await journal.close();
        expect(readFileSync(path, 'utf8')).toBe(`${whole}next\n`);
      },
    ),
    { numRuns: 40 },
  );
});

/** An error as a full disk gives it. */
const full = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

test.each<['write' | 'datasync', number]>([
  ['write', 0],
  ['write', 3],
  ['datasync', 0],
])('a failing %s leaves none of the lines (%i bytes were written)', async (method, written) => {
  const path = freshPath();
  const journal = await Journal.open(path);
  await journal.append('before\n');
  const handles = await fileHandles();
  const spy = vi.spyOn(handles, method).mockImplementationOnce(async function (this: FileHandle) {
    if (written > 0) appendFileSync(path, 'lost\n'.slice(0, written));
    throw full();
  } as never);
  await expect(journal.append('lost\n')).rejects.toThrow('ENOSPC');
  expect(spy).toHaveBeenCalledTimes(1);
  expect(readFileSync(path, 'utf8')).toBe('before\n');
  await journal.append('after\n');
  expect(readFileSync(path, 'utf8')).toBe('before\nafter\n');
  await journal.close();
});

test('nothing is appended until what a failed write left is cut off', async () => {
  const path = freshPath();
  const journal = await Journal.open(path);
  const handles = await fileHandles();
  vi.spyOn(handles, 'datasync').mockRejectedValueOnce(full());
  const truncate = vi.spyOn(handles, 'truncate').mockRejectedValue(full());
  await expect(journal.append('lost\n')).rejects.toThrow('ENOSPC');
  await expect(journal.append('lost too\n')).rejects.toThrow('ENOSPC');
  truncate.mockRestore();
  await journal.append('kept\n');
  expect(readFileSync(path, 'utf8')).toBe('kept\n');
  await journal.close();
});

/** Writes into memory, and lets the test end each flush. */
function steppedCommit(maxBytes = 1000) {
  const writes: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const commit = new GroupCommit((lines) => {
    writes.push(lines);
    return new Promise<void>((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve()));
    });
  }, maxBytes);
  return { writes, ends, commit };
}
const turns = () => new Promise((resolve) => setImmediate(resolve));

test('what comes at the same time shares one write, and what comes meanwhile the next', async () => {
  const { writes, ends, commit } = steppedCommit();
  const done: string[] = [];
  const append = (line: string) => commit.append(line).then(() => done.push(line));
  const first = [append('a'), append('b')];
  await turns();
  expect(writes).toEqual(['ab']);
  const second = [append('c'), append('d')];
  await turns();
  expect([writes, done]).toEqual([['ab'], []]);
  ends[0]!();
  await Promise.all(first);
  await turns();
  expect([writes, done]).toEqual([
    ['ab', 'cd'],
    ['a', 'b'],
  ]);
  ends[1]!();
  await Promise.all(second);
});

test('a failed write is told to those that were in it, and to no other', async () => {
  const { ends, commit } = steppedCommit(2);
  const told = ['a', 'b', 'c'].map((line) =>
    commit.append(line).then(
      () => 'done',
      (error: Error) => error.message,
    ),
  );
  await turns();
  ends[0]!(new Error('full'));
  await turns();
  ends[1]!();
  expect(await Promise.all(told)).toEqual(['full', 'full', 'done']);
});

test('other work runs between flushes, in the order of the calls', async () => {
  const order: string[] = [];
  const commit = new GroupCommit(async (lines) => {
    await turns();
    order.push(lines);
  }, 1000);
  const all = [
    commit.append('a'),
    commit.alone(async () => {
      await turns();
      order.push('alone');
    }),
    commit.append('b'),
    commit.alone(() => Promise.reject(new Error('failed'))).catch(() => order.push('failed')),
    commit.append('c'),
  ];
  await Promise.all(all);
  expect(order).toEqual(['a', 'alone', 'b', 'failed', 'c']);
});
