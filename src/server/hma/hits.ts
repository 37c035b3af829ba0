import type { Blocklist } from '../../blocklist/blocklist.js';
import { type BlocklistEntry, listOf, numberOf } from '../../entry.js';
import { bitsOf } from '../../hash.js';
import type { Decision, VideoMatch } from '../../matching/decision.js';
import { changedBy, nearestOf, type PolicyOptions, policyUnder } from '../../policy.js';
import { contentsOfVideo, keyOfContent, madeNumber, type VideoContent } from './videos.js';

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
  /** the number by which callers name the content: that of the entry, or of its video */
  readonly number: number;
  /** the video of which frames are on one line of time; absent: the entry alone is near */
  readonly video?: VideoMatch;
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
  const nearest = new Map<string, HmaHit>();
  const videos = new Map(decision.videos?.map((video) => [video.group, video]));
  const known = new Map<string, ReadonlyMap<string, VideoContent>>();
  const contentsOf = (entry: BlocklistEntry) => {
    const video = entry.group ?? '';
    const contents = known.get(video) ?? contentsOfVideo(blocklist, entry);
    known.set(video, contents);
    return contents;
  };
  const videoOf = ({ seconds, group = '' }: BlocklistEntry) =>
    seconds === undefined ? undefined : videos.get(group);
  // A file may be near by its MD5 and by its frames.
  const keyOf = ({ hash }: BlocklistEntry, number: number) => `${hash.algorithm} ${number}`;
  const add = (entry: BlocklistEntry, number: number, distance: number, isMatch: boolean) => {
    const list = listOf(entry);
    const before = nearest.get(keyOf(entry, number));
    const video = videoOf(entry);
    nearest.set(keyOf(entry, number), {
      ...{ entry, list, bank: bankOf(list), number },
      distance: Math.min(distance, before?.distance ?? distance),
      isMatch: isMatch || before?.isMatch === true,
      ...(video && { video }),
    });
  };
  for (const match of [...decision.matches, ...(decision.allowed ?? [])]) {
    const { entry, distance, tier, allowed } = match;
    const { algorithm } = entry.hash;
    const general = policyUnder(policy, algorithm, bitsOf(entry.hash));
    const own = changedBy(settings.get(listOf(entry))?.policy ?? {}, algorithm, general);
    if (distance > own.matchDistance && !videoOf(entry)) continue;
    const content = contentsOf(entry).get(keyOfContent(entry));
    const isMatch = tier === 'match' && allowed === undefined;
    add(entry, content?.number ?? numberFor(entry), distance, isMatch);
  }
  // A decision names one list for each video, which may be on several.
  for (const { group } of videos.values()) {
    const hit = [...nearest.values()].find(({ entry }) => entry.group === group);
    for (const { entry, number } of hit ? contentsOf(hit.entry).values() : []) {
      const { enabled = true, tier = 'match', trust } = settings.get(listOf(entry)) ?? {};
      if (!enabled || nearest.has(keyOf(entry, number))) continue;
      const isMatch = tier === 'match' && trust !== 'foreign' && entry.confirmed !== false;
      add(entry, number, hit!.distance, isMatch);
    }
  }
  const hits = [...nearest.values()].filter(({ bank }) => banks?.includes(bank) !== false);
  return hits.sort((a, b) => a.distance - b.distance);
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
 * a database. Without a store, it is derived from the entry, and names none of a store, so that a
 * caller cannot remove another entry by it.
 */
const numberFor = (entry: BlocklistEntry): number => numberOf(entry) ?? madeNumber(entry);
