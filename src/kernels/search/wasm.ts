/*
 * An assembler for the few WebAssembly instructions that the kernels use (WebAssembly 2.0, chapter
 * 5: https://www.w3.org/TR/wasm-core-2/). An instruction is a function of its operands, so code
 * reads as expressions: `set('sum', add('sum', load('at')))`.
 *
 * It is our own code because packages that assemble WebAssembly weigh megabytes, and the kernels
 * need some forty instructions.
 */

/** Bytes, in nested lists. A string is the number of the local of that name. */
export type Code = readonly (number | string | Code)[];

/** An operand: code that leaves a value, the name of a local, or an `i32` constant. */
export type Value = Code | string | number;

/** A function of `i32` parameters that returns an `i32`. Its locals start as zeros. */
export interface WasmFunction {
  readonly parameters: readonly string[];
  /** locals of type `i32` */
  readonly integers: readonly string[];
  /** locals of type `v128` */
  readonly vectors: readonly string[];
  readonly body: readonly Code[];
}

const I32 = 0x7f;
const V128 = 0x7b;
const NO_VALUE = 0x40;
const END = 0x0b;

/** Signed LEB128. That of a number >= 0 is valid as an unsigned one, too. */
function leb(value: number): number[] {
  const rest = value >> 7;
  const low = value & 0x7f;
  return rest === -(low >> 6) ? [low] : [low | 0x80, ...leb(rest)];
}

const code = (value: Value): Code => {
  if (typeof value === 'string') return [0x20, value];
  return typeof value === 'number' ? [0x41, leb(value)] : value;
};

const op = (opcode: Code, ...operands: Value[]): Code => [operands.map(code), opcode];

/** A vector instruction. Its opcode is in unsigned LEB128: two bytes from 0x80 on. */
const simd = (opcode: number, ...operands: Value[]) =>
  op(opcode < 0x80 ? [0xfd, opcode] : [0xfd, opcode, 1], ...operands);

/** A load or store. The alignment, a hint that engines ignore, is one byte. */
const access = (instruction: Code, offset: number): Code => [instruction, 0, leb(offset)];

export const set = (local: string, value: Value) => op([0x21, local], value);
export const select = (condition: Value, yes: Value, no: Value) => op([0x1b], yes, no, condition);
export const giveBack = (value: Value) => op([0x0f], value);
export const when = (condition: Value, ...body: Code[]) =>
  op([0x04, NO_VALUE, body, END], condition);
/** A `while` loop. As compilers do, it tests once before the loop, then at the end of each turn. */
export const during = (condition: Value, ...body: Code[]) =>
  when(condition, [0x03, NO_VALUE, body, op([0x0d, 0], condition), END]);

export const add = (a: Value, b: Value) => op([0x6a], a, b);
export const sub = (a: Value, b: Value) => op([0x6b], a, b);
export const and = (a: Value, b: Value) => op([0x71], a, b);
export const shl = (a: Value, bits: Value) => op([0x74], a, bits);
export const shrU = (a: Value, bits: Value) => op([0x76], a, bits);
export const ltS = (a: Value, b: Value) => op([0x48], a, b);
export const ltU = (a: Value, b: Value) => op([0x49], a, b);
export const ctz = (a: Value) => op([0x68], a);
export const load = (address: Value, offset = 0) => access(op([0x28], address), offset);
export const loadByte = (address: Value, offset = 0) => access(op([0x2d], address), offset);
export const store = (address: Value, value: Value, offset = 0) =>
  access(op([0x36], address, value), offset);

// Vectors. The number in a name is the width of a lane.
export const loadV = (address: Value, offset = 0) => access(simd(0x00, address), offset);
export const loadSplat16 = (address: Value, offset = 0) => access(simd(0x08, address), offset);
export const loadSplat32 = (address: Value, offset = 0) => access(simd(0x09, address), offset);
export const loadSplat64 = (address: Value, offset = 0) => access(simd(0x0a, address), offset);
export const splat16 = (a: Value) => simd(0x10, a);
export const splat32 = (a: Value) => simd(0x11, a);
export const lane16 = (a: Value, lane: number): Code => [simd(0x19, a), lane];
export const lane32 = (a: Value, lane: number): Code => [simd(0x1b, a), lane];
export const xorV = (a: Value, b: Value) => simd(0x51, a, b);
export const popcnt8 = (a: Value) => simd(0x62, a);
export const add8 = (a: Value, b: Value) => simd(0x6e, a, b);
export const add32 = (a: Value, b: Value) => simd(0xae, a, b);
/** The 16-bit lanes of both vectors as 8-bit lanes of one. */
export const narrow16 = (a: Value, b: Value) => simd(0x65, a, b);
/** The sums of neighbouring lanes, in lanes twice as wide. */
export const pairs8 = (a: Value) => simd(0x7d, a);
export const pairs16 = (a: Value) => simd(0x7f, a);
/** Signed a <= b: lanes of ones or of zeros. */
export const le16 = (a: Value, b: Value) => simd(0x33, a, b);
export const le32 = (a: Value, b: Value) => simd(0x3d, a, b);
/** The top bit of each lane. */
export const bitmask8 = (a: Value) => simd(0x64, a);
export const bitmask16 = (a: Value) => simd(0x84, a);
export const bitmask32 = (a: Value) => simd(0xa4, a);

/** The bytes themselves, in one list. */
function flatten(code: Code, locals: readonly string[] = [], out: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') out.push(part);
    else if (typeof part === 'string') out.push(...leb(locals.indexOf(part)));
    else flatten(part, locals, out);
  }
  return out;
}

const list = (items: Code): Code => [leb(items.length), items];
const text = (name: string) => list([...name].map((letter) => letter.charCodeAt(0)));
const section = (id: number, ...items: Code[]): Code => [id, list(flatten(list(items)))];

function functionCode({ parameters, integers, vectors, body }: WasmFunction): Code {
  const locals = list([
    [leb(integers.length), I32],
    [leb(vectors.length), V128],
  ]);
  return list(flatten([locals, body, END], [...parameters, ...integers, ...vectors]));
}

/**
 * A module that imports the memory `js.memory` and exports the functions by their names.
 * @param shared whether the memory is shared; a module can import only one of the two kinds
 */
export function assemble(
  functions: Readonly<Record<string, WasmFunction>>,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const all = Object.values(functions);
  // From 0 pages on. A shared memory also has a maximum: here the largest, 65,536.
  const limits = shared ? [3, 0, leb(65_536)] : [0, 0];
  return new Uint8Array(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, ...all.map(({ parameters }) => [0x60, list(parameters.map(() => I32)), 1, I32])),
      section(2, [text('js'), text('memory'), 2, limits]),
      section(3, ...all.map((_, i) => leb(i))),
      section(7, ...Object.keys(functions).map((name, i) => [text(name), 0, leb(i)])),
      section(10, ...all.map(functionCode)),
    ]),
  );
}
