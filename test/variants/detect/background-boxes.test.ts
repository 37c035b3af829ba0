import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  backgroundBoxes,
  withoutRoundedCorners,
} from '../../../src/variants/detect/background-boxes.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { drawn, laidOn, patches, rectanglesOf } from '../pictures.js';

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
    { numRuns: 40 },
  );
});

test('finds the cells of a collage with gaps', () => {
  let canvas = drawn(430, 430, () => 255);
  for (const [left, top] of [
    [10, 10],
    [220, 10],
    [10, 220],
    [220, 220],
  ] as const) {
    const part = patches(200, 200, left * top);
    const before = canvas;
    canvas = drawn(430, 430, (x, y, channel) => {
      const inside = x >= left && y >= top && x < left + 200 && y < top + 200;
      const source = inside ? part : before;
      const at = inside ? (y - top) * 200 + x - left : y * 430 + x;
      return source.data[3 * at + channel]!;
    });
  }
  const boxes = boxesOf(workingPlane(canvas));
  expect(boxes).toHaveLength(4);
  expect(boxes).toContainEqual({ left: 220, top: 10, width: 200, height: 200 });
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
  for (let i = 0; i < before.length; i++) {
    most = Math.max(most, Math.abs(filled!.luma[i]! - whole.luma[i]!));
    if (filled!.luma[i] !== before[i]) changed++;
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
