import { FormatError } from '../errors.js';
import { type Algorithm, hasBits, isAlgorithm } from '../hash.js';
import { type Bundle, type BundledDigest, type BundledHash, isDay } from './bundle.js';
import { check, listOf, members, parsed, type TextLimits, textOf } from './strict-json.js';

/**
 * The bundle that `text` writes, in any spelling of JSON, checked to the last member: what it does not name in its
 * schema it must not hold, since a name or a date could hide there.
 * @throws {FormatError} `bad-bundle` (no bundle, or a member missing, unknown or malformed: the message names the member,
 *   never its value), `bad-version`, or `bad-length` where it has more than `maxBytes`
 */
export function readBundle(input: string | Uint8Array, limits: TextLimits = {}): Bundle {
  const value = parsed(textOf(input, limits));
  const head = value as { format?: unknown; version?: unknown } | null;
  check(head?.format === 'onlyhashes-bundle', 'format', 'be onlyhashes-bundle');
  if (head!.version !== 1) throw new FormatError('bad-version', 'expected a bundle of version 1');
  const bundle = members(
    value,
    '',
    ['format', 'version', 'case', 'day', 'withdraw', 'hashes', 'padding'],
    ['digests'],
  );
  const caseId = hex(bundle.case, 32, 'case');
  const withdraw = hex(bundle.withdraw, 64, 'withdraw');
  check(isDay(bundle.day), 'day', 'be a day, YYYY-MM-DD');
  const hashes = listOf(bundle.hashes, 'hashes', bundledHash);
  const digests =
    bundle.digests === undefined ? [] : listOf(bundle.digests, 'digests', bundledDigest);
  check(
    typeof bundle.padding === 'string' && /^\.*$/.test(bundle.padding),
    'padding',
    'be dots alone',
  );
  return {
    format: 'onlyhashes-bundle',
    version: 1,
    case: caseId,
    day: bundle.day as string,
    withdraw,
    hashes,
    ...(digests.length === 0 ? {} : { digests }),
    padding: bundle.padding as string,
  };
}

function bundledHash(value: unknown, where: string): BundledHash {
  const item = members(value, where, ['algorithm', 'hash', 'variant'], ['resample', 'quality']);
  const { algorithm, hash, resample, quality, variant } = item;
  check(isAlgorithm(algorithm), `${where}.algorithm`, 'be a known algorithm');
  check(
    typeof hash === 'string' &&
      hasBits(algorithm as Algorithm, hash.length * 4) &&
      /^[0-9a-f]+$/.test(hash),
    `${where}.hash`,
    'be as many lower-case hex digits as its algorithm has',
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
  return item as unknown as BundledHash;
}

function bundledDigest(value: unknown, where: string): BundledDigest {
  const item = members(value, where, ['algorithm', 'digest'], []);
  const { algorithm, digest } = item;
  check(algorithm === 'sha256' || algorithm === 'md5', `${where}.algorithm`, 'be sha256 or md5');
  hex(digest, algorithm === 'md5' ? 32 : 64, `${where}.digest`);
  return item as unknown as BundledDigest;
}

function hex(value: unknown, digits: number, where: string): string {
  check(
    typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/.test(value),
    where,
    `be ${digits} lower-case hex digits`,
  );
  return value as string;
}
