import type { ListState, Lists } from '../blocklist/list-state.js';
import { type EntryFacts, listOf } from '../entry.js';
import { bitsOf, copyOfHash, type Hash } from '../hash.js';
import { finish } from '../in-turns.js';
import { type HashType, typeOf } from '../packed-words.js';
import {
  changedBy,
  nearestOf,
  type Policy,
  type PolicyOptions,
  policyUnder,
  TRUSTS,
  type Trust,
  upTo,
  widestOf,
} from '../policy.js';
import { checkVariant, type HashedVariant, type Near, type Variants } from '../variant.js';
import { type AllowList, PictureExceptions } from './allow-list.js';
import {
  type Decision,
  type DecisionReason,
  decisionOf,
  type Match,
  nothingHashed,
} from './decision.js';
import { type Found, foundIn, Nearest } from './search.js';

/** The most entries made for a variant: the nearest. */
const MOST_MADE = 1000;
/** The most entries reported to a generator of variants, the nearest. */
const MOST_TOLD = 16;
/** Entries per step: about 0.3 ms. */
const STEP = 256;

/** The rules by which a picture is decided. */
export interface Rules {
  /** changes to the default policy */
  readonly policy: PolicyOptions;
  /** search every variant, even after a match */
  readonly all?: boolean;
  /** entries farther away are ignored, whatever the policies allow */
  readonly distance?: number | undefined;
  /** exceptions: hashes that matched wrongly */
  readonly allowList?: AllowList | undefined;
  /** counts this upload and returns true if the entry is flooded */
  readonly isFlooded?: ((entry: Hash, upload: Hash) => boolean) | undefined;
}

/** A found entry, judged by the rules of its list. */
interface Judged extends Match {
  readonly list: string;
  readonly rules: ListRules;
  /** why it is for review; absent if it is a match */
  readonly doubt?: DecisionReason | undefined;
}

/**
 * Decides about the variants of one picture, main hash first. Each is searched once.
 * @param variants pulled one by one, until one matches unless `all` is set
 * @throws {TypeError | RangeError} if a variant is invalid
 */
export function decide(
  variants: Iterable<HashedVariant>,
  state: ListState,
  rules: Rules,
): Decision {
  const picture = new Deciding(state, rules);
  let near: Near | undefined;
  for (const variant of notified(variants, () => near)) {
    near = picture.take(variant);
    if (picture.isDecided) break;
  }
  return picture.decision(isRefined(variants));
}

/** True if the generator of these variants refines places near entries. */
export const isRefined = (variants: object): boolean =>
  (variants as Partial<Variants>).looksCloser === true;

/**
 * The decision about a picture whose variants arrive one by one, main hash first, by one state of a
 * list. Entries beyond the match distance count only if nothing matched.
 */
export class Deciding {
  readonly #state: ListState;
  readonly #rules: Rules;
  readonly #kinds = new Map<string, KindRules>();
  readonly #matches = new Nearest<Judged>(byDistance);
  /** for review: within the match distance of their lists, and beyond it */
  readonly #doubted = new Nearest<Judged>(byDistance);
  readonly #beyond = new Nearest<Judged>(byDistance);
  readonly #allowed = new Nearest<Judged>(byDistance);
  readonly #exceptions: PictureExceptions | undefined;
  #main: HashedVariant | undefined;
  #comparable = false;

  constructor(state: ListState, rules: Rules) {
    this.#state = state;
    this.#rules = rules;
    this.#exceptions = rules.allowList && new PictureExceptions(rules.allowList);
  }

  /** True if no other variant can change the verdict, and not all matches are requested. */
  get isDecided(): boolean {
    return this.#matches.count > 0 && !this.#rules.all;
  }

  /**
   * The policy with the search distances for the next variant.
   * @throws {TypeError | RangeError} if it is invalid
   */
  widestFor(variant: HashedVariant): Policy {
    checkVariant(variant);
    return this.#kindOf(variant.hash).widest;
  }

  /**
   * Searches the next variant.
   * @param found returns the result of another thread's search; absent: it is searched here
   * @returns the near entries to report to its generator, if there are any
   * @throws {TypeError | RangeError} if it is invalid
   */
  take(variant: HashedVariant, found?: () => Found): Near | undefined {
    return finish(this.takeSteps(variant, found));
  }

  /**
   * As `take`, step by step. All entries near the variant are judged, but few are made and kept.
   * The list must not change before the last step.
   */
  *takeSteps(variant: HashedVariant, found?: () => Found): Generator<void, Near | undefined> {
    checkVariant(variant);
    this.#main ??= variant;
    const kind = this.#kindOf(variant.hash);
    const near = found ? found() : foundIn(this.#state, variant, kind.widest);
    // The ranks are used up; no one else should keep them.
    const { ranks: _, ...shown } = variant;
    const candidates: Candidate[] = [];
    const { isFlooded } = this.#rules;
    this.#exceptions?.turnTo(variant.hash);
    let isCompared = false;
    for (let at = 0; at < near.count; at++) {
      if (at % STEP === STEP - 1) yield;
      const made = at < MOST_MADE ? near.entryAt(at) : undefined;
      const facts = made ?? near.factsAt(at);
      if (!near.counts(facts)) continue;
      isCompared = true;
      const distance = near.distanceAt(at);
      const list = listOf(facts);
      const rules = kind.rulesOf(list);
      // Another list may have larger distances.
      if (distance > Math.max(rules.matchDistance, rules.reviewDistance)) continue;
      const isWithin = distance <= rules.matchDistance;
      // 21 of the 34 false pairs farther away had a hash of low quality, but only 1 copy in 200.
      if (distance > rules.poorDistance && isPoor(variant, facts, rules)) continue;
      const isOwn = isOwnConfirmed(facts, rules.trust);
      const allowed = isOwn ? undefined : this.#exceptions?.reasonFor(facts.hash, isWithin);
      let doubt = doubtOf(variant, facts, distance, rules);
      if (!doubt && !isOwn && allowed === undefined && isFlooded?.(facts.hash, variant.hash))
        doubt = 'flooded';
      if (allowed === undefined && candidates.length < MOST_TOLD) {
        const isCandidate = isCandidateOf(facts, distance, rules);
        if (isCandidate) candidates.push({ hash: copyOfHash(facts.hash), distance, rules });
      }
      const tier = doubt === undefined ? 'match' : 'review';
      const listed = tier === 'match' ? this.#matches : isWithin ? this.#doubted : this.#beyond;
      const nearest = allowed === undefined ? listed : this.#allowed;
      if (!nearest.takes(list, distance)) continue;
      const entry = made ?? near.entryAt(at);
      const one = { entry, list, distance, tier, variant: shown, rules, doubt } as const;
      nearest.push(allowed === undefined ? one : { ...one, allowed });
    }
    if (isCompared || near.isCompared()) this.#comparable = true;
    return nearOf(candidates);
  }

  /**
   * The decision by the variants taken so far.
   * @param refined whether their generator refines places near entries
   */
  decision(refined: boolean): Decision {
    const main = this.#main;
    if (main === undefined) {
      const { policy, distance } = this.#rules;
      return nothingHashed('no-hash', upTo(policyUnder(policy, 'pdq', 256), distance));
    }
    const isMatched = this.#matches.count > 0;
    const doubted = this.#doubted.kept();
    const beyond = isMatched ? [] : this.#beyond.kept();
    const reviews = isMatched ? doubted : nearestOf([...doubted, ...beyond], byDistance);
    // Sorting is stable: at equal tier, distance and trust, variants and entries keep their order.
    const judged = [...this.#matches.kept(), ...reviews];
    const matches = judged.map(shownOf);
    const [first] = judged;
    const kind = this.#kindOf(main.hash);
    const { matchDistance, reviewDistance, minQuality } =
      first === undefined ? kind.widest : kind.rulesOf(listOf(first.entry));
    const policy = { matchDistance, reviewDistance, minQuality };
    const shown = this.#allowed.kept().map(shownOf);
    const allowed = shown.length > 0 && { allowed: shown };
    const counts = this.#matches.count + this.#doubted.count + this.#allowed.count;
    const all = counts + (isMatched ? 0 : this.#beyond.count);
    const left = all - matches.length - shown.length;
    const rest = { matches, policy, refined, ...allowed, ...(left > 0 && { omitted: left }) };
    if (first === undefined) {
      const empty = this.#comparable ? 'nothing-near' : 'nothing-comparable';
      return decisionOf({ verdict: 'none', reason: allowed ? 'allowed' : empty, ...rest });
    }
    const reason = first.doubt ?? 'within-match-distance';
    return decisionOf({ verdict: first.tier, reason, ...rest });
  }

  #kindOf(hash: Hash): KindRules {
    const kind = `${hash.algorithm} ${bitsOf(hash)}`;
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const rules = kindRules(this.#state, this.#rules, hash);
    this.#kinds.set(kind, rules);
    return rules;
  }
}

/** The rules for hashes of one algorithm and width. */
interface KindRules {
  /** the search distances: the largest of any list */
  readonly widest: Policy;
  /** by the name of a list */
  rulesOf(name: string): ListRules;
}

function kindRules(state: ListState, { policy, distance }: Rules, hash: Hash): KindRules {
  const { lists } = state;
  const type = typeOf(hash);
  const { counts } = state.of(type);
  const known = new Map<string, ListRules>();
  return {
    widest: upTo(
      widestOf((name) => lists.of(name), policy, type, counts),
      distance,
    ),
    rulesOf(name) {
      let rules = known.get(name);
      if (rules === undefined) {
        rules = upTo(rulesOf(lists, name, policy, type, counts.get(name)), distance);
        known.set(name, rules);
      }
      return rules;
    },
  };
}

const byDistance = (a: Judged, b: Judged) =>
  a.distance - b.distance || TRUSTS.indexOf(a.rules.trust) - TRUSTS.indexOf(b.rules.trust);

function shownOf({ entry, distance, tier, variant, rules, allowed }: Judged): Match {
  const match: { -readonly [K in keyof Match]: Match[K] } = { entry, distance, tier, variant };
  // Spreading the object took longer than the rest of a decision about a short list.
  if (rules.isListed) match.trust = rules.trust;
  if (allowed !== undefined) match.allowed = allowed;
  return match;
}

/** The variants, whose generator is notified of the last one's near entries at each pull. */
const notified = (
  variants: Iterable<HashedVariant>,
  near: () => Near | undefined,
): Iterable<HashedVariant> => ({
  [Symbol.iterator]() {
    const iterator = (variants as Iterable<HashedVariant, unknown, Near | undefined>)[
      Symbol.iterator
    ]();
    return {
      next: () => iterator.next(near()) as IteratorResult<HashedVariant>,
      return(value?: unknown) {
        iterator.return?.(value);
        return { done: true, value };
      },
    };
  },
});

/** An entry near a variant. */
interface Candidate {
  readonly hash: Hash;
  readonly distance: number;
  readonly rules: ListRules;
}

/** True if a variant is too far from an entry to match, but a moved one might. */
const isCandidateOf = (facts: EntryFacts, distance: number, rules: ListRules): boolean =>
  distance > rules.matchDistance && rules.matchDistance >= 0 && limitOf(facts, rules) === undefined;

/** True if a quality is known to be too low for a match. */
const isPoor = (variant: HashedVariant, facts: EntryFacts, { minQuality }: ListRules): boolean =>
  Math.min(variant.quality ?? 100, facts.quality ?? 100) < minQuality;

/** @param candidates the nearest first */
function nearOf(candidates: readonly Candidate[]): Near | undefined {
  const [nearest] = candidates;
  if (nearest === undefined) return undefined;
  // The distance and the quality that suffice for any of these entries, over all lists.
  return {
    hashes: candidates.map(({ hash }) => hash),
    distance: nearest.distance,
    enough: Math.min(...candidates.map(({ rules }) => rules.matchDistance)),
    leastQuality: Math.min(...candidates.map(({ rules }) => rules.minQuality)),
  };
}

/** The reason for which a found entry is for review; `undefined` if it is a match. */
function doubtOf(
  variant: HashedVariant,
  facts: EntryFacts,
  distance: number,
  rules: ListRules,
): DecisionReason | undefined {
  const { matchDistance, minQuality } = rules;
  if (distance > matchDistance) return 'within-review-distance';
  if ((variant.quality ?? 100) < minQuality) return 'low-query-quality';
  if ((facts.quality ?? 100) < minQuality) return 'low-entry-quality';
  return limitOf(facts, rules);
}

/** Rules for the entries of one list and one kind of hash. */
export interface ListRules extends Policy {
  /** up to this distance, hashes of low quality are for review */
  readonly poorDistance: number;
  readonly tier: 'match' | 'review';
  readonly trust: Trust;
  /** whether matches of the entries state the trust */
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
  return { matchDistance, reviewDistance, minQuality, poorDistance, tier, trust, isListed };
}

/** True if the platform itself has confirmed an entry. */
export const isOwnConfirmed = (
  { confirmed }: Pick<EntryFacts, 'confirmed'>,
  trust: Trust = 'own',
): boolean => confirmed === true && trust === 'own';

/** The reason to review an entry within the match distance; undefined if it matches. */
export function limitOf(
  { confirmed }: Pick<EntryFacts, 'confirmed'>,
  { tier, trust }: Pick<ListRules, 'tier' | 'trust'>,
): 'review-only-list' | 'foreign-list' | 'unconfirmed-entry' | undefined {
  if (tier === 'review') return 'review-only-list';
  if (trust === 'foreign') return 'foreign-list';
  return confirmed === false ? 'unconfirmed-entry' : undefined;
}
