import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { edited } from '../../src/formats/image-format.js';
import { pngHeader } from '../../src/formats/png.js';
import { chunk, header, pngOf } from '../browser/png-file.js';
import { block } from './exif-block.js';

const IHDR = chunk('IHDR', header({ width: 1, height: 1, depth: 8, type: 0 }));
const IDAT = chunk('IDAT', deflateSync(Uint8Array.of(0, 0)));
const IEND = chunk('IEND');

test('the first orientation before the picture applies, as for sharp', async () => {
  const [six, three] = [chunk('eXIf', block(6)), chunk('eXIf', block(3))];
  for (const [chunks, orientation] of [
    [[IHDR, six, three, IDAT, IEND], 6],
    [[IHDR, IDAT, six, IEND], 1],
  ] as const) {
    const file = pngOf(chunks);
    expect((await sharp(file).metadata()).orientation ?? 1).toBe(orientation);
    expect(pngHeader(file).orientation).toBe(orientation);
  }
});

test('drops everything but the picture, and the data after its end', () => {
  const text = chunk('tEXt', [65, 0, 66]);
  const bytes = Uint8Array.from([...pngOf([IHDR, text, text, IDAT, text, IEND]), 1, 2, 3]);
  const { edits, whole } = pngHeader(bytes);
  expect(whole).toBe(true);
  expect(edits.drop).toHaveLength(6);
  expect(edited(bytes, edits)).toEqual(pngOf([IHDR, IDAT, IEND]));
});

test('an animation has the frames present, and no more than acTL declares', () => {
  const acTL = (count: number) => chunk('acTL', [0, 0, 0, count, 0, 0, 0, 0]);
  const control = chunk('fcTL', [...Array(7).fill(0), 1, 0, 0, 0, 1, ...Array(12).fill(0), 1, 1]);
  const data = chunk('fdAT', [0, 0, 0, 1, 7]);
  const of = (...chunks: Uint8Array[]) => pngHeader(pngOf([IHDR, ...chunks, IEND]));
  const two = of(acTL(5), control, IDAT, control, data);
  expect(two).toMatchObject({ frames: 2, animation: { beside: false } });
  expect(two.animation!.frames).toMatchObject([{ width: 1, over: false }, { height: 1 }]);
  expect(of(acTL(1), control, IDAT, control, data).animation!.frames).toHaveLength(1);
  const beside = of(acTL(5), IDAT, control, data);
  expect(beside).toMatchObject({ frames: 1, animation: { beside: true } });
  for (const still of [of(IDAT), of(control, IDAT), of(IDAT, acTL(5), control, data)]) {
    expect(still.frames).toBe(1);
    expect(still.animation).toBeUndefined();
  }
});

describe('an unknown critical chunk', () => {
  const unknown = chunk('ABcD');

  test('is corrupt before the picture', () => {
    expect(() => pngHeader(pngOf([IHDR, unknown, IDAT, IEND]))).toThrow(
      expect.objectContaining({ code: 'corrupt' }),
    );
  });

  test('ends the file after it', () => {
    expect(pngHeader(pngOf([IHDR, IDAT, unknown, IEND])).whole).toBe(false);
  });
});

test('a file without IEND is not whole, and without IHDR corrupt', () => {
  expect(pngHeader(pngOf([IHDR, IDAT]))).toMatchObject({ width: 1, height: 1, whole: false });
  for (const chunks of [[IDAT, IEND], [IHDR.subarray(0, 20)]]) {
    expect(() => pngHeader(pngOf(chunks))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  }
});
