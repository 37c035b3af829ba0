import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extendLine } from '../../../src/kernels/pixels/margins.js';
import { extended } from '../../oracles/pixels/plane.js';

test('extends a line in any direction as its twin does, and changes nothing else', () => {
  const line = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      line,
      fc.integer({ min: 0, max: 6 }),
      fc.boolean(),
      fc.constantFrom(1, -1),
      (values, depth, upright, way) => {
        // A plane with `depth` lines on each side of the line.
        const lines = 2 * depth + 1;
        const count = values.length;
        const along = upright ? lines : 1;
        const across = upright ? 1 : count;
        const plane = new Float32Array(lines * count).fill(7);
        const start = depth * across;
        for (let i = 0; i < count; i++) plane[start + i * along] = values[i]!;
        extendLine(plane, { start, along, count }, way * across, depth);
        for (let away = -depth; away <= depth; away++) {
          for (let i = 0; i < count; i++) {
            const value = plane[start + i * along + away * way * across];
            if (away < 0) expect(value).toBe(7);
            else expect(value).toBeCloseTo(extended(values, i, away, depth), 4);
          }
        }
      },
    ),
  );
});
