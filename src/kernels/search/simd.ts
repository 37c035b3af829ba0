/*
 * The hot loops of the index in WebAssembly SIMD. They are assembled at run time, once per process,
 * in a few milliseconds. So source, tests, bundles and pages all run the same bytes, and there is
 * no binary to keep or build.
 */

import type { Spans } from './bands.js';
import {
  add,
  add8,
  add32,
  and,
  assemble,
  bitmask8,
  bitmask16,
  bitmask32,
  type Code,
  ctz,
  during,
  giveBack,
  lane16,
  lane32,
  le16,
  le32,
  load,
  loadByte,
  loadSplat16,
  loadSplat32,
  loadSplat64,
  loadV,
  ltS,
  ltU,
  narrow16,
  pairs8,
  pairs16,
  popcnt8,
  select,
  set,
  shl,
  shrU,
  splat16,
  splat32,
  store,
  sub,
  type Value,
  type WasmFunction,
  when,
  xorV,
} from './wasm.js';

/** A memory that never grows, so its buffer is never detached. */
export interface SimdMemory {
  readonly buffer: ArrayBufferLike;
}

/**
 * The kernels of one memory. Addresses are byte offsets into it. A kernel may read up to 127 bytes
 * past its input. Those do not affect the answer, but must be within the memory.
 */
export interface SimdKernels {
  /**
   * Places whose 32-bit sketch is within the limit of their span, span by span.
   *
   * A span is four words: its first place, the place after its last, the query's sketch, and the
   * number of bits in which a sketch may differ from it (a signed 16-bit number). The search stops
   * when fewer than 16 words of room are left, and sets the start of each span to the place
   * reached. So call it again with the same spans until it returns at most `room - 16`.
   * @param spans address of the first span
   * @param end address after the last span
   * @param sketches address of the sketch of place 0
   * @param places address of the result, one word per place
   * @param room words of the result, at least 16; the first is overwritten in any case
   * @returns the number of places written
   */
  collect(spans: number, end: number, sketches: number, places: number, room: number): number;
  /** The same for 16-bit sketches. The upper half of a span's sketch is ignored. */
  collect16(spans: number, end: number, sketches: number, places: number, room: number): number;
  /**
   * Hashes of 256 bits within `max` bits (inclusive) of the query, as pairs of words: the number of
   * the hash, from 0, and its distance.
   * @param words address of the hashes, end to end
   * @param query address of the query
   * @param max 0…256
   * @param out address of the result, with room for `count` pairs
   * @returns the number of pairs written
   */
  scan256(words: number, count: number, query: number, max: number, out: number): number;
  /** The same for hashes of 64 bits; `max` is 0…64. */
  scan64(words: number, count: number, query: number, max: number, out: number): number;
}

/** The number of bits in which each byte at an address differs from that of a vector. */
const differing = (address: string, offset: number, vector: string) =>
  popcnt8(xorV(loadV(address, offset), vector));

/** The sums of neighbouring 16-bit lanes of two vectors, all under 256. */
const halve = (a: Value, b: Value) => pairs8(narrow16(a, b));

/** The sum of the bytes of each half of four vectors, in eight lanes. */
const sumHalves = ([a, b, c, d]: readonly Value[]) =>
  halve(halve(pairs8(a!), pairs8(b!)), halve(pairs8(c!), pairs8(d!)));

/** Places that are tested at a time. */
const BLOCK = 16;

/** Bytes of a span that are touched. Further on, the processor prefetches by itself. */
const TOUCHED = 2048;

/**
 * The search of spans for sketches of one width.
 * @param log2 of the bytes of a sketch
 * @param splat gives the span's sketch in every lane
 * @param within gives the block at `at` as bits: bit n is set if its nth sketch is within the limit
 */
function collect(log2: number, splat: Code, within: Code): WasmFunction {
  const addressOf = (place: Value) => add('sketches', shl(place, log2));
  const start = load('span');
  const stop = load('span', 4);
  const count = shrU(sub('next', 'places'), 2);
  return {
    parameters: ['spans', 'end', 'sketches', 'places', 'room'],
    integers: ['span', 'at', 'last', 'read', 'place', 'left', 'bits', 'next', 'full'],
    vectors: ['sketch', 'limit'],
    body: [
      // First both ends of each span are touched, and every cache line of a long one. These loads
      // depend on nothing, so the processor has many under way at once. Without them the search
      // takes 1.4 times as long at a million hashes in the L3 cache, and 1.7 in main memory.
      // Touching the spans ahead in the second loop: 1.6 and 2 times at four million (V8 11.3).
      set('span', 'spans'),
      during(
        ltU('span', 'end'),
        set('at', addressOf(start)),
        set('last', addressOf(sub(stop, ltS(start, stop)))),
        set('read', add('read', add(loadByte('at'), loadByte('last')))),
        when(
          ltU(128, sub('last', 'at')),
          set('last', select(ltU(sub('last', 'at'), TOUCHED), 'last', add('at', TOUCHED))),
          during(
            ltU('at', 'last'),
            set('at', add('at', 64)),
            set('read', add('read', loadByte('at'))),
          ),
        ),
        set('span', add('span', 16)),
      ),
      // Unless their result is stored, an engine may drop the loads.
      store('places', 'read'),

      set('next', 'places'),
      set('full', add('places', shl(sub('room', BLOCK), 2))),
      set('span', 'spans'),
      set('place', start),
      during(
        ltU('span', 'end'),
        set('at', addressOf('place')),
        set('sketch', splat),
        set('limit', loadSplat16('span', 12)),
        set('left', sub(stop, 'place')),
        set('bits', within),
        when(
          'bits',
          when(ltS('left', BLOCK), set('bits', and('bits', sub(shl(1, 'left'), 1)))),
          during(
            'bits',
            store('next', add('place', ctz('bits'))),
            set('next', add('next', 4)),
            set('bits', and('bits', sub('bits', 1))),
          ),
          when(
            ltU('full', 'next'),
            store('span', select(ltS(BLOCK, 'left'), add('place', BLOCK), stop)),
            during(ltU('spans', 'span'), set('span', sub('span', 16)), store('span', stop)),
            giveBack(count),
          ),
        ),
        // On to the next span without a branch, which would often be mispredicted.
        set('left', ltS('left', BLOCK + 1)),
        set('span', add('span', shl('left', 4))),
        set('place', select('left', start, add('place', BLOCK))),
      ),
      count,
    ],
  };
}

const collect32 = () => {
  const counts = [0, 16, 32, 48].map((at) => pairs8(differing('at', at, 'sketch')));
  const low = le16(halve(counts[0]!, counts[1]!), 'limit');
  const high = le16(halve(counts[2]!, counts[3]!), 'limit');
  return collect(2, loadSplat32('span', 8), bitmask8(narrow16(low, high)));
};

const collect16 = () => {
  const [low, high] = [0, 16].map((at) => le16(pairs8(differing('at', at, 'sketch')), 'limit'));
  return collect(1, loadSplat16('span', 8), bitmask8(narrow16(low!, high!)));
};

/**
 * A loop over hashes of `bytes` bytes, `lanes` at a time. The last ones may be beyond `count`.
 * @param distance returns that of one lane
 * @param within sets bit n of `bits` if the hash of lane n is within `max`
 */
const scan = (lanes: number, bytes: number, distance: (lane: number) => Code, ...within: Code[]) =>
  during(
    ltU('id', 'count'),
    ...within,
    when(
      'bits',
      // Each pair is written, but kept only if its bit is set. That takes no unforeseeable branch.
      ...Array.from({ length: lanes }, (_, lane) =>
        when(
          ltU(add('id', lane), 'count'),
          store('next', add('id', lane)),
          store('next', distance(lane), 4),
          set('next', add('next', shl(and(shrU('bits', lane), 1), 3))),
        ),
      ),
    ),
    set('words', add('words', lanes * bytes)),
    set('id', add('id', lanes)),
  );

/**
 * Up to this `max`, the first 128 bits of a hash are counted alone at first. Those of an unrelated
 * hash differ in 64 ± 6 places, so the rest is rarely needed. At 31 that takes 1.0 ns a hash, and
 * the full count 1.7. From 54 on the full count is faster (V8 11.3, x64).
 */
export const NARROW_SIMD_DISTANCE = 50;

const scan256 = (): WasmFunction => {
  const hashes = [0, 32, 64, 96];
  const front = hashes.map((at) => differing('words', at, 'front'));
  const back = hashes.map((at) => differing('words', at + 16, 'back'));
  const whole = hashes.map((_, i) => add8(front[i]!, back[i]!));
  const distance = (lane: number) => lane32('distances', lane);
  const within = set('bits', bitmask32(le32('distances', 'limit')));
  return {
    parameters: ['words', 'count', 'query', 'max', 'out'],
    integers: ['id', 'bits', 'next'],
    vectors: ['front', 'back', 'limit', 'distances'],
    body: [
      set('front', loadV('query')),
      set('back', loadV('query', 16)),
      set('limit', splat32('max')),
      set('next', 'out'),
      when(
        ltS('max', NARROW_SIMD_DISTANCE + 1),
        scan(
          4,
          32,
          distance,
          set('distances', pairs16(sumHalves(front))),
          within,
          when('bits', set('distances', add32('distances', pairs16(sumHalves(back)))), within),
        ),
      ),
      // If the loop above ran, no hash is left for this one.
      scan(4, 32, distance, set('distances', pairs16(sumHalves(whole))), within),
      shrU(sub('next', 'out'), 3),
    ],
  };
};

const scan64 = (): WasmFunction => ({
  parameters: ['words', 'count', 'query', 'max', 'out'],
  integers: ['id', 'bits', 'next'],
  vectors: ['pair', 'limit', 'distances'],
  body: [
    set('pair', loadSplat64('query')),
    set('limit', splat16('max')),
    set('next', 'out'),
    scan(
      8,
      8,
      (lane) => lane16('distances', lane),
      set('distances', sumHalves([0, 16, 32, 48].map((at) => differing('words', at, 'pair')))),
      set('bits', bitmask16(le16('distances', 'limit'))),
    ),
    shrU(sub('next', 'out'), 3),
  ],
});

/** The used part of WebAssembly; the core compiles without the types of a platform. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
  Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => SimdMemory;
};

/**
 * The module for memories that are not shared, and the one for those that are. A failure is kept,
 * too, so a page whose policy forbids WebAssembly reports it once, not once per index.
 */
const modules: (object | undefined)[] = [];

function moduleFor(shared: boolean): object | undefined {
  const kind = +shared;
  if (kind in modules) return modules[kind];
  modules[kind] = undefined;
  // Typed arrays have the byte order of the machine, WebAssembly is little-endian.
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) return undefined;
  try {
    const functions = {
      collect: collect32(),
      collect16: collect16(),
      scan256: scan256(),
      scan64: scan64(),
    };
    modules[kind] = new WebAssembly.Module(assemble(functions, shared));
  } catch (error) {
    // There is no WebAssembly or no SIMD, or a policy forbids it. A lack of memory may pass.
    if (error instanceof RangeError) delete modules[kind];
  }
  return modules[kind];
}

/** True if the platform has SIMD and allows it. */
export const hasSimd = (): boolean => moduleFor(false) !== undefined;

/**
 * The kernels of a memory that `simdRoom` made, here or in another thread.
 * @returns undefined where `simdRoom` returns undefined
 */
export function attachKernels(memory: SimdMemory): SimdKernels | undefined {
  const module = moduleFor(memory.buffer[Symbol.toStringTag] === 'SharedArrayBuffer');
  return module && (new WebAssembly.Instance(module, { js: { memory } }).exports as SimdKernels);
}

/** A memory and its kernels. */
export interface SimdRoom {
  readonly memory: SimdMemory;
  readonly kernels: SimdKernels;
}

/** Bytes of a page, the unit in which memory is allocated; there are at most 65,536. */
const PAGE = 65_536;

/**
 * A memory of at least `byteLength` bytes, all zero, and its kernels.
 * @param shared whether the memory can be sent to other threads, which call `attachKernels`
 * @returns undefined if WebAssembly or SIMD is missing or forbidden, if the machine is big-endian,
 *   or if there is not enough memory
 */
export function simdRoom(byteLength: number, { shared = false } = {}): SimdRoom | undefined {
  // Checked first: a memory reserves about 10 GB of addresses until it is collected.
  if (!moduleFor(shared)) return undefined;
  const pages = Math.ceil(byteLength / PAGE);
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    return { memory, kernels: attachKernels(memory)! };
  } catch {
    return undefined;
  }
}

/** Places for which scratch memory has room, or half as many pairs. */
export const SCRATCH_PLACES = 8192;

/** Memory that the kernels write to, for one search at a time, after the searched data. */
export interface SimdScratch extends Spans {
  readonly kernels: SimdKernels;
  readonly query: Int32Array;
  readonly room: Uint32Array;
}

/** Bytes of scratch memory with room for so many spans, and for the reads of kernels beyond it. */
export const scratchBytes = (spans: number): number => 64 + 4 * (SCRATCH_PLACES + 4 * spans) + 128;

/** The scratch memory at an address, a multiple of four. */
export function scratchAt(
  { memory, kernels }: SimdRoom,
  address: number,
  spans: number,
): SimdScratch {
  const { buffer } = memory;
  const room = new Uint32Array(buffer, address + 64, SCRATCH_PLACES);
  return {
    kernels,
    query: new Int32Array(buffer, address, 8),
    room,
    spans: new Int32Array(buffer, room.byteOffset + room.byteLength, 4 * spans),
    length: 0,
    places: 0,
  };
}
