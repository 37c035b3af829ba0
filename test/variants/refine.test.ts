import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { DecodeError } from '../../src/errors.js';
import { distance } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { match } from '../../src/matching/match.js';
import type { CheckedPixels } from '../../src/pixels.js';
import type { HashedVariant, Near } from '../../src/variant.js';
import type { Placement } from '../../src/variants/detect/detector.js';
import { hashPixels, variantsOf } from '../../src/variants/hash-pixels.js';
import { type NearPlace, refined } from '../../src/variants/refine.js';
import { VARIANT_PROFILES } from '../../src/variants/variant-profile.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { isDeep, runs } from '../seed.js';
import { part, photo } from './pictures.js';

const placement = (left: number, top: number, width: number, height: number): Placement => ({
  name: 'uncrop',
  geometry: { rectangle: { left, top, width, height } },
});

/** As a hash: how far the sides of two places lie apart. */
const apart = (a: Placement, b: Placement) => {
  const sides = ({ geometry }: Placement) => {
    const { left, top, width, height } = geometry.rectangle;
    return [left, top, left + width, top + height];
  };
  return sides(a).reduce((sum, side, i) => sum + Math.abs(side - sides(b)[i]!), 0) / 2;
};

/** A part of a picture by shares of its sides: left, top, width and height. */
function partBy(of: CheckedPixels, shares: readonly [number, number, number, number]) {
  const [left, top, width, height] = shares.map((share, i) =>
    Math.round(share * (i & 1 ? of.height : of.width)),
  );
  return part(of, left!, top!, width!, height!);
}

const near = (place: Placement, from: number, enough = 5): NearPlace<Placement> => ({
  placement: place,
  hashes: [],
  distance: from,
  enough,
  leastQuality: 50,
});

test('moves a place until it is near enough, in a bounded number of tries', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 4, maxLength: 4 }),
      ([left, top, right, bottom]) => {
        const goal = placement(0, 0, 1000, 800);
        const start = placement(left!, top!, 1000 + right! - left!, 800 + bottom! - top!);
        let tries = 0;
        const distanceAt = (place: Placement) => {
          tries++;
          return apart(place, goal);
        };
        const from = apart(start, goal);
        const given = [...refined([near(start, from)], distanceAt)];
        expect(tries).toBeLessThanOrEqual(120);
        if (from <= 5) expect(given).toEqual([]);
        for (const [place] of given) expect(apart(place, goal)).toBeLessThan(from);
        if (from > 20) expect(given).toHaveLength(from > 50 ? 0 : 1);
      },
    ),
    { numRuns: runs(200) },
  );
});

test('moves places farther away only if the parts are compared', () => {
  const goal = placement(0, 0, 1000, 800);
  const start = placement(0, 0, 1110, 800);
  const from = apart(start, goal);
  expect([from > 50, from <= 60]).toEqual([true, true]);
  const movedBy = (hasParts: boolean) =>
    [
      ...refined([{ ...near(start, from), ...(hasParts && { nearestParts: from }) }], (place) =>
        apart(place, goal),
      ),
    ].length;
  expect([movedBy(false), movedBy(true)]).toEqual([0, 1]);
});

test('gives nothing where no move gets nearer, and tries the nearest three places', () => {
  const seen = new Set<Placement['name']>();
  const places = (['uncrop', 'box', 'rectangle', 'unturn', 'unblurBars'] as const).map((name, i) =>
    near({ ...placement(0, 0, 500, 400), name }, 50 - i),
  );
  const given = refined(places, ({ name }, { distance: before }) => {
    seen.add(name);
    return before;
  });
  expect([...given]).toEqual([]);
  expect([...seen].sort()).toEqual(['rectangle', 'unblurBars', 'unturn']);
});

test('moves angles and corners too', () => {
  const turned: Placement = {
    name: 'unturnCropped',
    geometry: { ...placement(0, 0, 500, 400).geometry, angle: 3 },
  };
  const off = ({ geometry: { angle = 0 } }: Placement) => Math.abs(angle - 4.3) * 10;
  const [better] = refined([near(turned, off(turned), 2)], off);
  expect(better![0].geometry.angle).toBeCloseTo(4.2, 0);

  const quad: Placement = {
    name: 'quadrilateral',
    geometry: {
      rectangle: { left: 10, top: 20, width: 300, height: 220 },
      corners: [
        [10, 20],
        [310, 30],
        [305, 240],
        [15, 230],
      ],
    },
  };
  const miss = ({ geometry: { corners } }: Placement) =>
    Math.abs(corners![1]![0] - 318) + Math.abs(corners![3]![1] - 236);
  const [[moved]] = [...refined([near(quad, miss(quad), 3)], miss)] as [[Placement, unknown]];
  expect(miss(moved)).toBeLessThanOrEqual(3);
  const { left, top, width, height } = moved.geometry.rectangle;
  for (const [x, y] of moved.geometry.corners!) {
    expect(x >= left && x <= left + width && y >= top && y <= top + height).toBe(true);
  }
});

test('a crop between the blind ones gets review from listed variants, and match from pulled ones', async () => {
  let found = 0;
  for (const name of ['dust-bowl-home.jpg', 'airplane-from-above.jpg', 'acanthus-mollis.jpg']) {
    const pixels = await photo(name);
    const cut = partBy(pixels, [0.07, 0.02, 0.88, 0.89]);
    const { hash } = pdq(pixels);
    const blocklist = createBlocklist([{ hash, labels: [] }]);
    const all = [...variantsOf(cut, { variants: 'thorough' })];
    const listed = match(all, blocklist);
    const pulled = match(variantsOf(cut, { variants: 'thorough' }), blocklist);
    expect(['match', 'review']).toContain(listed.verdict);
    if (listed.verdict === 'review' && pulled.verdict === 'match') found++;
    if (pulled.verdict === 'match') {
      expect(distance(pulled.matches[0]!.variant.hash, hash)).toBeLessThanOrEqual(31);
    }
    if (name !== 'acanthus-mollis.jpg') continue;
    // Told of nothing, the generator gives what it always gave.
    expect([...variantsOf(cut, { variants: 'thorough' })]).toEqual(all);
  }
  expect(found).toBeGreaterThanOrEqual(2);
});

test('a decision reports whether its variants could be searched closer', async () => {
  const pixels = await photo('acanthus-mollis.jpg');
  const cut = partBy(pixels, [0.05, 0.03, 0.91, 0.93]);
  const closer: string[] = [];
  for (const algorithm of ['pdq', 'phash'] as const) {
    const profiles = isDeep || algorithm === 'pdq' ? VARIANT_PROFILES : (['thorough'] as const);
    for (const variants of profiles) {
      const options = { algorithm, variants, bits: 256 } as const;
      const { hash } = hashPixels(pixels, options);
      const list = [...variantsOf(cut, options)];
      const told = variantsOf(cut, options);
      let count = 0;
      for (let next = told.next(); !next.done; count++) {
        const from = distance(next.value.hash, hash);
        const isNear = from > 31 && from <= 60;
        const near = { hashes: [hash], distance: from, enough: 31, leastQuality: 0 };
        next = told.next(isNear ? near : undefined);
      }
      const blocklist = createBlocklist([{ hash, labels: [] }]);
      const ofPulled = match(variantsOf(cut, options), blocklist);
      expect(ofPulled.refined, `${algorithm} ${variants}`).toBe(count > list.length);
      if (ofPulled.refined) closer.push(`${algorithm} ${variants}`);
      // It is not asked what came of it: a match by the first hash says the same.
      expect(match(variantsOf(pixels, options), blocklist).refined).toBe(ofPulled.refined);
      const [original, ...others] = list;
      const image = { ...original!, variants: others };
      const passedOn = (function* () {
        yield* list;
      })();
      for (const fixed of [list, image, passedOn]) {
        expect(match(fixed, blocklist).refined).toBe(false);
      }
      expect((await match(image, blocklist, { remote: [] })).refined).toBe(false);
      const pulled = variantsOf(cut, options);
      expect((await match(pulled, blocklist, { remote: [] })).refined).toBe(ofPulled.refined);
    }
  }
  expect(closer).toEqual(['pdq quick', 'pdq thorough']);
  const nothing = match(new DecodeError('corrupt', 'x'), createBlocklist([]));
  expect([nothing.verdict, nothing.refined]).toEqual(['unhashable', undefined]);
});

test('gives only places of the quality that a match requires', async () => {
  const pixels = await photo('acanthus-mollis.jpg');
  // So little contrast that PDQ's quality is below 50, the default of the policy.
  const faint = (of: CheckedPixels) => ({ ...of, data: of.data.map((value) => 120 + value / 16) });
  const { hash, quality } = pdq(faint(pixels));
  expect(quality).toBeLessThan(50);
  const cut = faint(partBy(pixels, [0.07, 0.02, 0.88, 0.89]));
  const countUnder = (leastQuality: number) => {
    const variants = variantsOf(cut, { variants: 'thorough' });
    let count = 0;
    let told: Near | undefined;
    for (let next = variants.next(); !next.done; next = variants.next(told)) {
      const from = distance(next.value.hash, hash);
      const isNear = from > 31 && from <= 60;
      told = isNear ? { hashes: [hash], distance: from, enough: 31, leastQuality } : undefined;
      count++;
    }
    return count;
  };
  const untold = [...variantsOf(cut, { variants: 'thorough' })].length;
  expect(countUnder(50)).toBe(untold);
  expect(countUnder(0)).toBeGreaterThan(untold);
});

test('a variant source gets the near entries, and is ended early by a match', () => {
  const hash = BASE;
  const off = (bits: number): HashedVariant => ({
    name: 'original',
    hash: flipBits(BASE, ORDER, bits),
    quality: 100,
  });
  const told: (Near | undefined)[] = [];
  let ended = false;
  function* pulled(): Generator<HashedVariant, void, Near | undefined> {
    try {
      told.push(yield off(256));
      told.push(yield off(32));
      yield off(3);
      throw new Error('not reached');
    } finally {
      ended = true;
    }
  }
  const blocklist = createBlocklist([{ hash, labels: [] }]);
  const decision = match(pulled(), blocklist);
  expect(decision.verdict).toBe('match');
  expect(told[0]).toBeUndefined();
  expect(told[1]).toEqual({ hashes: [hash], distance: 32, enough: 31, leastQuality: 50 });
  expect(ended).toBe(true);
});

test('of very many near entries, the nearest are reported and returned', () => {
  const entries = Array.from({ length: 3000 }, (_, i) => ({
    hash: flipBits(BASE, ORDER, 36 + (i % 20)),
    labels: [String(i)],
  }));
  const told: (Near | undefined)[] = [];
  const ranks = Uint8Array.from({ length: 256 }, (_, i) => i);
  function* pulled(): Generator<HashedVariant, void, Near | undefined> {
    told.push(yield { name: 'original', hash: BASE, quality: 100, ranks });
  }
  const { matches, verdict } = match(pulled(), createBlocklist(entries));
  expect(verdict).toBe('review');
  expect(matches).toHaveLength(1000);
  expect(matches[0]!.distance).toBe(36);
  expect(matches[0]!.variant).not.toHaveProperty('ranks');
  expect(told[0]!.hashes).toHaveLength(16);
  expect(told[0]).toMatchObject({ distance: 36, enough: 31 });
});

test('where nothing can match, nothing is reported', () => {
  const told: (Near | undefined)[] = [];
  function* pulled(): Generator<HashedVariant, void, Near | undefined> {
    told.push(yield { name: 'original', hash: BASE, quality: 100 });
  }
  const policy = { matchDistance: -1 };
  const { verdict } = match(pulled(), createBlocklist([{ hash: BASE, labels: [] }]), { policy });
  expect(verdict).toBe('review');
  expect(told).toEqual([undefined]);
});

test('an iterator that throws is not ended, and its error is the one thrown', () => {
  const calls: string[] = [];
  const broken: Iterable<HashedVariant> = {
    [Symbol.iterator]: () => ({
      next() {
        calls.push('next');
        if (calls.length > 1) throw new Error('broken');
        return { done: false, value: { name: 'original', hash: BASE } };
      },
      return() {
        calls.push('return');
        throw new Error('another');
      },
    }),
  };
  const far = createBlocklist([{ hash: flipBits(BASE, ORDER, 200), labels: [] }]);
  expect(() => match(broken, far)).toThrow('broken');
  expect(calls).toEqual(['next', 'next']);
});
