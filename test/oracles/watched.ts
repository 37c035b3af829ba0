import type { NaiveFloodGuard } from './flood.js';

/** An entry of the unnamed list. Hashes are numbers here, whose difference is their distance. */
export interface NaiveEntry {
  id: string;
  hash: number;
  confirmed: boolean | undefined;
}

/** What a remote list is and does: `hit` tells of an entry at this distance. */
export interface NaiveRemote {
  name: string;
  does: 'none' | 'hit' | 'stall' | 'lie' | 'throw';
  hit: { id: string; distance: number | undefined; confirmed: boolean | undefined };
  trust: 'own' | 'shared' | 'foreign';
  tier: 'match' | 'review';
  whenUnanswered: 'review' | 'unhashable';
}

/** What a decision must be, in words and loops. */
export interface NaiveDecision {
  verdict: string;
  /** one of these: entries at one distance have no order here */
  reasons: string[];
  matches: string[];
  allowed: string[];
  remoteMatches: string[] | undefined;
  unanswered: string[] | undefined;
}

/** A platform's lists, with all that watches them. */
export class NaivePlatform {
  entries: NaiveEntry[] = [];
  exceptions: { hash: number; entry: number | undefined }[] = [];
  readonly withdrawnIds = new Set<string>();
  readonly #guard: NaiveFloodGuard;
  readonly #bytesOf: (hash: number) => Uint8Array;
  readonly #distances = { match: 10, review: 20 };

  constructor(guard: NaiveFloodGuard, bytesOf: (hash: number) => Uint8Array) {
    this.#guard = guard;
    this.#bytesOf = bytesOf;
  }

  decide(
    variants: readonly number[],
    now: number,
    { all, remote = [] }: { all: boolean; remote?: readonly NaiveRemote[] },
  ): NaiveDecision {
    const found: { text: string; tier: string; why: string; distance: number }[] = [];
    const allowed: string[] = [];
    const floodedBefore = new Map<number, boolean>();
    const isMatched = () => found.some(({ tier }) => tier === 'match');
    const isAllowed = (variant: number, entry: number | undefined) =>
      this.exceptions.some(
        (each) => each.hash === variant && (each.entry === undefined || each.entry === entry),
      );
    let isAsked = false;
    for (const [at, variant] of variants.entries()) {
      for (const { id, hash, confirmed } of this.entries) {
        const distance = Math.abs(hash - variant);
        if (distance > this.#distances.review) continue;
        const isOwn = confirmed === true;
        let why = 'within-match-distance';
        if (distance > this.#distances.match) why = 'within-review-distance';
        else if (confirmed === false) why = 'unconfirmed-entry';
        const text = `${distance} ${id} ${variant}`;
        const isOfMain =
          Math.abs(hash - variants[0]!) <= this.#distances.match && isAllowed(variants[0]!, hash);
        if (!isOwn && (isAllowed(variant, hash) || isOfMain)) {
          allowed.push(text);
          continue;
        }
        if (why === 'within-match-distance' && !isOwn) {
          const known = floodedBefore.get(hash);
          const bytes = this.#bytesOf(variant);
          const isFlooded = known ?? this.#guard.count(String(hash), bytes, now);
          floodedBefore.set(hash, isFlooded);
          if (isFlooded) why = 'flooded';
        }
        const tier = why === 'within-match-distance' ? 'match' : 'review';
        found.push({ text: `${tier} ${text}`, tier, why, distance });
      }
      if (at === 0) isAsked = remote.length > 0;
      if (isMatched() && !all) break;
    }
    const shown = isMatched()
      ? found.filter(({ distance }) => distance <= this.#distances.match)
      : found;
    const best = shown.filter(({ tier }) => tier === (isMatched() ? 'match' : 'review'));
    const nearest = Math.min(...best.map(({ distance }) => distance));
    const empty = this.entries.length === 0 ? 'nothing-comparable' : 'nothing-near';
    const here = {
      verdict: best[0]?.tier ?? 'none',
      reasons: best.length
        ? best.filter(({ distance }) => distance === nearest).map(({ why }) => why)
        : [allowed.length ? 'allowed' : empty],
      matches: shown.map(({ text }) => text).sort(),
      allowed: allowed.sort(),
      remoteMatches: undefined,
      unanswered: undefined,
    };
    if (!isAsked || (isMatched() && !all)) return here;
    return this.#joined(here, remote, isAllowed(variants[0]!, undefined));
  }

  #joined(here: NaiveDecision, remote: readonly NaiveRemote[], isAllowed: boolean): NaiveDecision {
    const silent = remote.filter(({ does }) => ['stall', 'lie', 'throw'].includes(does));
    const hits = remote
      .filter(({ does, hit }) => does === 'hit' && !this.withdrawnIds.has(hit.id))
      .map(({ name, hit, trust, tier }) => {
        let why = 'matched-remote';
        if ((hit.distance ?? 0) > this.#distances.match) why = 'within-review-distance';
        else if (tier === 'review') why = 'review-only-list';
        else if (trust === 'foreign') why = 'foreign-list';
        else if (hit.confirmed === false) why = 'unconfirmed-entry';
        const isOwn = trust === 'own' && hit.confirmed === true;
        const word = isAllowed && !isOwn ? 'allowed' : '';
        const said = why === 'matched-remote' ? 'match' : 'review';
        return { why, isAllowed: word !== '', said, text: `${name} ${hit.id} ${said} ${word}` };
      });
    const heard = hits.filter((hit) => !hit.isAllowed);
    const joined = {
      ...here,
      remoteMatches: hits.map(({ text }) => text).sort(),
      unanswered: silent.map(({ name }) => name),
    };
    if (here.verdict === 'match') return joined;
    if (heard.some(({ said }) => said === 'match')) {
      return { ...joined, verdict: 'match', reasons: ['matched-remote'] };
    }
    if (here.verdict === 'review') return joined;
    if (heard.length) {
      return { ...joined, verdict: 'review', reasons: heard.map(({ why }) => why) };
    }
    if (silent.length) {
      const isRefused = silent.some(({ whenUnanswered }) => whenUnanswered === 'unhashable');
      return { ...joined, verdict: isRefused ? 'unhashable' : 'review', reasons: ['unanswered'] };
    }
    if (hits.length) return { ...joined, reasons: ['allowed'] };
    const isCompared = here.reasons[0] === 'nothing-comparable';
    return isCompared ? { ...joined, reasons: ['nothing-near'] } : joined;
  }
}
