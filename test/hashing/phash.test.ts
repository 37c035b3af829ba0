import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { phash } from '../../src/hashing/phash.js';
import { describeImageHash } from '../imagehash.js';

describeImageHash('phash', phash);

test('a flat picture has only the bit of its mean, a black one no bit, as in ImageHash', () => {
  for (const value of [0, 1, 93, 255]) {
    const data = new Uint8Array(50 * 40).fill(value);
    const { hash } = phash({ data, width: 50, height: 40 });
    expect(hashToHex(hash)).toBe(value === 0 ? '0000000000000000' : '8000000000000000');
  }
});
