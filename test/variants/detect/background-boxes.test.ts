import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  backgroundBoxes,
  withoutRoundedCorners,
} from '../../../src/variants/detect/background-boxes.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { runs } from '../../seed.js';
import { collage, drawn, laidOn, patches, rectanglesOf } from '../pictures.js';

const boxesOf = (plane: WorkingPlane) => rectanglesOf(backgroundBoxes(plane));

const WHITE = [255, 255, 255] as const;

test('finds a photo on a background to the pixel', () => {
  const place = fc.record({
    width: fc.integer({ min: 100, max: 200 }),
    height: fc.integer({ min: 100, max: 200 }),
    left: fc.integer({ min: 8, max: 90 }),
    top: fc.integer({ min: 8, max: 90 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(place, ({ width, height, left, top, seed }) => {
      const part = patches(width, height, seed);
      const plane = workingPlane(laidOn(part, 300, 300, left, top, WHITE));
      expect(boxesOf(plane)).toEqual([{ left, top, width, height }]);
    }),
    { numRuns: runs(40) },
  );
});

test('finds all cells of a collage with gaps, and none twice', () => {
  const cells = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => [row, column] as const));
  const canvas = collage(
    340,
    280,
    WHITE,
    cells.map(([row, column]) => [
      patches(100, 80, 3 * row + column),
      10 + 110 * column,
      10 + 90 * row,
    ]),
  );
  const boxes = boxesOf(workingPlane(canvas));
  expect(boxes).toHaveLength(9);
  for (const [row, column] of cells) {
    const place = { left: 10 + 110 * column, top: 10 + 90 * row, width: 100, height: 80 };
    expect(boxes).toContainEqual(place);
  }
});

test('beyond the largest four, finds only boxes as high or as wide as one of them', () => {
  const sizes = [
    [100, 80],
    [110, 80],
    [95, 80],
    [105, 80],
    [60, 80],
    [60, 55],
  ] as const;
  const canvas = collage(
    400,
    320,
    WHITE,
    sizes.map(([width, height], at) => [
      patches(width, height, at),
      10 + 130 * (at % 3),
      10 + 100 * Math.floor(at / 3),
    ]),
  );
  const widths = boxesOf(workingPlane(canvas)).map(({ width, height }) => [width, height]);
  expect(widths).toEqual([
    [110, 80],
    [105, 80],
    [100, 80],
    [95, 80],
    [60, 80],
  ]);
});

test("finds cells between thin lines of the border's colour, if another colour is commoner", () => {
  const pale = drawn(100, 80, () => 200);
  const parts = [0, 1, 2, 3].map(
    (at) =>
      [at === 3 ? patches(100, 80, 5) : pale, 3 + 103 * (at & 1), 3 + 83 * (at >> 1)] as const,
  );
  const boxes = boxesOf(workingPlane(collage(209, 169, [20, 30, 200], parts)));
  expect(boxes).toContainEqual({ left: 106, top: 86, width: 100, height: 80 });
});

test('finds none in a picture without a background, or with nothing else', () => {
  const next = patches(200, 200, 9, 2);
  expect(boxesOf(workingPlane(next))).toEqual([]);
  expect(boxesOf(workingPlane(drawn(200, 200, () => 3)))).toEqual([]);
  expect(boxesOf(workingPlane(drawn(2, 3, () => 3)))).toEqual([]);
});

const BOX = { left: 30, top: 40, width: 200, height: 160 };

/** A soft photo in a box on white, its corners rounded by `radius`. */
const rounded = (radius: number) =>
  drawn(260, 240, (x, y) => {
    const u = x - BOX.left;
    const v = y - BOX.top;
    if (u < 0 || v < 0 || u >= BOX.width || v >= BOX.height) return 255;
    const dx = Math.max(radius - u - 0.5, u + 0.5 - (BOX.width - radius), 0);
    const dy = Math.max(radius - v - 0.5, v + 0.5 - (BOX.height - radius), 0);
    return dx * dx + dy * dy > radius * radius ? 255 : 100 + 40 * Math.sin(u / 30 + v / 40);
  });

test('extends the photo into its rounded corners, and changes nothing else', () => {
  const plane = workingPlane(rounded(16));
  const whole = workingPlane(rounded(0));
  const before = plane.luma.slice();
  const filled = withoutRoundedCorners(plane, BOX);
  let most = 0;
  let changed = 0;
  expect(filled).toMatchObject({ width: 200, height: 160, marginX: -30, marginY: -40 });
  for (let i = 0; i < filled!.luma.length; i++) {
    const at = (40 + Math.floor(i / 200)) * 260 + 30 + (i % 200);
    most = Math.max(most, Math.abs(filled!.luma[i]! - whole.luma[at]!));
    if (filled!.luma[i] !== before[at]) changed++;
  }
  // A row is extended by one value. The photo itself changes by less than this over a corner.
  expect(most).toBeLessThan(40);
  // Four corners of (1 - pi / 4) r², and the mixed pixels next to them.
  expect(changed).toBeGreaterThan(4 * 0.21 * 16 ** 2);
  expect(changed).toBeLessThan(4 * (0.21 * 16 ** 2 + 2 * 16));
  expect(Buffer.compare(Buffer.from(plane.luma.buffer), Buffer.from(before.buffer))).toBe(0);
});

test('leaves square corners alone', () => {
  expect(withoutRoundedCorners(workingPlane(rounded(0)), BOX)).toBeUndefined();
  const onBlack = laidOn(patches(200, 160, 3), 260, 240, 30, 40, [0, 0, 0]);
  expect(withoutRoundedCorners(workingPlane(onBlack), BOX)).toBeUndefined();
});
