import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance, hashFromHex } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { LIST_CROP_NAMES } from '../../src/variant.js';
import { isOfLoneEdge, listCropsOf } from '../../src/variants/list-crops.js';
import { MOST_OF_SHAPE } from '../../src/variants/variant-profile.js';
import { runs } from '../seed.js';
import { drawn, photo } from './pictures.js';

test('gives a crop of each social shape about the centre', () => {
  const windows = [...listCropsOf({ width: 400, height: 300 })];
  expect(windows.map(({ name, rectangle: r }) => [name, r.left, r.top, r.width, r.height])).toEqual(
    [
      ['window1x1', 50, 0, 300, 300],
      ['window4x5', 80, 0, 240, 300],
      ['window16x9', 0, 37, 400, 225],
      ['window9x16', 115, 0, 169, 300],
    ],
  );
});

test('anywhere: crops a tenth apart along the photo, from end to end, the centre first', () => {
  const all = [...listCropsOf({ width: 400, height: 300 }, true)];
  const lefts = (name: string) =>
    all.flatMap((crop) => (crop.name === name ? [crop.rectangle.left] : []));
  expect(lefts('window1x1')).toEqual([50, 20, 80, 0, 100]);
  expect(lefts('window4x5')).toEqual([80, 56, 104, 32, 128, 8, 152]);
  // Of a panorama the nearest to the centre.
  expect([...listCropsOf({ width: 9000, height: 300 }, true)]).toHaveLength(4 * MOST_OF_SHAPE);
});

test('any photo: a cut anywhere is within a twentieth of a crop, and none is outside', () => {
  const side = fc.integer({ min: 300, max: 1200 });
  fc.assert(
    fc.property(side, side, fc.double({ min: 0, max: 1, noNaN: true }), (width, height, where) => {
      const anywhere = [...listCropsOf({ width, height }, true)];
      for (const { name, rectangle: r } of listCropsOf({ width, height })) {
        const [axis, kept] =
          r.width < width ? (['left', r.width] as const) : (['top', r.height] as const);
        const free = axis === 'left' ? width - kept : height - kept;
        const of = anywhere.filter((crop) => crop.name === name).map((crop) => crop.rectangle);
        expect(of[0]).toEqual(r);
        for (const one of of) {
          expect(one.left >= 0 && one.left + one.width <= width).toBe(true);
          expect(one.top >= 0 && one.top + one.height <= height).toBe(true);
        }
        if (of.length >= MOST_OF_SHAPE) continue;
        const off = of.map((one) => Math.abs(one[axis] - where * free));
        expect(Math.min(...off)).toBeLessThanOrEqual(0.05 * kept + 1);
      }
    }),
    { numRuns: runs(300) },
  );
});

const namesOf = (width: number, height: number) =>
  [...listCropsOf({ width, height })].map(({ name }) => name);

test('leaves out a crop that is nearly the photo, and one with a side under 64', () => {
  expect(namesOf(1080, 1080)).toEqual(['window4x5', 'window16x9', 'window9x16']);
  expect(namesOf(1080, 1350)).toEqual(['window1x1', 'window16x9', 'window9x16']);
  expect(namesOf(1920, 1080)).toEqual(['window1x1', 'window4x5', 'window9x16']);
  expect(namesOf(1080, 1920)).toEqual(['window1x1', 'window4x5', 'window16x9']);
  // 4:5 of 3:4 keeps 93.75 %, which the photo's own hash seldom finds.
  expect(namesOf(3000, 4000)).toEqual([...LIST_CROP_NAMES]);
  expect(namesOf(971, 1000)).not.toContain('window1x1');
  expect(namesOf(970, 1000)).toContain('window1x1');
  expect(namesOf(63, 900)).toEqual([]);
  // Of 9:16, 100 high is 56 wide.
  expect(namesOf(150, 100)).toEqual(['window1x1', 'window4x5', 'window16x9']);
  expect(namesOf(100_000, 64)).toEqual(['window1x1', 'window16x9']);
});

test('any sides: at most four crops, each inside, of its shape and about the centre', () => {
  const side = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      const windows = [...listCropsOf({ width, height })];
      expect(new Set(windows.map(({ name }) => name)).size).toBe(windows.length);
      for (const { name, rectangle: r } of windows) {
        const [, across, down] = /^window(\d+)x(\d+)$/.exec(name)!.map(Number);
        expect(Math.min(r.width, r.height)).toBeGreaterThanOrEqual(64);
        expect(Math.max(r.width, r.height) <= Math.max(width, height)).toBe(true);
        expect(r.width === width || r.height === height).toBe(true);
        expect(r.width * r.height).toBeLessThanOrEqual((97 * width * height) / 100);
        expect(Math.abs(r.width * down! - r.height * across!)).toBeLessThanOrEqual(
          Math.max(across!, down!) / 2,
        );
        // The same on both sides, but for an odd pixel.
        for (const more of [width - r.width - 2 * r.left, height - r.height - 2 * r.top]) {
          expect([0, 1]).toContain(more);
        }
      }
    }),
    { numRuns: runs(1000) },
  );
});

test('a plain ground with something at its right gives rows that alternate', () => {
  const at = (side: 'left' | 'right' | 'top' | 'bottom', share: number, to: number, value = 60) =>
    pdq(
      drawn(400, 320, (x, y) => {
        const [across, down] = [x / 400, y / 320];
        const [depth, along] = {
          left: [across, down],
          right: [1 - across, down],
          top: [down, across],
          bottom: [1 - down, across],
        }[side] as [number, number];
        return depth < share && along > 0.2 && along < to ? value : 235;
      }),
    ).hash;
  for (const to of [0.6, 0.8, 1.1]) {
    // Up to a sixteenth of the side.
    for (const share of [0.02, 0.04, 0.06]) {
      expect(distance(at('right', share, to), at('right', 0.03, to, 190))).toBe(0);
      expect(isOfLoneEdge(at('right', share, to))).toBe(true);
    }
    expect(isOfLoneEdge(at('right', 0.08, to))).toBe(false);
    // Not looked for.
    for (const side of ['left', 'top', 'bottom'] as const) {
      expect(isOfLoneEdge(at(side, 0.04, to))).toBe(false);
    }
  }
});

test('a hash whose rows alternate shows a lone edge; those of photos do not', async () => {
  const hash = (hex: string) => hashFromHex('pdq', hex);
  // The windows 4:5 and 1:1 of a pale drawing with a figure at its side.
  const edge = 'fa025555abea554faaaa5571aaaa5555baa05555aaaa5555aaaa5455aaaa5555';
  const weaker = '02b25e49f34a3baaaabad1751564aaaaaaaa5ea2aaaaaaaa5555aad554aaad55';
  expect(isOfLoneEdge(hash(edge))).toBe(true);
  expect(isOfLoneEdge(hash(weaker))).toBe(true);
  for (const name of ['dust-bowl-home.jpg', 'acanthus-mollis.jpg']) {
    expect(isOfLoneEdge(pdq(await photo(name)).hash)).toBe(false);
  }
  // Five rows are not enough, six are; a row may be off by two bits.
  const rows = (count: number) => hash('aaa9'.repeat(count) + '1234'.repeat(16 - count));
  expect([isOfLoneEdge(rows(5)), isOfLoneEdge(rows(6))]).toEqual([false, true]);
  expect(isOfLoneEdge({ ...hash(edge), algorithm: 'phash' })).toBe(false);
});
