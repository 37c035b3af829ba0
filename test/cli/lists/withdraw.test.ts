import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex } from '../../../src/hash.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { testFolder } from '../../folder.js';
import { saveList } from '../../node/files/saved-list.js';
import { onlyhashes } from '../program.js';

/** Hashes that are not degenerate. */
const [A, B] = ['a', 'b'].map((text) => createHash('sha256').update(text).digest('hex')) as [
  string,
  string,
];
const path = join(testFolder(), 'list.ohb');

test('hashes and ids are withdrawn from a blocklist file, and withdrawals lifted', async () => {
  const entries = [A, B, B].map((hex) => ({ hash: hashFromHex('pdq', hex), labels: [], id: 'x' }));
  await saveList(path, createBlocklist(entries));
  const done = await onlyhashes(['withdraw', path, B, 'y', '--reason', 'a mistake']);
  expect(done).toMatchObject({ lines: [`withdrawn,2,${B}`, 'withdrawn,0,y'], code: 0 });
  expect(done.err).toBe(
    `onlyhashes: ${path}: no entry has word 2 after it as its hash or id now; a label is no id\n`,
  );
  const list = await loadBlocklist(path);
  expect(list.size).toBe(1);
  expect(list.withdrawals.map(({ reason }) => reason)).toEqual(['a mistake', 'a mistake']);
  const lifted = await onlyhashes(['withdraw', path, 'y', 'z', '--reinstate']);
  expect(lifted.lines).toEqual(['reinstated,y']);
  expect(lifted.err).toContain('word 2 after it names no withdrawal');
  expect((await loadBlocklist(path)).withdrawals).toHaveLength(1);
});
