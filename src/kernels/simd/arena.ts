/*
 * Memory for one picture at a time: its planes and everything that is derived from them. A picture
 * leases an arena, takes arrays from it one after the other, and gives it back. So hashing leaves
 * no garbage, and kernels find their data where they can reach it.
 *
 * Without WebAssembly an arena is plain memory. A loop over an array asks `kernelsOf` for kernels,
 * and runs in JavaScript if there are none: the same bits either way.
 */

import { attach, canCompile, type KernelSet, kernelSet, memoryFor } from './kernel-set.js';
import { set } from './wasm/control.js';
import * as i32x4 from './wasm/i32x4.js';

/** Bytes for a picture: the planes of 767 x 767 pixels and what `thorough` derives from them. */
const ROOM = 32 * 2 ** 20;
/** Bytes for what is kept from picture to picture: tables and scratch. */
const KEPT = 2 * 2 ** 20;
/**
 * Zeros after each array. Kernels may read and write so many bytes past the end; none of these is
 * the answer.
 */
const GAP = 64;
/** An arena of which a picture took more is not used again, so that its memory is returned. */
const LARGE = 24 * 2 ** 20;
/** The most arenas that wait for a picture. */
const MOST_IDLE = 2;

/** A kind of typed array. */
interface ArrayKind<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

type Make<T> = (take: Arena['take']) => T;

/** Memory for one picture. */
export interface Arena {
  /** A new array of zeros; outside the arena if it is full. */
  take<T>(kind: ArrayKind<T>, length: number): T;
  /** Runs `work`, then frees the arrays that it took. */
  within<R>(work: () => R): R;
  /** What `make` makes, once an arena: scratch, which its users leave zero, and tables. */
  kept<T>(make: Make<T>): T;
}

interface OwnedArena extends Arena {
  kernels<K>(set: KernelSet<K>): K | undefined;
  /** Frees all arrays. @returns false if a picture took so much that it is not to be used again */
  clear(): boolean;
}

const arenas = /* @__PURE__ */ new WeakMap<ArrayBufferLike, OwnedArena>();

/** The smallest use of SIMD, which shows whether there is any. */
const PROBE = /* @__PURE__ */ kernelSet({
  probe: () => ({ parameters: [], body: [set('vector', i32x4.splat(1))] }),
});

/**
 * Reports which form of the loops hashes pictures here. The hashes are the same bits.
 * @returns true for WebAssembly SIMD, whose memories are the arenas; false for JavaScript: where
 *   SIMD is missing or a policy forbids it
 */
export const hasKernels = (): boolean => isAllowed && canCompile(PROBE);

let isAllowed = true;

/** Runs `work` without kernels: for tests and benchmarks of both forms in one process. */
export function inJavaScript<R>(work: () => R): R {
  const before = isAllowed;
  isAllowed = false;
  try {
    return work();
  } finally {
    isAllowed = before;
  }
}

/** Memory without kernels; little of it if there is no more. */
function plainMemory(): ArrayBuffer {
  try {
    return new ArrayBuffer(KEPT + ROOM);
  } catch {
    return new ArrayBuffer(KEPT);
  }
}

function makeArena(): OwnedArena {
  const memory = memoryFor(PROBE, KEPT + ROOM, false);
  const buffer = (memory?.buffer ?? plainMemory()) as ArrayBuffer;
  const bytes = new Uint8Array(buffer);
  const sets = new Map<KernelSet<unknown>, unknown>();
  const made = new Map<unknown, unknown>();
  /** the first free byte of either part, and the last one that was used */
  let keptTop = GAP;
  let top = KEPT;
  let highest = KEPT;
  const endOf = (start: number, bytes: number) => (start + bytes + GAP + 15) & ~15;
  const takeKept: Arena['take'] = (kind, length) => {
    const start = keptTop;
    keptTop = endOf(start, length * kind.BYTES_PER_ELEMENT);
    if (keptTop > KEPT) throw new RangeError(`expected at most ${KEPT} bytes of scratch`);
    return new kind(buffer, start, length);
  };
  const free = (from: number) => {
    bytes.fill(0, from, top);
    top = from;
  };
  const arena: OwnedArena = {
    take(kind, length) {
      const start = top;
      const end = endOf(start, length * kind.BYTES_PER_ELEMENT);
      if (end > buffer.byteLength) return new kind(length);
      top = end;
      if (top > highest) highest = top;
      return new kind(buffer, start, length);
    },
    within(work) {
      const from = top;
      try {
        return work();
      } finally {
        free(from);
      }
    },
    kept: (make) => madeOnce(made, make, takeKept),
    kernels<K>(set: KernelSet<K>) {
      if (memory === undefined || !isAllowed) return undefined;
      if (!sets.has(set)) sets.set(set, attach(set, memory));
      return sets.get(set) as K | undefined;
    },
    clear() {
      free(KEPT);
      return highest - KEPT <= LARGE;
    },
  };
  arenas.set(buffer, arena);
  return arena;
}

function madeOnce<T>(made: Map<unknown, unknown>, make: Make<T>, take: Arena['take']): T {
  if (!made.has(make)) made.set(make, make(take));
  return made.get(make) as T;
}

const idle: OwnedArena[] = [];

/** An arena that a picture uses. Keep the lease as long as its arrays. */
export interface Lease {
  readonly arena: Arena;
  /** Frees all arrays, which must not be used afterwards. A second call does nothing. */
  giveBack(): void;
}

/** Takes back the arenas of leases that were dropped. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<OwnedArena>(putBack);

function putBack(arena: OwnedArena): void {
  if (arena.clear() && idle.length < MOST_IDLE) idle.push(arena);
}

/** Leases an arena. One that is never given back is collected with its lease. */
export function leaseArena(): Lease {
  const arena = idle.pop() ?? makeArena();
  let isGivenBack = false;
  const lease: Lease = {
    arena,
    giveBack() {
      if (isGivenBack) return;
      isGivenBack = true;
      forgotten.unregister(lease);
      putBack(arena);
    },
  };
  forgotten.register(lease, arena, lease);
  return lease;
}

/** Leases an arena for `work`, which keeps none of its arrays. */
export function inArena<R>(work: (arena: Arena) => R): R {
  const arena = idle.pop() ?? makeArena();
  try {
    return work(arena);
  } finally {
    putBack(arena);
  }
}

/** An array, wherever it is. */
interface Placed {
  readonly buffer: ArrayBufferLike;
}

/**
 * The kernels of a set for the memory of an array.
 * @param others arrays that the kernel needs as well
 * @returns undefined if there are none, or not all arrays are in one arena
 */
export function kernelsOf<K>(
  { buffer }: Placed,
  set: KernelSet<K>,
  ...others: readonly Placed[]
): K | undefined {
  for (const other of others) if (other.buffer !== buffer) return undefined;
  return arenas.get(buffer)?.kernels(set);
}

const ownArrays = /* @__PURE__ */ new Map<unknown, unknown>();

/** Stands for the arena of an array that is in none. */
const NO_ARENA: Arena = {
  take: (kind, length) => new kind(length),
  within: (work) => work(),
  kept: (make) => madeOnce(ownArrays, make, NO_ARENA.take),
};

/** The arena of an array; outside all, one that takes memory of the process. */
export const arenaOf = ({ buffer }: Placed): Arena => arenas.get(buffer) ?? NO_ARENA;

/** `kept` of the arena of an array, or of the process if it is in none. */
export const keptBeside = <T>(array: Placed, make: Make<T>): T => arenaOf(array).kept(make);

/** Runs `work`, then frees what it took beside an array: nothing of it may be kept. */
export const freeing = <R>(array: Placed, work: () => R): R => arenaOf(array).within(work);

/** A new array of zeros in the arena of another, if that is in one. */
export const beside = <T>(other: Placed, kind: ArrayKind<T>, length: number): T =>
  arenaOf(other).take(kind, length);
