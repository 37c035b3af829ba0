import { expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { tentWords } from '../../../src/kernels/pixels/tent-words.js';
import { lumaRows, tentPlane } from '../../oracles/pixels/tent.js';

const identity = Int32Array.from({ length: 512 }, (_, x) => x);

const pictures: Record<string, (next: () => number) => number> = {
  'noise, alpha too': (next) => next(),
  'white, alpha 255: all lanes full': () => 0xffffffff,
  'green alone': () => 0x0000ff00,
  'red and blue, no alpha': () => 0x00ff00ff,
};

test.each(Object.entries(pictures))('%s: the plane except its edges, within 1e-10', (_, pixel) => {
  const next = random(1);
  const words = Int32Array.from({ length: 512 * 512 }, () => pixel(next));
  const out = new Float64Array(64 * 64).fill(-1);
  const bytes = new Uint8Array(words.buffer);
  const raster = { bytes, words, channels: 4, stride: 512, columns: identity, rows: identity };
  tentWords(words, raster, out);
  const wanted = tentPlane(lumaRows(bytes, 4, 512, identity, identity));
  for (let i = 0; i < 64; i++) {
    for (let j = 0; j < 64; j++) {
      const at = 64 * i + j;
      if (i === 63 || j === 63) expect(out[at]).toBe(-1);
      else expect(Math.abs(out[at]! - wanted[at]!)).toBeLessThan(1e-10);
    }
  }
});

test('takes a wide, low picture at its given rows and columns', () => {
  const next = random(2);
  const [width, height] = [700, 90];
  const words = Int32Array.from({ length: width * height }, () => next());
  const columns = Int32Array.from(identity, (x) => Math.floor((x * width) / 512));
  const rows = Int32Array.from(identity, (y) => Math.floor((y * height) / 512));
  const out = new Float64Array(64 * 64);
  const bytes = new Uint8Array(words.buffer);
  tentWords(words, { bytes, words, channels: 4, stride: width, columns, rows }, out);
  const wanted = tentPlane(lumaRows(bytes, 4, width, columns, rows));
  for (let at = 0; at < 64 * 63; at++) {
    if ((at & 63) < 63) expect(Math.abs(out[at]! - wanted[at]!)).toBeLessThan(1e-10);
  }
});
