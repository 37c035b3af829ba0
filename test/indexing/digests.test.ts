import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { DIGESTS, type Digest, type Hash, hashToHex, WIDTHS } from '../../src/hash.js';
import { finish } from '../../src/in-turns.js';
import { segmentSteps } from '../../src/indexing/build-segment.js';
import { newTarget } from '../../src/indexing/compaction.js';
import { createIndex } from '../../src/indexing/create-index.js';
import { areSortedSteps } from '../../src/indexing/digests.js';
import { roomFor, type Segment } from '../../src/indexing/segment.js';
import { attachedSegment, sealed, verifiedSteps } from '../../src/indexing/snapshot.js';
import { packedWords } from '../../src/packed-words.js';
import { runs } from '../seed.js';

/** Few values of each byte, so that many digests are equal, or begin alike. */
const digestsOf = (algorithm: Digest) =>
  fc.array(
    fc
      .array(fc.constantFrom(0, 1, 0x80, 0xff), { minLength: 2, maxLength: 2 })
      .map(([first, last]): Hash => {
        const bytes = new Uint8Array(WIDTHS[algorithm][0] / 8);
        bytes[0] = first!;
        bytes[bytes.length - 1] = last!;
        return { algorithm, bytes };
      }),
    { maxLength: 60 },
  );

function segmentOf(hashes: readonly Hash[], algorithm: Digest): Segment {
  const words = packedWords(hashes, { algorithm, bits: WIDTHS[algorithm][0] });
  const purpose = { kind: undefined, maxDistance: 31, sketchBits: 32 } as const;
  const target = newTarget(words, purpose, words.count, 'auto');
  return finish(segmentSteps(words, target, (shape) => roomFor(shape, 'auto'))).segment;
}

/** The ids of the entries equal to a digest. */
function idsIn(segment: Segment, { bytes }: Hash): number[] {
  const query = new Int32Array(new Uint8Array(bytes).buffer);
  const out = new Uint32Array(2);
  if (segment.search(query, 0, out) === 0) return [];
  const [at, distance] = out;
  expect(distance).toBe(0);
  const ids: number[] = [];
  for (let entry = segment.startOf(at!); entry < segment.startOf(at! + 1); entry++) {
    ids.push(segment.idAt(entry));
  }
  return ids;
}

test.each(DIGESTS)('a segment of %s finds the equal entries, in their order', (algorithm) => {
  const any = digestsOf(algorithm);
  fc.assert(
    fc.property(any, any, (listed, asked) => {
      const segment = segmentOf(listed, algorithm);
      expect(segment.bands).toBe(0);
      expect(finish(areSortedSteps(segment, WIDTHS[algorithm][0] / 32))).toBe(true);
      for (const hash of [...listed, ...asked]) {
        const hex = hashToHex(hash);
        const equal = listed.flatMap((one, id) => (hashToHex(one) === hex ? id : []));
        expect(idsIn(segment, hash)).toEqual(equal);
      }
    }),
    { numRuns: runs(100) },
  );
});

test('finds each of many, and none beside them', () => {
  // The words of a digest are compared without a sign.
  const hashes = Array.from({ length: 5000 }, (_, at): Hash => {
    const bytes = new Uint8Array(32);
    const words = new Uint32Array(bytes.buffer);
    for (let i = 0; i < 8; i++) words[i] = Math.imul(at + 1, 0x9e3779b1 + 2 * i);
    return { algorithm: 'sha256', bytes };
  });
  const segment = segmentOf(hashes, 'sha256');
  expect(segment.simd).toBeUndefined();
  for (const [at, hash] of hashes.entries()) {
    expect(idsIn(segment, hash)).toEqual([at]);
    const beside = { ...hash, bytes: hash.bytes.slice() };
    beside.bytes[31]! ^= 1;
    expect(idsIn(segment, beside)).toEqual([]);
  }
});

test('a file whose digests are out of order is refused', () => {
  const hashes = [3, 1, 2].map((byte): Hash => {
    return { algorithm: 'md5', bytes: new Uint8Array(16).fill(byte) };
  });
  const bytes = new Uint8Array(sealed(segmentOf(hashes, 'md5')));
  finish(verifiedSteps(attachedSegment(bytes.slice())));
  const swapped = attachedSegment(bytes.slice());
  swapped.words.set(swapped.words.slice(4, 8), 0);
  const again = new Uint8Array(sealed(swapped));
  expect(() => finish(verifiedSteps(attachedSegment(again)))).toThrow(
    expect.objectContaining({ code: 'bad-header' }),
  );
});

test('an index takes no digests, and a list finds them by their equals', () => {
  const hash: Hash = { algorithm: 'md5', bytes: new Uint8Array(16).fill(7) };
  expect(() => createIndex([hash])).toThrow(TypeError);
  const list = createBlocklist([{ hash, labels: [] }]);
  expect(list.has(hash)).toBe(true);
  expect(list.kinds).toEqual([{ algorithm: 'md5', bits: 128 }]);
});
