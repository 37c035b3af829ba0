import type { Algorithm, Hash, HashedImage, HashedVariant, Resample } from '../hash.js';
import { bitsOf, hashFromHex, hashToHex } from '../hash.js';
import { paddingFor } from './padding.js';
import { randomHex, shuffle } from './random.js';
import { newWithdrawToken, withdrawDigest } from './withdraw-token.js';

/** One hash of a bundle, as it is written. */
export interface BundledHash {
  readonly algorithm: Algorithm;
  /** lower-case hex */
  readonly hash: string;
  /** PDQ's size convention that it was made in, where that is known; PDQ alone has one */
  readonly resample?: Resample;
  /** 0…100 where the algorithm has one */
  readonly quality?: number;
  /** which form of the picture it is: `original`, `stored`, `onWhite` … */
  readonly variant: string;
}

/** The digest of an exact file: it finds that very file, and proves to anyone who has the file that it was meant. */
export interface BundledDigest {
  readonly algorithm: 'sha256' | 'md5';
  /** lower-case hex */
  readonly digest: string;
}

/**
 * What a person makes on their device, reads, and gives away: hashes and nothing that names a person, a file or an
 * hour. The hashes of all pictures lie in one shuffled list, so that it tells neither order nor which belong together.
 */
export interface Bundle {
  readonly format: 'onlyhashes-bundle';
  readonly version: 1;
  /** 32 random hex digits: the name of this bundle, and of nothing else */
  readonly case: string;
  /** the day it was made, YYYY-MM-DD */
  readonly day: string;
  /** SHA-256 of the withdraw token, which only the person has */
  readonly withdraw: string;
  readonly hashes: readonly BundledHash[];
  /** only where they were asked for */
  readonly digests?: readonly BundledDigest[];
  /** dots that bring the text to a size class: 4 KiB, 8 KiB, 16 KiB … */
  readonly padding: string;
}

/** What a bundle holds besides the hashes. */
export interface CreateBundleOptions {
  /** the day it is made, YYYY-MM-DD; today in UTC, which tells nothing of where the person is */
  day?: string;
  /** digests of exact files; none unless given */
  digests?: readonly BundledDigest[];
}

/**
 * A bundle of every hash of `images`, each once, variants included, in random order, padded to a size class.
 * @returns the bundle, and the token with which the person can withdraw it. The bundle carries only the token's digest:
 *   nobody can recover a lost token.
 * @throws {RangeError} if there is no hash in `images`, or `day` is no date
 * @throws {TypeError} if an image holds something else than hashes
 * @example
 * const { bundle, withdrawToken } = await createBundle([await hashImageFile(file)]);
 * save(bundleText(bundle));
 */
export async function createBundle(
  images: Iterable<HashedImage>,
  { day = today(), digests = [] }: CreateBundleOptions = {},
): Promise<{ bundle: Bundle; withdrawToken: string }> {
  if (!isDay(day)) throw new RangeError('expected a day as YYYY-MM-DD');
  const hashes = new Map<string, BundledHash>();
  const keep = ({ name, hash, quality, resample }: HashedVariant) => {
    bitsOf(hash);
    const hex = hashToHex(hash);
    const key = `${hash.algorithm}:${hex}`;
    if (hashes.has(key)) return;
    hashes.set(key, {
      algorithm: hash.algorithm,
      hash: hex,
      ...(hash.algorithm === 'pdq' && resample !== undefined ? { resample } : {}),
      ...(quality === undefined ? {} : { quality }),
      variant: name,
    });
  };
  for (const image of images) {
    keep({ ...image, name: 'original' });
    for (const variant of image.variants) keep(variant);
  }
  if (hashes.size === 0) throw new RangeError('expected at least one hashed image');
  const caseId = randomHex(16);
  const withdrawToken = newWithdrawToken();
  const bare: Bundle = {
    format: 'onlyhashes-bundle',
    version: 1,
    case: caseId,
    day,
    withdraw: await withdrawDigest(caseId, withdrawToken),
    hashes: shuffle([...hashes.values()]),
    ...(digests.length === 0
      ? {}
      : { digests: shuffle(digests.map(({ algorithm, digest }) => ({ algorithm, digest }))) }),
    padding: '',
  };
  const bundle = { ...bare, padding: paddingFor(bundleText(bare).length) };
  return { bundle, withdrawToken };
}

/**
 * The text of a bundle: JSON in ASCII, a hash a line. A preview that shows this text shows, byte for byte, what is
 * saved and sent.
 */
export function bundleText(bundle: Bundle): string {
  const { hashes, digests, padding, ...head } = bundle;
  const list = (items: readonly unknown[]) =>
    `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
  const lines = Object.entries(head).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  lines.push(`"hashes": ${list(hashes)}`);
  if (digests) lines.push(`"digests": ${list(digests)}`);
  lines.push(`"padding": ${JSON.stringify(padding)}`);
  return `{\n${lines.map((line) => `  ${line}`).join(',\n')}\n}\n`;
}

/**
 * A bundle's hashes as entries for a blocklist. Their `source` is `bundle` and their `id` the case, so that a withdrawn
 * case can be found again; they have no labels.
 */
export function entriesOfBundle(bundle: Bundle): {
  hash: Hash;
  labels: string[];
  quality?: number;
  resample?: Resample;
  source: string;
  id: string;
}[] {
  return bundle.hashes.map(({ algorithm, hash, quality, resample }) => ({
    hash: hashFromHex(algorithm, hash),
    labels: [],
    ...(quality === undefined ? {} : { quality }),
    ...(resample === undefined ? {} : { resample }),
    source: 'bundle',
    id: bundle.case,
  }));
}

const today = () => new Date().toISOString().slice(0, 10);

/** Whether `day` is a day of the calendar, as YYYY-MM-DD. */
export function isDay(day: unknown): day is string {
  if (typeof day !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(day)) return false;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
