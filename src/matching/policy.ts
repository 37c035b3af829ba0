import { checkInteger, checkNumber, checkOptions } from '../door.js';
import { type Algorithm, type Bits, checkKind, isAlgorithm } from '../hash.js';

/** What counts as a match. Distances are in bits, inclusive: 31 means at most 31. */
export interface Policy {
  /** up to here any variant is a match; -1: nothing is one by itself */
  readonly matchDistance: number;
  /** up to here the main hash is for review, when nothing matched */
  readonly reviewDistance: number;
  /** below this quality, of the query or where known of the entry, a match is for review */
  readonly minQuality: number;
}

/** Changes to the policy: PDQ's at the top, those of the others by name (for both widths of an algorithm). */
export interface PolicyOptions extends Partial<Policy> {
  readonly algorithms?: Readonly<Partial<Record<Exclude<Algorithm, 'pdq'>, Partial<Policy>>>>;
}

/**
 * PDQ: the field's own threshold and quality (python-threatexchange, HMA), and review up to a distance at which 187,000
 * pairs of unrelated photographs gave no false one.
 *
 * The others have no threshold that all agree on. Measured on 146,276 pairs of unrelated photographs, false pairs per
 * million at the two distances: phash 0 and 21 of 64 bits, 0 and 0 of 256; dhash 0 and 34, 0 and 7; ahash 0 and 89,
 * 0 and 27; blockhash 0 and 62 of 256 (its authors take single digits for the same picture). A blockhash of 64 bits
 * gave 178 at distance 0: never a match by itself. None at all still allows 20 per million (95 %).
 */
const DISTANCES: Readonly<Record<Algorithm, Readonly<Partial<Record<Bits, [number, number]>>>>> = {
  pdq: { 256: [31, 60] },
  phash: { 64: [6, 10], 256: [31, 60] },
  dhash: { 64: [6, 10], 256: [24, 40] },
  ahash: { 64: [0, 2], 256: [8, 12] },
  blockhash: { 64: [-1, 0], 256: [10, 16] },
};

/**
 * The policy for hashes of one algorithm and width: our defaults under the caller's changes.
 * @throws {TypeError | RangeError} if there are no such hashes, or a change is invalid
 */
export function policyFor(algorithm: Algorithm, bits: Bits, changes: PolicyOptions = {}): Policy {
  checkKind(algorithm, bits);
  checkPolicy(changes);
  return policyUnder(changes, algorithm, bits);
}

/** As `policyFor`, of changes that were checked before. */
export function policyUnder(changes: PolicyOptions, algorithm: Algorithm, bits: Bits): Policy {
  const [matchDistance, reviewDistance] = DISTANCES[algorithm][bits]!;
  const changed = algorithm === 'pdq' ? changes : changes.algorithms?.[algorithm];
  return {
    matchDistance: changed?.matchDistance ?? matchDistance,
    reviewDistance: changed?.reviewDistance ?? reviewDistance,
    minQuality: changed?.minQuality ?? (algorithm === 'pdq' ? 50 : 0),
  };
}

/**
 * @throws {TypeError} if `changes` has another member than a policy, or one of another kind
 * @throws {RangeError} if a distance is no integer from -1 to 256, or a quality no number from 0 to 100
 */
export function checkPolicy(changes: PolicyOptions): void {
  checkOptions(changes, 'a policy to be an object');
  const { algorithms = {}, ...pdq } = changes;
  checkChanges(pdq);
  checkOptions(algorithms, 'policy.algorithms to be an object');
  for (const [name, changed = {}] of Object.entries(algorithms)) {
    if (!isAlgorithm(name) || name === 'pdq') {
      throw new TypeError('expected policy.algorithms to name known algorithms other than pdq');
    }
    checkChanges(changed);
  }
}

/** A misspelt member would leave a threshold where it was: it is refused. */
function checkChanges(changes: Partial<Policy>): void {
  checkOptions(changes, 'a policy to be an object');
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (name === 'minQuality') checkNumber(name, value, 0, 100);
    else if (name === 'matchDistance' || name === 'reviewDistance') {
      checkInteger(name, value, -1, 256);
    } else throw new TypeError('expected matchDistance, reviewDistance or minQuality in a policy');
  }
}
