/* Vectors of sixteen bytes. */

import { simd, type Value } from '../assembler.js';
import * as v128 from './v128.js';

export const splat = (a: Value) => simd(0x0f, a);
/** Bytes of both vectors: 0…15 of the first, 16…31 of the second. */
export const shuffle = (a: Value, b: Value, ...lanes: number[]) => v128.shuffle(1, a, b, lanes);
export const popcnt = (a: Value) => simd(0x62, a);
export const add = (a: Value, b: Value) => simd(0x6e, a, b);
/** Unsigned a - b, at least 0. */
export const subSatU = (a: Value, b: Value) => simd(0x73, a, b);
/** Unsigned a > b: lanes of ones or of zeros. */
export const gtU = (a: Value, b: Value) => simd(0x28, a, b);
/** The 16-bit lanes of both vectors, each as the nearest signed byte. */
export const narrow = (a: Value, b: Value) => simd(0x65, a, b);
/** The top bit of each lane. */
export const bitmask = (a: Value) => [simd(0x64, a)];
