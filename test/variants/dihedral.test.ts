import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import { dihedral, dihedralForPdq } from '../../src/variants/dihedral.js';
import { pixelsOf } from '../arbitraries.js';
import { patches, photo } from './pictures.js';

test('the forms of a 2 x 2 picture', () => {
  const pixels = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2, channels: 1 } as const;
  const forms = Object.fromEntries(
    DIHEDRAL_NAMES.map((name) => [name, dihedral(pixels, name).data.join('')]),
  );
  expect(forms).toEqual({
    original: '1234',
    rotate90: '2413',
    rotate180: '4321',
    rotate270: '3142',
    flipX: '3412',
    flipY: '2143',
    flipPlus1: '1324',
    flipMinus1: '4231',
  });
});

test('are named as the reference names its hashes', async () => {
  const pixels = await photo('airplane-from-above.jpg');
  const { hashes } = pdqDihedral(pixels, { resample: 'none' });
  for (const name of DIHEDRAL_NAMES) {
    const { hash } = pdq(dihedral(pixels, name), { resample: 'none' });
    const distances = DIHEDRAL_NAMES.map((other) => distance(hash, hashes[other]));
    expect(DIHEDRAL_NAMES[distances.indexOf(Math.min(...distances))]).toBe(name);
  }
});

test('what PDQ samples of a form is what it samples of really moved pixels', () => {
  const size = fc.record({
    width: fc.integer({ min: 1, max: 620 }),
    height: fc.integer({ min: 1, max: 620 }),
    seed: fc.nat(),
    name: fc.constantFrom(...DIHEDRAL_NAMES),
    resample: fc.constantFrom(512 as const, 'none' as const),
  });
  fc.assert(
    fc.property(size, ({ width, height, seed, name, resample }) => {
      const pixels = patches(width, height, seed, 5);
      const before = pixels.data.slice();
      const moved = pdq(dihedral(pixels, name), { resample });
      expect(pdq(dihedralForPdq(pixels, name, resample), { resample })).toEqual(moved);
      expect(Buffer.compare(Buffer.from(pixels.data), Buffer.from(before))).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test('every form has all pixels once', () => {
  fc.assert(
    fc.property(pixelsOf(20), fc.constantFrom(...DIHEDRAL_NAMES), (pixels, name) => {
      const turned = dihedral(pixels, name);
      expect(turned.data.slice().sort()).toEqual(pixels.data.slice().sort());
    }),
  );
});
