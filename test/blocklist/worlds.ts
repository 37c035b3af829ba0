import fc from 'fast-check';
import { uniformHashes } from '../../bench/workloads.js';
import type { Withdrawn, WithdrawnKey } from '../../src/blocklist/withdrawn.js';
import { type BlocklistEntry, NUMBER, type NumberedEntry } from '../../src/entry.js';
import { type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { fullText } from '../oracles/plain-list.js';

const { bytes } = uniformHashes(2000, 31);
/** Hashes of which each is far from any other. */
export const farHash = (at: number): Hash => ({
  algorithm: 'pdq',
  bytes: bytes.slice(32 * at, 32 * at + 32),
});

/** Six of these hashes, as the parts of a picture. */
export const partsOf = (from: number): string =>
  Array.from({ length: 6 }, (_, at) => hashToHex(farHash(from + at))).join('');

/** Few hashes, so that they coincide: near ones, a degenerate one, and ones of other kinds. */
export const HASHES: readonly Hash[] = [
  ...[0, 1, 2, 30, 62].map((flips) => flipBits(BASE, ORDER, flips)),
  farHash(0),
  farHash(1),
  { algorithm: 'pdq', bytes: new Uint8Array(32) },
  hashFromHex('dhash', '0123456789abcdef'),
  hashFromHex('dhash', '0123456789abcdee'),
  hashFromHex('phash', '0123456789abcdef'),
  { algorithm: 'blockhash', bytes: BASE.bytes },
  // Digests, also of all zeros, and of bytes that are a picture's hash as well.
  { algorithm: 'md5', bytes: new Uint8Array(16) },
  { algorithm: 'md5', bytes: farHash(0).bytes.slice(0, 16) },
  { algorithm: 'sha1', bytes: farHash(0).bytes.slice(0, 20) },
  { algorithm: 'sha256', bytes: farHash(0).bytes },
];
/** Few names, of every kind that is hard to keep. */
const LONG = 'x'.repeat(200);
export const IDS = ['1', '2', '', 'ü', '\u{1f600}', '\ud800', '\ufffd', '__proto__', `1${LONG}`];
export const SOURCES = ['x', '', '\u0000'];
export const LISTS = ['a', 'b', '', '__proto__', 'constructor', 'é"\\\n', LONG];

const often = <T>(common: readonly T[], rare: readonly T[]) =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...common), weight: 4 },
    { arbitrary: fc.constantFrom(...rare), weight: 1 },
  );
export const hash = often([...HASHES.slice(0, 3), HASHES.at(-1)!], HASHES);
export const list = often(LISTS.slice(0, 3), LISTS);
const id = often(IDS.slice(0, 2), IDS);
const source = often(SOURCES.slice(0, 1), SOURCES);

/** The hex of a picture of the same kind. */
const groupOf = (of: Hash, at: number) => {
  const fits = HASHES.filter(
    ({ algorithm, bytes }) => algorithm === of.algorithm && bytes.length === of.bytes.length,
  );
  return hashToHex(fits[at % fits.length]!);
};

/** Entries that often coincide. Equal ones have one number. */
export const entry: fc.Arbitrary<BlocklistEntry> = fc
  .tuple(
    hash,
    fc.option(fc.nat(5), { nil: undefined, freq: 2 }),
    fc.record(
      {
        labels: often([[], ['a']], [[''], ['a', 'b'], ['\ud800', '"'], ['__proto__']]),
        id,
        list,
        source,
        quality: fc.constantFrom(0, 49, 100),
        confirmed: fc.boolean(),
        seconds: fc.constantFrom(0, 12.033),
        still: fc.boolean(),
        caseCount: fc.constantFrom(0, 2 ** 40),
        opinions: fc.constantFrom([], [{ from: 'x', says: '', tags: [] }]),
        variant: fc.constantFrom('window1x1', ''),
        resample: fc.constantFrom<512 | 'none'>(512, 'none'),
        parts: fc.constantFrom(partsOf(2), partsOf(8), `${partsOf(2)}01`),
      },
      { requiredKeys: ['labels'] },
    ),
    fc.nat(3),
  )
  .map(([hash, group, said, rare]) => {
    const { labels, id, list, source, parts, seconds, ...others } = said;
    const told = {
      hash,
      labels,
      ...(id !== undefined && { id }),
      ...(list !== undefined && { list }),
      ...(source !== undefined && { source }),
      ...(group !== undefined && { group: groupOf(hash, group) }),
      // Most entries say little, so that many are equal.
      ...(rare === 0 && others),
      ...(rare === 0 && parts !== undefined && hash.algorithm === 'pdq' && { parts }),
      ...(rare === 0 && seconds !== undefined && hash.algorithm === 'pdq' && { seconds }),
    };
    return numbered(told);
  });

/** With a number that follows from what it says: most often none, sometimes one over 2^32. */
export function numbered(entry: BlocklistEntry): NumberedEntry {
  const { list, [NUMBER]: _, ...others } = entry as NumberedEntry;
  let mix = 0;
  for (const char of fullText(entry)) mix = (mix * 31 + char.codePointAt(0)!) % 1_000_003;
  const numbers = [0, 0, 0, mix, mix, 2 ** 32 + mix, 2 ** 52 + mix];
  const number = numbers[mix % numbers.length]!;
  const said = list === undefined ? others : { ...others, list };
  return number === 0 ? said : Object.assign(said, { [NUMBER]: number });
}

const groups = fc.array(fc.record({ group: fc.nat(5), list }), { maxLength: 2 });
export const key: fc.Arbitrary<WithdrawnKey> = fc.oneof(
  fc
    .tuple(hash, fc.option(list, { nil: undefined }))
    .map(([hash, list]) => ({ ...hash, ...(list !== undefined && { list }) })),
  fc.record({ id, source, list }, { requiredKeys: ['id'] }),
);
export const withdrawal: fc.Arbitrary<Withdrawn> = fc
  .tuple(key, fc.option(fc.constantFrom('why', ''), { nil: undefined }), fc.nat(3), groups)
  .map(([key, reason, rare, groups]) => ({
    ...key,
    ...(reason !== undefined && { reason }),
    ...(rare === 0 &&
      !('id' in key) && {
        groups: groups.map(({ group, list }) => ({ group: groupOf(key, group), list })),
      }),
  }));
