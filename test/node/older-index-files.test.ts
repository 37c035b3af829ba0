import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Hash, hashFromHex } from '../../src/hash.js';
import { type HammingIndex, indexFromBuffer } from '../../src/indexing/index.js';
import { attachedIndex } from '../../src/indexing/mutable-index.js';
import { roomFor } from '../../src/indexing/segment.js';
import { shapeOf } from '../../src/indexing/snapshot.js';
import type { EntryNote } from '../../src/node/entry-notes.js';
import { type OpenedIndex, openIndex } from '../../src/node/index-file.js';
import { saveIndex } from '../../src/node/save-index.js';
import { flipBits } from '../arbitraries.js';
import { naiveDistance } from '../oracles/hamming.js';
import { ROOT } from '../package.js';

const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-older-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  { version: 2, algorithm: 'dhash', distances: [0, 1, 4, 8, 12, 64] },
  { version: 3, algorithm: 'pdq', distances: [0, 1, 8, 31, 40, 256] },
] as const)('a file of version $version, in buckets', ({ version, algorithm, distances }) => {
  const named = join(ROOT, `fixtures/index/version-${version}-mih`);
  const listed = (
    JSON.parse(readFileSync(`${named}.json`, 'utf8')) as ((EntryNote & { hash: string }) | null)[]
  ).map((entry) => {
    if (!entry) return undefined;
    return { ...entry, hash: hashFromHex(algorithm, entry.hash.split(' ')[1]!) };
  });
  const hashes = listed.flatMap((entry) => (entry ? [entry.hash] : []));
  const bits = hashes[0]!.bytes.length * 8;
  const order = Array.from({ length: bits }, (_, i) => (i * 37 + 5) % bits);
  const near = hashes.map((hash, i) => flipBits(hash, order, i % 40));
  const queries = [...hashes, ...near].filter((_, i) => i % 4 === 0);

  const naive = (query: Hash, max: number) =>
    listed.flatMap((entry, id) => {
      const distance = entry ? naiveDistance(entry.hash.bytes, query.bytes) : max + 1;
      return distance <= max ? [{ id, distance }] : [];
    });
  const answersRight = (index: HammingIndex) => {
    let found = 0;
    for (const max of distances) {
      for (const query of queries) {
        const hits = index.search(query, max).sort((a, b) => a.id - b.id);
        expect(hits).toEqual(naive(query, max));
        found += hits.length;
      }
    }
    expect(found).toBeGreaterThan(500);
  };
  const labelsRight = ({ entries }: OpenedIndex) => {
    const ids = [...listed.keys()].filter((id) => listed[id]);
    expect([...entries.rows()].sort((a, b) => a - b)).toEqual(ids);
    for (const id of ids) {
      expect(entries.entryAt(id)).toEqual(listed[id]);
      expect(entries.idAt(id)).toBe(listed[id]!.id);
    }
    for (const [id, entry] of listed.entries()) {
      if (!entry) expect(() => entries.entryAt(id)).toThrow(RangeError);
    }
  };

  test('opens with the same answers and labels', async () => {
    const bytes = readFileSync(`${named}.ohx`);
    for (const [source, simd] of [
      [`${named}.ohx`, 'auto'],
      [`${named}.ohx`, 'never'],
      [bytes, 'auto'],
      [bytes, 'copy'],
    ] as const) {
      for (const verify of [true, false]) {
        const opened = await openIndex(source, { verify, simd });
        expect(opened.info).toMatchObject({ version, algorithm, bits, size: hashes.length });
        expect(opened.index.kind).toBe('mih');
        labelsRight(opened);
      }
    }
    answersRight((await openIndex(`${named}.ohx`)).index);
    answersRight(indexFromBuffer(bytes));
    const shape = shapeOf(bytes, bytes.length);
    const room = roomFor(shape, 'always');
    new Uint8Array(room.buffer).set(bytes);
    const bySimd = attachedIndex(shape, room);
    expect(bySimd.explain(8).parts[0]?.kernel).toBe('simd');
    answersRight(bySimd);
  });

  test('is saved as version 4, with the same answers and labels', async () => {
    const path = join(folder, `${version}.ohx`);
    const old = await openIndex(`${named}.ohx`);
    await saveIndex(path, old.index, old);
    const opened = await openIndex(path);
    expect(opened.info).toMatchObject({ version: 4, degenerate: 0, size: hashes.length });
    expect(opened.index.kind).toBe('mih');
    answersRight(opened.index);
    labelsRight(opened);
    const next = opened.index.add(hashes[0]!);
    expect(next).toBe(listed.length);
  });

  test('is compacted and copied as version 4, with the same answers', async () => {
    const { index } = await openIndex(`${named}.ohx`);
    const copy = new Uint8Array(index.toBuffer());
    expect((await openIndex(copy)).info.version).toBe(4);
    answersRight(indexFromBuffer(copy));
    expect(index.compact()).toBe(true);
    while (index.compact());
    answersRight(index);
  });
});
