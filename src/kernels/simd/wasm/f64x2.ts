/* Vectors of two floats of 64 bits. */

import { type Code, simd, type Value } from '../assembler.js';
import * as v128 from './v128.js';

/** A number in both lanes. */
export const splat = (value: number) =>
  v128.constant(new Uint8Array(Float64Array.of(value, value).buffer));
/** Lanes of both vectors: 0 and 1 of the first, 2 and 3 of the second. */
export const shuffle = (a: Value, b: Value, ...lanes: number[]) => v128.shuffle(8, a, b, lanes);
/** The upper lane of a local in both. */
export const upper = (a: string) => shuffle(a, a, 1, 1);
export const add = (a: Value, b: Value) => simd(0xf0, a, b);
export const sub = (a: Value, b: Value) => simd(0xf1, a, b);
export const mul = (a: Value, b: Value) => simd(0xf2, a, b);
export const div = (a: Value, b: Value) => simd(0xf3, a, b);
export const abs = (a: Value) => simd(0xec, a);
/** Neither may be NaN. */
export const min = (a: Value, b: Value) => simd(0xf4, a, b);
export const max = (a: Value, b: Value) => simd(0xf5, a, b);
/** a > b: lanes of ones or of zeros. */
export const gt = (a: Value, b: Value) => simd(0x4a, a, b);
export const le = (a: Value, b: Value) => simd(0x4b, a, b);
/** Without what is after the point. */
export const trunc = (a: Value) => simd(0x7a, a);
/** The two lower lanes of whole numbers as floats. */
export const convert = (a: Value) => simd(0xfe, a);
/** The two lower floats of 32 bits. */
export const promote = (a: Value) => simd(0x5f, a);
/** Two floats of 32 bits from an address. */
export const loadFloats = (address: Value, offset = 0) => promote(v128.load64Zero(address, offset));
/** The first and the third of four, or the second and the fourth. */
export const loadEveryOther = (address: Value, first: 0 | 1 = 0) => {
  const four = v128.load(address);
  return promote(v128.shuffle(4, four, four, [first, first + 2, 0, 0]));
};
/** Both lanes as floats of 32 bits. */
export const storeFloats = (address: Value, a: Value): Code =>
  v128.store64Lane(address, simd(0x5e, a), 0);
