import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusteredHashes, random, uniformHashes } from '../../bench/workloads.js';
import { FormatError } from '../../src/errors.js';
import type { Hash } from '../../src/hash.js';
import { createIndex, indexFromBuffer, indexOf } from '../../src/indexing/create-index.js';
import { snapshotInfo } from '../../src/indexing/snapshot.js';
import { naiveChecksum } from '../oracles/checksum.js';
import { runs } from '../seed.js';

const CODES = ['bad-magic', 'bad-version', 'bad-header', 'bad-length', 'bad-checksum'];
const list = clusteredHashes(60, 4, { algorithm: 'phash', bits: 64 });
const query: Hash = { algorithm: 'phash', bytes: list.bytes.slice(0, 8) };
const snapshot = () =>
  new Uint8Array(indexOf(list, {}, { kind: 'mih' }).toBuffer({ generation: 7 }));

/** The code of the FormatError that reading throws. */
function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'read';
}

test('an attached snapshot answers as the index did', () => {
  for (const kind of ['flat', 'mih'] as const) {
    const index = indexOf(list, { maxDistance: 5 }, { kind });
    for (const shared of [false, true]) {
      const buffer = index.toBuffer({ generation: 7, shared });
      expect(buffer instanceof SharedArrayBuffer).toBe(shared);
      const again = indexFromBuffer(buffer);
      expect(again.kind).toBe(kind);
      expect(again.size).toBe(60);
      for (const max of [0, 8, 20, 64]) {
        expect(again.search(query, max)).toEqual(index.search(query, max));
      }
      expect(snapshotInfo(buffer)).toMatchObject({
        algorithm: 'phash',
        bits: 64,
        size: 60,
        generation: 7,
        notesLength: 0,
        byteLength: buffer.byteLength,
      });
      // A copy at an odd place reads as well, and another snapshot of it is the same.
      const odd = new Uint8Array(buffer.byteLength + 1);
      odd.set(new Uint8Array(buffer), 1);
      expect(indexFromBuffer(odd.subarray(1)).search(query, 8)).toEqual(index.search(query, 8));
      const rewritten = new Uint8Array(again.toBuffer({ generation: 7 }));
      expect(rewritten).toEqual(new Uint8Array(buffer));
    }
  }
});

test('the count of rejected degenerate entries is known, or marked as unknown', () => {
  const told = (buffer: ArrayBufferLike) => snapshotInfo(buffer).degenerate;
  const index = createIndex(list);
  expect(told(index.toBuffer())).toBeUndefined();
  for (const degenerate of [0, 3]) {
    const buffer = index.toBuffer({ degenerate });
    expect(told(buffer)).toBe(degenerate);
    // It stays with the index, whatever is added, removed and merged.
    const again = indexFromBuffer(buffer);
    expect(told(again.toBuffer())).toBe(degenerate);
    again.remove(again.add(query) - 1);
    expect(told(again.toBuffer())).toBe(degenerate);
    expect(told(again.toBuffer({ degenerate: undefined }))).toBe(degenerate);
  }
});

test('an empty index survives', () => {
  const empty = createIndex([], { algorithm: 'phash', bits: 64 });
  const again = indexFromBuffer(empty.toBuffer());
  expect(again.size).toBe(0);
  expect(again.search(query, 64)).toEqual([]);
  expect(again.add(query)).toBe(0);
});

test('attaching changes nothing in the buffer, nor do later changes', () => {
  const bytes = snapshot();
  const before = bytes.slice();
  const index = indexFromBuffer(bytes);
  index.search(query, 12);
  for (let i = 0; i < 3000; i++) index.add(query);
  index.remove(query);
  for (let rounds = 0; index.compact(); rounds++) expect(rounds).toBeLessThan(1000);
  expect(bytes).toEqual(before);
});

describe('hostile bytes', () => {
  test('10,000 flipped bits are all found', () => {
    const bytes = snapshot();
    const next = random(99);
    for (let i = 0; i < 10_000; i++) {
      const bit = next() % (8 * bytes.length);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(CODES).toContain(codeOf(() => indexFromBuffer(bytes)));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    // Every bit of the header, too.
    for (let bit = 0; bit < 512; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(CODES).toContain(codeOf(() => indexFromBuffer(bytes)));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(codeOf(() => indexFromBuffer(bytes))).toBe('read');
  });

  test('every cut, and bytes too many, are found', () => {
    const bytes = snapshot();
    for (let length = 0; length < bytes.length; length++) {
      const code = codeOf(() => indexFromBuffer(bytes.subarray(0, length), { verify: false }));
      expect(code).toBe(length < 8 ? 'bad-magic' : 'bad-length');
    }
    for (const more of [1, 2, 3, 4, 100]) {
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      expect(codeOf(() => indexFromBuffer(longer))).toBe('bad-length');
    }
  });

  test('foreign files, other versions and impossible headers have codes of their own', () => {
    const changed = (word: number, value: number) => {
      const bytes = snapshot();
      new DataView(bytes.buffer).setUint32(4 * word, value, true);
      return codeOf(() => indexFromBuffer(bytes, { verify: false }));
    };
    expect(codeOf(() => indexFromBuffer(new Uint8Array(0)))).toBe('bad-magic');
    expect(codeOf(() => indexFromBuffer(new TextEncoder().encode('{"hash":1}'.repeat(20))))).toBe(
      'bad-magic',
    );
    for (const version of [0, 2, 4]) expect(changed(2, version)).toBe('bad-version');
    expect(changed(3, 99)).toBe('bad-header');
    expect(changed(4, 3)).toBe('bad-header');
    expect(changed(5, 128)).toBe('bad-header');
    expect(changed(6, 3)).toBe('bad-header');
    expect(changed(7, 0xffffffff)).toBe('bad-header');
    expect(changed(8, 0)).toBe('bad-length');
    expect(changed(8, 31)).toBe('bad-header');
    expect(changed(9, 61)).toBe('bad-header');
    expect(changed(11, 1)).toBe('bad-header');
    expect(changed(12, 0xffffffff)).toBe('bad-length');
    expect(changed(13, 65)).toBe('bad-header');
  });

  test('no header promises more entries than the file holds', () => {
    const words = new Uint32Array(createIndex(uniformHashes(60, 1)).toBuffer());
    // No ids are stored, so the length of the file does not depend on the entries.
    expect(words[4]! >>> 9).toBe(1);
    words[9] = 0xfffffff0;
    words[11] = 0xfffffff0;
    words[14] = naiveChecksum(words, 14);
    const { buffer } = words;
    expect(codeOf(() => indexFromBuffer(buffer, { verify: false }))).toBe('bad-header');
  });

  test('an offset outside its section is found, and without the check leads nowhere', () => {
    // Several entries have one hash, so that there are groups.
    const copies = { ...list, bytes: Uint8Array.from([...list.bytes, ...list.bytes]) };
    const original = new Uint8Array(indexOf(copies, {}, { kind: 'mih' }).toBuffer());
    const [bits, bands, count, groups, entries, , nextId] = new Uint32Array(original.buffer, 20, 7);
    const ids = 16 + (count! * bits!) / 32;
    const starts = ids + entries!;
    const offsets = starts + groups! + 1;
    const positions = offsets + bands! * 2 ** (bits! / bands!) + 1;
    expect(bits! % bands!).toBe(0);
    expect(groups).toBeGreaterThan(2);
    for (const [word, value] of [
      [ids + 3, nextId],
      [ids + 3, new Uint32Array(original.buffer)[ids + 4]],
      [starts + 1, 0xffffffff],
      [starts + groups!, 0],
      [starts, 1],
      [offsets + 1, 0xffffffff],
      [positions - 1, 0],
      [positions + 5, count],
    ] as [number, number][]) {
      const bytes = original.slice();
      const words = new Uint32Array(bytes.buffer);
      words[word] = value;
      words[14] = naiveChecksum(words, 14);
      expect(codeOf(() => indexFromBuffer(bytes))).toBe('bad-header');
      const hits = indexFromBuffer(bytes, { verify: false }).search(query, 64);
      expect(hits.length).toBeLessThan(entries! * count!);
    }
  });

  test('an unchecked position outside the hashes is no hit', () => {
    const distinct = uniformHashes(300, 2, { algorithm: 'phash', bits: 64 });
    const bytes = new Uint8Array(indexOf(distinct, {}, { kind: 'mih' }).toBuffer());
    const { bands } = snapshotInfo(bytes);
    const positions = 64 + 8 * 300 + 4 + 4 * (bands * 2 ** (64 / bands) + 1);
    expect(64 % bands).toBe(0);
    for (let at = 0; at < 300 * bands; at += 7)
      bytes.fill(0xff, positions + 3 * at, positions + 3 * at + 3);
    expect(codeOf(() => indexFromBuffer(bytes))).toBe('bad-checksum');
    const hits = indexFromBuffer(bytes, { verify: false }).search(query, 64);
    expect(hits.length).toBeGreaterThan(250);
    for (const { id } of hits) expect(id).toBeLessThan(300);
  });

  test('a forged checksum gives an error or an index, and nothing is read outside the buffer', () => {
    const original = snapshot();
    let read = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.oneof(fc.integer({ min: 2, max: 15 }), fc.nat(original.length / 4 - 1)),
            fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 0xffffffff })),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        fc.boolean(),
        (changes, verify) => {
          const bytes = original.slice();
          const words = new Uint32Array(bytes.buffer);
          for (const [word, value] of changes) words[word] = value;
          words[14] = naiveChecksum(words, 14);
          let index: ReturnType<typeof indexFromBuffer>;
          try {
            index = indexFromBuffer(bytes, { verify });
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
            return;
          }
          read++;
          const start = new Uint8Array(index.bits / 8);
          const { algorithm } = index;
          for (const max of [0, 9, 64]) {
            const hits = index.search({ algorithm, bytes: start }, max);
            if (verify) for (const { id } of hits) expect(id).toBeLessThan(words[11]!);
          }
          index.remove(3);
          index.remove({ algorithm, bytes: start });
          if (verify) indexFromBuffer(index.toBuffer());
        },
      ),
      { numRuns: runs(3000) },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('any bytes are an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (tail, ours) => {
        const bytes = new Uint8Array(tail.length + (ours ? 8 : 0));
        bytes.set(tail, ours ? 8 : 0);
        if (ours) bytes.set(snapshot().subarray(0, 8));
        expect(CODES).toContain(codeOf(() => indexFromBuffer(bytes)));
      }),
      { numRuns: runs(1000) },
    );
  });
});
