import { checkArray, checkInteger, checkObject } from '../door.js';
import { type Bits, bitsOf, checkKind, type Hash, type PackedHashes } from '../hash.js';
import type { Kind } from './entry-store.js';
import { grown } from './grown.js';

/** Hashes of one kind as 32-bit words in the byte order of this machine, `bits / 32` a hash. */
export interface PackedWords extends Kind {
  readonly count: number;
  readonly words: Int32Array;
}

/**
 * A copy of `hashes` as words. Algorithm and width are those of the hashes, or as told where there are none.
 * @throws {TypeError} if `hashes` or one of them is none, a hash is of another algorithm than the first, or there is none
 *   and no algorithm is told
 * @throws {RangeError} if a hash is of another width than the first, or packed bytes are no whole number of hashes
 */
export function packedWords(
  hashes: Iterable<Hash> | PackedHashes,
  expected: Partial<Kind> = {},
): PackedWords {
  let { algorithm, bits } = expected;
  // Where one of them is absent: an algorithm of both widths, a width that all have.
  checkKind(algorithm === undefined ? 'phash' : algorithm, bits === undefined ? 256 : bits);
  let copy = new Uint8Array(0);
  let length = 0;
  checkObject(hashes, 'hashes');
  const packed = !(Symbol.iterator in hashes);
  for (const hash of packed ? [hashes] : hashes) {
    const told = (hash as PackedHashes)?.bits;
    const kind = { algorithm: hash?.algorithm, bits: packed ? told : bitsOf(hash) };
    checkKind(kind.algorithm, kind.bits);
    if (told !== undefined && told !== kind.bits) {
      throw new RangeError('expected bits that fit the bytes');
    }
    checkSame(kind, { algorithm, bits });
    ({ algorithm, bits } = kind);
    const { bytes } = hash;
    checkArray('bytes', bytes, Uint8Array);
    if (length + bytes.length > copy.length) {
      copy = grown(copy, Math.max(length + bytes.length, 2 * length));
    }
    copy.set(bytes, length);
    length += bytes.length;
  }
  if (algorithm === 'pdq') bits ??= 256;
  if (algorithm === undefined || bits === undefined) {
    throw new TypeError('expected hashes, or their algorithm and bits');
  }
  const count = (length * 8) / bits;
  if (!Number.isInteger(count)) {
    throw new RangeError(`expected whole hashes of ${bits} bits`);
  }
  return { algorithm, bits, count, words: new Int32Array(copy.buffer, 0, length / 4) };
}

/**
 * The words of one query, written to `out`.
 * @throws {TypeError} if it is of another algorithm
 * @throws {RangeError} if it is of another width
 */
export function queryWords(query: Hash, kind: Kind, out: Int32Array): void {
  checkSame({ algorithm: query?.algorithm, bits: bitsOf(query) }, kind);
  new Uint8Array(out.buffer).set(query.bytes);
}

/** @throws {TypeError | RangeError} if `maxDistance` is no integer from 0 to `bits` */
export function checkMaxDistance(maxDistance: number, bits: Bits): void {
  checkInteger('maxDistance', maxDistance, 0, bits);
}

function checkSame(
  { algorithm, bits }: Kind,
  expected: { algorithm: Kind['algorithm'] | undefined; bits: Bits | undefined },
): void {
  if (algorithm !== (expected.algorithm ?? algorithm)) {
    throw new TypeError(`expected a hash of ${expected.algorithm}`);
  }
  if (bits !== (expected.bits ?? bits)) {
    throw new RangeError(`expected ${expected.bits} bits`);
  }
}
