import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { createBlocklist } from '../../src/matching/blocklist.js';
import { saveBlocklist } from '../../src/node/blocklist-file.js';
import { onlyhashes } from './program.js';

/** Hashes that are not degenerate. */
const [A, B, C] = ['a', 'b', 'c'].map((text) =>
  createHash('sha256').update(text).digest('hex'),
) as [string, string, string];

let folder: string;
let db: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-store-'));
  db = at('lists.db');
  writeFileSync(at('list.csv'), `${A},first\n${B},second\n${'0'.repeat(64)},plain\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a list goes in once, however often it is imported, and comes out', async () => {
  expect((await onlyhashes(['store', 'init', '--store', db])).code).toBe(0);
  const list = at('list.csv');
  const args = ['store', 'import', list, '--list', 'ours'];
  const first = await onlyhashes(args, { env: { ONLYHASHES_STORE: db } });
  expect(first).toMatchObject({ lines: [`2,1,0,${list}`], code: 0 });
  const again = await onlyhashes([...args, '--store', db]);
  expect(again).toMatchObject({ lines: [`0,1,0,${list}`], code: 0 });

  const status = JSON.parse((await onlyhashes(['store', 'status', '--json', '--store', db])).out);
  expect(status).toMatchObject({
    engine: 'pglite',
    entries: 2,
    lists: [{ name: 'ours', size: 2 }],
  });
  const lines = await onlyhashes(['store', 'status', '--store', db]);
  expect(lines.lines).toContain('entries,2');
  expect(lines.lines).toContain('list,2,0,ours');

  const exported = await onlyhashes(['store', 'export', '-o', at('out.csv'), '--store', db]);
  expect(exported.code).toBe(0);
  const text = readFileSync(at('out.csv'), 'utf8').trim().split('\n');
  expect(text.map((line) => line.split(',')[0]).sort()).toEqual([A, B, 'hash'].sort());
  const verified = await onlyhashes(['store', 'verify', '--store', db]);
  expect(verified).toMatchObject({ out: '', code: 0 });
}, 120_000);

test('a blocklist file brings its withdrawals along', async () => {
  const entries = [A, C].map((hex) => ({ hash: hashFromHex('pdq', hex), labels: [] }));
  const blocklist = createBlocklist(entries);
  blocklist.withdraw(hashFromHex('pdq', A));
  await saveBlocklist(at('saved.ohb'), blocklist);
  const other = at('other.db');
  await onlyhashes(['store', 'import', at('saved.ohb'), '--store', other]);
  const repeated = await onlyhashes(['store', 'import', at('list.csv'), '--store', other]);
  expect(repeated.lines).toEqual([`1,1,1,${at('list.csv')}`]);
}, 120_000);

test('what is asked wrongly is told before a store is made', async () => {
  const none = await onlyhashes(['store', 'status', '--store', at('none')]);
  expect(none.err).toContain('no such folder');
  expect(none.code).toBe(2);
  expect(existsSync(at('none'))).toBe(false);
  const env = { ONLYHASHES_STORE: '' };
  expect((await onlyhashes(['store', 'status'], { env })).err).toContain('expected --store');
  const words = await onlyhashes(['store', 'import', '--store', at('none')]);
  expect(words.err).toContain('expected init');
  const json = await onlyhashes(['store', 'init', '--json', '--store', at('none')]);
  expect(json.err).toContain('--json: only with status');
  const url = 'postgres://somebody:secret@127.0.0.1:1/none';
  const away = await onlyhashes(['store', 'status'], { env: { ONLYHASHES_STORE: url } });
  expect(away.code).toBe(2);
  expect(away.err).toMatch(/^onlyhashes: the store: .+\n$/);
  expect(away.err).not.toMatch(/secret|somebody/);
}, 120_000);
