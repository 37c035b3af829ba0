/* `v128`: vectors, whatever their lanes are. */

import { access, type Code, op, simd, type Value } from '../assembler.js';

/** Sixteen bytes. WebAssembly calls it `const`. */
export const constant = (bytes: Iterable<number>) => op([0xfd, 0x0c, ...bytes]);
/** A shorter form of sixteen zeros. */
export const zero = () => simd(0x11, 0);
export const and = (a: Value, b: Value) => simd(0x4e, a, b);
export const or = (a: Value, b: Value) => simd(0x50, a, b);
export const xor = (a: Value, b: Value) => simd(0x51, a, b);

export const load = (address: Value, offset = 0) => access(simd(0x00, address), offset);
/** Eight bytes as unsigned 16-bit lanes. */
export const load8x8U = (address: Value, offset = 0) => access(simd(0x02, address), offset);
export const load16Splat = (address: Value, offset = 0) => access(simd(0x08, address), offset);
export const load32Splat = (address: Value, offset = 0) => access(simd(0x09, address), offset);
export const load64Splat = (address: Value, offset = 0) => access(simd(0x0a, address), offset);
/** The first 32 or 64 bits; the others are zero. */
export const load32Zero = (address: Value, offset = 0) => access(simd(0x5c, address), offset);
export const load64Zero = (address: Value, offset = 0) => access(simd(0x5d, address), offset);
export const store = (address: Value, value: Value, offset = 0) =>
  access(simd(0x0b, address, value), offset);

/** One lane of a vector read from an address, the others as they are. */
const accessLane =
  (opcode: number) =>
  (address: Value, vector: Value, lane: number, offset = 0): Code => [
    ...access(simd(opcode, address, vector), offset),
    lane,
  ];
export const load32Lane = /* @__PURE__ */ accessLane(0x56);
export const load64Lane = /* @__PURE__ */ accessLane(0x57);
/** One lane of a vector written to an address. */
export const store8Lane = /* @__PURE__ */ accessLane(0x58);
export const store16Lane = /* @__PURE__ */ accessLane(0x59);
export const store32Lane = /* @__PURE__ */ accessLane(0x5a);
export const store64Lane = /* @__PURE__ */ accessLane(0x5b);

/** Lanes of `width` bytes of both vectors; those of the second count on. */
export const shuffle = (width: number, a: Value, b: Value, lanes: readonly number[]): Code => [
  ...simd(0x0d, a, b),
  lanes.flatMap((lane) => Array.from({ length: width }, (_, byte) => lane * width + byte)),
];
