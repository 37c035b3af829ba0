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
 * @throws {TypeError} if a hash is of another algorithm than the first, or there is none and no algorithm is told
 * @throws {RangeError} if a hash is of another width than the first, or packed bytes are no whole number of hashes
 */
export function packedWords(
  hashes: Iterable<Hash> | PackedHashes,
  expected: Partial<Kind> = {},
): PackedWords {
  let { algorithm, bits } = expected;
  let copy = new Uint8Array(0);
  let length = 0;
  const list: Iterable<Hash | PackedHashes> = Symbol.iterator in hashes ? hashes : [hashes];
  for (const hash of list) {
    const kind = { algorithm: hash.algorithm, bits: 'bits' in hash ? hash.bits : bitsOf(hash) };
    checkSame(kind, { algorithm, bits });
    ({ algorithm, bits } = kind);
    const { bytes } = hash;
    if (length + bytes.length > copy.length) {
      copy = grown(copy, Math.max(length + bytes.length, 2 * length));
    }
    copy.set(bytes, length);
    length += bytes.length;
  }
  if (algorithm === 'pdq') bits ??= 256;
  if (algorithm === undefined || bits === undefined) {
    throw new TypeError('expected options.algorithm and bits, as no hash tells them');
  }
  checkKind(algorithm, bits);
  const count = (length * 8) / bits;
  if (!Number.isInteger(count)) {
    throw new RangeError(`expected whole hashes of ${bits / 8} bytes, got ${length} bytes`);
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

/** @throws {RangeError} if `maxDistance` is no integer from 0 to `bits` */
export function checkMaxDistance(maxDistance: number, bits: Bits): void {
  if (!Number.isInteger(maxDistance) || maxDistance < 0 || maxDistance > bits) {
    throw new RangeError(`expected maxDistance to be an integer 0 to ${bits}, got ${maxDistance}`);
  }
}

function checkSame(
  { algorithm, bits }: Kind,
  expected: { algorithm: Kind['algorithm'] | undefined; bits: Bits | undefined },
): void {
  if (algorithm !== (expected.algorithm ?? algorithm)) {
    throw new TypeError(`expected a hash of ${expected.algorithm}, got ${algorithm}`);
  }
  if (bits !== (expected.bits ?? bits)) {
    throw new RangeError(`expected ${expected.bits} bits, got ${bits}`);
  }
}
