import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { LOCK_NAME, lockFolder } from '../../src/disk/writer-lock.js';
import { testFolder } from '../folder.js';

const base = testFolder();
const freshFolder = () => mkdtemp(join(base, 'of-'));

test('another lock is refused until the first one is released', async () => {
  const folder = await freshFolder();
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({ name: 'FormatError', code: 'in-use' });
  await unlock();
  expect(readdirSync(folder)).toEqual([]);
  await (await lockFolder(folder))();
});

describe('the lock', () => {
  test.each([
    ['of a process that has ended', { pid: 2 ** 30, began: '' }],
    ['of a process that had its id before', { pid: process.ppid, began: 'another time' }],
    ['of this one, before it was started again', { pid: process.pid, began: 'another time' }],
    ['that cannot be read', 'no process'],
  ])('%s is replaced', async (_, lock) => {
    const folder = await freshFolder();
    writeFileSync(join(folder, LOCK_NAME), JSON.stringify(lock));
    const unlock = await lockFolder(folder);
    expect(readdirSync(folder)).toEqual([LOCK_NAME]);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'in-use' });
    await unlock();
  });

  test('of a running process remains valid if its start time is unknown', async () => {
    const folder = await freshFolder();
    const lock = JSON.stringify({ pid: process.ppid, began: '' });
    writeFileSync(join(folder, LOCK_NAME), lock);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'in-use' });
  });
});
