import { expect, test } from 'vitest';
import { halve } from '../../../src/kernels/pixels/plane.js';
import {
  type Arena,
  beside,
  inArena,
  inJavaScript,
  leaseArena,
} from '../../../src/kernels/simd/arena.js';
import type { CheckedPixels } from '../../../src/pixels.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { collage, patches } from '../../variants/pictures.js';

const hashesOf = (pixels: CheckedPixels) =>
  Array.from(variantsOf(pixels, { variants: 'thorough' }), ({ name, hash, quality }) =>
    [name, Buffer.from(hash.bytes).toString('hex'), quality].join(' '),
  );

test('halve, minimal: the plane is in the arena, its result is not', () => {
  inArena((arena) => {
    const plane = arena.take(Float32Array, 16).fill(100);
    while (arena.take(Uint8Array, 0).buffer === plane.buffer);
    const out = beside(plane, Float32Array, 4);
    halve(plane, 4, 4, out);
    expect([...out]).toEqual([100, 100, 100, 100]);
  });
});

test('the same hashes if the arena is full after any number of arrays', () => {
  const pixels = patches(300, 240, 3, 17);
  const expected = hashesOf(pixels);
  const { arena, giveBack } = leaseArena();
  giveBack();
  const { take } = arena;
  const wrong: number[] = [];
  for (let room = 0; room < 20; room++) {
    let taken = 0;
    arena.take = ((kind, length) =>
      taken++ < room ? take(kind, length) : new kind(length)) as Arena['take'];
    if (hashesOf(pixels).join() !== expected.join()) wrong.push(room);
  }
  arena.take = take;
  expect(wrong).toEqual([]);
});

test('real: a transparent collage of 767 x 767 takes 42 MiB, more than the arena has', () => {
  const cells = Array.from(
    { length: 12 },
    (_, i) =>
      [
        ...[patches(170, 220, i + 2, 15), 10 + (i % 4) * 185, 15 + Math.floor(i / 4) * 250],
      ] as unknown as [CheckedPixels, number, number],
  );
  const { data, width, height } = collage(767, 767, [255, 255, 255], cells);
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    rgba[4 * i + 3] = (i >> 3) % 3 === 0 ? 10 : 255;
  }
  const pixels = { data: rgba, width, height, channels: 4 } as const;
  expect(hashesOf(pixels)).toEqual(inJavaScript(() => hashesOf(pixels)));
});

test('no byte of a picture is left in the memory', () => {
  const lease = leaseArena();
  const memory = new Uint8Array(lease.arena.take(Uint8Array, 1).buffer as ArrayBuffer);
  lease.giveBack();
  hashesOf(patches(300, 240, 1, 17));
  const before = memory.slice();
  hashesOf(patches(300, 240, 2, 17));
  const changed: number[] = [];
  for (let at = 0; at < memory.length; at++) if (memory[at] !== before[at]) changed.push(at);
  expect(changed.length).toBe(0);
});
