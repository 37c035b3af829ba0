import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Coding,
  type DecodedPicture,
  pictureOf,
  variantsOfPicture,
} from '../../src/picture/hash-picture.js';
import type { PictureOptions } from '../../src/picture/options.js';
import type { Channels, CheckedPixels, Orientation } from '../../src/pixels.js';
import { orient, withoutColour } from '../../src/variants/forms.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { VARIANT_PROFILES } from '../../src/variants/variant-profile.js';
import { runs } from '../seed.js';
import { patches } from '../variants/pictures.js';

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

/** A picture with edges in it; transparent in one pixel of `hole`, coloured in one of `spot` alone. */
function drawn(
  { width, height, channels }: { width: number; height: number; channels: Channels },
  { grey, hole, spot }: { grey: boolean; hole: number | undefined; spot: number | undefined },
): CheckedPixels {
  const data = new Uint8Array(width * height * channels).fill(255);
  const colours = channels > 2 ? 3 : 1;
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const value = ((x >> 5) * 37 + (y >> 4) * 91 + x + 3 * y) & 255;
    for (let c = 0; c < colours; c++) data[i * channels + c] = grey ? value : value >> c;
  }
  if (spot !== undefined && colours === 3) data[(spot % (width * height)) * channels]! ^= 128;
  if (hole !== undefined && channels % 2 === 0) {
    data[(hole % (width * height)) * channels + channels - 1] = 7;
  }
  return { data, width, height, channels };
}

const place = fc.option(fc.nat(), { nil: undefined });
const pictures = fc.record({
  shape: fc.record({
    width: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 500, max: 560 })),
    height: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 500, max: 560 })),
    channels: fc.constantFrom<Channels>(1, 2, 3, 4),
  }),
  look: fc.record({ grey: fc.boolean(), hole: place, spot: place }),
  orientation: fc.constantFrom(...orientations),
  exif: fc.boolean(),
});
const options: fc.Arbitrary<PictureOptions> = fc.record(
  {
    algorithm: fc.constantFrom('pdq', 'pdq', 'pdq', 'dhash'),
    resample: fc.constantFrom(512 as const, 'none' as const),
    exact: fc.boolean(),
    variants: fc.constantFrom(...VARIANT_PROFILES),
    crops: fc.boolean(),
    orientation: fc.constantFrom('display' as const, 'stored' as const),
  },
  { requiredKeys: [] },
);

/** The same by whole pictures, each turned and looked at in whole. */
function expected(pixels: CheckedPixels, { orientation, exif }: Coding, given: PictureOptions) {
  const whole = withoutColour(pixels);
  const { orientation: asked, ...how } = given;
  if (asked === 'stored') {
    const raster = exif ? whole : orient(whole, orientation);
    return [...variantsOf(raster, { ...how, variants: 'none' })];
  }
  const stored = exif && orientation !== 1 ? whole : undefined;
  return [...variantsOf(orient(whole, orientation), { ...how, stored })];
}

test('the hashes are those of the whole picture, however much of it is read', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, options, async ({ shape, look, orientation, exif }, given) => {
      const pixels = drawn(shape, look);
      const coding = { orientation, exif, alpha: shape.channels % 2 === 0 };
      const { variants, width, height } = await variantsOfPicture(pictureOf(pixels, coding), given);
      expect([...variants]).toEqual(expected(pixels, coding, given));
      const sides = [shape.width, shape.height];
      expect([width, height]).toEqual(orientation > 4 ? sides.reverse() : sides);
    }),
    { numRuns: runs(60) },
  );
});

/** A picture of which it is noted what is read. */
function noted(pixels: CheckedPixels, coding: Coding) {
  const read: string[] = [];
  const picture = pictureOf(pixels, coding);
  const watched: DecodedPicture = {
    ...picture,
    sampled(orientation) {
      read.push(`sample ${orientation}`);
      return picture.sampled(orientation);
    },
    whole() {
      read.push('whole');
      return picture.whole();
    },
    facts() {
      read.push('facts');
      return picture.facts();
    },
  };
  return { watched, read };
}

const large = drawn(
  { width: 700, height: 520, channels: 3 },
  { grey: false, hole: undefined, spot: undefined },
);
const upright: Coding = { orientation: 1, exif: true, alpha: false };

test('only what the hashes need is read, at once', async () => {
  const readFor = async (coding: Coding, given: PictureOptions, pixels = large) => {
    const { watched, read } = noted(pixels, coding);
    const { variants } = await variantsOfPicture(watched, given);
    const before = [...read];
    for (const _ of variants);
    expect(read).toEqual(before);
    return before;
  };
  const turned = { ...upright, orientation: 6 } as const;
  expect(await readFor(upright, {})).toEqual(['sample 1']);
  expect(await readFor(turned, {})).toEqual(['sample 6', 'sample 1']);
  expect(await readFor(turned, { variants: 'none' })).toEqual(['sample 6']);
  expect(await readFor(turned, { orientation: 'stored' })).toEqual(['sample 1']);
  expect(await readFor({ ...upright, alpha: true }, {})).toEqual(['sample 1', 'facts']);
  // A grey sample may be of a picture that is not.
  const grey = { ...large, data: large.data.slice().fill(90) };
  expect(await readFor(upright, {}, grey)).toEqual(['sample 1', 'facts']);
  for (const given of [
    { variants: 'dihedral' },
    { variants: 'thorough' },
    { crops: true },
    { resample: 'none' },
    { algorithm: 'dhash' },
  ] as const) {
    expect(await readFor(upright, given)).toEqual(['whole']);
  }
});

test('a variant is hashed only when it is requested', async () => {
  const pixels = { ...large, data: large.data.slice() };
  const { variants } = await variantsOfPicture(pictureOf(pixels, upright), { crops: true });
  const [original] = variantsOf(pixels);
  expect(variants.next().value).toEqual(original);
  // What is not hashed yet sees what becomes of the pixels, which are borrowed.
  const other = patches(pixels.width, pixels.height, 7);
  pixels.data.set(other.data);
  expect(variants.next().value).toEqual([...variantsOf(other, { crops: true })][1]);
});

test('facts cover every pixel', () => {
  const factsOf = (data: number[], channels: Channels, alpha: boolean) => {
    const pixels = {
      data: Uint8Array.from(data),
      width: data.length / channels,
      height: 1,
      channels,
    };
    return pictureOf(pixels, { orientation: 1, exif: true, alpha }).facts();
  };
  expect(factsOf([5, 5, 5, 6, 6, 6], 3, false)).toEqual({ opaque: true, grey: true });
  expect(factsOf([5, 5, 5, 6, 6, 7], 3, false)).toEqual({ opaque: true, grey: false });
  expect(factsOf([5, 5, 5, 255, 6, 6, 6, 255], 4, true)).toEqual({ opaque: true, grey: true });
  expect(factsOf([5, 5, 5, 255, 6, 6, 7, 249], 4, true)).toEqual({ opaque: false, grey: false });
  expect(factsOf([5, 255, 6, 0], 2, true)).toEqual({ opaque: false, grey: true });
  expect(factsOf([5, 6], 1, false)).toEqual({ opaque: true, grey: true });
});
