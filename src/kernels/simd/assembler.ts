/*
 * An assembler for the few WebAssembly instructions that the kernels use (WebAssembly 2.0, chapter
 * 5: https://www.w3.org/TR/wasm-core-2/). An instruction is a function of its operands, so code
 * reads as expressions: `set('sum', add('sum', load('at')))`.
 *
 * It is our own code for three reasons. Source, tests, bundles and pages all run the same bytes,
 * with no binary to keep or build. TypeScript is a good macro language: a tent of seven taps is a
 * `map`. And the kernels need a hundred instructions, while AssemblyScript, which reads as well
 * where loops are plain, needs a compiler of megabytes and writes vectors in the same way, call in
 * call.
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
export const or = (a: Value, b: Value) => op([0x72], a, b);
export const and = (a: Value, b: Value) => op([0x71], a, b);
export const xor = (a: Value, b: Value) => op([0x73], a, b);
export const shl = (a: Value, bits: Value) => op([0x74], a, bits);
export const shrU = (a: Value, bits: Value) => op([0x76], a, bits);
export const ltS = (a: Value, b: Value) => op([0x48], a, b);
export const ltU = (a: Value, b: Value) => op([0x49], a, b);
export const ctz = (a: Value) => op([0x68], a);
export const load = (address: Value, offset = 0) => access(op([0x28], address), offset);
export const loadByte = (address: Value, offset = 0) => access(op([0x2d], address), offset);
export const store = (address: Value, value: Value, offset = 0) =>
  access(op([0x36], address, value), offset);

export const mul = (a: Value, b: Value) => op([0x6c], a, b);
/** Unsigned. */
export const remainder = (a: Value, by: Value) => op([0x70], a, by);
export const load16 = (address: Value, offset = 0) => access(op([0x2f], address), offset);
export const store8 = (address: Value, value: Value, offset = 0) =>
  access(op([0x3a], address, value), offset);
export const store16 = (address: Value, value: Value, offset = 0) =>
  access(op([0x3b], address, value), offset);

// Vectors. The number in a name is the width of a lane; those of floating point are F32 and F64.
export const loadV = (address: Value, offset = 0) => access(simd(0x00, address), offset);
/** Eight bytes as unsigned 16-bit lanes. */
export const loadBytes16 = (address: Value, offset = 0) => access(simd(0x02, address), offset);
export const loadSplat16 = (address: Value, offset = 0) => access(simd(0x08, address), offset);
export const loadSplat32 = (address: Value, offset = 0) => access(simd(0x09, address), offset);
export const loadSplat64 = (address: Value, offset = 0) => access(simd(0x0a, address), offset);
/** The first 32 or 64 bits; the others are zero. */
export const loadFirst32 = (address: Value, offset = 0) => access(simd(0x5c, address), offset);
export const loadFirst64 = (address: Value, offset = 0) => access(simd(0x5d, address), offset);
export const storeV = (address: Value, value: Value, offset = 0) =>
  access(simd(0x0b, address, value), offset);

/** One lane of a vector read from an address, the others as they are. */
const loadLane =
  (opcode: number) =>
  (address: Value, vector: Value, lane: number, offset = 0) => [
    access(simd(opcode, address, vector), offset),
    lane,
  ];
export const loadLane32 = loadLane(0x56);
export const loadLane64 = loadLane(0x57);
/** One lane of a vector written to an address. */
export const storeLane8 = loadLane(0x58);
export const storeLane16 = loadLane(0x59);
export const storeLane32 = loadLane(0x5a);
export const storeLane64 = loadLane(0x5b);

export const splat8 = (a: Value) => simd(0x0f, a);
export const splat16 = (a: Value) => simd(0x10, a);
export const splat32 = (a: Value) => simd(0x11, a);
export const lane16 = (a: Value, lane: number): Code => [simd(0x19, a), lane];
export const lane32 = (a: Value, lane: number): Code => [simd(0x1b, a), lane];
/** Sixteen bytes of both vectors: 0…15 of the first, 16…31 of the second. */
export const shuffle = (a: Value, b: Value, bytes: readonly number[]): Code => [
  op([], a, b),
  [0xfd, 0x0d, bytes],
];
export const andV = (a: Value, b: Value) => simd(0x4e, a, b);
export const orV = (a: Value, b: Value) => simd(0x50, a, b);
export const xorV = (a: Value, b: Value) => simd(0x51, a, b);
export const popcnt8 = (a: Value) => simd(0x62, a);
export const add8 = (a: Value, b: Value) => simd(0x6e, a, b);
/** Unsigned a - b, at least 0. */
export const lessBy8 = (a: Value, b: Value) => simd(0x73, a, b);
export const add16 = (a: Value, b: Value) => simd(0x8e, a, b);
export const sub16 = (a: Value, b: Value) => simd(0x91, a, b);
export const mul16 = (a: Value, b: Value) => simd(0x95, a, b);
export const shl16 = (a: Value, bits: Value) => simd(0x8b, a, bits);
export const add32 = (a: Value, b: Value) => simd(0xae, a, b);
export const add64 = (a: Value, b: Value) => simd(0xce, a, b);
/** The lower or the upper two unsigned lanes of 32 bits as lanes of 64. */
export const lowWords = (a: Value) => simd(0xc9, a);
export const highWords = (a: Value) => simd(0xca, a);
export const sub32 = (a: Value, b: Value) => simd(0xb1, a, b);
export const shrU32 = (a: Value, bits: Value) => simd(0xad, a, bits);
export const abs16 = (a: Value) => simd(0x80, a);
export const shrS32 = (a: Value, bits: Value) => simd(0xac, a, bits);
export const abs32 = (a: Value) => simd(0xa0, a);
/** Signed. */
export const min32 = (a: Value, b: Value) => simd(0xb6, a, b);
export const max32 = (a: Value, b: Value) => simd(0xb8, a, b);
/** The sums of products of neighbouring signed 16-bit lanes. */
export const dot16 = (a: Value, b: Value) => simd(0xba, a, b);
/** The 16-bit lanes of both vectors as 8-bit lanes of one. */
export const narrow16 = (a: Value, b: Value) => simd(0x65, a, b);
/** The 32-bit lanes of both vectors as signed 16-bit lanes of one. */
export const narrow32 = (a: Value, b: Value) => simd(0x85, a, b);
/** The sums of neighbouring lanes, in lanes twice as wide. */
export const pairs8 = (a: Value) => simd(0x7d, a);
export const pairs16 = (a: Value) => simd(0x7f, a);
/** Signed a <= b: lanes of ones or of zeros. */
export const le16 = (a: Value, b: Value) => simd(0x33, a, b);
export const le32 = (a: Value, b: Value) => simd(0x3d, a, b);
export const equal32 = (a: Value, b: Value) => simd(0x37, a, b);
/** Signed a > b. */
export const gt16 = (a: Value, b: Value) => simd(0x31, a, b);
export const gt32 = (a: Value, b: Value) => simd(0x3b, a, b);
/** Unsigned a > b. */
export const above8 = (a: Value, b: Value) => simd(0x28, a, b);
/** The top bit of each lane. */
export const bitmask8 = (a: Value) => simd(0x64, a);
export const bitmask16 = (a: Value) => simd(0x84, a);
export const bitmask32 = (a: Value) => simd(0xa4, a);

export const addF32 = (a: Value, b: Value) => simd(0xe4, a, b);
export const subF32 = (a: Value, b: Value) => simd(0xe5, a, b);
export const mulF32 = (a: Value, b: Value) => simd(0xe6, a, b);
export const divF32 = (a: Value, b: Value) => simd(0xe7, a, b);
export const splatF32 = (value: number) => splat32(bitsOf(value));
export const addF64 = (a: Value, b: Value) => simd(0xf0, a, b);
export const subF64 = (a: Value, b: Value) => simd(0xf1, a, b);
export const mulF64 = (a: Value, b: Value) => simd(0xf2, a, b);
export const divF64 = (a: Value, b: Value) => simd(0xf3, a, b);
export const absF64 = (a: Value) => simd(0xec, a);
export const gtF64 = (a: Value, b: Value) => simd(0x4a, a, b);
export const leF64 = (a: Value, b: Value) => simd(0x4b, a, b);
/** Without what is after the point. */
export const wholeF64 = (a: Value) => simd(0x7a, a);
/** Neither may be NaN. */
export const minF64 = (a: Value, b: Value) => simd(0xf4, a, b);
export const maxF64 = (a: Value, b: Value) => simd(0xf5, a, b);
/** Sixteen bytes. */
export const constant = (bytes: Iterable<number>): Code => [0xfd, 0x0c, [...bytes]];
/** A number in both lanes. */
export const splatF64 = (value: number) =>
  constant(new Uint8Array(Float64Array.of(value, value).buffer));
/** The two lower lanes of 32 bits as floats of 64. */
export const promote = (a: Value) => simd(0x5f, a);
export const integersF64 = (a: Value) => simd(0xfe, a);
/** Both floats of 64 bits as the two lower lanes of 32; the upper ones are zero. */
export const demote = (a: Value) => simd(0x5e, a);
/** Without what is after the point, as `| 0` for numbers within 32 bits. */
export const truncF32 = (a: Value) => simd(0xf8, a);
/** The same, to the two lower lanes of 32 bits. */
export const truncF64 = (a: Value) => simd(0xfc, a);
export const integersF32 = (a: Value) => simd(0xfa, a);

/** The bytes of lanes of `width` bytes, for `shuffle`. Lanes of the second vector count on. */
export const lanes = (width: number, ...which: number[]): number[] =>
  which.flatMap((lane) => Array.from({ length: width }, (_, byte) => lane * width + byte));

/** The two upper lanes of 64 bits as the lower ones. */
export const upper = (a: string) => shuffle(a, a, lanes(8, 1, 1));

const bitsOf = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!;

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
