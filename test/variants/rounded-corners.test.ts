import { expect, test } from 'vitest';
import { withoutRoundedCorners } from '../../src/variants/rounded-corners.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { drawn, laidOn, patches } from './pictures.js';

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

test('continues the photo into its rounded corners, and changes nothing else', () => {
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
  // A row is continued by one value: the photo's own changes by less than this over a corner.
  expect(most).toBeLessThan(40);
  // Four corners of (1 - pi / 4) r², and the mixed pixels beside them.
  expect(changed).toBeGreaterThan(4 * 0.21 * 16 ** 2);
  expect(changed).toBeLessThan(4 * (0.21 * 16 ** 2 + 2 * 16));
  expect(Buffer.compare(Buffer.from(plane.luma.buffer), Buffer.from(before.buffer))).toBe(0);
});

test('leaves square corners alone', () => {
  expect(withoutRoundedCorners(workingPlane(rounded(0)), BOX)).toBeUndefined();
  const onBlack = laidOn(patches(200, 160, 3), 260, 240, 30, 40, [0, 0, 0]);
  expect(withoutRoundedCorners(workingPlane(onBlack), BOX)).toBeUndefined();
});
