import { describe, expect, test } from 'vitest';
import { materials } from '../../../../bench/robustness/measure.js';
import { cropped, type Raster, resized } from '../../../../bench/robustness/raster.js';
import { photo } from '../../../variants/pictures.js';
import { SCREENSHOTS } from './framed-edits.js';
import { VIEWERS } from './viewer-edits.js';

const pixels = (await photo('airplane-from-above.jpg')) as Raster;

/**
 * The share of the photo's area on the screen that is covered, that is, over 24 levels off the
 * photo.
 */
async function covered({ apply }: (typeof VIEWERS)[number]): Promise<number> {
  const { pixels: screen, truth } = await apply(pixels, materials(1, 0, 0, []));
  const { left, top, width, height } = truth!.rectangle;
  const there = cropped(screen as Raster, left, top, width, height);
  const { data } = await resized(pixels, width, height);
  let count = 0;
  for (let i = 0; i < data.length; i += 3) {
    const step = Math.max(
      ...[0, 1, 2].map((channel) => Math.abs(data[i + channel]! - there.data[i + channel]!)),
    );
    if (step > 24) count++;
  }
  return count / (width * height);
}

describe('a screenshot of a viewer has controls on the photo', () => {
  test.each(VIEWERS.map((edit) => [edit.name, edit] as const))('%s', async (_, edit) => {
    const part = await covered(edit);
    expect(part).toBeGreaterThan(0.01);
    expect(part).toBeLessThan(0.6);
  });
});

test('the other screenshots have nothing on the photo', async () => {
  expect(await covered(SCREENSHOTS[0]!)).toBeLessThan(0.005);
});
