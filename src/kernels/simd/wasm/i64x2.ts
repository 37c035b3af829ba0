/* Vectors of two whole numbers of 64 bits. */

import { simd, type Value } from '../assembler.js';

export const add = (a: Value, b: Value) => simd(0xce, a, b);
/** The lower or the upper two unsigned lanes of 32 bits. */
export const extendLowU = (a: Value) => simd(0xc9, a);
export const extendHighU = (a: Value) => simd(0xca, a);
