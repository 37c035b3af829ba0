/* Vectors of four whole numbers of 32 bits. */

import { type Code, simd, type Value } from '../assembler.js';
import * as v128 from './v128.js';

export const splat = (a: Value) => simd(0x11, a);
export const extractLane = (a: Value, lane: number): Code => [simd(0x1b, a), lane];
/** Lanes of both vectors: 0…3 of the first, 4…7 of the second. */
export const shuffle = (a: Value, b: Value, ...lanes: number[]) => v128.shuffle(4, a, b, lanes);
export const add = (a: Value, b: Value) => simd(0xae, a, b);
export const sub = (a: Value, b: Value) => simd(0xb1, a, b);
export const shrS = (a: Value, bits: Value) => simd(0xac, a, bits);
export const shrU = (a: Value, bits: Value) => simd(0xad, a, bits);
export const abs = (a: Value) => simd(0xa0, a);
export const minS = (a: Value, b: Value) => simd(0xb6, a, b);
export const maxS = (a: Value, b: Value) => simd(0xb8, a, b);
/** a = b: lanes of ones or of zeros. */
export const eq = (a: Value, b: Value) => simd(0x37, a, b);
export const gtS = (a: Value, b: Value) => simd(0x3b, a, b);
export const leS = (a: Value, b: Value) => simd(0x3d, a, b);
/** The sums of products of neighbouring signed 16-bit lanes. */
export const dot = (a: Value, b: Value) => simd(0xba, a, b);
/** The sums of neighbouring unsigned 16-bit lanes. */
export const extaddPairwise = (a: Value) => simd(0x7f, a);
/** Floats without what is after the point, as `| 0` for numbers within 32 bits. */
export const truncSatF32 = (a: Value) => simd(0xf8, a);
/** The same of floats of 64 bits, in the two lower lanes. */
export const truncSatF64 = (a: Value) => simd(0xfc, a);
/** The top bit of each lane. */
export const bitmask = (a: Value) => [simd(0xa4, a)];
