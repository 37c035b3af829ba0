/*
 * A hash is an algorithm and 8 to 32 bytes. `bytes[0]` holds the first two hex digits. Hex is for
 * files and JSON. Perceptual hashes of pictures are compared by the number of bits that differ.
 * Digests of whole files are equal or not.
 */

import { checkOptions, wrongKind, wrongRange } from './door.js';

/** The algorithms of pictures. */
export const PERCEPTUAL = ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'] as const;

/** The algorithms of whole files. */
export const DIGESTS = ['md5', 'sha1', 'sha256'] as const;

/** The algorithms that this library knows. An index file numbers them in this order. */
export const ALGORITHMS = [...PERCEPTUAL, ...DIGESTS] as const;

/** A perceptual hash algorithm. */
export type Perceptual = (typeof PERCEPTUAL)[number];

/** A digest algorithm: its hash finds that very file, byte for byte. */
export type Digest = (typeof DIGESTS)[number];

/** A hash algorithm. */
export type Algorithm = Perceptual | Digest;

/** The width of a hash, in bits. */
export type Bits = 64 | 128 | 160 | 256;

/** The widths of each algorithm's hash, the default one first. */
export const WIDTHS: Readonly<Record<Algorithm, readonly [Bits, ...Bits[]]>> = {
  pdq: [256],
  blockhash: [256, 64],
  phash: [64, 256],
  dhash: [64, 256],
  ahash: [64, 256],
  md5: [128],
  sha1: [160],
  sha256: [256],
};

/**
 * PDQ's two size conventions: scale down to 512 x 512 by nearest neighbour if a side is longer, or
 * do not resample.
 */
export type Resample = 512 | 'none';

/**
 * The way a picture file is decoded: in full, or, if it is large, at a fraction of its size, for
 * matching alone.
 */
export type Decoding = 'full' | 'draft';

/** Bytes of the PDQ hashes of six parts of a picture. One more, 1, marks a page or the like. */
export const PARTS_BYTES = 192;

/** True for the hex of the hashes of a picture's parts. */
export const isParts = (text: string): boolean => /^[\da-f]{384}(?:01)?$/.test(text);

/** True for their bytes. */
export const arePartBytes = ({ length, [PARTS_BYTES]: mark }: Uint8Array): boolean =>
  length === PARTS_BYTES || (length === PARTS_BYTES + 1 && mark === 1);

/** @throws {TypeError | RangeError} unless `parts` is the hex of the hashes of a picture's parts */
export function checkParts(parts: string, { algorithm }: Pick<Hash, 'algorithm'>): void {
  if (typeof parts !== 'string') wrongKind('parts to be a string');
  if (algorithm !== 'pdq') wrongRange('parts of PDQ hashes only');
  if (!isParts(parts))
    wrongRange('parts to be 384 lower-case hex digits, and 01 after those of a page');
}

/** A hash. `bytes[0]` holds the first two hex digits; 8, 16, 20 or 32 bytes in all. */
export interface Hash {
  readonly algorithm: Algorithm;
  readonly bytes: Uint8Array;
  /**
   * the picture was decoded in part, for matching alone: the bits differ by a few from those of the
   * full picture. No list, bundle or store accepts it. Copies and JSON keep the mark; hex cannot
   */
  readonly decoding?: 'draft';
}

/**
 * A hash of these bytes, which it keeps. `JSON.stringify` writes it as `hashToJSON` does. A hash
 * that was cloned (`structuredClone`, `postMessage`), spread or written as a literal is a `Hash`
 * too, but without this method.
 */
export function newHash(algorithm: Algorithm, bytes: Uint8Array, decoding?: Decoding): Hash {
  return new SelfWritingHash(algorithm, bytes, decoding);
}

class SelfWritingHash implements Hash {
  declare readonly algorithm: Algorithm;
  declare readonly bytes: Uint8Array;
  declare readonly decoding?: 'draft';

  constructor(algorithm: Algorithm, bytes: Uint8Array, decoding?: Decoding) {
    this.algorithm = algorithm;
    this.bytes = bytes;
    if (decoding === 'draft') this.decoding = decoding;
  }

  toJSON(): HashJSON {
    // With its further members: the mark of a draft, the reason of a withdrawal.
    const { algorithm, bytes, ...beside } = this as Hash;
    return { algorithm, hash: hexOf(bytes), ...beside };
  }
}

/**
 * Hashes of one algorithm and width end to end: `n` of them take `n * bits / 8` bytes. A million
 * hashes need no million objects.
 */
export interface PackedHashes {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly bytes: Uint8Array;
}

/** A hash as JSON. A PDQ hash names its size convention, if known; a draft is marked. */
export interface HashJSON {
  algorithm: Algorithm;
  hash: string;
  resample?: Resample;
  decoding?: 'draft';
}

/** True if `name` is a known algorithm. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return ALGORITHMS.includes(name as Algorithm);
}

/** True if hashes of this algorithm are digests of files, which are equal or not. */
export const isDigest = (algorithm: Algorithm): algorithm is Digest =>
  DIGESTS.includes(algorithm as Digest);

/** True if `algorithm` has hashes of `bits` bits. */
export function hasBits(algorithm: Algorithm, bits: number): bits is Bits {
  return WIDTHS[algorithm].includes(bits as Bits);
}

/** The widths of an algorithm, in words. */
const widthsOf = (algorithm: Algorithm, digitBits = 1) =>
  WIDTHS[algorithm]
    .map((bits) => bits / digitBits)
    .sort((a, b) => a - b)
    .join(' or ');

/**
 * Checks that `algorithm` has hashes of `bits` bits.
 * @throws {TypeError} if the algorithm is unknown
 * @throws {RangeError} if it has no hashes of that width
 */
export function checkKind(algorithm: Algorithm, bits: number): asserts bits is Bits {
  if (!isAlgorithm(algorithm)) wrongKind('a known algorithm');
  if (!hasBits(algorithm, bits)) wrongRange(`${widthsOf(algorithm)} bits for ${algorithm}`);
}

/** @throws {RangeError} if `value` is neither 512 nor 'none' */
export function checkResample(name: string, value: unknown): asserts value is Resample {
  if (value !== 512 && value !== 'none') wrongRange(`${name} 512 or 'none'`);
}

/** @throws {RangeError} unless `decoding` is 'full', 'draft' or absent */
export function checkDecoding(decoding: unknown): asserts decoding is Decoding | undefined {
  if (decoding !== undefined && decoding !== 'full' && decoding !== 'draft') {
    wrongRange("decoding 'full' or 'draft'");
  }
}

/**
 * The width of `hash`, in bits.
 * @throws {TypeError} if it is not a hash of a known algorithm
 * @throws {RangeError} if its algorithm has no hashes of its length
 */
export function bitsOf(hash: Hash): Bits {
  if (!(hash?.bytes instanceof Uint8Array)) {
    wrongKind('a hash: { algorithm, bytes }');
  }
  const bits = hash.bytes.length * 8;
  checkKind(hash.algorithm, bits);
  return bits;
}

/**
 * The lower-case hex of a hash, 16 to 64 digits. It does not mark a draft.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export function hashToHex(hash: Hash): string {
  bitsOf(hash);
  return hexOf(hash.bytes);
}

/** The hex digits of each byte. */
const HEX = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) =>
  (byte + 256).toString(16).slice(1),
);

/** The lower-case hex of bytes, two digits a byte. */
export function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes[i]!]!;
  return hex;
}

/**
 * Parses a hash from hex digits of either case.
 * @param hex as many digits as the algorithm has, without a prefix
 * @throws {TypeError} if `algorithm` is unknown
 * @throws {RangeError} if `hex` does not have the hex digits of a hash of `algorithm`
 */
export function hashFromHex(algorithm: Algorithm, hex: string): Hash {
  if (!isAlgorithm(algorithm)) wrongKind('a known algorithm');
  const hash = hashFrom(algorithm, hex);
  if (hash) return hash;
  wrongRange(`${widthsOf(algorithm, 4)} hex digits of ${algorithm}`);
}

/** The hash that `hex` encodes, if it has as many digits as a hash of `algorithm`. */
export function hashFrom(algorithm: Algorithm, hex: unknown): Hash | undefined {
  if (typeof hex !== 'string' || !hasBits(algorithm, hex.length * 4)) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  return hexInto(hex, 0, hex.length, bytes, 0) ? newHash(algorithm, bytes) : undefined;
}

/** The bytes of a hex string, two digits a byte. The caller has checked the digits. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  hexInto(hex, 0, hex.length, bytes, 0);
  return bytes;
}

/**
 * Decodes `length` hex digits of `text`, from `at` on and in either case, into `out`.
 * @returns true if all of them are hex digits; otherwise `out` holds part of the bytes
 */
export function hexInto(
  text: string,
  at: number,
  length: number,
  out: Uint8Array,
  outAt: number,
): boolean {
  for (let i = 0; i < length; i += 2) {
    const high = digit(text.charCodeAt(at + i));
    const low = digit(text.charCodeAt(at + i + 1));
    if ((high | low) < 0) return false;
    out[outAt + (i >> 1)] = (high << 4) | low;
  }
  return true;
}

function digit(code: number): number {
  // beyond the end it is NaN: not a digit either
  if (code >= 48 && code <= 57) return code - 48;
  // 32 is the bit that differs between the two cases of a letter
  const letter = (code | 32) - 87;
  return letter > 9 && letter < 16 ? letter : -1;
}

/**
 * Converts a hash to a plain object for JSON. A draft is marked.
 * @param options as `hash` returns them, each omitted if absent: `resample`, the size convention of
 *   a PDQ hash, and `decoding`, `draft` for a picture that was decoded in part
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const { hash, resample } = pdq(imageData);
 * hashToJSON(hash, { resample });
 */
export function hashToJSON(
  hash: Hash,
  options: { resample?: Resample | undefined; decoding?: Decoding | undefined } = {},
): HashJSON {
  checkOptions(options);
  const { resample, decoding } = options;
  if (resample !== undefined) checkResample('resample', resample);
  checkDecoding(decoding);
  const hex = hashToHex(hash);
  const json: HashJSON = { algorithm: hash.algorithm, hash: hex };
  if (hash.algorithm === 'pdq' && resample !== undefined) json.resample = resample;
  if (decoding === 'draft' || hash.decoding === 'draft') json.decoding = 'draft';
  return json;
}

/**
 * Reads a hash that `hashToJSON` wrote, with the mark of a draft. The size convention stays in the
 * JSON, since hashes of both conventions are comparable.
 * @throws {TypeError} if the algorithm is unknown
 * @throws {RangeError} if it does not have the hex digits of a hash, or `decoding` is unknown
 */
export function hashFromJSON(json: HashJSON): Hash {
  const { algorithm, bytes } = hashFromHex(json?.algorithm, json?.hash);
  checkDecoding(json.decoding);
  return newHash(algorithm, bytes, json.decoding);
}

/**
 * The Hamming distance of two perceptual hashes of one algorithm and width, in bits: 0…64 or 0…256.
 * @throws {TypeError} if an argument is not a hash, or they are of different algorithms, or they
 *   are digests, which are equal or not
 * @throws {RangeError} if they are of different widths
 */
export function distance(a: Hash, b: Hash): number {
  const bits = differingBits(a, b);
  if (isDigest(a.algorithm)) wrongKind('hashes of pictures: digests are equal or not');
  return bits;
}

/** As `distance`, also of digests: 0 if they are equal, and otherwise of no meaning. */
export function differingBits(a: Hash, b: Hash): number {
  const bits = bitsOf(a);
  const others = bitsOf(b);
  if (a.algorithm !== b.algorithm) wrongKind('two hashes of one algorithm');
  if (others !== bits) wrongRange(`${bits} bits, got ${others}`);
  let sum = 0;
  for (let i = 0; i < a.bytes.length; i++) {
    let x = a.bytes[i]! ^ b.bytes[i]!;
    x -= (x >> 1) & 0x55;
    x = (x & 0x33) + ((x >> 2) & 0x33);
    sum += (x + (x >> 4)) & 0x0f;
  }
  return sum;
}

/**
 * A hash as a key of a `Map`.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export const keyOfHash = (hash: Hash): string => {
  const hex = hashToHex(hash);
  return `${hash.algorithm} ${hex}`;
};

/**
 * A copy with its own `toJSON`, and the mark of a draft.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export function copyOfHash(hash: Hash): Hash {
  bitsOf(hash);
  // A Buffer's `slice` would share its memory.
  return newHash(hash.algorithm, new Uint8Array(hash.bytes), hash.decoding);
}

/**
 * True if a hash carries too little information to be matched. Pictures of one colour, of stripes
 * or of a lone edge give such hashes, so an entry with one would match all of these pictures and is
 * rejected. A hash is degenerate if fewer than an eighth of its bits are set or fewer than an
 * eighth are unset (PDQ: under 32 or over 224 ones of 256), or, for PDQ, if it has at most 4
 * distinct 16-bit words. Of 542 photographs none is degenerate by phash, dhash, ahash or blockhash,
 * at either width. A digest never is.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export function isDegenerate(hash: Hash): boolean {
  bitsOf(hash);
  const { algorithm, bytes } = hash;
  if (isDigest(algorithm)) return false;
  let ones = 0;
  for (let i = 0; i < bytes.length; i++) {
    let x = bytes[i]!;
    x -= (x >> 1) & 0x55;
    x = (x & 0x33) + ((x >> 2) & 0x33);
    ones += (x + (x >> 4)) & 0x0f;
  }
  // An eighth of the bits equals the number of bytes.
  if (ones < bytes.length || ones > 7 * bytes.length) return true;
  if (algorithm !== 'pdq') return false;
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    const word = (bytes[i]! << 8) | bytes[i + 1]!;
    if (words.includes(word)) continue;
    if (words.length === 4) return false;
    words.push(word);
  }
  return true;
}
