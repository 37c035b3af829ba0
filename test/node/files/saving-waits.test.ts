import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { lockFile } from '../../../src/disk/writer-lock.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { testFolder } from '../../folder.js';
import { saveList } from './saved-list.js';

// A minute passes at once.
const waited = vi.hoisted(() => ({ milliseconds: 0 }));
vi.mock('node:timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    waited.milliseconds += milliseconds;
  },
}));

const folder = testFolder();

test('a process that writes for longer than a minute is reported', async () => {
  const path = join(folder, 'list.ohb');
  await saveList(path, createBlocklist([]));
  const list = await openBlocklist(path);
  const unlock = await lockFile(`${path}.lock`, 0o644);
  const withdraw = [{ id: '1' }];
  const error = await list.apply({ withdraw }).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'FormatError', code: 'in-use' });
  expect((error as Error).message).toContain('.lock');
  expect([waited.milliseconds, list.withdrawals]).toEqual([60_000, []]);
  await unlock();
  expect((await list.apply({ withdraw })).withdrawn).toBe(1);
});
