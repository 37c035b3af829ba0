import { attachKernels, type SimdMemory } from '../kernels/search/simd.js';
import { type Room, roomFor, Segment, type Shape } from './segment.js';

/** Bytes that a step copies: about 1 ms. */
const STEP = 2 ** 22;

/** What threads share of a segment: a memory with SIMD kernels, or a buffer. */
export interface SharedSegment {
  readonly shape: Shape;
  readonly memory?: SimdMemory | undefined;
  readonly buffer: ArrayBufferLike;
}

/**
 * Makes room for a copy of a segment in memory that threads can share.
 * @param threads as many may open it by `openShared`, from number 1 on: number 0 is this one's
 * @returns `steps`: make the copy, after which threads may open it
 */
export function sharedCopy(
  segment: Segment,
  threads: number,
): { readonly shared: SharedSegment; readonly steps: Generator<void, Segment> } {
  const { shape } = segment;
  const room = roomFor(shape, 'auto', { shared: true, threads: threads + 1 });
  const shared = { shape, memory: room.simd?.memory, buffer: room.buffer };
  return { shared, steps: copySteps(segment, room) };
}

function* copySteps({ shape, sections }: Segment, room: Room): Generator<void, Segment> {
  const copy = new Segment(shape, room);
  for (let at = 0; at < sections.length; at += STEP) {
    copy.sections.set(sections.subarray(at, at + STEP), at);
    yield;
  }
  return copy;
}

/** Opens a shared copy in the thread of that number. */
export function openShared({ shape, memory, buffer }: SharedSegment, thread: number): Segment {
  const kernels = memory && attachKernels(memory);
  return new Segment(shape, kernels ? { buffer, simd: { memory, kernels }, thread } : { buffer });
}
