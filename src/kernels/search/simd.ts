/*
 * The hot loops of the index in WebAssembly SIMD.
 */

import { attach, canCompile, kernelSet, memoryFor } from '../simd/kernel-set.js';
import type { SimdMemory } from '../simd/memory.js';
import type { Hashes, Ring, Spans } from './bands.js';
import { collect16, collect32, gather, positions, scan64, scan256 } from './simd-kernels.js';

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
   * Writes a span for each bucket of some rings that is not empty. A ring is five words: how many
   * masks it has, its `base`, the query's key, the query's sketch, and its `limit`.
   * @param rings address of the first ring, whose first word becomes the places in all spans
   * @param masks address of those of all rings, 16 bits each; spans may overwrite those read
   * @param last no span reaches beyond this place, whatever the offsets are
   * @returns the number of words of the spans
   */
  gather(
    rings: number,
    end: number,
    masks: number,
    spans: number,
    offsets: number,
    last: number,
  ): number;
  /**
   * Replaces the places before `end` by the positions there, of `bytes` bytes, 3 or 4, and touches
   * those of `count` hashes of 256 bits.
   * @returns what was touched
   */
  positions(
    places: number,
    end: number,
    positions: number,
    bytes: number,
    count: number,
    words: number,
  ): number;
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

const SEARCH = /* @__PURE__ */ kernelSet({
  collect: collect32,
  collect16,
  gather,
  positions,
  scan256,
  scan64,
});

/** True if the platform has SIMD and allows it. */
export const hasSimd = (): boolean => canCompile(SEARCH);

/**
 * The kernels of a memory that `simdRoom` made, here or in another thread.
 * @returns undefined where `simdRoom` returns undefined
 */
export const attachKernels = (memory: SimdMemory): SimdKernels | undefined =>
  attach(SEARCH, memory);

/** A memory and its kernels. */
export interface SimdRoom {
  readonly memory: SimdMemory;
  readonly kernels: SimdKernels;
}

/**
 * A memory of at least `byteLength` bytes, all zero, and its kernels.
 * @param shared whether the memory can be sent to other threads, which call `attachKernels`
 * @returns undefined if WebAssembly or SIMD is missing or forbidden, if the machine is big-endian,
 *   or if there is not enough memory
 */
export function simdRoom(byteLength: number, { shared = false } = {}): SimdRoom | undefined {
  const memory = memoryFor(SEARCH, byteLength, shared);
  const kernels = memory && attachKernels(memory);
  return kernels && { memory, kernels };
}

/** Places for which scratch memory has room, or half as many pairs. */
export const SCRATCH_PLACES = 8192;

/** Memory that the kernels write to, for one search at a time, after the searched data. */
export interface SimdScratch extends Spans {
  readonly kernels: SimdKernels;
  readonly query: Int32Array;
  readonly room: Uint32Array;
  /**
   * the masks of the rings of a search. They lie where the last spans will: the kernel has read a
   * mask before it writes a span over it
   */
  readonly masks: Uint16Array;
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
    masks: new Uint16Array(buffer, room.byteOffset + room.byteLength + 14 * spans, spans),
    length: 0,
    places: 0,
  };
}

/** Adds a ring to those that `gatherRings` looks up; at first, `length` and `places` are 0. */
export function addRing(
  simd: SimdScratch,
  { base, masks, limit }: Ring,
  key: number,
  sketch: number,
): void {
  const { room } = simd;
  let next = simd.length;
  room[next++] = masks.length;
  room[next++] = base;
  room[next++] = key;
  room[next++] = sketch;
  room[next++] = limit;
  simd.length = next;
  // A loop: calling `set` for so few takes longer.
  const at = simd.places;
  for (let i = 0; i < masks.length; i++) simd.masks[at + i] = masks[i]!;
  simd.places = at + masks.length;
}

/** As `gatherSpans`, for all rings that were added. */
export function gatherRings(simd: SimdScratch, offsets: Uint32Array, last: number): void {
  const { kernels, room, masks, spans } = simd;
  const { byteOffset: from } = room;
  const rings = [from, from + 4 * simd.length, masks.byteOffset] as const;
  simd.length = kernels.gather(...rings, spans.byteOffset, offsets.byteOffset, last);
  simd.places = room[0]!;
}

/** As `readPositions`, for hashes of 256 bits, which are read ahead. */
export function touchPositions(simd: SimdScratch, hashes: Hashes, count: number): void {
  const { words, positions, positionBytes } = hashes;
  const { byteOffset: from } = simd.room;
  const places = [from, from + 4 * count, positions.byteOffset, positionBytes] as const;
  hashes.read = simd.kernels.positions(...places, words.length / 8, words.byteOffset);
}
