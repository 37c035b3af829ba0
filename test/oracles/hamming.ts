import type { Hash } from '../../src/hash.js';

/** Distance bit by bit. */
export function naiveDistance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    for (let bit = 0; bit < 8; bit++) if (((a[i]! ^ b[i]!) >> bit) & 1) sum++;
  }
  return sum;
}

/** Every hash within `maxDistance`, as `id:distance`, sorted. */
export function naiveSearch(hashes: readonly Hash[], query: Hash, maxDistance: number): string[] {
  return hashes
    .map(({ bytes }, id) => ({ id, distance: naiveDistance(bytes, query.bytes) }))
    .filter(({ distance }) => distance <= maxDistance)
    .map(({ id, distance }) => `${id}:${distance}`)
    .sort();
}
