/*
 * The choice of bands to look up. A hash is cut into bands of 16 bits. Each band has a budget, and
 * the budgets sum to r + 1. A hash that differed by its budget or more in every band would differ
 * by more than r: so each one within r differs by less than the budget in some band. With 16 bands
 * and r = 31, that is the value of each band and the 16 that differ from it in one bit: 272 tokens.
 */

import { type Hash, hashToHex, isDigest } from '../../hash.js';
import { kindOf } from './schema-bands.js';

const WIDTH = 16;

/**
 * Above this number of tokens, a scan replaces them: it reads the rows of one band in the order of
 * the index, as many as 65,536 tokens have.
 */
const MOST_TOKENS = 4096;

/** Band lookups that find a hash. */
export interface Probes {
  /** tokens to look up; undefined: too many, read all of one band */
  readonly tokens: number[] | undefined;
  /** the first token of the first band */
  readonly first: number;
  /** of a `bit(256)` */
  readonly bits: string;
}

/** @returns undefined for a digest, which has no bands */
export function probesOf(hash: Hash, maxDistance: number): Probes | undefined {
  const { algorithm } = hash;
  if (isDigest(algorithm)) return undefined;
  const kind = kindOf(algorithm, 8 * hash.bytes.length) << 20;
  return {
    tokens: tokensOf(hash.bytes, kind, maxDistance),
    first: kind,
    bits: `x${hashToHex(hash).padEnd(64, '0')}`,
  };
}

/** @returns undefined if there are too many */
function tokensOf(bytes: Uint8Array, kind: number, maxDistance: number): number[] | undefined {
  const bands = bytes.length / 2;
  const budgetBefore = (band: number) => Math.floor((band * (maxDistance + 1)) / bands);
  const tokens: number[] = [];
  for (let band = 0; band < bands; band++) {
    const masks = masksBelow(budgetBefore(band + 1) - budgetBefore(band));
    if (!masks || tokens.length + masks.length > MOST_TOKENS) return undefined;
    const value = (bytes[2 * band]! << 8) | bytes[2 * band + 1]!;
    for (const mask of masks) tokens.push(kind | (band << WIDTH) | (value ^ mask));
  }
  return tokens;
}

/** Tables by budget, each made once. */
const tables: (readonly number[])[] = [];

/** The masks that change fewer than `budget` bits of a band; undefined: too many. */
function masksBelow(budget: number): readonly number[] | undefined {
  if (budget > 4) return undefined;
  tables[budget] ??= Array.from({ length: 2 ** WIDTH }, (_, mask) => mask).filter(
    (mask) => onesOf(mask) < budget,
  );
  return tables[budget];
}

function onesOf(mask: number): number {
  let ones = 0;
  for (let left = mask; left !== 0; left &= left - 1) ones++;
  return ones;
}
