import { ALGORITHMS, type Algorithm, type Bits, hasBits } from '../../src/hash.js';
import { policyFor } from '../../src/matching/policy.js';
import type { VariantProfile } from '../../src/variants/variant-profile.js';

/** A way to hash and match that is measured. */
export interface Run {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly profile: VariantProfile;
  /** at which a matcher stops, and up to which a person looks at the picture itself */
  readonly matchDistance: number;
  readonly reviewDistance: number;
  /** below which nothing matches by itself */
  readonly minQuality: number;
}

/** A run by the policy that matching has where nobody says otherwise. */
export const runOf = (algorithm: Algorithm, bits: Bits, profile: VariantProfile): Run => ({
  algorithm,
  bits,
  profile,
  ...policyFor(algorithm, bits),
});

/** Every algorithm and width that matches by itself: the picture alone and all variants, of PDQ also the profiles between. */
export const comparedRuns = (): Run[] =>
  ALGORITHMS.flatMap((algorithm) =>
    ([64, 256] as const)
      .filter((bits) => hasBits(algorithm, bits))
      .flatMap((bits) => {
        const profiles: VariantProfile[] =
          algorithm === 'pdq'
            ? ['none', 'orientation', 'dihedral', 'thorough']
            : ['none', 'thorough'];
        return profiles.map((profile) => runOf(algorithm, bits, profile));
      }),
  ).filter(({ matchDistance }) => matchDistance >= 0);
