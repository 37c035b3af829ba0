import { ALGORITHMS, type Algorithm, type Bits, hasBits } from '../../src/hash.js';
import { policyFor } from '../../src/matching/policy.js';
import { VARIANT_PROFILES, type VariantProfile } from '../../src/variants/variant-profile.js';

/** A way to hash and match, to be measured. */
export interface Run {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly profile: VariantProfile;
  /** up to which a variant matches, and up to which the picture itself is reviewed */
  readonly matchDistance: number;
  readonly reviewDistance: number;
  /** below which nothing matches without a review */
  readonly minQuality: number;
}

/** A run with the default policy. */
export const runOf = (algorithm: Algorithm, bits: Bits, profile: VariantProfile): Run => ({
  algorithm,
  bits,
  profile,
  ...policyFor(algorithm, bits),
});

/**
 * Every algorithm and width that matches by itself, for the picture alone and for all variants; for
 * PDQ also with the profiles between.
 */
export const comparedRuns = (): Run[] =>
  ALGORITHMS.flatMap((algorithm) =>
    ([64, 256] as const)
      .filter((bits) => hasBits(algorithm, bits))
      .flatMap((bits) => {
        const profiles: readonly VariantProfile[] =
          algorithm === 'pdq' ? VARIANT_PROFILES : ['none', 'thorough'];
        return profiles.map((profile) => runOf(algorithm, bits, profile));
      }),
  ).filter(({ matchDistance }) => matchDistance >= 0);
