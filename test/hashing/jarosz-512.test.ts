import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { jaroszFilter } from '../../src/hashing/pdq.js';
import type { Channels, Pixels } from '../../src/pixels.js';
import { decimate, lumaPlane, tentFilter } from '../oracles/pixels/pdq.js';

const identity = Int32Array.from({ length: 512 }, (_, x) => x);
// One for all tests: leftovers of one picture must not reach the next.
const filter = jaroszFilter;

function noise(width: number, height: number, channels: Channels, seed: number): Pixels {
  const next = random(seed);
  // Bright above and dark below, so that leftovers of one picture show in the next.
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
    seed % 2 === 0 ? next() & 255 : (next() & 31) + (i < (width * height * channels) / 2 ? 224 : 0),
  );
  return { data, width, height, channels };
}

const wantedOf = (pixels: Pixels) => [...decimate(tentFilter(lumaPlane(pixels, 512)))];

describe.each([1, 2, 3, 4] as const)('%d samples a pixel', (channels) => {
  test.each([1, 2])("every value is the reference's, seed %d", (seed) => {
    const pixels = noise(512, 512, channels, seed);
    const bytes = pixels.data as Uint8Array;
    const wanted = wantedOf(pixels);
    const out = new Float64Array(64 * 64);
    const raster = { bytes, channels, stride: 512, columns: identity, rows: identity };
    filter({ ...raster, words: null }, out);
    expect([...out]).toEqual(wanted);
    if (channels === 4) {
      out.fill(-1);
      filter({ ...raster, words: new Int32Array(bytes.buffer) }, out);
      expect([...out]).toEqual(wanted);
    }
  });
});

test('takes a larger picture at its given rows and columns', () => {
  const pixels = noise(1023, 77, 3, 3);
  const columns = Int32Array.from(identity, (x) => Math.floor((x * 1023) / 512));
  const rows = Int32Array.from(identity, (y) => Math.floor((y * 77) / 512));
  const out = new Float64Array(64 * 64);
  const bytes = pixels.data as Uint8Array;
  filter({ bytes, words: null, channels: 3, stride: 1023, columns, rows }, out);
  expect([...out]).toEqual(wantedOf(pixels));
});
