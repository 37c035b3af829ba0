import { expect, test } from 'vitest';
import { adversarialHashes, uniformHashes } from '../../bench/workloads.js';

const COUNT = 20_000;

/** The share of pairs of hashes that agree in some 16 bits, drawn anew for each band. */
function agreeing(bytes: Uint8Array, permute: (bit: number) => number): number {
  let pairs = 0;
  for (let band = 0; band < 16; band++) {
    const counts = new Map<number, number>();
    for (let id = 0; id < COUNT; id++) {
      let key = 0;
      for (let i = 0; i < 16; i++) {
        const bit = permute(16 * band + i);
        key = 2 * key + ((bytes[32 * id + (bit >> 3)]! >> (bit & 7)) & 1);
      }
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const count of counts.values()) pairs += count * (count - 1);
  }
  return pairs / 16 / COUNT / (COUNT - 1);
}

test('adversarial hashes fill few buckets, under any permutation of the bits', () => {
  const { bytes } = adversarialHashes(COUNT, 5);
  for (const permute of [
    (bit: number) => bit,
    (bit: number) => (37 * bit) & 255,
    (bit: number) => (bit >> 4) | ((bit & 15) << 4),
  ]) {
    const usual = agreeing(uniformHashes(COUNT, 5).bytes, permute);
    expect(agreeing(bytes, permute)).toBeGreaterThan(50 * usual);
  }
});

test('adversarial hashes are the same for the same seed, and differ between seeds', () => {
  const { bytes } = adversarialHashes(100, 5);
  expect(adversarialHashes(100, 5).bytes).toEqual(bytes);
  expect(adversarialHashes(50, 5).bytes).toEqual(bytes.slice(0, 1600));
  expect(adversarialHashes(100, 6).bytes).not.toEqual(bytes);
});
