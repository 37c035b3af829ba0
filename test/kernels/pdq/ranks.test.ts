import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rankByDistance } from '../../../src/kernels/pdq/ranks.js';
import { runs } from '../../seed.js';

/** By a stable sort of the distances as float32, without their last 8 bits. */
function naiveRanks(values: readonly number[], centre: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  const distances = values.map((value) => {
    view.setFloat32(0, Math.abs(value - centre));
    view.setUint8(3, 0);
    return view.getFloat32(0);
  });
  const order = [...values.keys()].sort((a, b) => distances[a]! - distances[b]!);
  const ranks = new Array<number>(256);
  for (const [rank, i] of order.entries()) ranks[255 - i] = rank;
  return ranks;
}

test('ranks by distance as a sort does', () => {
  const value = fc.oneof(
    fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0, -0, 1e-40, 1e38, 12.5),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 256, maxLength: 256 }), value, (values, centre) => {
      const out = new Uint8Array(256);
      rankByDistance(Float64Array.from(values), centre, out);
      expect([...out]).toEqual(naiveRanks(values, centre));
    }),
    { numRuns: runs(300) },
  );
});

test('equal values keep their order', () => {
  const out = new Uint8Array(256);
  rankByDistance(new Float64Array(256).fill(7), 7, out);
  expect([...out]).toEqual(Array.from({ length: 256 }, (_, i) => 255 - i));
});
