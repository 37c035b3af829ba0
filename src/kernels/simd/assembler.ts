/*
 * An assembler for the few WebAssembly instructions that the kernels use (WebAssembly 2.0, chapter
 * 5: https://www.w3.org/TR/wasm-core-2/). An instruction is a function of its operands, so code
 * reads as expressions: `set('sum', add('sum', load('at')))`. The folder `wasm` has them by type,
 * with the names of WebAssembly less the obvious: `f64x2.add`, `i16x8.narrow`.
 *
 * It is our own code for three reasons. Source, tests, bundles and pages all run the same bytes,
 * with no binary to keep or build. TypeScript is a good macro language: a tent of seven taps is a
 * `map`. And the kernels need a hundred instructions, while AssemblyScript, which reads as well
 * where loops are plain, needs a compiler of megabytes and writes vectors in the same way, call in
 * call.
 */

/** Bytes, in nested lists. A string is the number of the local of that name. */
export type Code = readonly (number | string | Assignment | Code)[];

/** A local is declared by what it is set to. */
interface Assignment {
  readonly local: string;
  readonly value: Code;
}

/** An operand: code that leaves a value, the name of a local, or an `i32` constant. */
export type Value = Code | string | number;

/**
 * A function of `i32` parameters that returns an `i32`. Its locals are those that it sets. They
 * start as zeros.
 */
export interface WasmFunction {
  readonly parameters: readonly string[];
  readonly body: Code;
  /** as a rule 0 */
  readonly result?: Value;
}

const I32 = 0x7f;
const V128 = 0x7b;
export const NO_VALUE = 0x40;
export const END = 0x0b;

/** Signed LEB128. That of a number >= 0 is valid as an unsigned one, too. */
function leb(value: number): number[] {
  const rest = value >> 7;
  const low = value & 0x7f;
  return rest === -(low >> 6) ? [low] : [low | 0x80, ...leb(rest)];
}

export const operand = (value: Value): Code => {
  if (typeof value === 'string') return [0x20, value];
  return typeof value === 'number' ? [0x41, leb(value)] : value;
};

/** An instruction after its operands. */
export const op = (opcode: Code, ...operands: Value[]): Code => [operands.map(operand), opcode];

/**
 * A vector instruction. Its opcode is in unsigned LEB128: two bytes from 0x80 on. If the result is
 * an `i32`, the instruction is in a list of its own, which `typeOf` takes for an `i32`.
 */
export const simd = (opcode: number, ...operands: Value[]) =>
  op(opcode < 0x80 ? [0xfd, opcode] : [0xfd, opcode, 1], ...operands);

/** The type of what an instruction leaves. */
const typeOf = ([, opcode]: Code) => (Array.isArray(opcode) && opcode[0] === 0xfd ? V128 : I32);

/** A load or store. The alignment, a hint that engines ignore, is one byte. */
export const access = (instruction: Code, offset: number): Code => [...instruction, 0, leb(offset)];

/** The bytes themselves, in one list. */
function flatten(code: Code, locals: readonly string[] = []): number[] {
  return code.flatMap((part) => {
    if (typeof part === 'number') return part;
    if (typeof part === 'string') return leb(locals.indexOf(part));
    return flatten('local' in part ? [part.value, 0x21, part.local] : part, locals);
  });
}

const assignments = (code: Code): Assignment[] =>
  code.flatMap((part) => {
    if (typeof part !== 'object') return [];
    return 'local' in part ? part : assignments(part);
  });

const list = (items: Code): Code => [leb(items.length), items];
const text = (name: string) => list([...name].map((letter) => letter.charCodeAt(0)));
const section = (id: number, ...items: Code[]): Code => [id, list(flatten(list(items)))];

function functionCode({ parameters, body, result = 0 }: WasmFunction): Code {
  const types = new Map(assignments(body).map(({ local, value }) => [local, typeOf(value)]));
  for (const parameter of parameters) types.delete(parameter);
  const locals = list([...types.values()].map((type) => [1, type]));
  return list(flatten([locals, body, operand(result), END], [...parameters, ...types.keys()]));
}

/** `Uint8Array<ArrayBuffer>`, in a form that TypeScript before 5.7 knows too. */
type OwnBytes = ReturnType<Uint8ArrayConstructor['of']>;

/**
 * A module that imports the memory `js.memory` and exports the functions by their names.
 * @param shared whether the memory is shared; a module can import only one of the two kinds
 */
export function assemble(
  functions: Readonly<Record<string, () => WasmFunction>>,
  shared: boolean,
): OwnBytes {
  const all = Object.values(functions).map((make) => make());
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
