import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { tiffHeader } from '../../src/formats/tiff.js';
import { imagePath } from '../node/fixtures.js';

type Kind = 1 | 3 | 4 | 16;
/** Tag, type and values of a field. */
type Field = [tag: number, kind: Kind, values: number[]];

const SIZES = { 1: 1, 3: 2, 4: 4, 16: 8 };

/** A file of directories, with 96 bytes of samples at offset 16. Long values are at its end. */
function tiff(
  directories: Field[][],
  { little = true, big = false, next = [] as number[] } = {},
): Uint8Array {
  const view = new DataView(new ArrayBuffer(4096));
  const [word, entry] = big ? [8, 20] : [4, 12];
  const put = (at: number, size: number, value: number) => {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, little);
    else if (size === 4) view.setUint32(at, value, little);
    else view.setBigUint64(at, BigInt(value), little);
  };
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  put(2, 2, big ? 43 : 42);
  if (big) put(4, 2, 8);
  let at = 128;
  let free = 2048;
  put(big ? 8 : 4, word, at);
  for (const [i, fields] of directories.entries()) {
    put(at, big ? 8 : 2, fields.length);
    at += big ? 8 : 2;
    for (const [tag, kind, values] of fields) {
      const size = SIZES[kind];
      put(at, 2, tag);
      put(at + 2, 2, kind);
      put(at + 4, word, values.length);
      let data = at + 4 + word;
      if (values.length * size > word) {
        put(data, word, free);
        data = free;
        free += values.length * size;
      }
      for (const [k, value] of values.entries()) put(data + k * size, size, value);
      at += entry;
    }
    const last = i === directories.length - 1;
    put(at, word, next[i] ?? (last ? 0 : at + word));
    at += word;
  }
  return new Uint8Array(view.buffer);
}

/** A grey picture of 12 x 8. */
const picture = (kind: Kind = 3, ...more: Field[]): Field[] =>
  (
    [
      [256, kind, [12]],
      [257, kind, [8]],
      [258, 3, [8]],
      [262, 3, [1]],
      [273, 4, [16]],
      [277, 3, [1]],
      [278, 3, [8]],
      [279, 4, [96]],
      ...more,
    ] as Field[]
  ).sort(([a], [b]) => a - b);

test('either byte order, TIFF and BigTIFF, as sharp reads them', async () => {
  for (const little of [true, false]) {
    for (const big of [true, false]) {
      for (const kind of [1, 3, 4] as const) {
        const bytes = tiff([picture(kind, [274, 3, [6]])], { little, big });
        const header = tiffHeader(bytes);
        expect(header).toMatchObject({
          ...{ width: 12, height: 8, orientation: 6, exif: true },
          ...{ alpha: false, plain: !big, frames: 1, whole: true },
        });
        const { width, height, orientation } = await sharp(bytes).metadata();
        expect([width, height, orientation]).toEqual([12, 8, 6]);
      }
    }
  }
});

test('reads 64-bit sides of a BigTIFF', () => {
  const { width, height } = tiffHeader(tiff([picture(16)], { big: true }));
  expect([width, height]).toEqual([12, 8]);
});

test('counts pages up to the end of their chain or of the file, or up to a loop', () => {
  expect(tiffHeader(tiff([picture(), picture(), picture()])).frames).toBe(3);
  expect(tiffHeader(tiff([picture(), picture()], { next: [4095] })).frames).toBe(1);
  expect(tiffHeader(tiff([picture(), picture()], { next: [0] })).frames).toBe(1);
  expect(tiffHeader(tiff([picture()], { next: [128] })).frames).toBe(1);
});

test('variants that the browser does not decode are not plain', () => {
  const without = (tag: number) => picture().filter(([other]) => other !== tag);
  const kinds: [Field[], boolean][] = [
    [picture(), true],
    [[...without(262), [262, 3, [3]]], true],
    [[...without(262), [262, 3, [5]]], false],
    [without(262), false],
    [[...without(258), [258, 3, [16]]], true],
    [[...without(258), [258, 3, [32]]], false],
    [picture(3, [284, 3, [1]]), true],
    [picture(3, [284, 3, [2]]), false],
  ];
  for (const [fields, plain] of kinds) expect(tiffHeader(tiff([fields])).plain).toBe(plain);
});

test('extra samples may be alpha', () => {
  const of = (photometric: number, samples: number) =>
    tiffHeader(
      tiff([
        [
          ...picture().filter(([tag]) => tag !== 262 && tag !== 277),
          [262, 3, [photometric]],
          [277, 3, [samples]],
        ],
      ]),
    ).alpha;
  expect([of(1, 1), of(2, 3), of(3, 1)]).toEqual([false, false, false]);
  expect([of(1, 2), of(2, 4), of(3, 2)]).toEqual([true, true, true]);
});

test('a file is not whole if strips or tiles end beyond it', () => {
  const strips = (offset: number, length: number, end = 4096) =>
    tiffHeader(
      tiff([
        [
          ...picture().filter(([tag]) => tag !== 273 && tag !== 279),
          [273, 4, [16, offset]],
          [279, 4, [96, length]],
        ],
      ]).subarray(0, end),
    ).whole;
  expect(strips(4000, 96)).toBe(true);
  expect(strips(4000, 97)).toBe(false);
  // The offsets are the last bytes of the file, and then beyond them. libtiff ignores such a field.
  expect(strips(4000, 96, 2056)).toBe(false);
  expect(strips(4000, 96, 2055)).toBe(true);
  expect(tiffHeader(tiff([picture(3, [324, 4, [5000]], [325, 4, [1]])])).whole).toBe(false);
});

test.each<[string, Uint8Array]>([
  ['a file of 8 bytes', tiff([picture()]).subarray(0, 8)],
  ['a BigTIFF of 12 bytes', tiff([picture()], { big: true }).subarray(0, 12)],
  ['a directory beyond the end', tiff([picture()]).subarray(0, 200)],
  ['no entries', tiff([[]])],
  ['no width', tiff([picture().slice(1)])],
  ['no height', tiff([[...picture().slice(0, 1), ...picture().slice(2)]])],
  ['a width of 0', tiff([[[256, 3, [0]], ...picture().slice(1)]])],
  // Rationals are not integers.
  ['a width of another type', tiff([[[256, 5 as Kind, [12]], ...picture().slice(1)]])],
])('%s is corrupt', (_, bytes) => {
  expect(() => tiffHeader(bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

test('an unknown orientation is 1', () => {
  for (const wrong of [0, 9, 65_535]) {
    expect(tiffHeader(tiff([picture(3, [274, 3, [wrong]])])).orientation).toBe(1);
  }
});

test('the pages of a file', () => {
  expect(tiffHeader(readFileSync(imagePath('two-pages.tiff'))).frames).toBe(2);
});
