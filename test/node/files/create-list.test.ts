import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { testFolder } from '../../folder.js';
import { BASE } from '../../matching/bases.js';

const folder = testFolder();
const entry = { hash: BASE, labels: ['a'], id: '1', list: 'b' };

test('a file is made where there is none: empty, or with all that a list holds', async () => {
  const path = join(folder, 'made.ohb');
  await expect(openBlocklist(path)).rejects.toMatchObject({ code: 'unreadable' });
  const empty = await openBlocklist(path, { create: true });
  await empty.apply({ add: [entry] });
  // What is there stays.
  expect((await openBlocklist(path, { create: createBlocklist([]) })).size).toBe(1);

  const list = createBlocklist([entry], { lists: { b: { trust: 'own' } } });
  await list.apply({ withdraw: [{ id: '2', reason: 'asked' }] });
  const other = join(folder, 'other.ohb');
  const opened = await openBlocklist(other, { create: list });
  expect([...opened.entries()]).toEqual([entry]);
  expect(opened.withdrawals).toEqual(list.withdrawals);
  expect([...opened.settings]).toEqual([...list.settings]);
  expect(opened.generation).toBe(list.generation);
  expect(statSync(other).mode & 0o777).toBe(0o600);
  // Both go their own ways.
  await opened.apply({ withdraw: [BASE] });
  expect([list.size, (await openBlocklist(other)).size]).toEqual([1, 0]);
  expect(readdirSync(folder).sort()).toEqual(['made.ohb', 'other.ohb']);
});

test('processes that create a file at once all see every change', async () => {
  const path = join(folder, 'race.ohb');
  const lists = await Promise.all(
    Array.from({ length: 4 }, () => openBlocklist(path, { create: true })),
  );
  await Promise.all(lists.map((list, at) => list.apply({ withdraw: [{ id: `${at}` }] })));
  expect((await openBlocklist(path)).withdrawals).toHaveLength(4);
});

test('changes to a copy do not reach the file', async () => {
  const path = join(folder, 'copied.ohb');
  await openBlocklist(path, { create: createBlocklist([entry]) });
  const copy = await openBlocklist(path, { copy: true });
  await copy.apply({ withdraw: [BASE] });
  expect([copy.size, (await openBlocklist(path)).size]).toEqual([0, 1]);
});

test('a missing folder is reported', async () => {
  const path = join(folder, 'nowhere/list.ohb');
  await expect(openBlocklist(path, { create: true })).rejects.toMatchObject({
    name: 'FormatError',
  });
});
