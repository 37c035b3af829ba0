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

/**
 * Every hash within `maxDistance`, in order, of hashes end to end: for lists too long for
 * `naiveSearch`. One byte at a time through a table that is counted bit by bit.
 */
export function naiveScan(
  bytes: Uint8Array,
  size: number,
  query: Uint8Array,
  maxDistance: number,
): { id: number; distance: number }[] {
  const found: { id: number; distance: number }[] = [];
  for (let id = 0, at = 0; at < bytes.length; id++, at += size) {
    let distance = 0;
    for (let i = 0; i < size; i++) distance += ONES[bytes[at + i]! ^ query[i]!]!;
    if (distance <= maxDistance) found.push({ id, distance });
  }
  return found;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) =>
  naiveDistance(Uint8Array.of(byte), Uint8Array.of(0)),
);
