import { type Hash, hashFromHex } from '../../src/hash.js';

/** The hash that a program writes until it is killed: half of them are digests of files. */
export const hashOfHex = (hex: string): Hash =>
  hashFromHex(/[89a-f]$/.test(hex) ? 'sha256' : 'pdq', hex);
