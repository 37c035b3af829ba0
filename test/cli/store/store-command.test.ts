import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex } from '../../../src/hash.js';
import { createIndex } from '../../../src/indexing/create-index.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { saveIndex } from '../../../src/node/files/save-index.js';
import { openDatabase, openStore } from '../../../src/store/sql/open-store.js';
import { testFolder } from '../../folder.js';
import { newRecord } from '../../matching/reviews.js';
import { saveList } from '../../node/files/saved-list.js';
import { describePostgresql } from '../../store/engines.js';
import { EMBEDDED, type RunOptions, onlyhashes as run } from '../program.js';

/** Hashes that are not degenerate. */
const [A, B, C] = ['a', 'b', 'c'].map((text) =>
  createHash('sha256').update(text).digest('hex'),
) as [string, string, string];

const onlyhashes = (args: readonly string[], options: RunOptions = {}) =>
  run(args, { node: EMBEDDED, ...options });

const folder = testFolder();
const at = (name: string) => join(folder, name);
const db = at('lists.db');
beforeAll(() => {
  writeFileSync(at('list.csv'), `${A},first\n${B},second\n${'0'.repeat(64)},plain\n`);
});

test('a list is imported once, however often it is tried, and exported again', async () => {
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
  expect(lines.lines).toContain('reviews,60,0.000032,0.0088,ours');

  const exported = await onlyhashes(['store', 'export', '-o', at('out.csv'), '--store', db]);
  expect(exported.code).toBe(0);
  const text = readFileSync(at('out.csv'), 'utf8').trim().split('\n');
  expect(text.map((line) => line.split(',')[0]).sort()).toEqual([A, B, 'hash'].sort());
  const verified = await onlyhashes(['store', 'verify', '--store', db]);
  expect(verified).toMatchObject({ out: '', code: 0 });
});

test('a blocklist file brings its withdrawals along', async () => {
  const entries = [A, C].map((hex) => ({ hash: hashFromHex('pdq', hex), labels: [] }));
  const blocklist = createBlocklist(entries);
  await blocklist.apply({ withdraw: [hashFromHex('pdq', A)] });
  await saveList(at('saved.ohb'), blocklist);
  const other = at('other.db');
  await onlyhashes(['store', 'import', at('saved.ohb'), '--store', other]);
  const repeated = await onlyhashes(['store', 'import', at('list.csv'), '--store', other]);
  expect(repeated.lines).toEqual([`1,1,1,${at('list.csv')}`]);
});

test('an altered record of the review log is reported by its number, and never quoted', async () => {
  const dataDir = at('reviewed.db');
  const store = await openStore({ dataDir });
  const log = store.reviewLog({ retentionDays: 30_000 });
  for (const id of ['a', 'b', 'c']) await log.append(newRecord(1, { id }));
  await store.close();
  const sound = await onlyhashes(['store', 'verify', '--store', dataDir]);
  expect(sound).toMatchObject({ out: '', code: 0 });
  const { database } = await openDatabase({ dataDir });
  await database.query(
    `update review_record set record = replace(record::text, '"distance":12', '"distance":13')::json
    where id = 'b'`,
  );
  await database.close();
  const verified = await onlyhashes(['store', 'verify', '--store', dataDir]);
  expect(verified).toMatchObject({ out: 'bad-record,1,2\n', err: '', code: 2 });
  const { lines, err, code } = await onlyhashes(['log', '--json', '--store', dataDir]);
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(['a', 'c']);
  expect(err).toBe('onlyhashes: the store: record 2 has changed since it was written\n');
  expect(code).toBe(2);
});

describePostgresql((server) => {
  test('a text list is stored while it is read, and its bad lines are reported', async () => {
    const url = await server().newDatabase();
    const hex = (n: number) => createHash('sha256').update(`${n}`).digest('hex');
    const lines = Array.from({ length: 20_001 }, (_, n) => hex(n));
    lines.splice(15_000, 0, 'no hash');
    writeFileSync(at('long.csv'), lines.join('\n'));
    const { out, err, code } = await onlyhashes(['store', 'import', at('long.csv')], {
      env: { ONLYHASHES_STORE: url },
    });
    expect(out).toBe(`20001,0,0,${at('long.csv')}\n`);
    expect(err).toMatch(/^onlyhashes: .*long\.csv:15001: expected .+\n$/);
    expect(code).toBe(2);
    const store = await openStore({ url });
    // Two whole changes and a rest.
    expect(await store.revision()).toBe(3);
    expect(await store.status()).toMatchObject({ entries: 20_001, lists: [{ size: 20_001 }] });
    await store.close();
    writeFileSync(at('none.csv'), 'no hash\n');
    const none = await onlyhashes(['store', 'import', at('none.csv'), '--store', url]);
    expect(none.err).toContain('no readable hash (line 1: ');
    expect(none).toMatchObject({ out: '', code: 2 });
  });

  test('a blocklist file is one change, and an index file is imported, too', async () => {
    const url = await server().newDatabase();
    const entries = [A, C].map((hex) => ({ hash: hashFromHex('pdq', hex), labels: [], list: 'a' }));
    const blocklist = createBlocklist(entries, { lists: { a: { tier: 'review' } } });
    await blocklist.apply({ withdraw: [{ ...hashFromHex('pdq', A), reason: 'wrong' }] });
    await blocklist.apply({ withdraw: [{ id: 'case-7' }] });
    await saveList(at('whole.ohb'), blocklist);
    const done = await onlyhashes(['store', 'import', at('whole.ohb'), '--store', url]);
    expect(done).toMatchObject({ lines: [`1,0,0,${at('whole.ohb')}`], code: 0 });
    const index = createIndex([A, B].map((hex) => hashFromHex('pdq', hex)));
    await saveIndex(at('list.ohx'), index);
    const words = ['store', 'import', at('list.ohx'), '--list', 'b', '--store', url];
    expect((await onlyhashes(words)).lines).toEqual([`1,0,1,${at('list.ohx')}`]);
    const store = await openStore({ url });
    expect(await store.revision()).toBe(2);
    expect(await store.withdrawals()).toHaveLength(2);
    expect((await store.settings()).get('a')).toMatchObject({ tier: 'review' });
    expect(await store.find({ list: 'b' })).toHaveLength(1);
    await store.close();
  });

  test('the exceptions of an allow list are imported, and exported as one', async () => {
    const url = await server().newDatabase();
    const allowList = createAllowList({ radius: 3 });
    allowList.allow(hashFromHex('pdq', A), { reason: 'a flag' });
    allowList.allow(hashFromHex('pdq', B), { reason: 'a map', entry: hashFromHex('pdq', C) });
    writeFileSync(at('allowed.json'), JSON.stringify(allowList, null, 2));
    const env = { ONLYHASHES_STORE: url };
    const first = await onlyhashes(['store', 'import', at('allowed.json')], { env });
    expect(first).toMatchObject({ lines: [`2,0,0,${at('allowed.json')}`], code: 0 });
    expect(first.err).toContain('its radius of 3 bits is not stored');
    const again = await onlyhashes(['store', 'import', at('allowed.json')], { env });
    expect(again.lines).toEqual([`0,0,0,${at('allowed.json')}`]);
    const { out } = await onlyhashes(['store', 'export', '--exceptions'], { env });
    expect(JSON.parse(out)).toEqual({ ...allowList.toJSON(), radius: 0 });
    writeFileSync(at('cut.json'), JSON.stringify(allowList).slice(0, -20));
    writeFileSync(at('wrong.json'), '{"radius":0,"exceptions":[{"hash":"secret"}]}');
    for (const name of ['cut.json', 'wrong.json']) {
      const { err, code } = await onlyhashes(['store', 'import', at(name)], { env });
      expect([err, code]).toEqual([expect.stringContaining(`${at(name)}: expected `), 2]);
      expect(err).not.toContain('secret');
    }
  });
});

test('wrong arguments are reported before a store is made', async () => {
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
});
