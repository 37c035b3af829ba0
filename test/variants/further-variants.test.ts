import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pdq } from '../../src/hashing/pdq.js';
import { DIHEDRAL_NAMES, DIHEDRAL_ORIENTATIONS } from '../../src/variant.js';
import { dihedral } from '../../src/variants/forms.js';
import { pixelsFor, turned, viewOf } from '../../src/variants/view.js';
import { runs } from '../seed.js';
import { patches } from './pictures.js';

test('PDQ samples the same from a form as from really moved pixels', () => {
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
      const form = turned(viewOf(pixels), DIHEDRAL_ORIENTATIONS[name]);
      expect(pdq(pixelsFor(form, 'pdq', resample), { resample })).toEqual(moved);
      expect(Buffer.compare(Buffer.from(pixels.data), Buffer.from(before))).toBe(0);
    }),
    { numRuns: runs(30) },
  );
});
