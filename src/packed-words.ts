import { checkArray, checkInteger, checkObject } from './door.js';
import {
  type Algorithm,
  type Bits,
  bitsOf,
  checkKind,
  type Hash,
  type PackedHashes,
} from './hash.js';

/** The type of a hash, and of an index, a list or a query. */
export interface HashType {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
}

/** The name of a type. */
export const kindOf = (algorithm: Algorithm, bits: Bits): string => `${algorithm}-${bits}`;

export const typeOf = (hash: Hash): HashType => ({ algorithm: hash.algorithm, bits: bitsOf(hash) });

/** Hashes of one type as 32-bit words in the byte order of this machine, `bits / 32` a hash. */
export interface PackedWords extends HashType {
  readonly count: number;
  readonly words: Int32Array;
}

/**
 * A copy of `hashes` as words. Without hashes, `expected` states their type.
 * @throws {TypeError} if `hashes` is not a list of hashes, a hash is of another algorithm than the
 *   first, or there is none and no algorithm is given
 * @throws {RangeError} if a hash is of another width than the first, or packed bytes are no whole
 *   number of hashes
 */
export function packedWords(
  hashes: Iterable<Hash> | PackedHashes,
  expected: Partial<HashType> = {},
): PackedWords {
  let { algorithm, bits } = expected;
  // If one is absent: an algorithm that has both widths, and a width that all have.
  checkKind(algorithm === undefined ? 'phash' : algorithm, bits === undefined ? 256 : bits);
  let copy = new Uint8Array(0);
  let length = 0;
  checkObject(hashes, 'hashes');
  const packed = !(Symbol.iterator in hashes);
  for (const hash of packed ? [hashes] : hashes) {
    const stated = (hash as PackedHashes)?.bits;
    const type = { algorithm: hash?.algorithm, bits: packed ? stated : bitsOf(hash) };
    checkKind(type.algorithm, type.bits);
    if (stated !== undefined && stated !== type.bits) {
      throw new RangeError('expected bits that fit the bytes');
    }
    checkSame(type, { algorithm, bits });
    ({ algorithm, bits } = type);
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
 * Writes the bytes of a hash to `out`.
 * @throws {TypeError} if it is of another algorithm
 * @throws {RangeError} if it is of another width
 */
export function copyHash(hash: Hash, type: HashType, out: Uint8Array): void {
  checkSame({ algorithm: hash?.algorithm, bits: bitsOf(hash) }, type);
  out.set(hash.bytes);
}

/** @throws {TypeError | RangeError} if `maxDistance` is not an integer from 0 to `bits` */
export function checkMaxDistance(maxDistance: number, bits: Bits): void {
  checkInteger('maxDistance', maxDistance, 0, bits);
}

/** A copy with room for `length` elements. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array>(
  array: T,
  length: number,
): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}

function checkSame(
  { algorithm, bits }: HashType,
  expected: { algorithm: Algorithm | undefined; bits: Bits | undefined },
): void {
  if (algorithm !== (expected.algorithm ?? algorithm)) {
    throw new TypeError(`expected a hash of ${expected.algorithm}`);
  }
  if (bits !== (expected.bits ?? bits)) {
    throw new RangeError(`expected ${expected.bits} bits`);
  }
}
