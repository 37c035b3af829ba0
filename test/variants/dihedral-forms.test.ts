import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rankedPdq } from '../../src/hashing/pdq-ranks.js';
import type { Channels, CheckedPixels, Orientation } from '../../src/pixels.js';
import { DIHEDRAL_NAMES, type DihedralName } from '../../src/variant.js';
import { dihedralHasher } from '../../src/variants/dihedral-forms.js';
import { dihedral } from '../../src/variants/forms.js';
import { viewOf } from '../../src/variants/view.js';
import { oriented } from '../oracles/pixels/pixels.js';
import { isDeep, runs } from '../seed.js';
import { drawn, patches, photo } from './pictures.js';

const orientations = [1, 2, 3, 4, 5, 6, 7, 8] as const satisfies readonly Orientation[];

/** Hash and quality of every form: of the view, and of moved pixels. */
function bothWays(
  pixels: CheckedPixels,
  orientation: Orientation,
  options: { resample: 512 | 'none'; exact: boolean },
) {
  const hashOf = dihedralHasher(viewOf(pixels, orientation), options);
  const shown = oriented(pixels, orientation);
  return DIHEDRAL_NAMES.map((name) => {
    const { ranks: _, ...form } = hashOf(name);
    const { ranks: __, ...moved } = rankedPdq(dihedral(shown, name), options);
    return { form, moved };
  });
}

describe.each(['airplane-from-above.jpg', 'acanthus-mollis.jpg'])('%s', (file) => {
  test('every form has the hash and ranks of its moved pixels', async () => {
    const pixels = await photo(file);
    const options = { resample: 512, exact: false } as const;
    const hashOf = dihedralHasher(viewOf(pixels), options);
    for (const name of DIHEDRAL_NAMES) {
      expect(hashOf(name)).toEqual(rankedPdq(dihedral(pixels, name), options));
    }
  });
});

test.each([1, 6] as const)('orientation %i: of two forms, one filtering gives both', async (by) => {
  const pixels = await photo('acanthus-mollis.jpg');
  const options = { resample: 512, exact: false } as const;
  const pairs = ['original flipPlus1', 'rotate90 flipY', 'rotate180 flipMinus1', 'rotate270 flipX'];
  for (const pair of pairs) {
    const [one, other] = pair.split(' ') as [DihedralName, DihedralName];
    const expected = rankedPdq(dihedral(oriented(pixels, by), other), options);
    const data = pixels.data.slice();
    const hashOf = dihedralHasher(viewOf({ ...pixels, data }, by), options);
    hashOf(one);
    // Nothing is read any more.
    data.fill(0);
    expect(hashOf(other)).toEqual(expected);
  }
});

test('any picture, any turn, both size conventions, rounded as the reference does or not', () => {
  const side = fc.oneof(
    fc.integer({ min: 1, max: 90 }),
    fc.constant(64),
    fc.integer({ min: 500, max: 620 }),
  );
  const options = fc.record({
    resample: fc.constantFrom(512 as const, 'none' as const),
    exact: fc.boolean(),
  });
  fc.assert(
    fc.property(
      side,
      side,
      fc.nat(),
      fc.constantFrom<Channels>(1, 2, 3, 4),
      fc.constantFrom(...orientations),
      options,
      (width, height, seed, channels, by, given) => {
        const rgb = patches(width, height, seed, 7);
        const data = new Uint8Array(width * height * channels);
        for (let i = 0; i < data.length; i++) {
          data[i] = rgb.data[3 * Math.floor(i / channels) + ((i % channels) % 3)]!;
        }
        const before = data.slice();
        const pixels = { data, width, height, channels };
        for (const { form, moved } of bothWays(pixels, by, given)) expect(form).toEqual(moved);
        expect(Buffer.compare(data, before)).toBe(0);
      },
    ),
    { numRuns: runs(60) },
  );
});

// Plain pictures leave bits in doubt, so that the reference's order decides.
test('flats, ramps and checkers: hard on roundings', () => {
  const looks = [
    () => 0,
    (x: number) => x & 255,
    (x: number, y: number) => (x + y) & 255,
    (x: number, y: number) => (((x >> 4) ^ (y >> 4)) & 1) * 255,
    (x: number) => ((x >> 3) & 1) * 200,
    (_: number, y: number) => (y * 7) & 255,
  ];
  for (const look of looks) {
    for (const [width, height] of [[512, 512], ...(isDeep ? [[700, 520]] : []), [129, 257]] as [
      number,
      number,
    ][]) {
      for (const by of isDeep ? ([1, 6] as const) : ([6] as const)) {
        const pixels = drawn(width, height, look);
        const options = { resample: 512, exact: false } as const;
        for (const { form, moved } of bothWays(pixels, by, options)) expect(form).toEqual(moved);
      }
    }
  }
});
