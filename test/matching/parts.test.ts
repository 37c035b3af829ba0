import { beforeAll, describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { bytesOf, distance, type Hash, hashFromHex, hashToHex, newHash } from '../../src/hash.js';
import { createAllowList } from '../../src/matching/allow-list.js';
import { match } from '../../src/matching/match.js';
import { comparedParts } from '../../src/matching/parts.js';
import type { CheckedPixels } from '../../src/pixels.js';
import type { PolicyOptions } from '../../src/policy.js';
import { type HashedImage, LIST_CROP_NAMES } from '../../src/variant.js';
import { hashPixels, variantsOf } from '../../src/variants/hash-pixels.js';
import { flipBits } from '../arbitraries.js';
import { laidOn, part, photo } from '../variants/pictures.js';

// An upload near an entry with parts is compared part by part. Distances are made: the entry's hash
// is the picture's with so many bits changed.

let pixels: CheckedPixels;
let own: HashedImage;
let other: HashedImage;
beforeAll(async () => {
  pixels = await photo('french-alpine-landscape.jpg');
  own = hashPixels(pixels, { parts: true });
  other = hashPixels(await photo('dust-bowl-home.jpg'), { parts: true });
});

/** The least certain bits differ first, as in copies. */
const near = (bits: number): Hash => {
  const order = [...own.ranks!.keys()].sort((a, b) => own.ranks![a]! - own.ranks![b]!);
  return flipBits(own.hash, order, bits);
};
const entryAt = (bits: number, parts?: string, more: Partial<BlocklistEntry> = {}) => ({
  hash: near(bits),
  labels: ['x'],
  ...(parts !== undefined && { parts }),
  ...more,
});
const decide = (entries: readonly BlocklistEntry[], all = false) =>
  match(variantsOf(pixels, { variants: 'thorough' }), createBlocklist(entries), { all });

/** So many entries that bare ones are for review within 58 bits. */
function unrelated(): BlocklistEntry[] {
  const next = random(7);
  return Array.from({ length: 150_000 }, () => ({
    hash: newHash(
      'pdq',
      Uint8Array.from({ length: 32 }, () => next() & 255),
    ),
    labels: [],
  }));
}

test('parts are made only if they are asked for', () => {
  expect(own.parts).toMatch(/^[\da-f]{384}$/);
  expect(hashPixels(pixels).parts).toBe(undefined);
  const dhash = hashPixels(pixels, { parts: true, algorithm: 'dhash' });
  expect(dhash.parts).toBe(undefined);
});

test('list crops have parts of their own, by which a crop of a copy matches', () => {
  const { variants } = hashPixels(pixels, { parts: true, crops: true });
  const crop = variants.find(({ name }) => name === 'window1x1')!;
  const { left, top, width, height } = crop.geometry!.rectangle;
  const copy = part(pixels, left, top, width, height);
  const same = hashPixels(copy, { parts: true }).parts!;
  for (const [at, other] of [same, own.parts!].entries()) {
    const { distance } = comparedParts(bytesOf(crop.parts!), other.slice(0, 384));
    expect(distance <= 24).toBe(at === 0);
  }
  const bytes = crop.hash.bytes.map((byte, at) => (at < 5 ? 255 - byte : byte));
  const entry = { hash: newHash('pdq', bytes), labels: [], parts: crop.parts! };
  const found = match(variantsOf(copy, { variants: 'thorough' }), createBlocklist([entry]));
  expect(found.reason).toBe('matched-parts');
  for (const { name, parts } of variants) {
    expect(parts !== undefined).toBe(LIST_CROP_NAMES.includes(name as never));
  }
});

describe('an upload within 60 bits of an entry', () => {
  test('with the same parts is a match by them', () => {
    for (const bits of [32, 46, 60]) {
      const { verdict, reason, matches, refined } = decide([entryAt(bits, own.parts)]);
      expect([verdict, reason, refined]).toEqual(['match', 'matched-parts', true]);
      const [{ distance, partsDistance, variant }] = matches as [(typeof matches)[0]];
      expect(distance).toBe(bits);
      expect(partsDistance).toBeLessThanOrEqual(24);
      expect(variant).not.toHaveProperty('parts');
    }
  });

  test('with other parts is nothing', () => {
    const { verdict, reason, matches } = decide([entryAt(40, other.parts)]);
    expect([verdict, reason, matches]).toEqual(['none', 'nothing-near', []]);
  });

  test('without parts is for review, as ever', () => {
    const { verdict, reason, matches } = decide([entryAt(40)]);
    expect([verdict, reason]).toEqual(['review', 'within-review-distance']);
    expect(matches[0]).not.toHaveProperty('partsDistance');
  });

  test('that was hashed before is for review: its parts are not known', () => {
    const hashed = hashPixels(pixels, { variants: 'thorough' });
    for (const parts of [own.parts, other.parts]) {
      const { verdict, reason, refined } = match(hashed, createBlocklist([entryAt(40, parts)]));
      expect([verdict, reason, refined]).toEqual(['review', 'within-review-distance', false]);
    }
    // The parts of the picture itself may be hashed before, too.
    const list = createBlocklist([entryAt(40, own.parts)]);
    expect(match(own, list).reason).toBe('matched-parts');
    expect(match(own, createBlocklist([entryAt(40, other.parts)])).verdict).toBe('none');
  });
});

test('each entry is judged by what it has, and none twice', () => {
  const ids = (all: boolean) =>
    decide(
      [
        entryAt(40, own.parts, { id: 'same' }),
        entryAt(40, other.parts, { id: 'other' }),
        entryAt(40, undefined, { id: 'bare' }),
        entryAt(20, other.parts, { id: 'near' }),
      ],
      all,
    ).matches.flatMap(({ entry: { id }, variant: { name } }) => (name === 'original' ? id : []));
  expect(ids(false)).toEqual(['near']);
  expect(ids(true).sort()).toEqual(['near', 'same']);
});

test('parts decide up to 60 bits, however long the list', () => {
  const others = unrelated();
  expect(decide([...others, entryAt(60)]).verdict).toBe('none');
  expect(decide([...others, entryAt(58)]).verdict).toBe('review');
  expect(decide([...others, entryAt(60, own.parts)]).reason).toBe('matched-parts');
});

test('the distance by parts up to which an entry is for review is an option', () => {
  const parts = hashPixels(pixels, { parts: true }).parts!;
  // Each part 56 bits off.
  const off = [0, 1, 2, 3, 4, 5]
    .map((at) => hashFromHex('pdq', parts.slice(64 * at, 64 * at + 64)))
    .map((hash) => hashToHex(flipBits(hash, [...Array(256).keys()], 56)))
    .join('');
  const under = (policy: PolicyOptions) =>
    match({ ...own, variants: [] }, createBlocklist([entryAt(40, off)]), { policy });
  expect(under({}).verdict).toBe('none');
  expect(under({ partsDistance: 55 }).verdict).toBe('none');
  const { verdict, matches } = under({ partsDistance: 60 });
  expect([verdict, matches[0]!.partsDistance]).toEqual(['review', 56]);
});

test('beside an entry that is a page, nothing matches by parts', () => {
  const { verdict, reason, matches } = decide([entryAt(55, `${own.parts}01`)]);
  expect([verdict, reason]).toEqual(['review', 'within-review-distance']);
  expect(matches[0]!.partsDistance).toBeLessThanOrEqual(24);
});

test('within the match distance, parts change nothing', () => {
  for (const parts of [own.parts, other.parts]) {
    const { verdict, reason } = decide([entryAt(31, parts)]);
    expect([verdict, reason]).toEqual(['match', 'within-match-distance']);
  }
});

test('the rules of the list limit a match by parts', () => {
  const listed = entryAt(40, own.parts, { list: 'a' });
  const under = (settings: object) =>
    match(
      variantsOf(pixels, { variants: 'thorough' }),
      createBlocklist([listed], { lists: { a: settings } }),
    );
  expect(under({ tier: 'review' }).reason).toBe('review-only-list');
  expect(under({ trust: 'foreign' }).reason).toBe('foreign-list');
  expect(under({ policy: { reviewDistance: 38 } }).verdict).toBe('none');
});

test('nothing matches by parts on a stricter list, or with a hash of low quality', () => {
  const under = (policy: PolicyOptions, entry: BlocklistEntry) =>
    match(variantsOf(pixels, { variants: 'thorough' }), createBlocklist([entry]), { policy });
  const near = entryAt(25, own.parts);
  for (const matchDistance of [-1, 20]) {
    const { verdict, reason } = under({ matchDistance }, near);
    expect([verdict, reason]).toEqual(['review', 'within-review-distance']);
    // Within 31 bits, parts that differ end no review.
    const others = under({ matchDistance }, entryAt(25, other.parts));
    expect(others.verdict).toBe('review');
    const poor = under({ matchDistance }, { ...near, quality: 10 });
    expect(poor.verdict).toBe('review');
  }
  expect(under({}, { ...entryAt(40, own.parts), quality: 10 }).verdict).toBe('none');
});

test('an unconfirmed entry with parts keeps no other from being moved to', () => {
  const { width, height } = pixels;
  const [across, down] = [Math.round(0.03 * width), Math.round(0.09 * height)];
  const copy = part(pixels, across, down, Math.round(0.94 * width), Math.round(0.9 * height));
  const bare = { hash: own.hash, labels: [] };
  const decided = (entries: readonly BlocklistEntry[]) =>
    match(variantsOf(copy, { variants: 'thorough' }), createBlocklist(entries));
  const hashed = hashPixels(copy, { variants: 'thorough' });
  const distances = hashed.variants.map(({ hash }) => distance(hash, own.hash));
  // Every variant is beyond the match distance: one is moved.
  const least = Math.min(...distances);
  expect(least).toBeGreaterThan(36);
  expect(decided([bare]).reason).toBe('within-match-distance');
  // Nearer to the same variant, and no match wherever that is moved to.
  const { hash } = hashed.variants[distances.indexOf(least)]!;
  const nearer = flipBits(hash, [...Array(256).keys()], 33);
  const unconfirmed = { hash: nearer, labels: [], parts: other.parts!, confirmed: false };
  expect(decided([bare, unconfirmed]).reason).toBe('within-match-distance');
});

test('an exception for a match by parts holds for every variant of the picture, and is reported once', () => {
  // The second one asks for the parts of the same places.
  const list = createBlocklist([entryAt(40, own.parts), entryAt(44, other.parts)]);
  const told: unknown[] = [];
  const allowList = createAllowList({ onAllowed: (one) => told.push(one) });
  allowList.allow(own.hash, { entry: near(40), reason: 'a mistake' });
  const { verdict, reason, allowed } = match(variantsOf(pixels, { variants: 'thorough' }), list, {
    allowList,
    all: true,
  });
  expect([verdict, reason]).toEqual(['none', 'allowed']);
  const names = allowed!.map(({ variant }) => variant.name);
  expect(new Set(names).size).toBe(names.length);
  expect(told.length).toBeGreaterThan(0);
});

test('the policy of a decision is that of its list, however far entries with parts are searched', () => {
  const others = unrelated();
  const far = {
    hash: newHash('pdq', new Uint8Array(32).fill(0x5a)),
    labels: [],
    parts: own.parts!,
  };
  expect(decide([...others, far]).policy.reviewDistance).toBe(58);
});

test('a copy in a screenshot is compared at its place', () => {
  const sides = [pixels.width + 400, pixels.height + 700] as const;
  const screen = laidOn(pixels, ...sides, 200, 300, [245, 245, 245]);
  const list = createBlocklist([entryAt(44, own.parts)]);
  const found = match(variantsOf(screen, { variants: 'thorough' }), list);
  expect(found.reason).toBe('matched-parts');
  expect(found.matches[0]!.variant.geometry).toBeDefined();
  const others = createBlocklist([entryAt(44, other.parts)]);
  expect(match(variantsOf(screen, { variants: 'thorough' }), others).verdict).toBe('none');
});
