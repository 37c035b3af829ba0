import type { Withdrawn } from '../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { type Hash, hashToHex, isDegenerate } from '../../src/hash.js';
import type { ListSettings, Trust } from '../../src/policy.js';
import type { RemoteHit } from '../../src/remote-matcher.js';
import type { HashedVariant } from '../../src/variant.js';
import type { NaiveFloodGuard } from './flood.js';
import { naiveDistance } from './hamming.js';
import { isNear } from './near.js';

/** The most that an entry may say, by the trust in its list and by `confirmed`. */
const MOST = {
  own: { true: 'match', undefined: 'match', false: 'review' },
  shared: { true: 'match', undefined: 'match', false: 'review' },
  foreign: { true: 'review', undefined: 'review', false: 'review' },
} as const;

const WHY = {
  own: 'unconfirmed-entry',
  shared: 'unconfirmed-entry',
  foreign: 'foreign-list',
} as const;

const PDQ = { matchDistance: 31, reviewDistance: 60, minQuality: 50 };

/** Exceptions hold so many bits around their hashes. */
export const ALLOWED_RADIUS = 1;
/** How long a remote list's word that it has nothing is kept. */
export const NONE_SECONDS = 5;
/** How far a remote list looks. */
const REMOTE_DISTANCE = 40;

/** A remote list: what it holds, and what it does if it is asked. */
export interface PlainRemote {
  readonly name: string;
  readonly trust: Trust;
  readonly tier: 'match' | 'review';
  readonly whenUnanswered: 'review' | 'unhashable';
  does: 'answer' | 'stall' | 'lie' | 'throw';
  entries: readonly {
    id: string;
    hash: Hash;
    tells: 'hash' | 'distance' | 'nothing';
    confirmed: boolean | undefined;
  }[];
  /** when it last said that it has nothing, by the hash */
  readonly none: Map<string, number>;
}

interface Asked {
  readonly all: boolean;
  readonly remote?: readonly PlainRemote[];
  /** in seconds */
  readonly now?: number;
}

/** What a decision must be. Matches are lines, in any order. */
export interface PlainDecision {
  readonly verdict: string;
  /** one of these: equally near entries have no order here */
  readonly reasons: readonly string[];
  readonly matches: readonly string[];
  readonly allowed: readonly string[];
  readonly remoteMatches: readonly string[] | undefined;
  readonly unanswered: readonly string[] | undefined;
}

const same = (a: Hash, b: Hash) => a.algorithm === b.algorithm && hashToHex(a) === hashToHex(b);

/** Whether a withdrawal is of an entry. */
export const covers = (
  one: Withdrawn,
  { hash, id, source, list = '' }: Partial<BlocklistEntry>,
): boolean =>
  (one.list === undefined || one.list === list) &&
  ('id' in one
    ? one.id === id && (one.source === undefined || one.source === source)
    : hash !== undefined && same(one, hash));

const nameOf = (one: Withdrawn) =>
  JSON.stringify(
    'id' in one ? [one.id, one.source, one.list] : [one.algorithm, hashToHex(one), one.list],
  );

/** Whether two other videos have a frame: neither of them a copy of its video. */
function sharedAmong(entries: readonly BlocklistEntry[]): (entry: BlocklistEntry) => boolean {
  const frames = entries.filter(
    ({ group, seconds }) => group !== undefined && seconds !== undefined,
  );
  const isNearFrame = (a: BlocklistEntry, b: BlocklistEntry) =>
    naiveDistance(a.hash.bytes, b.hash.bytes) <= 31;
  const of = (group: string | undefined) => {
    const own = frames.filter((one) => one.group === group);
    return [...new Map(own.map((one) => [`${one.seconds} ${hashToHex(one.hash)}`, one])).values()];
  };
  const shareIn = (a: BlocklistEntry[], b: BlocklistEntry[]) =>
    a.filter((one) => b.some((other) => isNearFrame(one, other))).length / a.length;
  return (entry) => {
    if (!frames.includes(entry)) return false;
    const near = frames.filter((one) => one.group !== entry.group && isNearFrame(one, entry));
    const others = [...new Set(near.map(({ group }) => group))].filter((group) => {
      const [a, b] = [of(entry.group), of(group)];
      return Math.max(shareIn(a, b), shareIn(b, a)) < 0.8;
    });
    return others.length > 1;
  };
}

/**
 * A blocklist of several lists as an array of entries, for PDQ; no index, no short cut. It has an
 * allow list, and a flood guard if it is given one.
 */
export class PlainLists {
  entries: BlocklistEntry[] = [];
  withdrawn: Withdrawn[] = [];
  settings: Readonly<Record<string, ListSettings>> = {};
  exceptions: { readonly hash: Hash; readonly entry: Hash | undefined }[] = [];
  guard: NaiveFloodGuard | undefined;

  add(entry: BlocklistEntry): boolean {
    const fits = !isDegenerate(entry.hash) && !this.withdrawn.some((one) => covers(one, entry));
    if (fits) this.entries = [...this.entries, entry];
    return fits;
  }

  withdraw(one: Withdrawn): number {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => !covers(one, entry));
    this.reinstate(one);
    this.withdrawn = [...this.withdrawn, one];
    return before - this.entries.length;
  }

  reinstate(one: Withdrawn): boolean {
    const before = this.withdrawn.length;
    this.withdrawn = this.withdrawn.filter((other) => nameOf(other) !== nameOf(one));
    return this.withdrawn.length < before;
  }

  set(list: string, settings: ListSettings): void {
    this.settings = { ...this.settings, [list]: { ...this.settings[list], ...settings } };
  }

  replace(list: string, entries: readonly BlocklistEntry[]): void {
    this.entries = this.entries.filter((entry) => (entry.list ?? '') !== list);
    for (const { list: _, ...entry } of entries) this.add(list === '' ? entry : { ...entry, list });
  }

  remove(list: string): number {
    const before = this.entries.length;
    this.replace(list, []);
    const { [list]: _, ...others } = this.settings;
    this.settings = others;
    return before - this.entries.length;
  }

  /**
   * The verdict, the reason and each match in a line, in any order. A picture that is asked about
   * elsewhere in vain, since another variant of it matches here, may have been answered or not.
   */
  decide(variants: readonly HashedVariant[], { all, remote = [], now = 0 }: Asked): PlainDecision {
    const [main] = variants;
    const policyOf = (list: string) => ({ ...PDQ, ...this.settings[list]?.policy });
    const isOn = (list: string) => this.settings[list]?.enabled !== false;
    const on = this.entries.filter(({ list = '' }) => isOn(list));
    const trustOf = ({ list = '' }: BlocklistEntry) =>
      this.settings[list]?.trust ?? (list === '' ? 'own' : 'shared');
    const isOwn = (entry: BlocklistEntry) => entry.confirmed === true && trustOf(entry) === 'own';
    // A list that looks farther finds the entries of others there.
    const known = Object.keys(this.settings).filter(isOn);
    const exact = Math.max(31, ...known.map((list) => policyOf(list).matchDistance));
    const isShared = sharedAmong(on);
    const judge = (entry: BlocklistEntry, variant: HashedVariant) => {
      const { list = '' } = entry;
      const { matchDistance, reviewDistance, minQuality } = policyOf(list);
      const distance = naiveDistance(entry.hash.bytes, variant.hash.bytes);
      if (distance > matchDistance) {
        const isSeen = distance <= exact || isNear(entry.hash, variant.hash, undefined);
        const isPoor = Math.min(entry.quality ?? 100, variant.quality ?? 100) < minQuality;
        const farthest = isPoor ? Math.max(31, matchDistance) : reviewDistance;
        if (distance > Math.min(farthest, reviewDistance) || !isSeen) return undefined;
        return { entry, variant, distance, tier: 'review', why: 'within-review-distance' };
      }
      const { tier = 'match' } = this.settings[list] ?? {};
      let why: string = 'within-match-distance';
      if (entry.seconds !== undefined && entry.still !== true) why = 'video-frame';
      const trust = trustOf(entry);
      if (MOST[trust][`${entry.confirmed}`] === 'review') why = WHY[trust];
      if (tier === 'review') why = 'review-only-list';
      if ((entry.quality ?? 100) < minQuality) why = 'low-entry-quality';
      if ((variant.quality ?? 100) < minQuality) why = 'low-query-quality';
      const most = why === 'within-match-distance' ? 'match' : 'review';
      return { entry, variant, distance, tier: most, why };
    };
    /** Whether the main hash is allowed where it matches these entries. */
    const isOfMain = ({ hash }: BlocklistEntry) =>
      this.#isAllowed(main!.hash, hash) &&
      on.some(
        (entry) =>
          same(entry.hash, hash) &&
          !isOwn(entry) &&
          naiveDistance(hash.bytes, main!.hash.bytes) <= policyOf(entry.list ?? '').matchDistance,
      );
    if (!main) return plainDecision('unhashable', ['no-hash']);
    const isFlooded = this.#counting(now);
    const found: NonNullable<ReturnType<typeof judge>>[] = [];
    const allowed: string[] = [];
    for (const variant of variants) {
      for (const entry of on) {
        const one = judge(entry, variant);
        if (!one || isShared(entry)) continue;
        const { tier, distance } = one;
        if (!isOwn(entry) && (this.#isAllowed(variant.hash, entry.hash) || isOfMain(entry))) {
          allowed.push(lineOf(tier, distance, variant, entry));
        } else if (tier === 'match' && !isOwn(entry) && isFlooded(entry.hash, variant.hash)) {
          found.push({ ...one, tier: 'review', why: 'flooded' });
        } else found.push(one);
      }
      if (!all && found.some(({ tier }) => tier === 'match')) break;
    }
    const matched = found.some(({ tier }) => tier === 'match');
    const shown = found.filter(({ why }) => !matched || why !== 'within-review-distance');
    const order = ['own', 'shared', 'foreign'];
    shown.sort(
      (a, b) =>
        Number(b.tier === 'match') - Number(a.tier === 'match') ||
        a.distance - b.distance ||
        order.indexOf(trustOf(a.entry)) - order.indexOf(trustOf(b.entry)),
    );
    const [first] = shown;
    // Of equally near ones, any may be the first.
    const firsts = shown.filter(
      ({ tier, distance, entry }) =>
        tier === first!.tier &&
        distance === first!.distance &&
        trustOf(entry) === trustOf(first!.entry),
    );
    const nothing = on.length > 0 ? 'nothing-near' : 'nothing-comparable';
    const here = {
      verdict: first?.tier ?? 'none',
      reasons: first ? firsts.map(({ why }) => why) : [allowed.length > 0 ? 'allowed' : nothing],
      matches: shown
        .map(({ tier, distance, variant, entry }) => lineOf(tier, distance, variant, entry))
        .sort(),
      allowed: allowed.sort(),
      remoteMatches: undefined,
      unanswered: undefined,
    };
    if (remote.length === 0 || (matched && !all)) return here;
    return this.#joined(here, main, remote, now, isFlooded);
  }

  #joined(
    here: PlainDecision,
    main: HashedVariant,
    remote: readonly PlainRemote[],
    now: number,
    isFlooded: (entry: Hash, upload: Hash) => boolean,
  ): PlainDecision {
    const silent: PlainRemote[] = [];
    const hits: { list: PlainRemote; hit: RemoteHit; why: string; isAllowed: boolean }[] = [];
    for (const list of remote) {
      const hash = hashToHex(main.hash);
      const asked = list.none.get(hash);
      const isKept = asked !== undefined && now - asked < NONE_SECONDS;
      if (!isKept && list.does !== 'answer') {
        silent.push(list);
        continue;
      }
      const said = isKept ? [] : hitsOf(list, main.hash);
      if (!isKept) list.none.delete(hash);
      if (!isKept && said.length === 0) list.none.set(hash, now);
      for (const hit of said) {
        const { id, hash } = hit;
        const { name, trust, tier } = list;
        const taken = { id: id!, source: name, list: name, ...(hash && { hash }) };
        if (this.withdrawn.some((one) => covers(one, taken))) continue;
        if (hash && isDegenerate(hash)) continue;
        const isOwn = trust === 'own' && hit.confirmed === true;
        const isAllowed = !isOwn && this.#isAllowed(main.hash, hash);
        const quality = isDegenerate(main.hash) ? 0 : (main.quality ?? 100);
        let why = 'matched-remote';
        if ((hit.distance ?? 0) > PDQ.matchDistance) why = 'within-review-distance';
        else if (quality < PDQ.minQuality) why = 'low-query-quality';
        else if (tier === 'review') why = 'review-only-list';
        else if (MOST[trust][`${hit.confirmed}`] === 'review') why = WHY[trust];
        else if (!isOwn && !isAllowed && hash && isFlooded(hash, main.hash)) why = 'flooded';
        hits.push({ list, hit, why, isAllowed });
      }
    }
    const tierOf = (why: string) => (why === 'matched-remote' ? 'match' : 'review');
    const heard = hits.filter(({ isAllowed }) => !isAllowed);
    const nearest = Math.min(...heard.map(({ hit }) => hit.distance ?? 0));
    const joined = {
      ...here,
      remoteMatches: hits
        .map(({ list, hit: { id, distance }, why, isAllowed }) =>
          remoteLine(tierOf(why), list.name, id, distance, isAllowed),
        )
        .sort(),
      unanswered: silent.map(({ name }) => name),
    };
    if (here.verdict === 'match') return joined;
    if (heard.some(({ why }) => why === 'matched-remote')) {
      return { ...joined, verdict: 'match', reasons: ['matched-remote'] };
    }
    if (here.verdict === 'review') return joined;
    if (heard.length > 0) {
      const first = heard.filter(({ hit }) => (hit.distance ?? 0) === nearest);
      return { ...joined, verdict: 'review', reasons: first.map(({ why }) => why) };
    }
    if (silent.length > 0) {
      const isRefused = silent.some(({ whenUnanswered }) => whenUnanswered === 'unhashable');
      return { ...joined, verdict: isRefused ? 'unhashable' : 'review', reasons: ['unanswered'] };
    }
    if (hits.length > 0) return { ...joined, reasons: ['allowed'] };
    const isCompared = here.reasons[0] === 'nothing-comparable';
    return isCompared ? { ...joined, reasons: ['nothing-near'] } : joined;
  }

  #isAllowed(hash: Hash, entry: Hash | undefined): boolean {
    return this.exceptions.some(
      (each) =>
        naiveDistance(each.hash.bytes, hash.bytes) <= ALLOWED_RADIUS &&
        (each.entry === undefined || (entry !== undefined && same(each.entry, entry))),
    );
  }

  /** For one picture, which counts once for an entry. */
  #counting(now: number): (entry: Hash, upload: Hash) => boolean {
    const counted = new Map<string, boolean>();
    return (entry, upload) => {
      const key = hashToHex(entry);
      const isFlooded = counted.get(key) ?? this.guard?.count(key, upload.bytes, now) ?? false;
      counted.set(key, isFlooded);
      return isFlooded;
    };
  }
}

/** What a remote list answers about a hash, if it answers. */
export function hitsOf({ entries }: PlainRemote, asked: Hash): RemoteHit[] {
  return entries.flatMap(({ id, hash, tells, confirmed }) => {
    const distance = naiveDistance(hash.bytes, asked.bytes);
    if (distance > REMOTE_DISTANCE) return [];
    return {
      id,
      ...(tells === 'hash' && { hash }),
      ...(tells !== 'nothing' && { distance }),
      ...(confirmed !== undefined && { confirmed }),
    };
  });
}

const plainDecision = (verdict: string, reasons: string[]): PlainDecision => ({
  verdict,
  reasons,
  matches: [],
  allowed: [],
  remoteMatches: undefined,
  unanswered: undefined,
});

/** A match elsewhere in one line. */
export function remoteLine(
  tier: string,
  list: string,
  id: string | undefined,
  distance: number | undefined,
  isAllowed: boolean,
): string {
  return `${tier} ${list} ${id} ${distance}${isAllowed ? ' allowed' : ''}`;
}

/** A match in one line, with all that its entry says. */
export function lineOf(
  tier: string,
  distance: number,
  { name }: HashedVariant,
  entry: BlocklistEntry,
): string {
  return `${tier} ${distance} ${name} ${entryText(entry)}`;
}

/** All that an entry says, in one line. */
export function entryText({ hash, list = '', ...rest }: BlocklistEntry): string {
  const said = JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${hashToHex(hash)} ${JSON.stringify(list)} ${said}`;
}
