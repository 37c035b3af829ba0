/* Vectors of eight whole numbers of 16 bits. */

import { type Code, simd, type Value } from '../assembler.js';
import * as v128 from './v128.js';

export const splat = (a: Value) => simd(0x10, a);
export const extractLaneU = (a: Value, lane: number): Code => [simd(0x19, a), lane];
/** Lanes of both vectors: 0…7 of the first, 8…15 of the second. */
export const shuffle = (a: Value, b: Value, ...lanes: number[]) => v128.shuffle(2, a, b, lanes);
export const add = (a: Value, b: Value) => simd(0x8e, a, b);
export const sub = (a: Value, b: Value) => simd(0x91, a, b);
export const mul = (a: Value, b: Value) => simd(0x95, a, b);
export const shl = (a: Value, bits: Value) => simd(0x8b, a, bits);
export const abs = (a: Value) => simd(0x80, a);
/** Signed a > b: lanes of ones or of zeros. */
export const gtS = (a: Value, b: Value) => simd(0x31, a, b);
export const leS = (a: Value, b: Value) => simd(0x33, a, b);
/** The 32-bit lanes of both vectors, each as the nearest signed number. */
export const narrow = (a: Value, b: Value) => simd(0x85, a, b);
/** The sums of neighbouring unsigned bytes. */
export const extaddPairwise = (a: Value) => simd(0x7d, a);
/** The top bit of each lane. */
export const bitmask = (a: Value) => [simd(0x84, a)];
