import { checkOptions } from './door.js';

/** The perceptual hashes that this library knows. An index file numbers them in this order. */
export const ALGORITHMS = ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'] as const;

/** One of the perceptual hashes this library knows. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** Bits of a whole hash. */
export type Bits = 64 | 256;

/** Bits that each algorithm's hash has where the caller does not say. */
export const DEFAULT_BITS: Readonly<Record<Algorithm, Bits>> = {
  pdq: 256,
  blockhash: 256,
  phash: 64,
  dhash: 64,
  ahash: 64,
};

/** PDQ's two size conventions: nearest-neighbour to 512 x 512 where a side is longer, or no resampling. */
export type Resample = 512 | 'none';

/** A perceptual hash. `bytes[0]` holds the first two hex digits; 8 or 32 bytes in all. */
export interface Hash {
  readonly algorithm: Algorithm;
  readonly bytes: Uint8Array;
}

/** `n` hashes of one kind end to end, `n * bits / 8` bytes: a million need no million objects. */
export interface PackedHashes {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly bytes: Uint8Array;
}

/** A hash as JSON. A PDQ hash names its size convention where that is known. */
export interface HashJSON {
  algorithm: Algorithm;
  hash: string;
  resample?: Resample;
}

/** Whether `name` is an algorithm this library knows. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return ALGORITHMS.includes(name as Algorithm);
}

/** Whether `algorithm` has hashes of `bits` bits: PDQ of 256, the others of 64 too. */
export function hasBits(algorithm: Algorithm, bits: number): bits is Bits {
  return bits === 256 || (bits === 64 && algorithm !== 'pdq');
}

/**
 * Throws unless `algorithm` has hashes of `bits` bits.
 * @throws {TypeError} if it is no known algorithm
 * @throws {RangeError} if it has no hashes of that width
 */
export function checkKind(algorithm: Algorithm, bits: number): asserts bits is Bits {
  if (!isAlgorithm(algorithm)) throw new TypeError('expected a known algorithm');
  if (!hasBits(algorithm, bits)) {
    throw new RangeError(`expected as many bits as ${algorithm} has`);
  }
}

/** @throws {RangeError} if `resample` is neither 512 nor 'none' */
export function checkResample(resample: unknown): asserts resample is Resample {
  if (resample !== 512 && resample !== 'none') {
    throw new RangeError("expected resample 512 or 'none'");
  }
}

/**
 * Bits of `hash`.
 * @throws {TypeError} if it is no hash of a known algorithm
 * @throws {RangeError} if its length is none of its algorithm's
 */
export function bitsOf(hash: Hash): Bits {
  if (!(hash?.bytes instanceof Uint8Array)) {
    throw new TypeError('expected a hash: { algorithm, bytes }');
  }
  const bits = hash.bytes.length * 8;
  checkKind(hash.algorithm, bits);
  return bits;
}

/**
 * Lower-case hex of a hash, 16 or 64 digits.
 * @throws {TypeError | RangeError} if it is no hash
 */
export function hashToHex(hash: Hash): string {
  bitsOf(hash);
  return hexOf(hash.bytes);
}

/** Two lower-case hex digits a byte. */
export function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += (bytes[i]! + 256).toString(16).slice(1);
  return hex;
}

/**
 * The hash that `hex` writes, in either case of letters.
 * @throws {TypeError} if `algorithm` is not one of ours
 * @throws {RangeError} if `hex` is not 16 or 64 hex digits, whichever the algorithm has
 */
export function hashFromHex(algorithm: Algorithm, hex: string): Hash {
  if (!isAlgorithm(algorithm)) throw new TypeError('expected a known algorithm');
  if (typeof hex !== 'string' || !hasBits(algorithm, hex.length * 4) || !/^[0-9a-f]+$/i.test(hex)) {
    const digits = algorithm === 'pdq' ? '64' : '16 or 64';
    throw new RangeError(`expected ${digits} hex digits of ${algorithm}`);
  }
  return { algorithm, bytes: bytesOf(hex) };
}

/** The bytes that hex digits write, two a byte; checked by the caller. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/**
 * A hash as a plain object for JSON.
 * @param options `resample`: the size convention that a PDQ hash was made in, as `pdq` gives it; left out if absent
 * @example
 * const { hash, resample } = pdq(imageData);
 * hashToJSON(hash, { resample });
 */
export function hashToJSON(
  hash: Hash,
  options: { resample?: Resample | undefined } = {},
): HashJSON {
  checkOptions(options);
  const { resample } = options;
  if (resample !== undefined) checkResample(resample);
  const hex = hashToHex(hash);
  const json: HashJSON = { algorithm: hash.algorithm, hash: hex };
  if (hash.algorithm === 'pdq' && resample !== undefined) json.resample = resample;
  return json;
}

/**
 * The hash that `hashToJSON` wrote. The size convention stays in the JSON: hashes of both compare.
 * @throws {TypeError} if the algorithm is not one of ours
 * @throws {RangeError} if the hex digits are not those of a hash
 */
export function hashFromJSON(json: HashJSON): Hash {
  return hashFromHex(json?.algorithm, json?.hash);
}

/**
 * Hamming distance of two hashes of one algorithm and length, in bits: 0…64 or 0…256.
 * @throws {TypeError} if one is no hash, or they are of different algorithms
 * @throws {RangeError} if they are of different lengths
 */
export function distance(a: Hash, b: Hash): number {
  const bits = bitsOf(a);
  const others = bitsOf(b);
  if (a.algorithm !== b.algorithm) throw new TypeError('expected two hashes of one algorithm');
  if (others !== bits) throw new RangeError(`expected ${bits} bits, got ${others}`);
  let sum = 0;
  for (let i = 0; i < a.bytes.length; i++) {
    let x = a.bytes[i]! ^ b.bytes[i]!;
    x -= (x >> 1) & 0x55;
    x = (x & 0x33) + ((x >> 2) & 0x33);
    sum += (x + (x >> 4)) & 0x0f;
  }
  return sum;
}
