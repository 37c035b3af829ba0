import { hashFromHex, hexOf } from '../../../src/hash.js';
import { createBundle, createStateProof, readBundle } from '../../../src/index.js';

/** A hash that is not degenerate, another for each number. */
export const hashOf = (seed: number) => {
  const bytes = new Uint8Array(32);
  let state = seed + 1;
  for (let at = 0; at < 32; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return hashFromHex('pdq', hexOf(bytes));
};

/** The bundle of pictures with these hashes, as a service reads it, and what its person has. */
export async function personWith(...seeds: number[]) {
  const images = seeds.map((seed) => ({ hash: hashOf(seed), quality: 90, variants: [] }));
  const { bundle, withdrawToken: code } = await createBundle(images);
  return { bundle: readBundle(bundle.text), code, ...(await createStateProof(code)) };
}
