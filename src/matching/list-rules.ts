import type { ListState, Lists } from '../blocklist/list-state.js';
import type { EntryFacts } from '../entry.js';
import type { Hash } from '../hash.js';
import { isExact } from '../indexing/part-search.js';
import { type HashType, typeOf } from '../packed-words.js';
import {
  changedBy,
  type Policy,
  type PolicyOptions,
  policyUnder,
  type Trust,
  upTo,
  widestOf,
} from '../policy.js';
import type { HashedVariant } from '../variant.js';

/** The default distance by parts up to which a candidate is for review. */
const PARTS_DISTANCE = 50;

/** Rules for the entries of one list and one kind of hash. */
export interface ListRules extends Policy {
  /** up to this distance, entries with parts are candidates, however many there are */
  readonly farthest: number;
  /** true if parts can make a match: not where the match distance is below the default */
  readonly matchesByParts: boolean;
  /** the distance by parts up to which they are for review */
  readonly partsDistance: number;
  /** up to this distance, hashes of low quality are for review */
  readonly poorDistance: number;
  readonly tier: 'match' | 'review';
  readonly trust: Trust;
  /** true if a match by this list states the list's trust */
  readonly isListed: boolean;
}

/**
 * The rules of a list.
 * @param changes to the default policy
 * @param entries number of such entries on it
 */
export function rulesOf(
  lists: Lists,
  name: string,
  changes: PolicyOptions,
  { algorithm, bits }: HashType,
  entries = 0,
): ListRules {
  const { fetched, ...own } = lists.of(name);
  const { policy = {}, tier = 'match', trust = name === '' ? 'own' : 'shared' } = own;
  const isListed = name !== '' || Object.keys(own).length > 0 || (lists.has(name) && !fetched);
  const general = policyUnder(changes, algorithm, bits, entries);
  const { matchDistance, reviewDistance, minQuality } = changedBy(policy, algorithm, general);
  // A list for review alone may have a match distance of -1.
  const usual = policyUnder({}, algorithm, bits).matchDistance;
  const poorDistance = Math.max(matchDistance, usual);
  const asShort = policyUnder(changes, algorithm, bits);
  return {
    ...{ matchDistance, reviewDistance, minQuality, poorDistance, tier, trust, isListed },
    matchesByParts: matchDistance >= usual,
    farthest: changedBy(policy, algorithm, asShort).reviewDistance,
    partsDistance: policy.partsDistance ?? changes.partsDistance ?? PARTS_DISTANCE,
  };
}

/** True if the platform itself has confirmed an entry. */
export const isOwnConfirmed = (
  { confirmed }: Pick<EntryFacts, 'confirmed'>,
  trust: Trust = 'own',
): boolean => confirmed === true && trust === 'own';

/** The reason to review an entry within the match distance; undefined if it matches. */
export function limitOf(
  { confirmed, seconds, still }: Pick<EntryFacts, 'confirmed' | 'seconds' | 'still'>,
  { tier, trust }: Pick<ListRules, 'tier' | 'trust'>,
): 'review-only-list' | 'foreign-list' | 'unconfirmed-entry' | 'video-frame' | undefined {
  if (tier === 'review') return 'review-only-list';
  if (trust === 'foreign') return 'foreign-list';
  if (confirmed === false) return 'unconfirmed-entry';
  return seconds !== undefined && still !== true ? 'video-frame' : undefined;
}

/** The distances to search. */
export interface SearchPolicy extends Policy {
  /** if set, no entry counts beyond this distance: the quality of the variant is too low */
  readonly poorDistance?: number;
}

/** The rules for hashes of one algorithm and width. */
export interface KindRules {
  /** the largest distances of any list */
  readonly widest: Policy;
  /** The distances to search for a variant: larger ones, if entries have parts. */
  searchedFor(variant: HashedVariant): SearchPolicy;
  /** by the name of a list */
  rulesOf(name: string): ListRules;
}

export function kindRules(
  state: ListState,
  { policy, distance }: { policy: PolicyOptions; distance?: number | undefined },
  hash: Hash,
): KindRules {
  const { lists } = state;
  const type = typeOf(hash);
  const { counts, hasParts } = state.of(type);
  const widestBy = (counts: ReadonlyMap<string, number>) => {
    const widest = widestOf((name) => lists.of(name), policy, type, counts);
    return upTo(widest, distance);
  };
  const asShort = () => new Map([...counts].map(([name, count]) => [name, Math.min(1, count)]));
  const widest = widestBy(counts);
  const searched = hasParts ? widestBy(asShort()) : widest;
  const known = new Map<string, ListRules>();
  const rulesFor = (name: string) => {
    let rules = known.get(name);
    if (rules === undefined) {
      const own = rulesOf(lists, name, policy, type, counts.get(name));
      rules = { ...upTo(own, distance), farthest: Math.min(own.farthest, distance ?? 256) };
      known.set(name, rules);
    }
    return rules;
  };
  return {
    widest,
    rulesOf: rulesFor,
    searchedFor({ quality = 100, parts }) {
      // The first search of a variant with parts depends on what came near to others.
      if (quality >= searched.minQuality || parts !== undefined) return searched;
      const all = [...counts.keys()].map(rulesFor);
      const poorDistance = Math.max(...all.map((rules) => rules.poorDistance));
      const isPoor = all.every(({ minQuality }) => quality < minQuality);
      const isNearer = poorDistance < searched.reviewDistance && isExact(type, poorDistance);
      return isPoor && isNearer ? { ...searched, poorDistance } : searched;
    },
  };
}
