import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Arena, leaseArena } from '../../../src/kernels/simd/arena.js';
import type { CheckedPixels } from '../../../src/pixels.js';
import type { HashedVariant, Variants } from '../../../src/variant.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { runs } from '../../seed.js';
import { collage, laidOn, patches } from '../../variants/pictures.js';

/*
 * Several pictures at work in one process. Their memory must not mix, whatever the order in which
 * they are advanced, and whoever is abandoned in the middle.
 *
 * No module is reset here: once V8 has collected a finalization registry that had something to do,
 * it may run none of the others (V8 11.3).
 */

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const small = patches(90, 70, 3, 11);
const PICTURES: readonly CheckedPixels[] = [
  laidOn(small, 160, 120, 30, 20, [250, 250, 250]),
  patches(140, 150, 5, 13),
  collage(
    150,
    170,
    [10, 20, 30],
    [
      [small, 20, 10],
      [patches(90, 70, 4, 9), 20, 90],
    ],
  ),
];

const start = (picture: number): Variants =>
  variantsOf(PICTURES[picture]!, { variants: 'thorough', parts: true });

const textOf = ({ name, hash, quality, parts }: HashedVariant): string =>
  [name, Buffer.from(hash.bytes).toString('hex'), quality, parts].join(' ');

const alone = PICTURES.map((_, picture) => Array.from(start(picture), textOf));

/** What happens next to one of three generators. */
const steps = fc.array(
  fc.record({
    who: fc.nat(2),
    does: fc.oneof(
      { weight: 12, arbitrary: fc.constant('next' as const) },
      { weight: 1, arbitrary: fc.constantFrom('return', 'throw', 'drop', 'loop') },
    ),
    times: fc.integer({ min: 1, max: 30 }),
    picture: fc.nat(2),
  }),
  { minLength: 5, maxLength: 40 },
);

interface Running {
  readonly variants: Variants;
  readonly picture: number;
  at: number;
}

/** Takes variants, each of which is the one of a run of its own. */
function advance(running: Running, times: number): void {
  const { variants, picture } = running;
  for (let i = 0; i < times; i++) {
    const { done, value } = variants.next();
    expect(done ? undefined : textOf(value!)).toBe(alone[picture]![running.at]);
    if (done) return;
    running.at++;
  }
}

test('in any order, some of them abandoned', () => {
  expect(alone.map(({ length }) => length > 40)).toEqual([true, true, true]);
  fc.assert(
    fc.property(steps, (list) => {
      const begin = (picture: number): Running => ({ variants: start(picture), picture, at: 0 });
      const running = PICTURES.map((_, picture) => begin(picture));
      for (const { who, does, times, picture } of list) {
        const one = running[who]!;
        advance(one, times);
        if (does === 'next') continue;
        if (does === 'return') {
          expect(one.variants.return().done).toBe(true);
          expect(one.variants.next().done).toBe(true);
        }
        const failure = new Error('of the caller');
        if (does === 'throw') expect(() => one.variants.throw(failure)).toThrow(failure);
        if (does === 'loop') {
          const leave = () => {
            for (const _ of one.variants) throw failure;
            throw failure;
          };
          expect(leave).toThrow(failure);
        }
        // Otherwise it is dropped as it is.
        running[who] = begin(picture);
      }
      for (const one of running) advance(one, 1000);
      expect(running.map(({ at, picture }) => at === alone[picture]!.length)).toEqual(
        running.map(() => true),
      );
    }),
    { numRuns: runs(24) },
  );
});

test('while those that were dropped are collected', async () => {
  for (let round = 0; round < 6; round++) {
    const [kept, dropped] = [round % 3, (round + 1) % 3];
    const one = { variants: start(kept), picture: kept, at: 0 };
    advance(one, 10);
    for (let i = 0; i < 3; i++) advance({ variants: start(dropped), picture: dropped, at: 0 }, 7);
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
    advance(one, 10);
    advance({ variants: start(dropped), picture: dropped, at: 0 }, 1000);
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
    advance(one, 1000);
    expect(one.at).toBe(alone[kept]!.length);
  }
});

test('a generator that was ended leaves alone the memory that it gave back', () => {
  const one = { variants: start(0), picture: 0, at: 0 };
  advance(one, 20);
  const other = { variants: start(1), picture: 1, at: 0 };
  advance(other, 20);
  one.variants.return();
  one.variants.return();
  const third = { variants: start(2), picture: 2, at: 0 };
  advance(third, 20);
  // Its memory is another picture's now.
  expect(one.variants.next()).toEqual({ done: true, value: undefined });
  one.variants.return();
  for (const running of [other, third]) advance(running, 1000);
  expect([other.at, third.at]).toEqual([alone[1]!.length, alone[2]!.length]);
});

test('a lease that is dropped is given back, cleared, when it is collected', async () => {
  const turn = async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  // Those that other tests dropped come first; held, they leave no arena that waits.
  for (let i = 0; i < 5; i++) await turn();
  const held = Array.from({ length: 4 }, leaseArena);
  const { dropped, place } = (() => {
    const { arena } = leaseArena();
    const { byteOffset: place } = arena.take(Uint8Array, 1000).fill(6);
    return { dropped: new WeakRef(arena), place };
  })();
  let found: Arena | undefined;
  // Finalizers run some turns after a collection.
  for (let i = 0; i < 50 && !found; i++) {
    await turn();
    const lease = leaseArena();
    if (lease.arena === dropped.deref()) found = lease.arena;
    held.push(lease);
  }
  const again = found?.take(Uint8Array, 1000);
  expect(again?.byteOffset).toBe(place);
  expect(again?.every((byte) => byte === 0)).toBe(true);
  for (const { giveBack } of held) giveBack();
});

test('a lease that is held is not taken for dropped', async () => {
  const lease = leaseArena();
  const array = lease.arena.take(Uint8Array, 100).fill(4);
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(array.every((byte) => byte === 4)).toBe(true);
  expect(leaseArena().arena).not.toBe(lease.arena);
  lease.giveBack();
});
