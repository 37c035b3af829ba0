import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extendLine, meansOf } from '../../src/kernels/margins.js';
import { extended } from '../oracles/plane.js';

test('means of squares of a part, less a value', () => {
  const plane = Float32Array.from({ length: 7 * 6 }, (_, at) => at);
  const out = new Float32Array(12).fill(-1);
  // Two squares beside each other from column 2, row 1; the rows of `out` hold four.
  const squares = { columns: 2, rows: 2, by: 2 };
  meansOf(plane, { start: 9, stride: 7 }, squares, 10, out, { start: 5, stride: 4 });
  const first = (9 + 10 + 16 + 17) / 4 - 10;
  const expected = [-1, -1, -1, -1, -1, first, first + 2, -1, -1, first + 14, first + 16, -1];
  expect([...out]).toEqual(expected);
});

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
