import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeTentRow } from '../../../src/kernels/pixels/tent-rows.js';
import { tentTaps } from '../../../src/kernels/pixels/tent-taps.js';
import { pixelsOf } from '../../arbitraries.js';
import { lumaRows, tentPlane } from '../../oracles/pixels/tent.js';
import { runs } from '../../seed.js';

test('any picture, larger or smaller: within 1e-10 of the two boxes in doubles', () => {
  const tentRow = makeTentRow();
  fc.assert(
    fc.property(
      pixelsOf(20),
      fc.integer({ min: 5, max: 300 }),
      fc.integer({ min: 5, max: 300 }),
      fc.constantFrom(0, 0, 63, 17),
      (pixels, width, height, from) => {
        const { channels = 1, width: stride } = pixels;
        const bytes = new Uint8Array(pixels.data);
        const columns = Int32Array.from({ length: width }, (_, x) => (x * 7) % pixels.width);
        const rows = Int32Array.from({ length: height }, (_, y) => (y * 5) % pixels.height);
        const line = new Float64Array(width).fill(1e6);
        const out = new Float64Array(64 * 64).fill(-1);
        const raster = { bytes, words: null, channels, stride, columns, rows };
        const taps = { across: tentTaps(width), down: tentTaps(height) };
        for (let i = 0; i < 64; i++) tentRow(raster, taps, i, from, line, out);
        const wanted = tentPlane(lumaRows(bytes, channels, stride, columns, rows));
        let worst = 0;
        wanted.forEach((value, at) => {
          if ((at & 63) >= from) worst = Math.max(worst, Math.abs(out[at]! - value));
          else expect(out[at]).toBe(-1);
        });
        expect(worst).toBeLessThan(1e-10);
      },
    ),
    { numRuns: runs(60) },
  );
});
