/*
 * Sets of kernels in WebAssembly SIMD. They are assembled at run time, once per process, in a few
 * milliseconds. Each set has a module of its own, under 4 KB, which any page may compile at once;
 * and who bundles one hash has the kernels of that hash alone.
 */

import { assemble, type WasmFunction } from './assembler.js';
import type { SimdMemory } from './memory.js';

/** The used part of WebAssembly; the core compiles without the types of a platform. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
  Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => SimdMemory;
};

/** Kernels that are compiled together. `K` is the type of their functions. */
export interface KernelSet<K> {
  readonly functions: Readonly<Record<keyof K & string, () => WasmFunction>>;
  /**
   * The module for memories that are not shared, and the one for those that are. A failure is kept,
   * too, so a page whose policy forbids WebAssembly reports it once, not once per memory.
   */
  readonly modules: (object | undefined)[];
  /** never set */
  readonly type?: K;
}

/** A kernel: addresses are byte offsets into its memory, and all numbers are of 32 bits. */
export type Kernel = (...numbers: number[]) => number;

/** A set of kernels, not compiled yet. */
export const kernelSet = <Name extends string>(
  functions: Readonly<Record<Name, () => WasmFunction>>,
): KernelSet<Readonly<Record<Name, Kernel>>> => ({ functions, modules: [] });

function moduleOf({ functions, modules }: KernelSet<unknown>, shared: boolean): object | undefined {
  const kind = +shared;
  if (kind in modules) return modules[kind];
  modules[kind] = undefined;
  // Typed arrays have the byte order of the machine, WebAssembly is little-endian.
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) return undefined;
  try {
    modules[kind] = new WebAssembly.Module(assemble(functions, shared));
  } catch (error) {
    // There is no WebAssembly or no SIMD, or a policy forbids it. A lack of memory may pass.
    if (error instanceof RangeError) delete modules[kind];
  }
  return modules[kind];
}

/** True if the platform has SIMD and allows it for a set. */
export const canCompile = (set: KernelSet<unknown>): boolean => moduleOf(set, false) !== undefined;

/**
 * The kernels of a memory that `memoryFor` made, here or in another thread.
 * @returns undefined where `memoryFor` returns undefined, or if there is not enough memory
 */
export function attach<K>(set: KernelSet<K>, memory: SimdMemory): K | undefined {
  const module = moduleOf(set, memory.buffer[Symbol.toStringTag] === 'SharedArrayBuffer');
  try {
    return module && (new WebAssembly.Instance(module, { js: { memory } }).exports as K);
  } catch {
    return undefined;
  }
}

/** Bytes of a page, the unit in which memory is allocated; there are at most 65,536. */
const PAGE = 65_536;

/**
 * A memory of at least `byteLength` bytes, all zero, for the kernels of a set.
 * @param shared whether the memory can be sent to other threads, which call `attach`
 * @returns undefined if WebAssembly or SIMD is missing or forbidden, if the machine is big-endian,
 *   or if there is not enough memory
 */
export function memoryFor(
  set: KernelSet<unknown>,
  byteLength: number,
  shared: boolean,
): SimdMemory | undefined {
  // Checked first: a memory reserves about 10 GB of addresses until it is collected.
  if (!moduleOf(set, shared)) return undefined;
  const pages = Math.ceil(byteLength / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch {
    return undefined;
  }
}
