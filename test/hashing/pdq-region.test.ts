import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { distance } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqRegion } from '../../src/hashing/pdq-region.js';
import type { Pixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import { dihedral } from '../../src/variants/forms.js';
import { planePixels, workingPlane } from '../../src/variants/working-plane.js';
import { drawn, photo } from '../variants/pictures.js';

const part = (pixels: Pixels, left: number, top: number, width: number, height: number) =>
  drawn(width, height, (x, y, channel) => {
    const channels = pixels.channels ?? 3;
    const at = ((top + y) * pixels.width + left + x) * channels;
    return pixels.data[at + (channels === 3 ? channel : 0)]!;
  });

test('is the hash of the real pixels of a part, however placed, up to ties', async () => {
  const pixels = await photo('dust-bowl-home.jpg');
  const plane = workingPlane(pixels);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 100, max: 600 }),
      fc.integer({ min: 100, max: 480 }),
      fc.constantFrom(...DIHEDRAL_NAMES),
      fc.constantFrom(512 as const, 'none' as const),
      (left, top, width, height, name, resample) => {
        const real = pdq(dihedral(part(pixels, left, top, width, height), name), { resample });
        const geometry = { rectangle: { left, top, width, height }, dihedral: name };
        const sampled = pdqRegion(plane, geometry, resample);
        expect(distance(sampled.hash, real.hash)).toBeLessThanOrEqual(2);
        expect(Math.abs(sampled.quality - real.quality)).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 40 },
  );
});

test('of a large picture it is near the hash of all pixels', async () => {
  const distances: number[] = [];
  for (const name of ['airplane-from-above.jpg', 'allium-oreophilum.jpg', 'dust-bowl-home.jpg']) {
    const small = await photo(name);
    const { data, info } = await sharp(small.data, {
      raw: { width: small.width, height: small.height, channels: small.channels ?? 3 },
    })
      .resize(2300)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = { data, width: info.width, height: info.height, channels: 3 as const };
    const plane = workingPlane(pixels);
    expect(plane.scale).toBeGreaterThan(1);
    const rectangle = { left: 0, top: 0, width: pixels.width, height: pixels.height };
    for (const resample of [512, 'none'] as const) {
      const sampled = pdqRegion(plane, { rectangle }, resample);
      distances.push(distance(sampled.hash, pdq(pixels, { resample }).hash));
    }
  }
  expect(Math.max(...distances)).toBeLessThanOrEqual(4);
  expect(distances.filter((bits) => bits <= 2).length).toBeGreaterThanOrEqual(5);
});

test('of a turned part it is near the hash of the pixels turned back', async () => {
  const pixels = await photo('acanthus-mollis.jpg');
  const plane = workingPlane(pixels);
  for (const angle of [-7, 3, 12]) {
    const rectangle = { left: 200, top: 250, width: 400, height: 500 };
    const shown = planePixels(plane, { rectangle, angle });
    const sampled = pdqRegion(plane, { rectangle, angle }, 512);
    expect(distance(sampled.hash, pdq(shown).hash)).toBeLessThanOrEqual(10);
  }
});
