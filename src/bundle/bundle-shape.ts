import { FormatError } from '../errors.js';
import {
  hasBits,
  isAlgorithm,
  isDigest,
  isParts,
  type Perceptual,
  type Resample,
} from '../hash.js';
import { crc32 } from '../kernels/crc32.js';
import { check, hexDigits, listOf, members } from './strict-json.js';

/** One hash of a bundle. */
export interface BundledHash {
  readonly algorithm: Perceptual;
  /** lower-case hex */
  readonly hash: string;
  /** PDQ's size convention, if known; only PDQ has one */
  readonly resample?: Resample;
  /** 0…100, if the algorithm has one */
  readonly quality?: number;
  /** the form of the picture that was hashed: `original`, `stored`, `onWhite` … */
  readonly variant: string;
  /** the picture's own hash, which is in the bundle; absent: this is it */
  readonly group?: string;
  /** the hashes of six of its parts, if the person chose to give them; of PDQ alone */
  readonly parts?: string;
}

/**
 * A hash of an algorithm that this version does not know. It is kept with the others but never
 * matched.
 */
export interface UnknownHash {
  readonly algorithm: string;
  /** lower-case hex, 16 to 128 digits */
  readonly hash: string;
  readonly quality?: number;
  readonly variant: string;
  readonly group?: string;
}

/**
 * The digest of an exact file. It finds exactly that file, and proves to anyone who has the file
 * that the bundle refers to it.
 */
export interface BundledDigest {
  readonly algorithm: 'sha256' | 'md5';
  /** lower-case hex */
  readonly digest: string;
}

/**
 * A bundle that a person makes on their device, reviews and shares: hashes, and nothing that names
 * a person, a file or an hour. The hashes of all pictures are in one shuffled list, which hides
 * their order.
 *
 * A hash of a part or form names its picture's, so that the picture can be withdrawn with all of
 * them. The hashes revealed this before: a list crop's is nearest to that of the same part of its
 * own picture's outline (34 of 35 list crops of nine photos, 94 of 96 of 27), and `onWhite` and
 * `onBlack` are near the hash of their picture.
 */
export interface Bundle {
  readonly format: 'onlyhashes-bundle';
  readonly version: 1;
  /** 32 hex digits that name this bundle; they follow from the withdraw token */
  readonly case: string;
  /** 64 hex digits: the SHA-256 of the proof of `createStateProof` */
  readonly state: string;
  /** the day it was made, YYYY-MM-DD */
  readonly day: string;
  /** none if there are digests alone */
  readonly hashes: readonly BundledHash[];
  /** hashes of unknown algorithms, absent if there are none; the text has all hashes in one list */
  readonly unknown?: readonly UnknownHash[];
  /** absent unless requested */
  readonly digests?: readonly BundledDigest[];
  /** dots that pad the text to a size class: 16 KiB, 32 KiB, 64 KiB … */
  readonly padding: string;
  /** the CRC-32 of all other members, by which `readBundle` notices damage */
  readonly check: string;
}

/**
 * Checks parsed JSON down to the last member and returns it as a new bundle, its hex in lower case.
 * Members outside the schema are rejected, since a name, a date or a picture could hide there.
 * @throws {FormatError} `bad-bundle` or `bad-version`: the message names the member, never its
 *   value
 */
export function bundleOf(value: unknown): Bundle {
  const head = value as { format?: unknown; version?: unknown } | null;
  check(head?.format === 'onlyhashes-bundle', 'format', 'be onlyhashes-bundle');
  if (head!.version !== 1) throw new FormatError('bad-version', 'expected a bundle of version 1');
  const bundle = members(
    value,
    '',
    ['format', 'version', 'case', 'state', 'day', 'hashes', 'padding', 'check'],
    ['digests'],
  );
  const caseId = hexDigits(bundle.case, 'case', 32);
  const state = hexDigits(bundle.state, 'state', 64);
  check(isDay(bundle.day), 'day', 'be a day, YYYY-MM-DD');
  const digests =
    bundle.digests === undefined ? [] : listOf(bundle.digests, 'digests', bundledDigest);
  const isOfDigests = Array.isArray(bundle.hashes) && bundle.hashes.length === 0;
  const all = isOfDigests && digests.length > 0 ? [] : listOf(bundle.hashes, 'hashes', bundledHash);
  checkGroups(all);
  const isKnown = (item: BundledHash | UnknownHash) => isAlgorithm(item.algorithm);
  const hashes = all.filter(isKnown) as BundledHash[];
  const unknown = all.filter((item) => !isKnown(item));
  const { padding } = bundle;
  check(typeof padding === 'string' && /^\.*$/.test(padding), 'padding', 'be only dots');
  return {
    format: 'onlyhashes-bundle',
    version: 1,
    case: caseId,
    state,
    day: bundle.day as string,
    hashes,
    ...(unknown.length === 0 ? {} : { unknown }),
    ...(digests.length === 0 ? {} : { digests }),
    padding: padding as string,
    check: hexDigits(bundle.check, 'check', 8),
  };
}

/**
 * The check of a bundle: the CRC-32, as 8 hex digits, of its members but `check` as JSON without
 * white space, in their order.
 * @param bundle as it is written or was parsed
 */
export function checkOf(bundle: object): string {
  const { check: _, ...others } = bundle as Partial<Bundle>;
  const sum = crc32(new TextEncoder().encode(JSON.stringify(others)));
  return sum.toString(16).padStart(8, '0');
}

/** Rejects a group that is no picture of the bundle: it could hide something else. */
function checkGroups(hashes: readonly (BundledHash | UnknownHash)[]): void {
  const keyOf = (algorithm: string, hash: string) => `${algorithm}:${hash}`;
  const whole = hashes.filter(({ group }) => group === undefined);
  const pictures = new Set(whole.map(({ algorithm, hash }) => keyOf(algorithm, hash)));
  for (const [at, { algorithm, group }] of hashes.entries()) {
    const isThere = group === undefined || pictures.has(keyOf(algorithm, group));
    check(isThere, `hashes[${at}].group`, 'be a hash of the bundle without a group');
  }
}

/** One hash of a bundle, as a new object. @throws {FormatError} as `bundleOf` */
function bundledHash(value: unknown, where: string): BundledHash | UnknownHash {
  const optional = ['resample', 'quality', 'group', 'parts'];
  const item = members(value, where, ['algorithm', 'hash', 'variant'], optional);
  const { algorithm, resample, quality, variant } = item;
  check(
    typeof algorithm === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(algorithm),
    `${where}.algorithm`,
    "be an algorithm's name",
  );
  const hash = hexDigits(item.hash, `${where}.hash`);
  const isOfFile = isAlgorithm(algorithm) && isDigest(algorithm);
  check(!isOfFile, `${where}.algorithm`, 'be of pictures: digests belong in `digests`');
  check(
    isAlgorithm(algorithm)
      ? hasBits(algorithm, hash.length * 4)
      : hash.length >= 16 && hash.length <= 128,
    `${where}.hash`,
    'have the digits of its algorithm, or 16 to 128',
  );
  check(
    resample === undefined || (algorithm === 'pdq' && (resample === 512 || resample === 'none')),
    `${where}.resample`,
    "be 512 or 'none' for pdq, or absent",
  );
  check(
    quality === undefined ||
      (Number.isInteger(quality) && (quality as number) >= 0 && (quality as number) <= 100),
    `${where}.quality`,
    'be a whole number from 0 to 100',
  );
  check(
    typeof variant === 'string' && /^[a-z][A-Za-z0-9]{0,31}$/.test(variant),
    `${where}.variant`,
    "be a variant's name",
  );
  const group = item.group === undefined ? {} : { group: hexDigits(item.group, `${where}.group`) };
  const parts = item.parts === undefined ? {} : { parts: hexDigits(item.parts, `${where}.parts`) };
  check(
    parts.parts === undefined || (algorithm === 'pdq' && isParts(parts.parts)),
    `${where}.parts`,
    'be the hashes of six parts by pdq, or absent',
  );
  return { ...item, hash, ...group, ...parts } as BundledHash | UnknownHash;
}

/** One digest of a bundle, as a new object. @throws {FormatError} as `bundleOf` */
export function bundledDigest(value: unknown, where: string): BundledDigest {
  const { algorithm, digest } = members(value, where, ['algorithm', 'digest'], []);
  check(algorithm === 'sha256' || algorithm === 'md5', `${where}.algorithm`, 'be sha256 or md5');
  return {
    algorithm: algorithm as BundledDigest['algorithm'],
    digest: hexDigits(digest, `${where}.digest`, algorithm === 'md5' ? 32 : 64),
  };
}

/** True if `day` is a calendar day, written YYYY-MM-DD. */
export function isDay(day: unknown): day is string {
  if (typeof day !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(day)) return false;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
