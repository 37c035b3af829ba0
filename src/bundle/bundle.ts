import { checkInteger, checkIterable, checkOptions, wrongKind, wrongRange } from '../door.js';
import { checkNoDraft } from '../entry.js';
import {
  bytesOf,
  checkParts,
  checkResample,
  type Hash,
  hashToHex,
  isDigest,
  newHash,
  type Resample,
} from '../hash.js';
import { type HashedImage, type HashedVariant, VARIANT_NAMES } from '../variant.js';
import {
  type Bundle,
  type BundledDigest,
  type BundledHash,
  bundledDigest,
  bundleOf,
  checkOf,
  isDay,
} from './bundle-shape.js';
import { paddingFor, sizeClass } from './padding.js';
import { shuffle } from './random.js';
import { given, MAX_BYTES } from './strict-json.js';
import { caseOf, newWithdrawToken, proofOf, stateOf } from './withdraw-token.js';

/** Options of `createBundle`. */
export interface CreateBundleOptions {
  /**
   * the day it is made, YYYY-MM-DD; default today in UTC, which does not reveal the person's time
   * zone
   */
  day?: string;
  /** digests of exact files, default none */
  digests?: readonly BundledDigest[];
}

/**
 * Bundles every hash of `images`, variants included, each once, in random order and padded to a
 * size class. A variant names the hash of its picture as its group. `readBundle` accepts the
 * result, whatever other data the images hold.
 * @returns the bundle, and the token with which the person can withdraw it. The bundle holds only
 *   its case, a digest of the token, so a lost token cannot be recovered. A preview of
 *   `bundle.text` is byte for byte what is saved and sent.
 * @throws {RangeError} if there is no hash and no digest, or more than a bundle holds, a quality or
 *   size convention is out of range, or `day` is not a date
 * @throws {TypeError} if an image holds anything but hashes, or a variant's name is unknown
 * @example
 * const { bundle, withdrawToken } = await createBundle([await hash(file)]);
 * save(bundle.text);
 */
export async function createBundle(
  images: Iterable<HashedImage>,
  options: CreateBundleOptions = {},
): Promise<{ bundle: WrittenBundle; withdrawToken: string }> {
  checkOptions(options);
  const { day = today(), digests = [] } = options;
  if (!isDay(day)) wrongRange('a day as YYYY-MM-DD');
  checkIterable(images, 'hashed images');
  const hashes = new Map<string, BundledHash>();
  const keep = (variant: HashedVariant, picture?: Hash) => {
    // A spread of null has no members, so the checks below report what is missing.
    const { name, hash, quality, resample, parts, decoding } = { ...variant };
    checkNoDraft({ hash, ...(decoding && { decoding }) });
    if (!VARIANT_NAMES.includes(name)) wrongKind("a variant's name");
    if (quality !== undefined) checkInteger('quality', quality, 0, 100);
    if (resample !== undefined) checkResample('resample', resample);
    if (parts !== undefined) checkParts(parts, hash);
    const hex = hashToHex(hash);
    const { algorithm } = hash;
    if (isDigest(algorithm)) wrongKind('hashes of pictures: digests are an option of their own');
    const key = `${algorithm}:${hex}`;
    if (hashes.has(key)) return;
    hashes.set(key, {
      algorithm,
      hash: hex,
      ...(algorithm === 'pdq' && resample ? { resample } : {}),
      ...(quality === undefined ? {} : { quality }),
      variant: name,
      ...(picture && isOfKind(picture, hash) ? { group: hashToHex(picture) } : {}),
      ...(parts === undefined ? {} : { parts }),
    });
  };
  const all = [...images];
  // All pictures first: the hash of one is its own, even if another has a part like it.
  for (const image of all) keep({ ...image, name: 'original' });
  for (const { hash, variants } of all) {
    checkIterable(variants, 'variants of a hashed image');
    for (const variant of variants) keep(variant, hash);
  }
  const checked = given('digests: { algorithm, digest }', () =>
    [...digests].map((digest) => bundledDigest(digest, '')),
  );
  if (hashes.size + checked.length === 0) wrongRange('at least one hashed image or digest');
  const withdrawToken = newWithdrawToken();
  const caseId = await caseOf(withdrawToken);
  const bare: Bundle = {
    format: 'onlyhashes-bundle',
    version: 1,
    case: caseId,
    state: await stateOf(await proofOf(caseId, withdrawToken)),
    day,
    hashes: shuffle([...hashes.values()]),
    ...(checked.length === 0 ? {} : { digests: shuffle(checked) }),
    padding: '',
    check: '0'.repeat(8),
  };
  const { length } = bundleText(bare);
  if (sizeClass(length) > MAX_BYTES) {
    wrongRange(`a bundle of at most ${MAX_BYTES} bytes`);
  }
  return { bundle: written({ ...bare, padding: paddingFor(length) }), withdrawToken };
}

const isOfKind = (a: Hash, b: Hash) =>
  a.algorithm === b.algorithm && a.bytes.length === b.bytes.length;

/** A copy of `bundle`. @throws {TypeError} if it is not a bundle */
const copyOf = (bundle: Bundle): Bundle =>
  given('a bundle', () => {
    const { hashes, unknown = [], ...others } = bundle;
    return bundleOf({ ...others, hashes: [...hashes, ...unknown] });
  });

/** A bundle that was made or read here. */
export interface WrittenBundle extends Bundle {
  /**
   * its text: JSON in ASCII, one hash per line, those of unknown algorithms last. Copies of the
   * bundle and its JSON lack this member
   */
  readonly text: string;
}

/** Gives a bundle its text, and the check of that. */
export function written(bundle: Bundle): WrittenBundle {
  const whole = { ...bundle, check: checkOf(membersOf(bundle)) };
  return Object.defineProperty(whole, 'text', { get: () => bundleText(whole) }) as WrittenBundle;
}

/** The members of a bundle in the order in which its text has them. */
function membersOf({ hashes, unknown = [], digests, padding, check: _, ...head }: Bundle) {
  return { ...head, hashes: [...hashes, ...unknown], ...(digests && { digests }), padding };
}

/**
 * The text of a bundle: JSON in ASCII, one hash per line, those of unknown algorithms last.
 * @throws {TypeError} if `bundle` holds anything that `readBundle` rejects
 */
export function bundleText(bundle: Bundle): string {
  const all = membersOf(copyOf(bundle));
  const list = (items: readonly unknown[]) =>
    items.length === 0
      ? '[]'
      : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
  const lines = Object.entries({ ...all, check: checkOf(all) }).map(
    ([key, value]) => `  "${key}": ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * A bundle's hashes and digests as blocklist entries. Their `source` is `bundle` and their `id` the
 * case, so that a withdrawn case can be found again. They have no labels. Each hash names its
 * `variant` and its `group`, except for the pictures themselves. Hashes of unknown algorithms are
 * omitted.
 * @throws {TypeError} if `bundle` holds anything that `readBundle` rejects
 */
export function entriesOfBundle(bundle: Bundle): {
  hash: Hash;
  labels: string[];
  quality?: number;
  resample?: Resample;
  variant?: string;
  group?: string;
  parts?: string;
  source: string;
  id: string;
}[] {
  const { hashes, digests = [], case: id } = copyOf(bundle);
  const pictures = hashes.map(({ algorithm, hash, quality, resample, variant, group, parts }) => ({
    hash: newHash(algorithm, bytesOf(hash)),
    labels: [],
    ...(quality === undefined ? {} : { quality }),
    ...(resample === undefined ? {} : { resample }),
    ...(variant === 'original' ? {} : { variant }),
    ...(group === undefined ? {} : { group }),
    ...(parts === undefined ? {} : { parts }),
    source: 'bundle',
    id,
  }));
  const files = digests.map(({ algorithm, digest }) => ({
    hash: newHash(algorithm, bytesOf(digest)),
    labels: [],
    source: 'bundle',
    id,
  }));
  return [...pictures, ...files];
}

const today = () => new Date().toISOString().slice(0, 10);
