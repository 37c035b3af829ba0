import { expect, test } from 'vitest';
import { checkedOptions } from '../../src/door.js';
import type { Perceptual } from '../../src/hash.js';
import { ahash } from '../../src/hashing/ahash.js';
import { hashOf } from '../../src/hashing/algorithms.js';
import { blockhash } from '../../src/hashing/blockhash.js';
import { dhash } from '../../src/hashing/dhash.js';
import { HASH_OPTIONS, type HashOptions } from '../../src/hashing/hash-options.js';
import { rankedPdq } from '../../src/hashing/pdq-ranks.js';
import { phash } from '../../src/hashing/phash.js';
import { picture } from '../pictures/pictures.js';

const pixels = picture('gradient', 700, 530, 3);
const OTHERS = { blockhash, phash, dhash, ahash };

test('default pdq, with its quality and in either size convention', () => {
  expect(hashOf(pixels)).toEqual(rankedPdq(pixels));
  for (const resample of [512, 'none'] as const) {
    for (const exact of [false, true]) {
      const options = { resample, exact };
      expect(hashOf(pixels, options)).toEqual(rankedPdq(pixels, options));
    }
  }
  expect(hashOf(pixels).hash).not.toEqual(hashOf(pixels, { resample: 'none' }).hash);
});

test.each(Object.entries(OTHERS))('%s by its name, with its own default bits', (name, hash) => {
  const algorithm = name as Perceptual;
  expect(hashOf(pixels, { algorithm })).toEqual(hash(pixels));
  for (const bits of [64, 256] as const) {
    expect(hashOf(pixels, { algorithm, bits })).toEqual(hash(pixels, { bits }));
    expect(hashOf(pixels, { algorithm, bits }).hash.bytes.length * 8).toBe(bits);
  }
});

test('invalid options are found before there are pixels', () => {
  const checkHashOptions = (options: HashOptions) => checkedOptions(options, HASH_OPTIONS);
  expect(() => checkHashOptions({ algorithm: 'toString' as never })).toThrow(RangeError);
  expect(() => checkHashOptions({ bits: 64 })).toThrow(RangeError);
  expect(() => checkHashOptions({ algorithm: 'phash', bits: 128 as never })).toThrow(RangeError);
  expect(() => checkHashOptions({ resample: 256 as never })).toThrow(RangeError);
  checkHashOptions({ bits: 256, resample: 'none', exact: true });
});
