import { bitsOf, type Hash, hashToHex, newHash } from '../hash.js';

/**
 * A hash as a key of a `Map`.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export const keyOfHash = (hash: Hash): string => {
  const hex = hashToHex(hash);
  return `${hash.algorithm} ${hex}`;
};

/**
 * A copy that writes itself, with the mark of a draft.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export function copyOfHash(hash: Hash): Hash {
  bitsOf(hash);
  // A Buffer's `slice` would share its memory.
  return newHash(hash.algorithm, new Uint8Array(hash.bytes), hash.decoding);
}
