import type { Blocklist } from '../../blocklist/blocklist.js';
import { type BlocklistEntry, listOf, numberOf } from '../../entry.js';
import { bitsOf } from '../../hash.js';
import type { Decision } from '../../matching/decision.js';
import { changedBy, nearestOf, type PolicyOptions, policyUnder } from '../../policy.js';
import { keyOfEntry } from '../../store/stored-entry.js';

/** The bank that stands for the unnamed list: a bank of HMA has a name. */
const UNNAMED = 'UNNAMED';

/** The name of a list as a bank's. */
export const bankOf = (list: string): string => (list === '' ? UNNAMED : list);
/** The name of the list that a bank stands for. */
export const listOfBank = (bank: string): string => (bank === UNNAMED ? '' : bank);

/** What was searched, and the changes to the default policy. */
export interface HmaLists {
  readonly blocklist: Blocklist;
  readonly policy: PolicyOptions;
}

/** An entry within the match distance of its list. */
export interface HmaHit {
  readonly entry: BlocklistEntry;
  readonly list: string;
  readonly bank: string;
  /** in bits, of the variant that came nearest */
  readonly distance: number;
  /** whether a decision calls it a match; it may be for review instead, or allowed */
  readonly isMatch: boolean;
  /** by which callers name it */
  readonly number: number;
}

/**
 * The entries within the match distance of their lists, the nearest first. Those on lists that are
 * off, or that are paused, are none: a query cannot match them.
 * @param decision of a query that searched all its variants
 * @param banks only of these, if given
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
 * What a raw lookup tells: what is near, whatever a decision says of it. Of more than 1,000 these
 * are the nearest and the nearest of every bank.
 * @param decision as for `hitsOf`; it gives as many of each kind, so that these are among them
 * @returns them, and how many more there are at most: those left out of the decision may be on
 *   other banks, or beyond the match distance of their list
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
 * The number by which callers name an entry: the store's, from memory, since no lookup waits for a
 * database. That of a list that follows no store is made of the entry: those are from 2^52 on,
 * where no entry of a store is, so that nobody removes another one by it.
 */
const numberFor = (entry: BlocklistEntry): number => numberOf(entry) ?? madeNumber(entry);

const madeNumber = (entry: BlocklistEntry): number =>
  2 ** 52 + Buffer.from(keyOfEntry(entry)).readUIntBE(0, 6);
