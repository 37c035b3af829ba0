import type { Hash } from '../../src/hash.js';
import { spread } from '../../src/kernels/search/bands.js';

/**
 * The rule of the near search, bit by bit: as `indexing/near.ts` has it in words, over the 256 bits
 * of the difference in their spread order.
 */
export function isNear(a: Hash, b: Hash, ranks: Uint8Array | undefined): boolean {
  const differs = new Array<boolean>(256).fill(false);
  const rankAt = new Array<number>(256).fill(0);
  for (let bit = 0; bit < 256; bit++) {
    const place = placeOf(bit);
    differs[place] = ((a.bytes[bit >> 3]! ^ b.bytes[bit >> 3]!) & (128 >> (bit & 7))) !== 0;
    if (ranks) rankAt[place] = ranks[bit]!;
  }
  return Array.from({ length: 16 }, (_, band) => 16 * band).some((start) => {
    const band = Array.from({ length: 16 }, (_, i) => start + i);
    const leastSure = band.toSorted((i, j) => rankAt[i]! - rankAt[j]!).slice(0, 6);
    const flipped = band.filter((i) => differs[i]);
    const arePair = flipped.length === 2 && (!ranks || flipped.every((i) => leastSure.includes(i)));
    const after = Array.from({ length: 32 }, (_, i) => (start + 16 + i) % 256);
    return (flipped.length < 2 || arePair) && after.filter((i) => differs[i]).length <= 9;
  });
}

const places = new Map<number, number>();

function placeOf(bit: number): number {
  const known = places.get(bit);
  if (known !== undefined) return known;
  const bytes = new Uint8Array(32);
  bytes[bit >> 3] = 128 >> (bit & 7);
  const out = new Int32Array(8);
  spread(new Int32Array(bytes.buffer), 0, 8, out, 0);
  const place = [...Array(256).keys()].find((i) => (out[i >> 5]! >>> (i & 31)) & 1)!;
  places.set(bit, place);
  return place;
}
