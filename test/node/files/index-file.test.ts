import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { clusteredHashes, uniformHashes } from '../../../bench/workloads.js';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { WithdrawnKey } from '../../../src/blocklist/withdrawn.js';
import type { Said } from '../../../src/entry.js';
import { FormatError } from '../../../src/errors.js';
import { type Hash, isDegenerate } from '../../../src/hash.js';
import { createIndex, indexFromBuffer } from '../../../src/indexing/create-index.js';
import { match } from '../../../src/matching/match.js';
import { fileKindOf } from '../../../src/node/files/file-kind.js';
import { isIndexFile, openIndex } from '../../../src/node/files/index-file.js';
import { saveIndex } from '../../../src/node/files/save-index.js';
import { writeHashList } from '../../../src/text/write-hash-list.js';
import { flipBits, hashOf as hashOfBits } from '../../arbitraries.js';
import { fileHandles } from '../../disk/file-handles.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { naiveChecksum } from '../../oracles/checksum.js';
import { runs } from '../../seed.js';
import { entryOf, tablesOf } from '../../services/lists.js';
import { stepClock } from '../event-loop.js';
import { notesOf, withNotes } from '../notes-of.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-index-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packed = clusteredHashes(3000, 3);
const hashOf = (id: number): Hash => ({
  algorithm: 'pdq',
  bytes: packed.bytes.slice(32 * id, 32 * id + 32),
});
const noteOf = (id: number): Said =>
  id % 3 === 0
    ? { labels: [] }
    : { labels: [`list ${id % 7}`, '"quoted", é'], quality: id % 101, id: `n${id}`, source: 's' };

test('opens what it saved: hits, notes, ids', async () => {
  const path = join(folder, 'a.ohx');
  const index = createIndex(packed);
  const kept = [...Array(3000).keys()].filter((id) => ![5, 7, 2999].includes(id));
  for (const id of [5, 7, 2999]) index.remove(id);
  const added = index.add(hashOf(0));
  const saved = await saveIndex(path, index, { entries: { entryAt: (id) => noteOf(id) } });
  expect(await isIndexFile(path)).toBe(true);
  const opened = await openIndex(path);
  const degenerate = kept.filter((id) => isDegenerate(hashOf(id))).length;
  expect(degenerate).toBeGreaterThan(20);
  expect(opened.info).toMatchObject({ algorithm: 'pdq', bits: 256, generation: 1, degenerate });
  expect(opened.info).toEqual(saved);
  expect(opened.info.size).toBe(2998 - degenerate);
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

test('notes of removed entries are not in the file', async () => {
  const path = join(folder, 'b.ohx');
  const index = createIndex([hashOf(0), hashOf(1)]);
  index.remove(0);
  await saveIndex(path, index, { entries: { entryAt: (id) => ({ labels: [`secret-${id}`] }) } });
  const text = readFileSync(path, 'latin1');
  expect(text).toContain('secret-1');
  expect(text).not.toContain('secret-0');
});

test('a blocklist can use an opened file', async () => {
  const path = join(folder, 'c.ohx');
  await saveIndex(path, createIndex(packed), { entries: { entryAt: noteOf } });
  const blocklist = createBlocklist([await openIndex(path)]);
  const { verdict, matches } = match({ hash: hashOf(1), quality: 100, variants: [] }, blocklist);
  expect(verdict).toBe('match');
  expect(matches.map(({ entry }) => entry.id)).toContain('n1');
  await blocklist.apply({ withdraw: [{ id: 'n1' }] });
  const after = match({ hash: hashOf(1), quality: 100, variants: [] }, blocklist);
  expect(after.matches.map(({ entry }) => entry.id)).not.toContain('n1');
});

test('generations count up, and an older file is refused where a newer one was seen', async () => {
  const path = join(folder, 'd.ohx');
  const index = createIndex([hashOf(0)]);
  await saveIndex(path, index);
  await saveIndex(path, index);
  expect((await openIndex(path)).info.generation).toBe(2);
  await expect(openIndex(path, { minGeneration: 3 })).rejects.toMatchObject({
    code: 'old-generation',
  });
  expect((await openIndex(path, { minGeneration: 2 })).info.generation).toBe(2);
});

test('foreign, truncated and altered files are refused by name', async () => {
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

test('an unreadable file gives an error code; only the cause names the file', async () => {
  const named = join(folder, 'her-name.ohx');
  const pipe = join(folder, 'her-pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [named, folder, pipe, `${named}\0`]) {
    const error = await openIndex(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'FormatError', code: 'unreadable' });
    expect((error as Error).message).not.toMatch(/her-|onlyhashes-index/);
    expect(await isIndexFile(path)).toBe(false);
  }
  await expect(openIndex(named)).rejects.toMatchObject({
    message: expect.stringMatching(/^the index file does not exist .+index build.+ create one$/),
    cause: { code: 'ENOENT', path: named },
  });
});

test('opens the bytes of a file like the file', async () => {
  const path = join(folder, 'g.ohx');
  await saveIndex(path, createIndex(packed), { entries: { entryAt: noteOf } });
  const opened = await openIndex(readFileSync(path));
  expect(opened.info).toEqual((await openIndex(path)).info);
  expect(opened.entries.entryAt(1)).toEqual({ ...noteOf(1), hash: hashOf(1) });
  expect(opened.index.search(hashOf(1), 0).map(({ id }) => id)).toContain(1);
  await expect(openIndex(new Uint8Array(3))).rejects.toMatchObject({ code: 'bad-magic' });
});

test('a list decides the same as an index file and as text', async () => {
  const path = join(folder, 'j.ohx');
  const hash = fc.oneof(
    fc.constantFrom(...[0, 1, 20, 31, 32, 60].map((bits) => flipBits(BASE, ORDER, bits))),
    fc.constantFrom(0, 0xff, 1).map((byte): Hash => {
      return { algorithm: 'pdq', bytes: new Uint8Array(32).fill(byte) };
    }),
    hashOfBits('pdq', 256),
  );
  const entry = entryOf(hash);
  const seen = { degenerate: 0, withdrawn: 0, match: 0, review: 0, none: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 1, maxLength: 12 }),
      fc.array(hash, { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 2 }),
      fc.boolean(),
      async (entries, queries, withdrawals, verify) => {
        const text = [...writeHashList(entries)].join('');
        const [table] = await tablesOf(text);
        await saveIndex(path, createIndex(table!.hashes), { entries: table! });
        const withdrawn = withdrawals.map((at): WithdrawnKey => {
          const { id, hash } = entries[at % entries.length]!;
          return id === undefined ? hash : { id };
        });
        const asText = createBlocklist([table!], { withdrawn });
        const asFile = createBlocklist([await openIndex(path, { verify })], { withdrawn });
        expect(asFile.rejected).toEqual(asText.rejected);
        expect(asFile.size).toBe(asText.size);
        seen.degenerate += asText.rejected.degenerate;
        seen.withdrawn += asText.rejected.withdrawn;
        for (const query of [...queries, ...entries.map((each) => each.hash)]) {
          for (const quality of [49, 100]) {
            const decision = decisionOf(asText, query, quality);
            expect(decisionOf(asFile, query, quality)).toEqual(decision);
            seen[decision.verdict as 'match']++;
          }
        }
      },
    ),
    { numRuns: runs(150) },
  );
  // Every outcome has occurred often.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(runs(50));
});

/** A decision with its matches sorted, because equally near entries come in any order. */
function decisionOf(blocklist: Blocklist, hash: Hash, quality: number) {
  const { matches, ...decision } = match({ hash, quality, variants: [] }, blocklist, { all: true });
  return { ...decision, matches: matches.map((match) => JSON.stringify(match)).sort() };
}

test('uncounted degenerate entries are counted when the index is saved', async () => {
  const zero: Hash = { algorithm: 'pdq', bytes: new Uint8Array(32) };
  const bytes = new Uint8Array(createIndex([hashOf(1), zero, hashOf(2)]).toBuffer());
  const opened = await openIndex(bytes);
  expect([opened.info.degenerate, opened.degenerate]).toEqual([undefined, undefined]);
  const before = createBlocklist([opened]);
  expect(match({ hash: zero, variants: [] }, before).verdict).toBe('none');
  expect([before.rejected.degenerate, before.size]).toEqual([1, 2]);
  const path = join(folder, 'k.ohx');
  await saveIndex(path, opened.index, { entries: opened.entries });
  // Saving it once more keeps the count.
  const again = await openIndex(path);
  await saveIndex(path, again.index, { entries: again.entries });
  const after = await openIndex(path, { verify: false });
  expect(after.info).toMatchObject({ version: 1, size: 2, degenerate: 1, generation: 2 });
  const counted = createBlocklist([after]);
  expect([counted.rejected.degenerate, counted.size]).toEqual([1, 2]);
});

/** An index file of one hash with the highest possible id. */
function highestId(): Uint8Array {
  const index = createIndex([hashOf(1), hashOf(0)]);
  index.remove(0);
  const bytes = new Uint8Array(index.toBuffer());
  const words = new Uint32Array(bytes.buffer);
  words[11] = 0xffffffff;
  // The id follows the header and the hash.
  words[16 + 8] = 0xfffffffe;
  words[14] = naiveChecksum(words, 14);
  return bytes;
}

test('a small file takes little memory, however high its ids', async () => {
  const path = join(folder, 'l.ohx');
  const bytes = highestId();
  expect(bytes.length).toBeLessThan(120);
  const id = 0xfffffffe;
  const opened = await openIndex(bytes);
  const { index } = opened;
  const before = process.memoryUsage().arrayBuffers;
  expect(index.search(hashOf(0), 0)).toEqual([{ id, distance: 0 }]);
  const blocklist = createBlocklist([opened]);
  const query = { hash: hashOf(0), variants: [] };
  expect(match(query, blocklist).matches[0]?.entry).toEqual({ hash: hashOf(0), labels: [] });
  await saveIndex(path, index, { entries: { entryAt: () => ({ labels: ['a'], id: 'b' }) } });
  const saved = await openIndex(path);
  expect(saved.entries.entryAt(id)).toEqual({ hash: hashOf(0), labels: ['a'], id: 'b' });
  const listed = createBlocklist([saved]);
  expect((await listed.apply({ withdraw: [{ id: 'other' }] })).removed).toBe(0);
  expect((await listed.apply({ withdraw: [{ id: 'b' }] })).removed).toBe(1);
  expect(match(query, listed).verdict).toBe('none');
  expect((await blocklist.apply({ withdraw: [hashOf(0)] })).removed).toBe(1);
  expect(() => index.add(hashOf(1))).toThrow(RangeError);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
});

test('reads only the header of a large foreign file', async () => {
  const path = join(folder, 'm.ohx');
  const bytes = new Uint8Array(createIndex([hashOf(0)]).toBuffer({ generation: 3 }));
  const info = { size: 1, generation: 3, byteLength: bytes.length };
  writeFileSync(path, bytes);
  expect((await openIndex(path)).info).toMatchObject(info);
  expect(await fileKindOf(path)).toBe('index');
  expect(await fileKindOf(Buffer.from(path))).toBe('index');
  const before = process.memoryUsage().arrayBuffers;
  for (const [begins, code] of [
    [bytes, 'bad-length'],
    [new Uint8Array(64), 'bad-magic'],
  ] as const) {
    writeFileSync(path, begins);
    truncateSync(path, 2 ** 30);
    expect(await fileKindOf(path)).toBe(code === 'bad-length' ? 'index' : undefined);
    await expect(openIndex(path)).rejects.toMatchObject({ name: 'FormatError', code });
  }
  rmSync(path);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  await expect(fileKindOf(path)).rejects.toMatchObject({ code: 'unreadable' });
});

test.each([
  ['path', 'simd'],
  ['bytes', 'js'],
] as const)('an index from %s is searched by %s', async (from, kernel) => {
  const path = join(folder, 'n.ohx');
  const index = createIndex(packed);
  for (const id of [5, 7, 9]) index.remove(id);
  await saveIndex(path, index, { entries: { entryAt: noteOf } });
  const bytes = readFileSync(path);
  const { index: opened, entries } = await openIndex(from === 'path' ? path : bytes);
  expect(new Set(opened.explain(31).parts.map((part) => part.kernel))).toEqual(new Set([kernel]));
  const expected = indexFromBuffer(bytes);
  for (const id of [0, 1, 2, 1500]) {
    for (const max of [0, 31, 60]) {
      const [hits, right] = [opened, expected].map((each) =>
        each.search(hashOf(id), max).sort((a, b) => a.id - b.id),
      );
      expect(hits).toEqual(right);
    }
    expect(entries.entryAt(id)).toEqual({ ...noteOf(id), hash: hashOf(id) });
  }
  // What is added and compacted later is searched by SIMD, whatever it began as.
  opened.add(hashOf(5));
  while (opened.compact());
  const kernels = new Set(opened.explain(31).parts.map((part) => part.kernel));
  expect(kernels).toEqual(new Set(['simd']));
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('opens bytes that begin anywhere in a buffer', async () => {
  const index = createIndex(packed);
  const bytes = withNotes(index, notesOf(index, noteOf));
  for (const offset of [1, 2, 3, 4]) {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    for (const view of [padded.subarray(offset), new Uint8Array(padded).subarray(offset)]) {
      const { entries } = await openIndex(view);
      expect(entries.entryAt(1)).toEqual({ ...noteOf(1), hash: hashOf(1) });
    }
  }
});

/**
 * Calls `act` before each read of an open file, the first of which is of the header.
 * @param act may return the most that is read
 */
async function beforeReads(act: (read: number) => number | undefined) {
  const handles = await fileHandles();
  const real = handles.read;
  let reads = 0;
  function read(this: FileHandle, into: Uint8Array, offset: number, length: number, at: number) {
    const most = act(reads++) ?? length;
    return Reflect.apply(real, this, [into, offset, Math.min(most, length), at]);
  }
  vi.spyOn(handles, 'read').mockImplementation(read as never);
}

test('a file system may read less than requested', async () => {
  const path = join(folder, 'o.ohx');
  await saveIndex(path, createIndex(packed), { entries: { entryAt: noteOf } });
  await beforeReads((read) => (read === 0 ? undefined : 5000));
  const { index, entries } = await openIndex(path);
  expect(entries.entryAt(1)).toEqual({ ...noteOf(1), hash: hashOf(1) });
  expect(index.search(hashOf(1), 0).map(({ id }) => id)).toContain(1);
});

test('a file that changes while it is read is refused', async () => {
  const path = join(folder, 'p.ohx');
  const bytes = new Uint8Array(createIndex(packed).toBuffer());
  const others = { ...packed, bytes: packed.bytes.slice().reverse() };
  // Of the same shape, so that only the checksum tells.
  const other = new Uint8Array(createIndex(others).toBuffer());
  expect(other.length).toBe(bytes.length);
  for (const [change, code] of [
    [() => writeFileSync(path, other), 'bad-checksum'],
    [() => truncateSync(path, 10_000), 'bad-length'],
  ] as const) {
    writeFileSync(path, bytes);
    await beforeReads((read) => (read === 1 ? void change() : undefined));
    await expect(openIndex(path)).rejects.toMatchObject({ name: 'FormatError', code });
    vi.restoreAllMocks();
  }
  writeFileSync(path, other);
  expect((await openIndex(path)).info.size).toBe(3000);
});

test('the event loop turns while an index is read or checked', async () => {
  const path = join(folder, 'q.ohx');
  const index = createIndex(uniformHashes(60_001, 1));
  index.remove(0);
  const entryAt = (id: number): Said => ({ labels: [`${id}`] });
  const bytes = withNotes(index, notesOf(index, entryAt));
  writeFileSync(path, bytes);
  const chunks = Math.ceil((bytes.length - 64) / (4 * 2 ** 20));
  expect(chunks).toBeGreaterThan(2);
  await beforeReads((read) => {
    expect(read).toBeLessThanOrEqual(chunks);
    return undefined;
  });
  const clock = stepClock(10);
  await openIndex(path);
  // Each step is a turn here: one for 128 notes, for 1,024 hashes and, five times, for 4,096 entries.
  const steps = 60_000 / 128 + 60_000 / 1024 + (5 * 60_000) / 4096;
  expect(clock.readings).toBeGreaterThan(2 * steps);
});
