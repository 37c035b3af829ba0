import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileKindOf } from '../../../src/node/files/file-kind.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { testFolder } from '../../folder.js';
import { imagePath } from '../fixtures.js';

const folder = testFolder();

test('recognizes pictures and blocklist files by their content, whatever their name', async () => {
  expect(await fileKindOf(imagePath('rgb.png'))).toBe('png');
  const list = join(folder, 'list.txt');
  await openBlocklist(`${list}.ohb`, { create: true });
  writeFileSync(list, readFileSync(`${list}.ohb`));
  expect(await fileKindOf(list)).toBe('blocklist');
  for (const text of ['', 'a', `${'ab'.repeat(32)}\n`]) {
    writeFileSync(list, text);
    expect(await fileKindOf(list)).toBeUndefined();
  }
});

test('a folder and a missing file are unreadable', async () => {
  await expect(fileKindOf(folder)).rejects.toMatchObject({ code: 'unreadable' });
  await expect(fileKindOf(join(folder, 'missing'))).rejects.toMatchObject({ code: 'unreadable' });
});
