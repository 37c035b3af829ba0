import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Arena } from '../../../src/kernels/simd/arena.js';
import * as shared from '../../../src/kernels/simd/arena.js';
import type { CheckedPixels } from '../../../src/pixels.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { laidOn, patches } from '../../variants/pictures.js';

const MEBI = 2 ** 20;

/** New for each test, as in a process that has just begun. */
let arenas: typeof shared;

beforeEach(async () => {
  vi.resetModules();
  arenas = await import('../../../src/kernels/simd/arena.js');
});

/** The memory of an arena. */
const memoryOf = (arena: Arena): Uint8Array =>
  new Uint8Array(arena.take(Uint8Array, 1).buffer as ArrayBuffer);

/** Takes all that an arena has. */
function fill(arena: Arena): void {
  const { buffer } = arena.take(Uint8Array, 1);
  for (const size of [MEBI, 4096, 16, 0]) while (arena.take(Uint8Array, size).buffer === buffer);
}

const picture = (seed: number, width = 200, height = 180): CheckedPixels =>
  laidOn(patches(width - 80, height - 60, seed, 17), width, height, 50, 30, [250, 250, 250]);

/** A picture whose alpha hides some of it: it has two looks. */
function transparent(pixels: CheckedPixels): CheckedPixels {
  const { data, width, height } = pixels;
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    rgba[4 * i + 3] = i % 5 === 0 ? 90 : 255;
  }
  return { data: rgba, width, height, channels: 4 };
}

const OPTIONS = { variants: 'thorough', parts: true } as const;

const hashesOf = (pixels: CheckedPixels) =>
  Array.from(variantsOf(pixels, OPTIONS), ({ name, hash, quality, parts }) => [
    ...[name, Buffer.from(hash.bytes).toString('hex'), quality, parts],
  ]);

describe('arrays', () => {
  const KINDS = [Uint8Array, Uint16Array, Int32Array, Float32Array, Float64Array] as const;
  const taken = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(3000)), { maxLength: 30 });

  test('are zero, aligned to 16 bytes, and at least 64 bytes of zeros apart', () => {
    fc.assert(
      fc.property(taken, (list) => {
        arenas.inArena((arena) => {
          const memory = memoryOf(arena);
          let end = 0;
          for (const [kind, length] of list) {
            const array = arena.take(kind as typeof Uint8Array, length);
            expect(array).toBeInstanceOf(kind);
            expect([array.length, array.buffer]).toEqual([length, memory.buffer]);
            expect(array.byteOffset % 16).toBe(0);
            expect(array.byteOffset).toBeGreaterThanOrEqual(end + 64);
            end = array.byteOffset + array.byteLength;
            expect(memory.subarray(array.byteOffset, end + 64).every((byte) => byte === 0)).toBe(
              true,
            );
            new Uint8Array(memory.buffer, array.byteOffset, array.byteLength).fill(7);
          }
        });
      }),
    );
  });

  test('kept ones and taken ones are apart, too', () => {
    arenas.inArena((arena) => {
      const kept = arena.kept((take) => [take(Float64Array, 9), take(Uint8Array, 3)] as const);
      const one = arena.take(Uint8Array, 5);
      const at = [...kept, one].map(({ byteOffset }) => byteOffset);
      expect(at[0]).toBeGreaterThanOrEqual(64);
      expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(72 + 64);
      expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(3 + 64);
      for (const place of at) expect(place % 16).toBe(0);
    });
  });

  test('of a full arena are plain arrays', () => {
    const { arena, giveBack } = arenas.leaseArena();
    const memory = memoryOf(arena);
    const large = arena.take(Float64Array, 4 * MEBI);
    expect(large.buffer).not.toBe(memory.buffer);
    expect(large.length).toBe(4 * MEBI);
    let bytes = 0;
    while (arena.take(Uint8Array, MEBI).buffer === memory.buffer) bytes += MEBI;
    expect(bytes).toBeGreaterThan(30 * MEBI);
    // What is smaller may still fit.
    expect(arena.take(Uint8Array, 1024).buffer).toBe(memory.buffer);
    fill(arena);
    const plain = arena.take(Float32Array, 100);
    expect([plain.byteOffset, plain.length, plain.every((value) => value === 0)]).toEqual([
      ...[0, 100, true],
    ]);
    expect(arenas.arenaOf(plain)).toBe(arenas.arenaOf(new Uint8Array(1)));
    expect(arenas.arenaOf(plain).take(Uint8Array, 9).buffer.byteLength).toBe(9);
    expect(arenas.beside(memory, Uint8Array, 9).buffer).not.toBe(memory.buffer);
    giveBack();
  });

  test('never overlap, whatever `within` frees', () => {
    const step: fc.Arbitrary<readonly unknown[]> = fc.letrec((tie) => ({
      steps: fc.array(fc.oneof({ maxDepth: 3 }, fc.nat(500), tie('steps')), { maxLength: 6 }),
    })).steps as fc.Arbitrary<readonly unknown[]>;
    fc.assert(
      fc.property(step, (steps) => {
        arenas.inArena((arena) => {
          const live: Uint8Array[] = [];
          const run = (list: readonly unknown[]) => {
            const before = live.length;
            for (const one of list) {
              if (typeof one !== 'number') arena.within(() => run(one as unknown[]));
              else {
                const array = arena.take(Uint8Array, one);
                expect(array.every((byte) => byte === 0)).toBe(true);
                live.push(array.fill(live.length + 1));
              }
            }
            for (const [i, array] of live.entries()) {
              expect(array.every((byte) => byte === i + 1)).toBe(true);
            }
            // Freed by `within` after this.
            live.length = before;
          };
          arena.within(() => run(steps));
        });
      }),
    );
  });
});

describe('within', () => {
  test('frees and clears what was taken in it, and the gaps', () => {
    arenas.inArena((arena) => {
      const memory = memoryOf(arena);
      const before = arena.take(Uint8Array, 100).fill(1);
      const at = arena.within(() => {
        const array = arena.take(Uint8Array, 1000).fill(2);
        memory.fill(3, array.byteOffset + 1000, array.byteOffset + 1064);
        return array.byteOffset;
      });
      expect(memory.subarray(at, at + 1064).every((byte) => byte === 0)).toBe(true);
      expect(before.every((byte) => byte === 1)).toBe(true);
      expect(arena.take(Uint8Array, 1).byteOffset).toBe(at);
    });
  });

  test('does so after an exception as well, and passes it on', () => {
    arenas.inArena((arena) => {
      const first = arena.within(() => arena.take(Uint8Array, 50).byteOffset);
      const failure = new Error('in the middle');
      const work = () => {
        arena.take(Uint8Array, 50).fill(9);
        throw failure;
      };
      expect(() => arena.within(work)).toThrow(failure);
      const again = arena.take(Uint8Array, 50);
      expect([again.byteOffset, again[0]]).toEqual([first, 0]);
    });
  });
});

describe('kept', () => {
  const pair = (take: Arena['take']) => ({ one: take(Uint8Array, 4), other: take(Uint8Array, 4) });

  test('is made once an arena, in its memory, and stays', () => {
    const make = vi.fn(pair);
    const lease = arenas.leaseArena();
    const { one } = lease.arena.kept(make);
    one.fill(7);
    expect(lease.arena.kept(make).one).toBe(one);
    expect(arenas.arenaOf(one)).toBe(lease.arena);
    const other = arenas.leaseArena();
    expect(other.arena.kept(make).one).not.toBe(one);
    expect(make).toHaveBeenCalledTimes(2);
    for (const { giveBack } of [lease, other]) giveBack();
    const again = arenas.leaseArena();
    expect(again.arena.kept(make)).toBe(
      again.arena === lease.arena ? lease.arena.kept(make) : other.arena.kept(make),
    );
    expect([...again.arena.kept(make).one]).toEqual(
      again.arena === lease.arena ? [7, 7, 7, 7] : [0, 0, 0, 0],
    );
    expect(make).toHaveBeenCalledTimes(2);
  });

  test('beside a plain array is that of the process', () => {
    const make = vi.fn(pair);
    const { one } = arenas.keptBeside(new Uint8Array(1), make);
    expect(arenas.keptBeside(new Float32Array(5), make).one).toBe(one);
    expect(arenas.arenaOf(one).kept(make).one).toBe(one);
    arenas.inArena((arena) => {
      const inside = arenas.keptBeside(arena.take(Uint8Array, 1), make).one;
      expect(inside).toBe(arena.kept(make).one);
      expect(inside).not.toBe(one);
    });
    expect(make).toHaveBeenCalledTimes(2);
  });

  test('has an end: more is refused, not given outside', () => {
    arenas.inArena((arena) => {
      expect(() => arena.kept((take) => take(Uint8Array, 2 * MEBI))).toThrow(RangeError);
    });
  });
});

describe('leases', () => {
  test('two at once share no memory', () => {
    const [a, b] = [arenas.leaseArena(), arenas.leaseArena()];
    expect(a.arena).not.toBe(b.arena);
    expect(memoryOf(a.arena).buffer).not.toBe(memoryOf(b.arena).buffer);
    const [one, other] = [a, b].map(({ arena }) => arena.take(Uint8Array, 1000).fill(5));
    a.giveBack();
    expect([one![0], other![0]]).toEqual([0, 5]);
    const c = arenas.leaseArena();
    expect(c.arena).toBe(a.arena);
    expect(c.arena).not.toBe(b.arena);
  });

  test('giving back twice gives back once: the next picture keeps its arena', () => {
    const first = arenas.leaseArena();
    first.giveBack();
    const second = arenas.leaseArena();
    expect(second.arena).toBe(first.arena);
    const array = second.arena.take(Uint8Array, 100).fill(8);
    first.giveBack();
    expect(array.every((byte) => byte === 8)).toBe(true);
    const third = arenas.leaseArena();
    expect(third.arena).not.toBe(second.arena);
  });

  test('an arena is free within its own work no more', () => {
    const outer = arenas.inArena((arena) => {
      arenas.inArena((inner) => expect(inner).not.toBe(arena));
      return arena;
    });
    expect(() =>
      arenas.inArena((arena) => {
        arena.take(Uint8Array, 10).fill(1);
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    const seen = [arenas.leaseArena(), arenas.leaseArena()];
    expect(seen.map(({ arena }) => arena)).toContain(outer);
    for (const { arena } of seen) expect(arena.take(Uint8Array, 10)[0]).toBe(0);
  });

  test('an arena of which more than 24 MiB were taken is not used again', () => {
    const sizes = [24 * MEBI - 64, 24 * MEBI];
    const isUsedAgain = sizes.map((size) => {
      const lease = arenas.leaseArena();
      // Freed before it is given back.
      lease.arena.within(() => lease.arena.take(Uint8Array, size));
      lease.giveBack();
      const next = arenas.leaseArena();
      next.giveBack();
      return next.arena === lease.arena;
    });
    expect(isUsedAgain).toEqual([true, false]);
  });

  test('at most two arenas are idle', () => {
    const leases = Array.from({ length: 4 }, () => arenas.leaseArena());
    for (const { giveBack } of leases) giveBack();
    const before = new Set(leases.map(({ arena }) => arena));
    const again = Array.from({ length: 4 }, () => arenas.leaseArena());
    expect(again.filter(({ arena }) => before.has(arena)).length).toBe(2);
    expect(new Set(again.map(({ arena }) => arena)).size).toBe(4);
  });
});

describe('pictures', () => {
  const forms: readonly (readonly [string, CheckedPixels])[] = [
    ['RGB', picture(3)],
    ['with alpha', transparent(picture(4))],
    ['larger than its plane', picture(5, 640, 600)],
  ];

  test.each(forms)('%s: the same hashes in JavaScript', (_, pixels) => {
    const inKernels = hashesOf(pixels);
    expect(inKernels.length).toBeGreaterThan(40);
    expect(shared.inJavaScript(() => hashesOf(pixels))).toEqual(inKernels);
  });

  test.each(forms)('%s: the same hashes if the arena is full', (_, pixels) => {
    const expected = hashesOf(pixels);
    const { arena, giveBack } = shared.leaseArena();
    giveBack();
    const { take } = arena;
    let taken = 0;
    arena.take = (kind, length) => {
      taken++;
      return new kind(length);
    };
    expect(hashesOf(pixels)).toEqual(expected);
    expect(taken).toBeGreaterThan(0);
    arena.take = take;
  });

  test.each(forms)('%s: none of its arrays is left in the memory', (_, pixels) => {
    const { arena, giveBack } = shared.leaseArena();
    const first = arena.take(Uint8Array, 1);
    const memory = new Uint8Array(first.buffer as ArrayBuffer, first.byteOffset);
    giveBack();
    let isUsed = false;
    for (const _ of variantsOf(pixels, OPTIONS)) {
      isUsed ||= memory.subarray(0, 1000).some((byte) => byte !== 0);
    }
    expect(isUsed).toBe(true);
    expect(memory.length).toBeGreaterThan(30 * MEBI);
    expect(Buffer.from(memory).equals(Buffer.alloc(memory.length))).toBe(true);
  });
});
