import { expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { lowDct } from '../../../src/kernels/pdq/low-dct.js';
import { naiveDct } from '../../oracles/pixels/low-dct.js';

/** The low corner of the DCT of a square: `lowDct` twice. */
function corner(square: Float64Array, size: number, keep: number): Float64Array {
  const across = new Float64Array(keep * size);
  const low = new Float64Array(keep * keep);
  lowDct(square, size, size, keep, across);
  lowDct(across, size, keep, keep, low);
  return low;
}

test('applied twice it is the two-dimensional DCT, with vertical frequencies in rows', () => {
  const next = random(3);
  for (const [size, keep] of [
    [32, 8],
    [64, 16],
  ] as const) {
    const square = new Float64Array(size * size).map(() => next() & 255);
    const low = corner(square, size, keep);
    const naive = naiveDct(square, size, keep);
    for (let i = 0; i < low.length; i++) expect(low[i]).toBeCloseTo(naive[i]!, 7);
  }
});

test('coefficients that are zero by symmetry are exactly zero', () => {
  const next = random(4);
  const size = 32;
  const line = Array.from({ length: size }, () => next() & 255);
  const square = (at: (x: number, y: number) => number) =>
    new Float64Array(size * size).map((_, i) => at(i % size, (i / size) | 0));
  const flat = corner(
    square(() => 93),
    size,
    8,
  );
  expect(flat[0]).toBe(93 * size * size);
  expect(flat.slice(1).every((value) => value === 0)).toBe(true);

  const columns = corner(
    square((x) => line[x]!),
    size,
    8,
  );
  const rows = corner(
    square((_, y) => line[y]!),
    size,
    8,
  );
  for (let i = 8; i < 64; i++) expect(columns[i]! + 0).toBe(0);
  for (let i = 0; i < 64; i++) if (i % 8 !== 0) expect(rows[i]! + 0).toBe(0);

  const noise = Array.from({ length: size * size }, () => next() & 255);
  const mirrored = corner(
    square((x, y) => noise[32 * y + Math.min(x, size - 1 - x)]!),
    size,
    8,
  );
  const turned = corner(
    square((x, y) => (y < 16 ? noise[32 * y + x]! : noise[32 * (31 - y) + 31 - x]!)),
    size,
    8,
  );
  for (let i = 0; i < 64; i++) {
    if (i % 2 === 1) expect(mirrored[i]! + 0).toBe(0);
    if (((i >> 3) + i) % 2 === 1) expect(turned[i]! + 0).toBe(0);
  }
});
