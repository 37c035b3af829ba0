import { bitsOf, type Hash, hashToHex, newHash } from '../hash.js';

/**
 * A hash as a key of a `Map`.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export const keyOfHash = (hash: Hash): string => {
  const hex = hashToHex(hash);
  return `${hash.algorithm} ${hex}`;
};

/** @throws {TypeError | RangeError} if `hash` is invalid */
export function copyOfHash(hash: Hash): Hash {
  bitsOf(hash);
  return newHash(hash.algorithm, hash.bytes.slice());
}
