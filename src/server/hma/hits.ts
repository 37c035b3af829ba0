import type { Blocklist } from '../../blocklist/blocklist.js';
import { type BlocklistEntry, listOf, numberOf } from '../../entry.js';
import { bitsOf } from '../../hash.js';
import type { Decision } from '../../matching/decision.js';
import { changedBy, nearestOf, type PolicyOptions, policyUnder } from '../../policy.js';
import { keyOfEntry } from '../../store/stored-entry.js';

/** The bank of the unnamed list, since a bank in HMA must have a name. */
const UNNAMED = 'UNNAMED';

/** A list's name as a bank's name. */
export const bankOf = (list: string): string => (list === '' ? UNNAMED : list);
/** The name of a bank's list. */
export const listOfBank = (bank: string): string => (bank === UNNAMED ? '' : bank);

/** The searched list, and the changes to the default policy. */
export interface HmaLists {
  readonly blocklist: Blocklist;
  readonly policy: PolicyOptions;
}

/** An entry within the match distance of its list. */
export interface HmaHit {
  readonly entry: BlocklistEntry;
  readonly list: string;
  readonly bank: string;
  /** distance of the nearest variant, in bits */
  readonly distance: number;
  /** true if the decision calls it a match; otherwise it is for review, or allowed */
  readonly isMatch: boolean;
  /** the number by which callers name the entry */
  readonly number: number;
}

/**
 * The entries within the match distance of their lists, nearest first. Paused entries, and those of
 * disabled lists, are not included: a query cannot match them.
 * @param decision of a query that searched all its variants
 * @param banks restricts the hits to these, if given
 */
export function hitsOf(
  { blocklist, policy }: HmaLists,
  decision: Decision,
  banks: readonly string[] | undefined,
): HmaHit[] {
  const settings = new Map(blocklist.settings);
  const nearest = new Map<number, HmaHit>();
  for (const match of [...decision.matches, ...(decision.allowed ?? [])]) {
    const { entry, distance, tier, allowed } = match;
    const { algorithm } = entry.hash;
    const list = listOf(entry);
    const general = policyUnder(policy, algorithm, bitsOf(entry.hash));
    const own = changedBy(settings.get(list)?.policy ?? {}, algorithm, general);
    const bank = bankOf(list);
    if (distance > own.matchDistance || banks?.includes(bank) === false) continue;
    const number = numberFor(entry);
    const known = nearest.get(number);
    const isMatch = tier === 'match' && allowed === undefined;
    nearest.set(number, {
      ...{ entry, list, bank, number },
      distance: Math.min(distance, known?.distance ?? distance),
      isMatch: isMatch || known?.isMatch === true,
    });
  }
  return [...nearest.values()].sort((a, b) => a.distance - b.distance);
}

/**
 * The hits of a raw lookup: all near entries, whatever the decision about them. Of more than 1,000,
 * it returns the nearest, and the nearest of every bank.
 * @param decision as for `hitsOf`; it has as many hits of each kind, so it includes these
 * @returns the hits, and an upper bound of the omitted ones: those omitted from the decision may be
 *   in other banks, or beyond the match distance of their list
 */
export function rawHitsOf(
  searched: HmaLists,
  decision: Decision,
  banks: readonly string[] | undefined,
): { hits: HmaHit[]; omitted: number } {
  const all = hitsOf(searched, decision, banks);
  const hits = nearestOf(all, (a, b) => a.distance - b.distance);
  return { hits, omitted: (decision.omitted ?? 0) + all.length - hits.length };
}

/**
 * The number by which callers name an entry: the store's, from memory, since lookups never wait for
 * a database. Without a store, it is derived from the entry. Those numbers start at 2^52, beyond
 * any store's, so that a caller cannot remove another entry by one.
 */
const numberFor = (entry: BlocklistEntry): number => numberOf(entry) ?? madeNumber(entry);

const madeNumber = (entry: BlocklistEntry): number =>
  2 ** 52 + Buffer.from(keyOfEntry(entry)).readUIntBE(0, 6);
