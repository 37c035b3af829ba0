import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { lockFile } from '../../src/disk/writer-lock.js';
import { createBlocklist } from '../../src/matching/blocklist.js';
import { saveBlocklist } from '../../src/node/save-blocklist.js';
import { testFolder } from '../folder.js';

// A minute passes at once.
const waited = vi.hoisted(() => ({ milliseconds: 0 }));
vi.mock('node:timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    waited.milliseconds += milliseconds;
  },
}));

const folder = testFolder();

test('a process that saves for longer than a minute is told of', async () => {
  const path = join(folder, 'list.ohb');
  const unlock = await lockFile(`${path}.lock`, 0o644);
  const error = await saveBlocklist(path, createBlocklist([])).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'FormatError', code: 'in-use' });
  expect((error as Error).message).toContain('.lock');
  expect(waited.milliseconds).toBe(60_000);
  await unlock();
  await saveBlocklist(path, createBlocklist([]));
});
