/* `i32`: whole numbers, addresses and conditions. The only type whose instructions stand alone. */

import { access, op, type Value } from '../assembler.js';

export const add = (a: Value, b: Value) => op([0x6a], a, b);
export const sub = (a: Value, b: Value) => op([0x6b], a, b);
export const mul = (a: Value, b: Value) => op([0x6c], a, b);
export const remU = (a: Value, by: Value) => op([0x70], a, by);
export const and = (a: Value, b: Value) => op([0x71], a, b);
export const or = (a: Value, b: Value) => op([0x72], a, b);
export const xor = (a: Value, b: Value) => op([0x73], a, b);
export const shl = (a: Value, bits: Value) => op([0x74], a, bits);
export const shrU = (a: Value, bits: Value) => op([0x76], a, bits);
export const ltS = (a: Value, b: Value) => op([0x48], a, b);
export const ltU = (a: Value, b: Value) => op([0x49], a, b);
export const ctz = (a: Value) => op([0x68], a);

export const load = (address: Value, offset = 0) => access(op([0x28], address), offset);
export const load8U = (address: Value, offset = 0) => access(op([0x2d], address), offset);
export const load16U = (address: Value, offset = 0) => access(op([0x2f], address), offset);
export const store = (address: Value, value: Value, offset = 0) =>
  access(op([0x36], address, value), offset);
export const store8 = (address: Value, value: Value, offset = 0) =>
  access(op([0x3a], address, value), offset);
export const store16 = (address: Value, value: Value, offset = 0) =>
  access(op([0x3b], address, value), offset);
