import { describe, expect, test } from 'vitest';
import { cornersIn, turnedQuad } from '../../../../bench/robustness/copies/drawing/warp.js';
import { COPIES } from '../../../../bench/robustness/copies/suite.js';
import type { Edited, Quad, Transform } from '../../../../bench/robustness/edit.js';
import { materials } from '../../../../bench/robustness/measure.js';
import { placementOf } from '../../../../bench/robustness/placement.js';
import { blank, cropped, type Raster, WHITE } from '../../../../bench/robustness/raster.js';
import { createBlocklist } from '../../../../src/blocklist/blocklist.js';
import { distance } from '../../../../src/hash.js';
import { pdq } from '../../../../src/hashing/pdq.js';
import { match } from '../../../../src/matching/match.js';
import type { DihedralName } from '../../../../src/variant.js';
import { variantsOf } from '../../../../src/variants/hash-pixels.js';
import { photo } from '../../../variants/pictures.js';

const pixels = (await photo('airplane-from-above.jpg')) as Raster;
const filler = (await photo('nagasaki-boats-q40.jpg')) as Raster;

const draw = (edit: Transform, seed = 1): Promise<Edited> =>
  edit.apply(pixels, materials(seed, 0, COPIES.indexOf(edit), [filler]));
/** The first edits of families as they were drawn first. */
const drawn = new Map<Transform, Edited>();

const FAMILIES = [...new Set(COPIES.map(({ family }) => family))];

test('24 families, at least four edits each, every edit with its own name', () => {
  expect(FAMILIES).toHaveLength(24);
  for (const family of FAMILIES) {
    const names = COPIES.filter((edit) => edit.family === family).map(({ name }) => name);
    expect(names.length, family).toBeGreaterThanOrEqual(4);
    expect(new Set(names).size, family).toBe(names.length);
  }
});

test('crops to a shape apply to photos that they cut, and all other edits to any', () => {
  const skipped = (width: number, height: number) =>
    COPIES.filter(({ applies }) => applies?.(blank(width, height, WHITE)) === false).map(
      ({ family, name }) => (family === 'crop to 9:16' ? family : name),
    );
  expect(skipped(600, 400)).toEqual([]);
  expect(skipped(400, 400)).toEqual(['1:1', '1:1, moved']);
  expect(skipped(400, 500)).toEqual(['4:5', '4:5, moved']);
  expect(skipped(640, 360)).toEqual(['16:9']);
  expect(skipped(360, 640)).toEqual(Array(4).fill('crop to 9:16'));
  // A crop that keeps 97 % is one, and one that keeps more is none.
  expect(skipped(970, 1000)).toEqual([]);
  expect(skipped(1000, 970)).toEqual([]);
  expect(skipped(971, 1000)).toEqual(['1:1', '1:1, moved']);
  expect(skipped(1000, 971)).toEqual(['1:1', '1:1, moved']);
});

/** The corners of the photo in the copy, in the photo's own order. */
function cornersOf({ rectangle, angle = 0, dihedral, corners }: NonNullable<Edited['truth']>) {
  const { left, top, width, height } = rectangle;
  const [a, b, c, d] =
    corners ?? turnedQuad([left + width / 2, top + height / 2], width, height, angle);
  const forms: Record<DihedralName, readonly unknown[]> = {
    original: [a, b, c, d],
    rotate90: [b, c, d, a],
    rotate180: [c, d, a, b],
    rotate270: [d, a, b, c],
    flipX: [d, c, b, a],
    flipY: [b, a, d, c],
    flipPlus1: [a, d, c, b],
    flipMinus1: [c, b, a, d],
  };
  return forms[dihedral ?? 'original'] as unknown as Quad;
}

/** Mean luma of the pixels within `reach` of a point. */
function lumaAt({ data, width, height }: Raster, x: number, y: number, reach: number): number {
  let sum = 0;
  let count = 0;
  for (let v = Math.round(y - reach); v <= y + reach; v++) {
    for (let u = Math.round(x - reach); u <= x + reach; u++) {
      if (u < 0 || v < 0 || u >= width || v >= height) continue;
      const at = 3 * (v * width + u);
      sum += 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      count++;
    }
  }
  return sum / count;
}

/**
 * Correlation of the photo with the place that the truth gives it, over 32 x 32 points of its
 * middle square, which shows in every copy but the tallest.
 */
function agreement({ pixels: copy, truth }: Edited): number {
  const quad = cornersOf(truth!);
  const size = Math.hypot(quad[1][0] - quad[0][0], quad[1][1] - quad[0][1]);
  const pairs: [number, number][] = [];
  for (let row = 0; row < 32; row++) {
    for (let column = 0; column < 32; column++) {
      const side = Math.min(pixels.width, pixels.height);
      const left = 0.5 + (((column + 0.5) / 32 - 0.5) * side) / pixels.width;
      const top = 0.5 + (((row + 0.5) / 32 - 0.5) * side) / pixels.height;
      const point = { left, top, width: 0, height: 0 };
      const [x, y] = cornersIn(quad, { width: 1, height: 1 }, point)[0];
      if (x < 2 || y < 2 || x > copy.width - 3 || y > copy.height - 3) continue;
      pairs.push([
        lumaAt(pixels, left * pixels.width, top * pixels.height, pixels.width / 100),
        lumaAt(copy, x, y, size / 100),
      ]);
    }
  }
  const mean = (of: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[of], 0) / pairs.length;
  const [a, b] = [mean(0), mean(1)];
  const product = (i: 0 | 1, j: 0 | 1) =>
    pairs.reduce((sum, pair) => sum + (pair[i] - [a, b][i]!) * (pair[j] - [a, b][j]!), 0);
  return product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1));
}

describe.each(FAMILIES)('%s', (family) => {
  const edits = COPIES.filter((edit) => edit.family === family);

  test.each(edits.map((edit) => [edit.name, edit] as const))('%s', async (name, edit) => {
    const before = pixels.data.slice();
    const edited = await draw(edit);
    if (edit === edits[0]) drawn.set(edit, edited);
    const { data, width, height, channels } = edited.pixels;
    expect(channels).toBe(3);
    expect(data.length).toBe(3 * width * height);
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(64);
    expect(Math.max(width, height)).toBeLessThanOrEqual(2600);
    expect(Buffer.compare(pixels.data, before)).toBe(0);
    if (edited.truth === undefined) expect(family).toBe('several at once');
    else {
      const agrees = agreement(edited);
      const least = family === 'covered part' || family === 'local change' ? 0.4 : 0.65;
      expect(name === 'inverted' ? -agrees : agrees).toBeGreaterThan(least);
    }
  });

  test('is drawn from the seed alone', async () => {
    const edit = edits[0]!;
    const one = drawn.get(edit) ?? (await draw(edit));
    const [same, other] = [await draw(edit), await draw(edit, 2)];
    expect(Buffer.compare(one.pixels.data, same.pixels.data)).toBe(0);
    expect(one.truth).toEqual(same.truth);
    // Nothing is drawn at random in the plainest edit of these.
    if (['mirrored', 'turned', 'GIF'].includes(family)) return;
    expect(Buffer.compare(one.pixels.data, other.pixels.data)).not.toBe(0);
  });
});

const FORMS_DRAWN: Readonly<Record<string, number>> = {
  'mirrored and turned': 3,
  'a quarter, cropped a little': 2,
};

test.each(
  COPIES.filter(({ family }) => family === 'turned').map((edit) => [edit.name, edit] as const),
)(
  'turned copies, %s: the truth states the form and place that hashes agree with',
  async (name, edit) => {
    const { hash } = pdq(pixels);
    const blocklist = createBlocklist([{ hash, labels: [] }]);
    const forms = new Set<string | undefined>();
    for (let seed = 1; seed <= 8; seed++) {
      const { pixels: copy, truth } = await draw(edit, seed);
      forms.add(truth!.dihedral);
      const { left, top, width, height } = truth!.rectangle;
      const shown = left < 0 ? copy : cropped(copy, left, top, width, height);
      const byForm = [...variantsOf(shown, { variants: 'dihedral' })].sort(
        (a, b) => distance(a.hash, hash) - distance(b.hash, hash),
      );
      expect(byForm[0]!.name).toBe(truth!.dihedral);
      // `thorough` turns the whole picture only, not what it finds in a frame.
      if (/frame|cropped/.test(name)) continue;
      const { matches } = match(variantsOf(copy, { variants: 'thorough' }), blocklist);
      expect(placementOf(matches[0]!.variant, truth!)).toMatchObject({ right: true, near: true });
    }
    expect(forms.size).toBe(FORMS_DRAWN[name] ?? 1);
  },
);
