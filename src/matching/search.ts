import { isDegenerate } from '../blocklist/degenerate.js';
import { type ListState, typeOf } from '../blocklist/list-state.js';
import type { Policy } from '../policy.js';
import type { HashedVariant } from '../variant.js';
import { Found } from './found.js';
import type { SearchingThreads } from './searching-threads.js';

/**
 * The entries near a variant, of all lists: every one within `matchDistance`, and those of a near
 * search within `reviewDistance`.
 */
export function foundIn(state: ListState, variant: HashedVariant, policy: Policy): Found {
  const { hash } = variant;
  const kind = state.of(typeOf(hash));
  return new Found(kind, kind.searchNear(hash, policy, ranksFor(variant, policy)), state.lists);
}

/**
 * As `foundIn`, by threads: resolves to what gives the entries, which holds as long as the list has
 * not changed. `undefined` if the search is not for them.
 */
export function foundBy(
  threads: SearchingThreads,
  state: ListState,
  variant: HashedVariant,
  policy: Policy,
): Promise<() => Found> | undefined {
  const { hash } = variant;
  const kind = state.of(typeOf(hash));
  const ranks = ranksFor(variant, policy);
  const asked = kind.searchNearBy(
    (segment, max) => threads.searchNear(segment, hash, max, ranks),
    hash,
    policy,
    ranks,
  );
  return asked?.then(
    (hits) => () => new Found(kind, hits ?? kind.searchNear(hash, policy, ranks), state.lists),
  );
}

/** The ranks of a hash, if its bits are such that they say something. */
const ranksFor = ({ hash, quality, ranks }: HashedVariant, { minQuality }: Policy) =>
  (quality ?? 100) >= minQuality && !isDegenerate(hash) ? ranks : undefined;
