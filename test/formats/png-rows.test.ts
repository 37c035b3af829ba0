import { deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pngPicture } from '../../src/formats/png-rows.js';
import { chunk, header, pngOf } from '../browser/png-file.js';

/**
 * A picture of 2 x 2 greys, one row unfiltered and one filtered by the row above, in IDATs of 3
 * bytes.
 */
const deflated = deflateSync(Uint8Array.of(0, 10, 20, 2, 1, 2));
const IDATS = Array.from({ length: Math.ceil(deflated.length / 3) }, (_, i) =>
  chunk('IDAT', deflated.subarray(3 * i, 3 * i + 3)),
);
const FILE = pngOf([
  chunk('IHDR', header({ width: 2, height: 2, depth: 8, type: 0 })),
  ...IDATS,
  chunk('IEND'),
]);

test('filled rows become pixels, and the file stays unchanged', () => {
  const file = FILE.slice();
  const { pixels, rows, deflated } = pngPicture(file);
  const inflated = inflateSync(Buffer.concat([...deflated(5)]));
  let at = 0;
  for (const row of rows) {
    row.set(inflated.subarray(at, at + row.length));
    at += row.length;
  }
  expect(at).toBe(inflated.length);
  const greys = Array.from(pixels.data).filter((_, i) => i % 4 === 0);
  expect(greys).toEqual([10, 20, 11, 22]);
  expect(pixels).toMatchObject({ width: 2, height: 2, channels: 4 });
  expect(file).toEqual(FILE);
});

test('all pieces but the last have one size, whatever the chunks', () => {
  for (const size of [1, 4, 5, deflated.length, 100]) {
    const pieces = [...pngPicture(FILE).deflated(size)];
    expect(Buffer.concat(pieces)).toEqual(deflated);
    expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true);
    expect(pieces.at(-1)!.length).toBeLessThanOrEqual(size);
  }
});
