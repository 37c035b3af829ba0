import type { BlocklistEntry } from '../../src/entry.js';
import { type Hash, hashToHex } from '../../src/hash.js';
import { isDegenerate } from '../../src/matching/degenerate.js';
import type { ListSettings } from '../../src/matching/lists.js';
import type { Withdrawn } from '../../src/matching/withdrawals.js';
import type { HashedVariant } from '../../src/variant.js';
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

const same = (a: Hash, b: Hash) => a.algorithm === b.algorithm && hashToHex(a) === hashToHex(b);

/** Whether a withdrawal is of an entry. */
export const covers = (one: Withdrawn, { hash, id, source, list = '' }: BlocklistEntry) =>
  (one.list === undefined || one.list === list) &&
  ('id' in one
    ? one.id === id && (one.source === undefined || one.source === source)
    : same(one, hash));

const nameOf = (one: Withdrawn) =>
  JSON.stringify(
    'id' in one ? [one.id, one.source, one.list] : [one.algorithm, hashToHex(one), one.list],
  );

/** A blocklist of several lists as an array of entries, for PDQ; no index, no short cut. */
export class PlainLists {
  entries: BlocklistEntry[] = [];
  withdrawn: Withdrawn[] = [];
  settings: Readonly<Record<string, ListSettings>> = {};

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

  /** The verdict, the reason and each match in a line, in any order. */
  decide(variants: readonly HashedVariant[], all: boolean) {
    const policyOf = (list: string) => ({ ...PDQ, ...this.settings[list]?.policy });
    const isOn = (list: string) => this.settings[list]?.enabled !== false;
    const on = this.entries.filter(({ list = '' }) => isOn(list));
    // A list that looks farther finds the entries of others there.
    const known = Object.keys(this.settings).filter(isOn);
    const exact = Math.max(31, ...known.map((list) => policyOf(list).matchDistance));
    const judge = (entry: BlocklistEntry, variant: HashedVariant) => {
      const { list = '' } = entry;
      const { matchDistance, reviewDistance, minQuality } = policyOf(list);
      const distance = naiveDistance(entry.hash.bytes, variant.hash.bytes);
      if (distance > matchDistance) {
        const isSeen = distance <= exact || isNear(entry.hash, variant.hash, undefined);
        if (distance > reviewDistance || !isSeen) return undefined;
        return { entry, variant, distance, tier: 'review', why: 'within-review-distance' };
      }
      const { tier = 'match', trust = list === '' ? 'own' : 'shared' } = this.settings[list] ?? {};
      let why: string = 'within-match-distance';
      if (MOST[trust][`${entry.confirmed}`] === 'review') why = WHY[trust];
      if (tier === 'review') why = 'review-only-list';
      if ((entry.quality ?? 100) < minQuality) why = 'low-entry-quality';
      if ((variant.quality ?? 100) < minQuality) why = 'low-query-quality';
      const most = why === 'within-match-distance' ? 'match' : 'review';
      return { entry, variant, distance, tier: most, why };
    };
    if (variants.length === 0) return { verdict: 'unhashable', reasons: ['no-hash'], matches: [] };
    const found = [];
    for (const variant of variants) {
      for (const entry of on) found.push(judge(entry, variant) ?? []);
      if (!all && found.flat().some(({ tier }) => tier === 'match')) break;
    }
    const matched = found.flat().some(({ tier }) => tier === 'match');
    const shown = found.flat().filter(({ why }) => !matched || why !== 'within-review-distance');
    const trustOf = ({ list = '' }: BlocklistEntry) =>
      this.settings[list]?.trust ?? (list === '' ? 'own' : 'shared');
    const order = ['own', 'shared', 'foreign'];
    shown.sort(
      (a, b) =>
        Number(b.tier === 'match') - Number(a.tier === 'match') ||
        a.distance - b.distance ||
        order.indexOf(trustOf(a.entry)) - order.indexOf(trustOf(b.entry)),
    );
    const [first] = shown;
    const nothing = on.length > 0 ? 'nothing-near' : 'nothing-comparable';
    return {
      verdict: first?.tier ?? 'none',
      // Of equally near ones, any may be the first.
      reasons: first
        ? shown
            .filter(
              ({ tier, distance, entry }) =>
                tier === first.tier &&
                distance === first.distance &&
                trustOf(entry) === trustOf(first.entry),
            )
            .map(({ why }) => why)
        : [nothing],
      matches: shown
        .map(({ tier, distance, variant, entry }) => lineOf(tier, distance, variant, entry))
        .sort(),
    };
  }
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
