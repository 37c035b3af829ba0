import { expect, test } from 'vitest';
import { greyRows } from '../../../src/kernels/pixels/grey.js';

test('grey is 0.299 R + 0.587 G + 0.114 B, up to fixed-point rounding', () => {
  const width = 256;
  const bytes = new Uint8Array(3 * width);
  const out = new Int32Array(width);
  const wrong: string[] = [];
  for (let red = 0; red < 256; red += 17) {
    for (let green = 0; green < 256; green += 3) {
      for (let x = 0; x < width; x++) bytes.set([red, green, x], 3 * x);
      greyRows(bytes, 3, 0, width, 1, out);
      for (let x = 0; x < width; x++) {
        const exact = 0.299 * red + 0.587 * green + 0.114 * x;
        if (Math.abs(out[x]! - exact) > 0.506) wrong.push(`${red} ${green} ${x}: ${out[x]}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('white, black and every grey stay unchanged', () => {
  const out = new Int32Array(256);
  for (const channels of [1, 2, 3, 4]) {
    const bytes = new Uint8Array(256 * channels).map((_, i) => Math.floor(i / channels));
    greyRows(bytes, channels, 0, 256, 1, out);
    expect(Array.from(out)).toEqual(Array.from({ length: 256 }, (_, i) => i));
  }
});

test('rows are packed from the lowest bits up, and missing ones are zero', () => {
  const bytes = Uint8Array.of(9, 9, 1, 2, 3, 4, 5, 6, 200, 201);
  const out = new Int32Array(2).fill(-1);
  greyRows(bytes, 1, 2, 2, 4, out);
  expect(Array.from(out)).toEqual([0xc8050301 | 0, 0xc9060402 | 0]);
  greyRows(bytes, 1, 2, 2, 2, out);
  expect(Array.from(out)).toEqual([0x0301, 0x0402]);
});
