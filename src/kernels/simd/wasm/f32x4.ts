/* Vectors of four floats of 32 bits. */

import { simd, type Value } from '../assembler.js';
import * as i32x4 from './i32x4.js';
import * as v128 from './v128.js';

/** A number in all lanes. */
export const splat = (value: number) =>
  i32x4.splat(new Int32Array(Float32Array.of(value).buffer)[0]!);
export const add = (a: Value, b: Value) => simd(0xe4, a, b);
export const sub = (a: Value, b: Value) => simd(0xe5, a, b);
export const mul = (a: Value, b: Value) => simd(0xe6, a, b);
export const div = (a: Value, b: Value) => simd(0xe7, a, b);
/** Whole numbers as floats. */
export const convert = (a: Value) => simd(0xfa, a);
/** Both floats of 64 bits, in the two lower lanes; the upper ones are zero. */
export const demote = (a: Value) => simd(0x5e, a);
/** Four floats of 64 bits. */
export const demoteBoth = (a: Value, b: Value) => v128.shuffle(8, demote(a), demote(b), [0, 2]);
