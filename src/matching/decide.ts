import type { ListState } from '../blocklist/list-state.js';
import { type EntryFacts, listOf } from '../entry.js';
import { bitsOf, bytesOf, copyOfHash, type Hash, hashToHex, isDigest } from '../hash.js';
import { finish } from '../in-turns.js';
import { nearestOf, type PolicyOptions, policyUnder, TRUSTS, upTo } from '../policy.js';
import { checkVariant, type HashedVariant, type Near, type Variants } from '../variant.js';
import { type AllowList, PictureExceptions } from './allow-list.js';
import {
  type Decision,
  type DecisionReason,
  decisionOf,
  type Match,
  nothingHashed,
} from './decision.js';
import {
  isOwnConfirmed,
  type KindRules,
  kindRules,
  type ListRules,
  limitOf,
  type SearchPolicy,
} from './list-rules.js';
import { comparedParts, type PartsCompared } from './parts.js';
import { type Found, foundIn, Nearest } from './search.js';
import { isSharedFrame } from './video/shared-frames.js';

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
  readonly byParts: PartsCompared | undefined;
  /** the hash of a variant whose parts are unknown, though those of the entry are not */
  readonly unparted?: string | undefined;
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
  /** the hashes of variants that came near an entry */
  readonly #seen = new Set<string>();
  /** counts of reviews of entries with parts, by the variant's hash; void once it has its own */
  readonly #unparted = new Map<string, number>();
  readonly #settled = new Set<string>();
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
  widestFor(variant: HashedVariant): SearchPolicy {
    checkVariant(variant);
    return this.#kindOf(variant.hash).searchedFor(variant);
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
    // A digest says nothing of the policy for pictures.
    if (this.#main === undefined || isDigest(this.#main.hash.algorithm)) this.#main = variant;
    const kind = this.#kindOf(variant.hash);
    const searched = kind.searchedFor(variant);
    const near = found ? found() : foundIn(this.#state, variant, searched);
    this.#exceptions?.turnTo(variant.hash);
    if (near.count === 0 && searched.poorDistance === undefined) {
      this.#comparable ||= near.isCompared();
      return undefined;
    }
    // The ranks are used up; no one else should keep them.
    const { ranks: _, parts, partsAtMost, ...shown } = variant;
    const partBytes = parts === undefined ? undefined : bytesOf(parts);
    // With its parts, a variant may come again, for the entries that have some.
    // With a `poorDistance`, what lies beyond it may not have been searched.
    const hex = hashToHex(variant.hash);
    const isAgain = parts !== undefined && this.#seen.has(hex);
    if (isAgain) this.#settled.add(hex);
    else if (partsAtMost === undefined) this.#seen.add(hex);
    const candidates: Candidate[] = [];
    let nearestParts: number | undefined;
    const { isFlooded } = this.#rules;
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
      const farthest = facts.parts === undefined ? rules.reviewDistance : rules.farthest;
      if (distance > Math.max(rules.matchDistance, farthest)) continue;
      if (made !== undefined && isSharedFrame(this.#state, made)) continue;
      const isWithin = distance <= rules.matchDistance;
      // 21 of the 34 false pairs farther away had a hash of low quality, but only 1 copy in 200.
      if (distance > rules.poorDistance && isPoor(variant, facts, rules)) continue;
      if (isAgain && (isWithin || facts.parts === undefined)) continue;
      const isOwn = isOwnConfirmed(facts, rules.trust);
      const hasBoth = partBytes !== undefined && facts.parts !== undefined;
      const compared = hasBoth ? comparedParts(partBytes, facts.parts!) : undefined;
      if (partsAtMost !== undefined) {
        if (compared === undefined || compared.isPage || compared.distance > partsAtMost) continue;
      }
      const byParts = isWithin ? undefined : compared;
      const matchesByParts =
        byParts?.match === true && rules.matchesByParts && !isPoor(variant, facts, rules);
      const isUnparted = !isWithin && facts.parts !== undefined && parts === undefined;
      // One whose parts are unknown may match as well.
      const mayMatch = isWithin || matchesByParts || isUnparted;
      const allowed = isOwn ? undefined : this.#exceptions?.reasonFor(facts.hash, mayMatch);
      if (allowed === undefined) {
        if (isUnparted) nearestParts ??= distance;
        const isMovable = isCandidateOf(facts, distance, rules) && !matchesByParts;
        if (isMovable && candidates.length < MOST_TOLD) {
          candidates.push({ hash: copyOfHash(facts.hash), distance, rules });
        }
      } else if (isAgain) continue;
      const isBeyond = distance > rules.poorDistance && !matchesByParts;
      if (isBeyond && byParts && byParts.distance > rules.partsDistance) continue;
      let doubt = matchesByParts ? limitOf(facts, rules) : doubtOf(variant, facts, distance, rules);
      if (!doubt && !isOwn && allowed === undefined && isFlooded?.(facts.hash, variant.hash))
        doubt = 'flooded';
      // Without its own parts, a variant is judged as if the entry had none.
      if (isUnparted && distance > rules.reviewDistance) continue;
      const tier = doubt === undefined ? ('match' as const) : ('review' as const);
      const beyond = isWithin ? this.#doubted : this.#beyond;
      const listed = tier === 'match' ? this.#matches : beyond;
      const nearest = allowed === undefined ? listed : this.#allowed;
      const unparted = isUnparted && allowed === undefined ? hex : undefined;
      if (unparted !== undefined) this.#unparted.set(hex, (this.#unparted.get(hex) ?? 0) + 1);
      if (!nearest.takes(list, distance)) continue;
      const entry = made ?? near.entryAt(at);
      // One literal: spreading another took longer than the rest of a decision about a short list.
      const one = {
        entry,
        list,
        distance,
        tier,
        variant: shown,
        rules,
        doubt,
        byParts,
        unparted,
      } as const;
      nearest.push(allowed === undefined ? one : { ...one, allowed });
    }
    if (isCompared || near.isCompared()) this.#comparable = true;
    return nearOf(candidates, nearestParts);
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
    const isLeft = ({ unparted }: Judged) => unparted === undefined || !this.#settled.has(unparted);
    const beyond = isMatched ? [] : this.#beyond.kept().filter(isLeft);
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
    const settled = [...this.#settled].reduce(
      (sum, hex) => sum + (this.#unparted.get(hex) ?? 0),
      0,
    );
    const all = counts + (isMatched ? 0 : this.#beyond.count - settled);
    const left = all - matches.length - shown.length;
    const rest = { matches, policy, refined, ...allowed, ...(left > 0 && { omitted: left }) };
    if (first === undefined) {
      const empty = this.#comparable ? 'nothing-near' : 'nothing-comparable';
      return decisionOf({ verdict: 'none', reason: allowed ? 'allowed' : empty, ...rest });
    }
    const { algorithm } = first.entry.hash;
    const detail = algorithm === 'md5' && { detail: MD5 };
    return decisionOf({ verdict: first.tier, reason: reasonOf(first), ...detail, ...rest });
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

/** The caution about a match by MD5. */
const MD5 = 'the same MD5: files of equal MD5 can be made on purpose';

function reasonOf({ doubt, byParts, entry }: Judged): DecisionReason {
  if (doubt !== undefined) return doubt;
  if (isDigest(entry.hash.algorithm)) return 'matched-digest';
  return byParts ? 'matched-parts' : 'within-match-distance';
}

const byDistance = (a: Judged, b: Judged) =>
  a.distance - b.distance || TRUSTS.indexOf(a.rules.trust) - TRUSTS.indexOf(b.rules.trust);

function shownOf({ entry, distance, tier, variant, rules, allowed, byParts }: Judged): Match {
  const match: { -readonly [K in keyof Match]: Match[K] } = { entry, distance, tier, variant };
  // Spreading the object took longer than the rest of a decision about a short list.
  if (rules.isListed) match.trust = rules.trust;
  if (allowed !== undefined) match.allowed = allowed;
  if (byParts !== undefined) match.partsDistance = byParts.distance;
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

/** An entry that a moved variant might match. */
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

/**
 * @param candidates the nearest first
 * @param nearestParts the distance of the nearest entry whose parts are to be compared
 */
function nearOf(
  candidates: readonly Candidate[],
  nearestParts: number | undefined,
): Near | undefined {
  if (candidates.length === 0 && nearestParts === undefined) return undefined;
  // The distance and the quality that suffice for any of these entries, over all lists.
  return {
    hashes: candidates.map(({ hash }) => hash),
    distance: candidates[0]?.distance ?? 256,
    enough: Math.min(256, ...candidates.map(({ rules }) => rules.matchDistance)),
    leastQuality: Math.min(100, ...candidates.map(({ rules }) => rules.minQuality)),
    ...(nearestParts !== undefined && { nearestParts }),
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
