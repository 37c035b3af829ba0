import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import type { Decision } from '../../src/matching/decision.js';
import { match } from '../../src/matching/match.js';
import { checkedPixels, type Pixels } from '../../src/pixels.js';
import { policyFor } from '../../src/policy.js';
import type { HashedVariant } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { listCropsOf } from '../../src/variants/list-crops.js';
import { partHashes } from '../../src/variants/parts.js';
import { VARIANT_PROFILES, type VariantProfile } from '../../src/variants/variant-profile.js';
import { viewOf } from '../../src/variants/view.js';
import { planeOf } from '../../src/variants/working-plane.js';
import { random as seeded } from '../workloads.js';
import { type Edited, type Materials, type Transform, whole } from './edit.js';
import { PEERS } from './peers.js';
import { type Placement, placementOf } from './placement.js';
import type { Raster } from './raster.js';
import { histogram, wordDistance } from './report/metrics.js';
import { calledAs, techniquesOf } from './techniques.js';

/** The policy that everything is measured under: the default one. */
export const POLICY = policyFor('pdq', 256);

/**
 * The profiles that are hashed besides `thorough`, which has all variants. `orientation` differs from
 * `none` only in files that are tagged or transparent.
 */
export const PROFILES: readonly VariantProfile[] = VARIANT_PROFILES.filter(
  (name) => name !== 'orientation' && name !== 'thorough',
);

/** A hash as a list holds it. */
export interface Listed {
  readonly bytes: Uint8Array;
  readonly quality: number;
  /** hashes of its parts, which a list may hold, too */
  readonly parts?: string | undefined;
}

/** A list crop of a photo, which a list may hold beside the photo's own hash. */
export interface ListedWindow extends Listed {
  /** about the centre: it is listed with crops, not only with crops anywhere */
  readonly isCentred: boolean;
}

/** A photo as a list holds it. */
export interface Entry {
  readonly source: string;
  /** whether edits of it are queries */
  readonly queried: boolean;
  readonly listed: Listed;
  readonly windows: readonly ListedWindow[];
  /** one for each of `PEERS` */
  readonly peers: readonly (Uint8Array | undefined)[];
}

/** What a list holds beside the hashes of its photos. */
export interface Held {
  readonly windows?: boolean | 'anywhere';
  readonly parts?: boolean;
}

/** The lists that are decided with, by their names in the report. */
export const LISTS = {
  bare: {},
  windows: { windows: true },
  parts: { parts: true },
  both: { windows: true, parts: true },
  anywhere: { windows: 'anywhere', parts: true },
} as const satisfies Record<string, Held>;

export type ListName = keyof typeof LISTS;
export const LIST_NAMES = Object.keys(LISTS) as ListName[];

/** Something of each kind of list. */
export type ByList<T> = Readonly<Record<ListName, T>>;

export const byList = <T>(of: (name: ListName) => T): ByList<T> =>
  Object.fromEntries(LIST_NAMES.map((name) => [name, of(name)])) as ByList<T>;

export const entryFrom = ({ bytes, quality, parts }: Listed, held: Held): BlocklistEntry => ({
  hash: { algorithm: 'pdq', bytes } satisfies Hash,
  labels: [],
  quality,
  ...(held.parts && parts !== undefined && { parts }),
});

export type Verdict = 'match' | 'review' | 'none';

/** What a profile cost, and what it found. */
export interface ProfileResult {
  readonly hashes: number;
  readonly milliseconds: number;
  /** of its nearest variant to the photo */
  readonly distance: number;
  readonly verdict: Verdict;
}

/** What a peer's hash is near to. */
export interface PeerResult {
  readonly distance: number;
  /** the distances from every other entry */
  readonly others: Float64Array;
}

/** The result for one photo, edited or as it is, hashed and compared with every entry. */
export interface QueryResult {
  /** position of the photo among the entries */
  readonly photo: number;
  /** position of the edit; -1: the photo as it is */
  readonly edit: number;
  /** what each variant is, by name and whether mirrored or turned, and how it was found */
  readonly names: readonly string[];
  readonly techniques: readonly string[];
  /** its distance to the photo, to the nearest of its windows, and to the nearest other photo */
  readonly own: Uint16Array;
  readonly ownWindows: Uint16Array;
  readonly others: Uint16Array;
  /** what a blocklist of the photo decides, and one of all other photos */
  readonly verdicts: ByList<Verdict>;
  readonly wrong: ByList<Verdict>;
  /** distances from every variant to every other photo, and from the nearest variant to each */
  readonly unrelated: Float64Array;
  readonly nearest: Uint16Array;
  readonly nearestWindows: Float64Array;
  readonly milliseconds: number;
  readonly profiles: readonly ProfileResult[];
  readonly peers: readonly (PeerResult | undefined)[];
  /** where the matching variant puts the photo, if it and the edit have a place */
  readonly placement: Placement | undefined;
}

/** Farther than any two hashes: of a variant that may not match, or of what is not there. */
export const FAR = 257;

/**
 * No policy takes notice of an entry beyond this, so that a query is decided about with the few
 * entries that are nearer: with all of them that takes longer than everything else.
 */
const REACH = 96;

/** The 32-bit words of hashes end to end. */
export function packed(hashes: readonly Uint8Array[]): Uint32Array {
  const size = hashes[0]?.length ?? 0;
  const bytes = new Uint8Array(hashes.length * size);
  for (const [at, hash] of hashes.entries()) bytes.set(hash, at * size);
  return new Uint32Array(bytes.buffer);
}

/** A number from a name, the same on every machine and in every run (FNV-1a). */
export function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * The random numbers and fillers of one query. They depend only on the seed, the photo and the
 * edit, as numbers.
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

/** A picture as a list holds it. */
export async function entryOf(raster: Raster, source: string, queried: boolean): Promise<Entry> {
  const variants = variantsOf(raster, { variants: 'none', crops: 'anywhere', parts: true });
  const [main, ...crops] = [...variants];
  const centred = [...listCropsOf(raster)];
  const plane = planeOf(viewOf(checkedPixels(raster)));
  const withParts = (crop: HashedVariant) => ({
    ...crop,
    parts: partHashes(plane, { geometry: crop.geometry! }, 512),
  });
  return {
    source,
    queried,
    listed: listedOf(main!),
    windows: crops.map((crop) => ({
      ...listedOf(withParts(crop)),
      isCentred: centred.some(
        ({ name, rectangle: { left, top } }) =>
          name === crop.name &&
          left === crop.geometry!.rectangle.left &&
          top === crop.geometry!.rectangle.top,
      ),
    })),
    peers: await Promise.all(PEERS.map((peer) => peer.hash(raster))),
  };
}

const listedOf = ({ hash, quality = 100, parts }: HashedVariant): Listed => ({
  bytes: hash.bytes,
  quality,
  parts,
});

/** All entries, ready to be compared with queries that are edits of one of them. */
export class EntryTable {
  readonly #words: Uint32Array;
  /** of the windows of all entries, and the entry of each */
  readonly #windows: Uint32Array;
  readonly #owners: Uint16Array;
  readonly #centred: readonly boolean[];

  constructor(readonly entries: readonly Entry[]) {
    this.#words = packed(entries.map(({ listed }) => listed.bytes));
    this.#windows = packed(entries.flatMap(({ windows }) => windows.map(({ bytes }) => bytes)));
    this.#owners = Uint16Array.from(entries.flatMap(({ windows }, at) => windows.map(() => at)));
    this.#centred = entries.flatMap(({ windows }) => windows.map(({ isCentred }) => isCentred));
  }

  /** Applies an edit to a photo of the table, hashes the result and compares it with all entries. */
  async measure(
    photo: number,
    raster: Raster,
    edit: number,
    transforms: readonly Transform[],
    seed: number,
    fillers: readonly Raster[],
  ): Promise<QueryResult> {
    const transform = transforms[edit];
    const numbers = [
      numberOf(this.entries[photo]!.source),
      numberOf(`${transform?.family} ${transform?.name}`),
    ] as const;
    const edited: Edited =
      transform === undefined
        ? { pixels: raster, truth: whole(raster) }
        : await transform.apply(raster, materials(seed, ...numbers, fillers));
    return { photo, edit, ...(await this.#query(photo, edited)) };
  }

  async #query(photo: number, edited: Edited): Promise<Omit<QueryResult, 'photo' | 'edit'>> {
    const { pixels, stored } = edited;
    const { variants, milliseconds } = hashed(pixels, stored, 'thorough');
    const { near, ...compared } = this.#compared(photo, variants);
    const decided = (entries: readonly number[], held: Held) => {
      const blocklist = this.#blocklist(entries, held);
      const decision = match(variants, blocklist, { all: true });
      // What came near is looked at more closely where variants are made one at a time.
      return decision.verdict === 'review'
        ? match(variantsOf(pixels, { variants: 'thorough', stored }), blocklist, { all: true })
        : decision;
    };
    const found = decided([photo], LISTS.bare);
    const first = found.matches.find(({ tier }) => tier === 'match');
    return {
      ...compared,
      techniques: techniquesOf(pixels, variants),
      verdicts: byList((name) =>
        verdictOf(name === 'bare' ? found : decided([photo], LISTS[name])),
      ),
      wrong: byList((name) => verdictOf(decided(near, LISTS[name]))),
      milliseconds,
      profiles: PROFILES.map((profile) => {
        const { variants, milliseconds } = hashed(pixels, stored, profile);
        const hashes = packed(variants.map(({ hash }) => hash.bytes));
        const distances = variants.map((_, at) => this.#distance(hashes, at, photo));
        return {
          hashes: variants.length,
          milliseconds,
          distance: Math.min(...distances),
          verdict: verdictOf(match(variants, this.#blocklist([photo]), { all: true })),
        };
      }),
      peers: await this.#peers(photo, pixels),
      placement: first && edited.truth && placementOf(first.variant, edited.truth),
    };
  }

  #blocklist(
    chosen: readonly number[],
    { windows: windowsHeld, parts = false }: Held = {},
  ): Blocklist {
    return createBlocklist(
      chosen.flatMap((at) => {
        const { listed, windows } = this.entries[at]!;
        const held = windows.filter(({ isCentred }) => windowsHeld === 'anywhere' || isCentred);
        return [listed, ...(windowsHeld ? held : [])].map((one) => entryFrom(one, { parts }));
      }),
    );
  }

  #distance(hashes: Uint32Array, at: number, entry: number): number {
    return wordDistance(hashes, at * 8, this.#words, entry * 8, 8);
  }

  /** Distances of all variants that may match: the policy lets none of a low quality. */
  #compared(photo: number, variants: readonly HashedVariant[]) {
    const hashes = packed(variants.map(({ hash }) => hash.bytes));
    const own = new Uint16Array(variants.length).fill(FAR);
    const ownWindows = own.slice();
    const others = own.slice();
    const unrelated = histogram();
    const nearest = new Uint16Array(this.entries.length).fill(FAR);
    const nearestInWindows = nearest.slice();
    const near = new Set<number>();
    for (const [at, { quality = 100 }] of variants.entries()) {
      const counts = at === 0 || quality >= POLICY.minQuality;
      for (let entry = 0; entry < this.entries.length; entry++) {
        const distance = this.#distance(hashes, at, entry);
        if (distance <= REACH && entry !== photo) near.add(entry);
        if (!counts) continue;
        if (entry === photo) {
          own[at] = distance;
          continue;
        }
        unrelated[distance]!++;
        others[at] = Math.min(others[at]!, distance);
        nearest[entry] = Math.min(nearest[entry]!, distance);
      }
      for (let window = 0; window < this.#owners.length; window++) {
        const distance = wordDistance(hashes, at * 8, this.#windows, window * 8, 8);
        const owner = this.#owners[window]!;
        if (distance <= REACH && owner !== photo) near.add(owner);
        if (!counts || !this.#centred[window]) continue;
        if (owner === photo) ownWindows[at] = Math.min(ownWindows[at]!, distance);
        else nearestInWindows[owner] = Math.min(nearestInWindows[owner]!, distance);
      }
    }
    const nearestWindows = histogram();
    for (const [entry, distance] of nearest.entries()) {
      const either = Math.min(distance, nearestInWindows[entry]!);
      if (entry !== photo && either < FAR) nearestWindows[either]!++;
    }
    const names = variants.map(calledAs);
    return {
      names,
      own,
      ownWindows,
      others,
      unrelated,
      nearest,
      nearestWindows,
      near: [...near],
    };
  }

  async #peers(photo: number, pixels: Raster): Promise<(PeerResult | undefined)[]> {
    return Promise.all(
      PEERS.map(async (peer, which) => {
        const hash = await peer.hash(pixels);
        if (hash === undefined) return undefined;
        const query = packed([hash]);
        const to = ({ peers }: Entry) =>
          wordDistance(query, 0, packed([peers[which]!]), 0, query.length);
        const others = histogram();
        for (const [at, entry] of this.entries.entries()) {
          if (at !== photo) others[to(entry)]!++;
        }
        return { distance: to(this.entries[photo]!), others };
      }),
    );
  }
}

function hashed(pixels: Pixels, stored: Pixels | undefined, profile: VariantProfile) {
  const start = performance.now();
  const variants = [...variantsOf(pixels, { variants: profile, stored })];
  return { variants, milliseconds: performance.now() - start };
}

export const verdictOf = ({ matches }: Pick<Decision, 'matches'>): Verdict =>
  matches.some(({ tier }) => tier === 'match') ? 'match' : (matches[0]?.tier ?? 'none');
