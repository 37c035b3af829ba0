import { expect, test } from 'vitest';
import { bytesOf, hashFromHex } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { comparedParts } from '../../src/matching/parts.js';
import { DIHEDRAL_NAMES, type VariantGeometry } from '../../src/variant.js';
import { partHashes, partsOfPicture } from '../../src/variants/parts.js';
import { viewOf } from '../../src/variants/view.js';
import { planePixels, workingPlane } from '../../src/variants/working-plane.js';
import { naiveDistance } from '../oracles/hamming.js';
import { laidOn, photo } from './pictures.js';

const SHARES = [
  [0, 0, 0.5, 0.5],
  [0.5, 0, 0.5, 0.5],
  [0, 0.5, 0.5, 0.5],
  [0.5, 0.5, 0.5, 0.5],
  [0.25, 0.25, 0.5, 0.5],
  [0, 0.25, 1, 0.5],
] as const;

const six = (parts: string) =>
  SHARES.map((_, at) => hashFromHex('pdq', parts.slice(64 * at, 64 * at + 64)).bytes);

/** The hashes of the parts of a place, from its pixels. */
async function fromPixels(name: string, geometry: VariantGeometry) {
  const pixels = await photo(name);
  const plane = workingPlane(pixels, pixels.width * pixels.height);
  const shown = planePixels(plane, geometry);
  const { width, height } = shown;
  return SHARES.map(([left, top, wide, high]) => {
    const rectangle = {
      left: Math.round(left * width),
      top: Math.round(top * height),
      width: Math.round(wide * width),
      height: Math.round(high * height),
    };
    return pdq(planePixels(workingPlane(shown, width * height), { rectangle })).hash.bytes;
  });
}

const NAME = 'acanthus-mollis.jpg';
const rectangle = { left: 120, top: 90, width: 560, height: 640 };
const corners = [
  [130, 80],
  [660, 120],
  [640, 720],
  [100, 700],
] as const;

test.each([
  ['upright', { rectangle }],
  ...DIHEDRAL_NAMES.map((dihedral) => [dihedral, { rectangle, dihedral }]),
  ['turned', { rectangle, angle: 7 }],
  ['turned and mirrored', { rectangle, angle: -9, dihedral: 'flipY' }],
  ['in perspective', { rectangle, corners }],
  ...DIHEDRAL_NAMES.map((dihedral) => [
    `in perspective, ${dihedral}`,
    { rectangle, corners, dihedral },
  ]),
] as [string, VariantGeometry][])(
  'the parts of a place are those of its pixels: %s',
  async (_, geometry) => {
    const expected = await fromPixels(NAME, geometry);
    const found = six(partHashes(workingPlane(await photo(NAME)), { geometry }, 512));
    const distances = found.map((bytes, at) => naiveDistance(bytes, expected[at]!));
    expect(Math.max(...distances), `${distances}`).toBeLessThanOrEqual(24);
  },
);

test('the parts of a small place between pixels are sampled finer than the plane', async () => {
  // Parts of 190 pixels: the plane of this picture has one value for two.
  const geometry: VariantGeometry = {
    rectangle: { left: 200.3, top: 300.6, width: 380.4, height: 380.2 },
    corners: [
      [200.3, 310.4],
      [570.2, 300.6],
      [580.7, 670.8],
      [210.9, 680.8],
    ],
  };
  const expected = await fromPixels(NAME, geometry);
  const plane = workingPlane(await photo(NAME));
  expect(plane.scale).toBe(2);
  const found = six(partHashes(plane, { geometry }, 512));
  const distances = found.map((bytes, at) => naiveDistance(bytes, expected[at]!));
  expect(Math.max(...distances), `${distances}`).toBeLessThanOrEqual(40);
});

test('a picture has the parts of its whole place', async () => {
  const pixels = await photo(NAME);
  const whole = { left: 0, top: 0, width: pixels.width, height: pixels.height };
  // Its border marks it: a plate of a book.
  expect(partsOfPicture(viewOf(pixels), 512)).toBe(
    `${partHashes(workingPlane(pixels), { geometry: { rectangle: whole } }, 512)}01`,
  );
});

test.each([
  ['a photo', 0, 0, false],
  ['a screenshot', 200, 300, true],
  ['a framed photo', 60, 60, true],
])('%s is marked as a page, or not', async (_, across, down, isPage) => {
  const pixels = await photo('french-alpine-landscape.jpg');
  const sides = [pixels.width + 2 * across, pixels.height + 2 * down] as const;
  const shown = laidOn(pixels, ...sides, across, down, [240, 240, 240]);
  expect(partsOfPicture(viewOf(shown), 512).slice(384)).toBe(isPage ? '01' : '');
});

/** Parts whose bits differ by so many from zeros: four quarters, centre, band. */
const off = (...bits: readonly number[]) =>
  bits
    .map((count) => (1n << BigInt(count)) - 1n)
    .map((value) => value.toString(16).padStart(64, '0'))
    .join('');

test.each([
  [[31, 31, 50, 256, 256, 256], 31, true],
  [[256, 31, 31, 50, 256, 256], 31, true],
  [[0, 32, 50, 256, 256, 256], 32, false],
  [[0, 31, 51, 256, 256, 256], 31, false],
  [[256, 256, 256, 256, 24, 256], 24, true],
  [[256, 256, 256, 256, 256, 24], 24, true],
  [[256, 256, 256, 256, 25, 60], 25, false],
  [[90, 80, 70, 61, 62, 63], 62, false],
] as [number[], number, boolean][])('the rule by parts: %j', (bits, distance, match) => {
  const parts = off(...bits);
  const none = off(0, 0, 0, 0, 0, 0);
  const compared = (one: string, other: string) => comparedParts(bytesOf(one), other);
  expect(compared(parts, none)).toEqual({ distance, match, isPage: false });
  expect(compared(`${parts}01`, none)).toEqual({ distance, match, isPage: false });
  expect(compared(parts, `${none}01`)).toEqual({ distance, match: false, isPage: true });
  expect(bytesOf(off(...bits)).length).toBe(192);
});
