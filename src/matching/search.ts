import { isDegenerate } from '../blocklist/degenerate.js';
import { type ListState, typeOf } from '../blocklist/list-state.js';
import type { Policy } from '../policy.js';
import type { HashedVariant } from '../variant.js';
import type { Search, SearchElsewhere } from './decide.js';
import { Found } from './found.js';
import type { SearchingThreads } from './searching-threads.js';

/** Searches a list as it is at one moment. One search finds the entries of all lists. */
export function searchOf(state: ListState): Search {
  return (variant, policy) => {
    const { hash } = variant;
    const kind = state.of(typeOf(hash));
    return new Found(kind, kind.searchNear(hash, policy, ranksFor(variant, policy)), state.lists);
  };
}

/** As `searchOf` the list as it is when a variant comes, as far as threads search. */
export function searchBy(stateNow: () => ListState, threads: SearchingThreads): SearchElsewhere {
  return (variant, policy) => {
    const state = stateNow();
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
  };
}

/** The ranks of a hash, if its bits are such that they say something. */
const ranksFor = ({ hash, quality, ranks }: HashedVariant, { minQuality }: Policy) =>
  (quality ?? 100) >= minQuality && !isDegenerate(hash) ? ranks : undefined;
