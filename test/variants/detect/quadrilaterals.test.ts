import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { pdqRegion } from '../../../src/hashing/pdq-region.js';
import type { CheckedPixels } from '../../../src/pixels.js';
import type { Point } from '../../../src/variant.js';
import { partsInside, quadrilaterals } from '../../../src/variants/detect/quadrilaterals.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { pixelsOf } from '../../arbitraries.js';
import { runs } from '../../seed.js';
import { drawn, inPerspective, laidOn, patches, photo } from '../pictures.js';

type Four = readonly [Point, Point, Point, Point];

const cornersIn = (pixels: CheckedPixels) =>
  Array.from(quadrilaterals(workingPlane(pixels)), ({ geometry }) => geometry.corners!);

const worst = (some: Four, others: Four) =>
  Math.max(...some.map(([x, y], i) => Math.hypot(x - others[i]![0], y - others[i]![1])));

/** A table: soft waves, without an edge of its own. */
const table = drawn(
  480,
  420,
  (x, y) => 150 + 25 * Math.sin(x / 50 + y / 90) + 15 * Math.sin(y / 31),
);

/** A rectangle turned by up to 22 degrees, whose corners then move by up to a twentieth. */
const tilted = fc
  .tuple(
    fc.integer({ min: 130, max: 260 }),
    fc.integer({ min: 130, max: 220 }),
    fc.integer({ min: -22, max: 22 }).filter((degrees) => degrees !== 0),
    fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 8, maxLength: 8 }),
  )
  .map(([width, height, degrees, by]): Four => {
    const [cosine, sine] = [Math.cos(degrees / 57.3), Math.sin(degrees / 57.3)];
    const corner = (x: number, y: number, i: number): Point => {
      const [dx, dy] = [width * (x + by[i]! / 1000), height * (y + by[i + 1]! / 1000)];
      return [240 + dx * cosine - dy * sine, 210 + dx * sine + dy * cosine];
    };
    return [corner(-0.5, -0.5, 0), corner(0.5, -0.5, 2), corner(0.5, 0.5, 4), corner(-0.5, 0.5, 6)];
  });

test('finds a tilted picture on a table, each corner to 2 pixels, among the first two', () => {
  fc.assert(
    fc.property(tilted, fc.integer({ min: 10, max: 40 }), (corners, wave) => {
      const print = drawn(200, 160, (x, y) => 45 + 25 * Math.sin(x / wave) + 15 * Math.cos(y / 9));
      const found = cornersIn(inPerspective(print, table, corners)).slice(0, 2);
      expect(Math.min(...found.map((four) => worst(four, corners)))).toBeLessThan(2);
    }),
    { numRuns: runs(8) },
  );
});

test('finds the photo inside a print, whose hash is near that of the photo', async () => {
  const inner = await photo('dust-bowl-home.jpg');
  const plain = pdq(inner).hash;
  const { width, height } = inner;
  const paper = laidOn(inner, width + 100, height + 200, 50, 50, [248, 245, 238]);
  const corners: Four = [
    [100, 40],
    [420, 90],
    [375, 390],
    [60, 330],
  ];
  const plane = workingPlane(inPerspective(paper, table, corners));
  const distances = Array.from(quadrilaterals(plane), ({ geometry }) =>
    distance(pdqRegion(plane, geometry, 512).hash, plain),
  );
  expect(Math.min(...distances)).toBeLessThanOrEqual(20);
});

test('looks into a screen: a photo between bars and signs on it is found', async () => {
  const inner = await photo('dust-bowl-home.jpg');
  const { width, height } = inner;
  const screen = laidOn(inner, width + 4, 2 * height, 2, 500, [16, 16, 18]);
  // Signs in the bars: they have no straight borders from one side to the other.
  for (let i = 0; i < 6; i++) {
    for (let y = 80; y < 120; y++) {
      const from = 3 * (y * screen.width + 100 * i + 40);
      screen.data.fill(230, from, from + 3 * Math.round(20 + 15 * Math.sin(y / 4)));
    }
  }
  const corners: Four = [
    [150, 20],
    [330, 35],
    [325, 400],
    [130, 390],
  ];
  const plane = workingPlane(inPerspective(screen, table, corners));
  const plain = pdq(inner).hash;
  const distances = Array.from(quadrilaterals(plane), ({ geometry }) =>
    distance(pdqRegion(plane, geometry, 512).hash, plain),
  );
  expect(Math.min(...distances)).toBeLessThanOrEqual(24);
});

test('looks into the parts of a screen again: a photo between bars and under a title', async () => {
  const inner = await photo('dust-bowl-home.jpg');
  const { width, height } = inner;
  const side = Math.round(0.15 * width);
  const bars = laidOn(inner, width + 2 * side, height, side, 0, [0, 0, 0]);
  const window = laidOn(bars, bars.width, height + 60, 0, 60, [70, 70, 74]);
  const screen = laidOn(window, window.width + 40, window.height + 40, 20, 20, [16, 16, 18]);
  const corners: Four = [
    [70, 60],
    [420, 40],
    [425, 300],
    [75, 310],
  ];
  const plane = workingPlane(inPerspective(screen, table, corners));
  const given = Array.from(quadrilaterals(plane), ({ geometry }) => geometry.corners!);
  const parts = [...partsInside(plane, given[0]!)];
  const nested = parts.flatMap((part) => [...partsInside(plane, part)]);
  expect(nested.length).toBeGreaterThan(0);
  // Those that are nearly the same, by a fiftieth of the diagonal, are given once.
  for (const part of nested) {
    expect(Math.min(...given.map((four) => worst(four, part)))).toBeLessThan(9);
  }
});

test('gives an upright picture alone', () => {
  const found = cornersIn(laidOn(patches(200, 150, 3, 11), 300, 260, 40, 50, [240, 240, 240]));
  expect(found).toHaveLength(1);
  const upright: Four = [
    [40, 50],
    [240, 50],
    [240, 200],
    [40, 200],
  ];
  expect(worst(found[0]!, upright)).toBeLessThan(1.5);
});

test('finds nothing where there is nothing', async () => {
  for (const pixels of [
    table,
    drawn(300, 200, () => 90),
    await photo('airplane-from-above.jpg'),
    await photo('acanthus-mollis.jpg'),
  ]) {
    expect(cornersIn(pixels)).toEqual([]);
  }
});

test('corners are those of a convex part of the picture, whatever it is', () => {
  const shift = fc.integer({ min: -150, max: 150 });
  const beyond = fc.tuple(tilted, shift, shift, fc.nat()).map(([corners, right, down, seed]) => {
    const moved = corners.map(([x, y]): Point => [x + right, y + down]);
    return inPerspective(patches(50, 40, seed, 10), table, moved);
  });
  let given = 0;
  const check = (pixels: CheckedPixels) => {
    const found = cornersIn(pixels);
    expect(cornersIn(pixels)).toEqual(found);
    given += found.length;
    for (const four of found) {
      for (const [i, [x, y]] of four.entries()) {
        expect(x >= 0 && y >= 0 && x <= pixels.width && y <= pixels.height).toBe(true);
        const [b, c] = [four[(i + 1) & 3]!, four[(i + 2) & 3]!];
        expect((b[0] - x) * (c[1] - b[1]) - (b[1] - y) * (c[0] - b[0])).toBeGreaterThan(0);
      }
    }
  };
  fc.assert(fc.property(pixelsOf(60), check), { numRuns: runs(60) });
  fc.assert(fc.property(beyond, check), { numRuns: runs(8) });
  expect(given).toBeGreaterThan(0);
});
