import { type Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { random as seeded } from '../workloads.js';
import type { Edited, Materials, Transform } from './edit.js';
import { histogram, wordDistance } from './metrics.js';
import type { Photo } from './photos.js';
import { type Placement, placementOf } from './placement.js';
import type { Raster } from './raster.js';
import type { Run } from './runs.js';
import type { Suite } from './transforms.js';

/** A photo of the run as a list would hold it: by its hash. */
export interface Entry {
  readonly name: string;
  readonly source: string;
  readonly whole: boolean;
  /** whether edits of it are queries */
  readonly queried: boolean;
  /** its PDQ hash, which identifies exact duplicates */
  readonly pdq: Uint8Array;
  /** one for each run, by its algorithm */
  readonly hashes: readonly Uint8Array[];
}

/** The settings by which queries are made and hashed. */
export interface Setup {
  readonly seed: number;
  readonly suite: Suite;
  readonly runs: readonly Run[];
}

/** The entries with the hashes of one run. */
export interface List {
  /** end to end, in the order of the entries */
  readonly words: Uint32Array;
  /** with the default policy; each label is an entry's position */
  readonly blocklist: Blocklist;
}

/** The result for one edited photo, hashed and compared with every entry. */
export interface QueryResult {
  readonly transform: number;
  readonly photo: number;
  /** of the picture itself */
  readonly mainDistance: number;
  /** of the nearest variant */
  readonly distance: number;
  /** what a blocklist decides about the photo itself: match, review or neither */
  readonly verdict: Verdict;
  /** what it decides about unrelated photos */
  readonly falseVerdict: Verdict;
  /** where the matching variant puts the photo, if it has a place */
  readonly placement: Placement | undefined;
  readonly hashes: number;
  readonly milliseconds: number;
  /** distances from every variant to every unrelated entry, and from the nearest variant to each */
  readonly unrelated: Float64Array;
  readonly nearestUnrelated: Float64Array;
  /** position of the photo's file among the files of the entries */
  readonly file: number;
  /** distance from the nearest variant to the nearest photo of each file; 256 for its own file */
  readonly nearestByFile: Uint16Array;
}

export type Verdict = 'match' | 'review' | 'none';

/** Whether two entries show different things: other photos, or two tiles of one. */
export const areUnrelated = (a: Entry, b: Entry): boolean =>
  a.source !== b.source || (!a.whole && !b.whole && a.name !== b.name);

/** The 32-bit words of hashes end to end. */
export function packed(hashes: readonly Uint8Array[]): Uint32Array {
  const size = hashes[0]?.length ?? 0;
  const bytes = new Uint8Array(hashes.length * size);
  for (const [at, hash] of hashes.entries()) bytes.set(hash, at * size);
  return new Uint32Array(bytes.buffer);
}

/**
 * The random numbers and fillers of one query. They depend only on the seed, the photo and the
 * edit.
 */
export function materials(
  seed: number,
  photo: number,
  transform: number,
  fillers: readonly Raster[],
): Materials {
  const next = seeded(Math.imul(seed + 1, 0x9e3779b1) ^ (photo * 1009 + transform));
  const random = (below: number) => next() % below;
  return { random, filler: async () => fillers[random(fillers.length)]! };
}

/** The entries with the hashes of the run at `which`. */
export function listOf({ algorithm }: Run, entries: readonly Entry[], which: number): List {
  const hashes = entries.map((entry) => entry.hashes[which]!);
  return {
    words: packed(hashes),
    blocklist: createBlocklist(
      hashes.map((bytes, at) => ({ hash: { algorithm, bytes }, labels: [String(at)] })),
    ),
  };
}

/** Applies an edit to one photo; hashes the result by each run and compares it with all entries. */
export async function measure(
  setup: Setup,
  entries: readonly Entry[],
  lists: readonly List[],
  at: number,
  photo: Photo,
  transforms: readonly Transform[],
  index: number,
  fillers: readonly Raster[],
): Promise<QueryResult[]> {
  const transform = transforms[index]!;
  const edited = await transform.apply(photo.raster, materials(setup.seed, at, index, fillers));
  return setup.runs.map((run, which) => ({
    transform: index,
    photo: at,
    ...query(run, entries, lists[which]!, at, edited),
  }));
}

function query(
  { algorithm, bits, profile, minQuality }: Run,
  entries: readonly Entry[],
  { words: list, blocklist }: List,
  at: number,
  edited: Edited,
): Omit<QueryResult, 'transform' | 'photo'> {
  const start = performance.now();
  const { pixels, stored } = edited;
  const all = [...variantsOf(pixels, { algorithm, bits, variants: profile, stored })];
  const milliseconds = performance.now() - start;
  // A variant below the policy's quality is no match by itself. Of such variants, only the picture
  // itself counts.
  const variants = all.filter(({ quality = 100 }, at) => at === 0 || quality >= minQuality);
  const hashes = packed(variants.map(({ hash }) => hash.bytes));
  const words = list.length / entries.length;
  const toPhoto = variants.map((_, v) => wordDistance(hashes, v * words, list, at * words, words));
  const unrelated = histogram();
  const nearestUnrelated = histogram();
  const files = [...new Set(entries.map(({ source }) => source))];
  const nearestByFile = new Uint16Array(files.length).fill(256);
  for (let entry = 0; entry < entries.length; entry++) {
    if (!areUnrelated(entries[entry]!, entries[at]!)) continue;
    let nearest = 256;
    for (let v = 0; v < variants.length; v++) {
      const distance = wordDistance(hashes, v * words, list, entry * words, words);
      unrelated[distance]!++;
      if (distance < nearest) nearest = distance;
    }
    nearestUnrelated[nearest]!++;
    if (entries[entry]!.source === entries[at]!.source) continue;
    const file = files.indexOf(entries[entry]!.source);
    nearestByFile[file] = Math.min(nearestByFile[file]!, nearest);
  }
  const { matches } = blocklist.decide(all);
  const told = matches.map((match) => ({ ...match, of: Number(match.entry.labels[0]) }));
  const own = told.filter(({ of }) => of === at);
  const found = own.find(({ tier }) => tier === 'match');
  return {
    mainDistance: toPhoto[0]!,
    distance: Math.min(...toPhoto),
    verdict: verdictOf(own),
    falseVerdict: verdictOf(told.filter(({ of }) => areUnrelated(entries[of]!, entries[at]!))),
    placement: found && edited.truth && placementOf(found.variant, edited.truth),
    hashes: all.length,
    milliseconds,
    unrelated,
    nearestUnrelated,
    file: files.indexOf(entries[at]!.source),
    nearestByFile,
  };
}

const verdictOf = (matches: readonly { tier: 'match' | 'review' }[]): Verdict =>
  matches.some(({ tier }) => tier === 'match') ? 'match' : (matches[0]?.tier ?? 'none');
