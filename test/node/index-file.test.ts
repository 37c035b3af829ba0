import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusteredHashes } from '../../bench/workloads.js';
import { FormatError } from '../../src/errors.js';
import type { Hash } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/create.js';
import { createBlocklist } from '../../src/matching/blocklist.js';
import type { EntryNote } from '../../src/node/entry-notes.js';
import { isIndexFile, openIndex, saveIndex } from '../../src/node/index-file.js';
import { ROOT } from '../package.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-index-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packed = clusteredHashes(3000, 3);
const hashOf = (id: number): Hash => ({
  algorithm: 'pdq',
  bytes: packed.bytes.slice(32 * id, 32 * id + 32),
});
const noteOf = (id: number): EntryNote =>
  id % 3 === 0
    ? { labels: [] }
    : { labels: [`list ${id % 7}`, '"quoted", é'], quality: id % 101, id: `n${id}`, source: 's' };

test('what is saved is opened again: hits, notes, ids', async () => {
  const path = join(folder, 'a.ohx');
  const index = createIndex(packed);
  for (const id of [5, 7, 2999]) index.remove(id);
  const added = index.add(hashOf(0));
  await saveIndex(path, index, { entries: { entryAt: (id) => noteOf(id) } });
  expect(await isIndexFile(path)).toBe(true);
  const opened = await openIndex(path);
  expect(opened.info).toMatchObject({ algorithm: 'pdq', bits: 256, size: 2998, generation: 1 });
  for (const id of [0, 1, 2, 1500, 2998]) {
    const key = ({ id: a }: { id: number }, { id: b }: { id: number }) => a - b;
    expect(opened.index.search(hashOf(id), 31).sort(key)).toEqual(
      index.search(hashOf(id), 31).sort(key),
    );
    expect(opened.entries.entryAt(id)).toEqual({ ...noteOf(id), hash: hashOf(id) });
  }
  expect(opened.entries.entryAt(added).hash).toEqual(hashOf(0));
  expect(() => opened.entries.entryAt(5)).toThrow(RangeError);
  expect(opened.index.add(hashOf(1))).toBe(added + 1);
  expect(readdirSync(folder)).toEqual(['a.ohx']);
});

test('notes of what was removed are not in the file', async () => {
  const path = join(folder, 'b.ohx');
  const index = createIndex([hashOf(0), hashOf(1)]);
  index.remove(0);
  await saveIndex(path, index, { entries: { entryAt: (id) => ({ labels: [`secret-${id}`] }) } });
  const text = readFileSync(path, 'latin1');
  expect(text).toContain('secret-1');
  expect(text).not.toContain('secret-0');
});

test('a blocklist stands on an opened file', async () => {
  const path = join(folder, 'c.ohx');
  await saveIndex(path, createIndex(packed), { entries: { entryAt: noteOf } });
  const blocklist = createBlocklist([await openIndex(path)]);
  const { verdict, matches } = blocklist.decide({ hash: hashOf(1), quality: 100, variants: [] });
  expect(verdict).toBe('match');
  expect(matches.map(({ entry }) => entry.id)).toContain('n1');
  blocklist.withdraw({ id: 'n1' });
  const after = blocklist.decide({ hash: hashOf(1), quality: 100, variants: [] });
  expect(after.matches.map(({ entry }) => entry.id)).not.toContain('n1');
});

test('generations count up, and a lower one is refused unless forced', async () => {
  const path = join(folder, 'd.ohx');
  const index = createIndex([hashOf(0)]);
  await saveIndex(path, index);
  await saveIndex(path, index);
  expect((await openIndex(path)).info.generation).toBe(2);
  const older = saveIndex(path, index, { generation: 1 });
  await expect(older).rejects.toMatchObject({ name: 'FormatError', code: 'old-generation' });
  await expect(openIndex(path, { minGeneration: 3 })).rejects.toMatchObject({
    code: 'old-generation',
  });
  expect((await openIndex(path, { minGeneration: 2 })).info.generation).toBe(2);
  await saveIndex(path, index, { generation: 1, force: true });
  expect((await openIndex(path)).info.generation).toBe(1);
});

test('foreign, cut and changed files are refused by name', async () => {
  const path = join(folder, 'e.ohx');
  writeFileSync(path, 'a list, not an index\n'.repeat(10));
  expect(await isIndexFile(path)).toBe(false);
  await expect(openIndex(path)).rejects.toMatchObject({ code: 'bad-magic' });
  await saveIndex(path, createIndex(packed));
  const bytes = readFileSync(path);
  bytes[5000]! ^= 4;
  writeFileSync(path, bytes);
  await expect(openIndex(path)).rejects.toMatchObject({ code: 'bad-checksum' });
  truncateSync(path, 5000);
  await expect(openIndex(path)).rejects.toMatchObject({ code: 'bad-length' });
  expect(await isIndexFile(join(folder, 'missing'))).toBe(false);
  await expect(openIndex(path)).rejects.toBeInstanceOf(FormatError);
});

test('a file that cannot be read is told by its code; its name is only in the cause', async () => {
  const named = join(folder, 'her-name.ohx');
  const pipe = join(folder, 'her-pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [named, folder, pipe, `${named}\0`]) {
    const error = await openIndex(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'FormatError', code: 'unreadable' });
    expect((error as Error).message).not.toMatch(/her-|onlyhashes-index/);
    expect(await isIndexFile(path)).toBe(false);
  }
  await expect(openIndex(named)).rejects.toMatchObject({ cause: { code: 'ENOENT', path: named } });
});

test('opens the bytes of a file as it opens the file', async () => {
  const path = join(folder, 'g.ohx');
  await saveIndex(path, createIndex(packed), { entries: { entryAt: noteOf } });
  const opened = await openIndex(readFileSync(path));
  expect(opened.info).toEqual((await openIndex(path)).info);
  expect(opened.entries.entryAt(1)).toEqual({ ...noteOf(1), hash: hashOf(1) });
  expect(opened.index.search(hashOf(1), 0).map(({ id }) => id)).toContain(1);
  await expect(openIndex(new Uint8Array(3))).rejects.toMatchObject({ code: 'bad-magic' });
});

test('an abort leaves the old file and nothing beside it; what replaces it has its permissions', async () => {
  const path = join(folder, 'h.ohx');
  await saveIndex(path, createIndex([hashOf(0)]));
  chmodSync(path, 0o640);
  const before = readFileSync(path);
  const abort = new AbortController();
  const save = saveIndex(path, createIndex(packed), { signal: abort.signal });
  abort.abort();
  await expect(save).rejects.toMatchObject({ name: 'AbortError' });
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await saveIndex(path, createIndex(packed));
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('a program that ends while it saves leaves the old file and nothing beside it', async () => {
  const path = join(folder, 'i.ohx');
  await saveIndex(path, createIndex([hashOf(0)]));
  const before = readFileSync(path);
  const script = `
    import { readdirSync } from 'node:fs';
    import { createIndex } from '${ROOT}/dist/indexing.js';
    import { saveIndex } from '${ROOT}/dist/node.js';
    const [path, folder] = process.argv.slice(1);
    saveIndex(path, createIndex([], { algorithm: 'pdq' })).then(() => process.exit(1));
    const look = () => {
      if (readdirSync(folder).some((name) => name.endsWith('.tmp'))) process.exit(3);
      setImmediate(look);
    };
    look();`;
  const args = ['--input-type=module', '-e', script, path, folder];
  expect(spawnSync(process.execPath, args).status).toBe(3);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a failed write leaves the old file and nothing beside it', async () => {
  const path = join(folder, 'f.ohx');
  await saveIndex(path, createIndex([hashOf(0)]));
  const before = readFileSync(path);
  const broken = { entryAt: () => ({ labels: [1n as never] }) };
  await expect(saveIndex(path, createIndex([hashOf(1)]), { entries: broken })).rejects.toThrow();
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
