import {
  type Algorithm,
  type Bits,
  bitsOf,
  type Hash,
  hasBits,
  isAlgorithm,
  type PackedHashes,
} from '../hash.js';

/** Hashes of one kind as 32-bit words in the byte order of this machine, `bits / 32` a hash. */
export interface PackedWords {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
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
  expected: { algorithm?: Algorithm; bits?: Bits } = {},
): PackedWords {
  if (!(Symbol.iterator in hashes)) {
    const { algorithm, bits, bytes } = hashes;
    checkKind({ algorithm, bits }, expected);
    const count = bytes.length / (bits / 8);
    if (!Number.isInteger(count)) {
      throw new RangeError(`expected whole hashes of ${bits / 8} bytes, got ${bytes.length} bytes`);
    }
    const copy = new Uint8Array(bytes.length);
    copy.set(bytes);
    return { algorithm, bits, count, words: new Int32Array(copy.buffer) };
  }
  let { algorithm, bits } = expected;
  let bytes = new Uint8Array(0);
  let length = 0;
  for (const hash of hashes) {
    const kind = { algorithm: hash.algorithm, bits: bitsOf(hash) };
    checkKind(kind, { ...(algorithm && { algorithm }), ...(bits && { bits }) });
    ({ algorithm, bits } = kind);
    if (length + hash.bytes.length > bytes.length) {
      const grown = new Uint8Array(Math.max(1024, 2 * bytes.length));
      grown.set(bytes);
      bytes = grown;
    }
    bytes.set(hash.bytes, length);
    length += hash.bytes.length;
  }
  if (algorithm === undefined) {
    throw new TypeError('expected options.algorithm, as there are no hashes to tell it');
  }
  bits ??= hasBits(algorithm, 64) ? undefined : 256;
  if (bits === undefined) {
    throw new TypeError('expected options.bits, as there are no hashes to tell it');
  }
  checkKind({ algorithm, bits }, {});
  return {
    algorithm,
    bits,
    count: (length * 8) / bits,
    words: new Int32Array(bytes.buffer.slice(0, length)),
  };
}

/**
 * The words of one query, written to `out`.
 * @throws {TypeError} if it is of another algorithm
 * @throws {RangeError} if it is of another width
 */
export function queryWords(
  query: Hash,
  { algorithm, bits }: { algorithm: Algorithm; bits: Bits },
  out: Int32Array,
): void {
  checkKind({ algorithm: query?.algorithm, bits: bitsOf(query) }, { algorithm, bits });
  new Uint8Array(out.buffer, out.byteOffset, bits / 8).set(query.bytes);
}

/** @throws {RangeError} if `maxDistance` is no integer from 0 to `bits` */
export function checkMaxDistance(maxDistance: number, bits: Bits): void {
  if (!Number.isInteger(maxDistance) || maxDistance < 0 || maxDistance > bits) {
    throw new RangeError(`expected maxDistance to be an integer 0 to ${bits}, got ${maxDistance}`);
  }
}

function checkKind(
  { algorithm, bits }: { algorithm: Algorithm; bits: Bits },
  expected: { algorithm?: Algorithm; bits?: Bits },
): void {
  if (!isAlgorithm(algorithm)) throw new TypeError('expected a known algorithm');
  if (!hasBits(algorithm, bits)) throw new RangeError(`expected bits of ${algorithm}, got ${bits}`);
  if (expected.algorithm !== undefined && algorithm !== expected.algorithm) {
    throw new TypeError(`expected a hash of ${expected.algorithm}, got ${algorithm}`);
  }
  if (expected.bits !== undefined && bits !== expected.bits) {
    throw new RangeError(`expected ${expected.bits} bits, got ${bits}`);
  }
}
