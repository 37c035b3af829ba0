import fc from 'fast-check';
import { expect } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { type Arena, inArena } from '../../../src/kernels/simd/arena.js';

/** Zeros after each array of an arena, in which kernels may write. */
const GAP = 64;

type AnyArray = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** Makes arrays: in an arena, or plain ones. */
export type Make = <T extends AnyArray>(values: T) => T;

const copyOf: Make = (values) => values.slice() as typeof values;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/**
 * Runs `work` with arrays in an arena. Each has an array of NaN before it and after it, and noise in
 * the gaps: numbers, as other kernels may have left there. Neither NaN nor the gaps before arrays
 * may change.
 */
export function inGuardedArena<R>(work: (make: Make, arena: Arena) => R): R {
  return inArena((arena) => {
    const next = random(5);
    const guards: Uint8Array[] = [];
    const befores: { readonly at: Uint8Array; readonly noise: Uint8Array }[] = [];
    /** Finite as floats of either width: no exponent is of ones alone. */
    const noiseAfter = (array: ArrayBufferView): Uint8Array => {
      const at = new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset + array.byteLength);
      for (let i = 0; i < GAP; i++) at[i] = 1 + (next() % 0x7d);
      return at.subarray(0, GAP);
    };
    const guard = () => {
      const nan = bytesOf(arena.take(Float64Array, 8).fill(Number.NaN));
      guards.push(nan);
      const at = noiseAfter(nan);
      befores.push({ at, noise: at.slice() });
    };
    guard();
    const result = work((values) => {
      const array = arena.take(values.constructor as typeof Float64Array, values.length);
      array.set(values as Float64Array);
      noiseAfter(array);
      guard();
      return array as unknown as typeof values;
    }, arena);
    const nan = bytesOf(new Float64Array(8).fill(Number.NaN));
    for (const bytes of guards) expect(differenceOf(bytes, nan)).toBe(-1);
    for (const { at, noise } of befores) expect(differenceOf(at, noise)).toBe(-1);
    return result;
  });
}

/** The place of the first number that differs, or -1. Both zeros are one number. */
export function differenceOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return i;
  }
  return -1;
}

/**
 * Runs `work` in an arena, on plain arrays and as `twin` does it: the numbers of all three are the
 * same.
 */
export function expectSame(
  work: (make: Make) => readonly ArrayLike<number>[],
  twin?: () => readonly ArrayLike<number>[],
): void {
  const plain = work(copyOf);
  // Copies: an arena is cleared at its end.
  const inKernels = inGuardedArena((make) => work(make).map((numbers) => Array.from(numbers)));
  const all = twin ? [inKernels, twin()] : [inKernels];
  for (const other of all) {
    expect(other.map((numbers, i) => differenceOf(numbers, plain[i]!))).toEqual(
      plain.map(() => -1),
    );
  }
}

/** Sides: most up to 70, some wide or high ones. */
export const sides = fc
  .oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.integer({ min: 500, max: 620 }), fc.integer({ min: 1, max: 5 })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 500, max: 620 })),
    },
  )
  .map(([width, height]) => ({ width, height }));

export const seeds = fc.integer({ min: 1, max: 2 ** 30 });

/** Seeded luma as `reduce` and `lower` leave it: noise, or steps near the least edge, or flat. */
export function lumaOf(width: number, height: number, seed: number): Float32Array {
  const next = random(seed);
  const most = [1_020_001, 45_000, 1][seed % 3]!;
  const mean = seed % 256;
  return Float32Array.from(
    { length: width * height },
    () => Math.fround((next() % most) * 0.00025) - mean,
  );
}

/** Seeded bytes, of few values or of all. */
export function bytesFrom(length: number, seed: number): Uint8Array {
  const next = random(seed);
  const [few, base] = [seed % 2 === 0, seed % 200];
  return Uint8Array.from({ length }, () => (few ? base + (next() % 40) : next() >>> 13));
}
