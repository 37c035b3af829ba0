import { join } from 'node:path';
import { expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { pdq } from '../../src/hashing/pdq.js';
import { rankedPdq } from '../../src/hashing/pdq-ranks.js';
import { readPnm } from '../pictures/pnm.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures/pdq');

test('ranks state which bits an edit flips first, and leave the hash unchanged', () => {
  const pixels = readPnm(join(FIXTURES, 'p39-photo-crop-194x329.pgm'));
  const { ranks, ...hashed } = rankedPdq(pixels);
  expect(hashed).toEqual(pdq(pixels));
  expect([...ranks].sort((a, b) => a - b)).toEqual([...Array(256).keys()]);
  const next = random(6);
  const flipped = [0, 0, 0, 0];
  for (let edit = 0; edit < 20; edit++) {
    const noisy = pixels.data.map((value) =>
      Math.min(255, Math.max(0, value + (next() % 81) - 40)),
    );
    const { bytes } = pdq({ ...pixels, data: noisy }).hash;
    for (let bit = 0; bit < 256; bit++) {
      const differs = (bytes[bit >> 3]! ^ hashed.hash.bytes[bit >> 3]!) & (128 >> (bit & 7));
      if (differs) flipped[ranks[bit]! >> 6]!++;
    }
  }
  expect(flipped[0]).toBeGreaterThan(10 * (flipped[1]! + flipped[2]! + flipped[3]!));
});
