import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { bytesOf, hashToHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { policyFor } from '../../src/policy.js';
import type { HashedVariant } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { entryFrom, FAR, type Held, POLICY, packed } from '../robustness/measure.js';
import type { Raster } from '../robustness/raster.js';
import { wordDistance } from '../robustness/report/metrics.js';
import { clustersOf } from './clusters.js';

/** A hash in a file. */
export interface Kept {
  readonly hex: string;
  readonly quality: number;
  readonly parts?: string | undefined;
}

/** The hashes of a photo: those that a list may hold, its own first, and those of an upload. */
export interface HashedPhoto {
  readonly listed: readonly Kept[];
  readonly upload: readonly Kept[];
}

/** A hashed photo, by its place. */
export interface Photo extends HashedPhoto {
  readonly source: string;
  readonly collection: string;
}

const kept = ({ hash, quality = 100, parts }: HashedVariant): Kept => ({
  ...{ hex: hashToHex(hash), quality },
  ...(parts !== undefined && { parts }),
});

/** Hashes a photo as a list does, and as an upload is, if it is one. */
export const hashedPhoto = (raster: Raster, isUpload: boolean): HashedPhoto => ({
  listed: Array.from(variantsOf(raster, { variants: 'none', crops: true, parts: true }), kept),
  upload: isUpload ? Array.from(variantsOf(raster, { variants: 'thorough' }), kept) : [],
});

/**
 * The kinds of pairs. The second of two is of the same pairs, by hashes of which one has a quality
 * below 50. The last two are of an upload and a list crop of another photo.
 */
export const KINDS = [
  'mixed',
  'mixed, one side below 50',
  'one collection',
  'one collection, one side below 50',
  'list crops, mixed',
  'list crops, one collection',
] as const;

/** Counts end at this distance. */
export const LAST = 90;
/** Pairs this near are named, and decided about. Nothing farther is for review. */
export const NAMED = POLICY.reviewDistance;

/** Lengths of a list whose review distance is tried. */
export const SIZES = [1e5, 1e6, 1e7];

/** A list that is tried: what it holds, and the length whose review distance it has. */
export interface Way {
  readonly name: string;
  readonly held: Held;
  /** absent: of any. Entries with parts are compared up to 60 bits, however many there are */
  readonly size?: number;
}

export const WAYS: readonly Way[] = [
  ...SIZES.map((size) => ({ name: 'bare', held: {}, size })),
  ...SIZES.map((size) => ({ name: 'list crops', held: { windows: true }, size })),
  { name: 'parts', held: { parts: true } },
  { name: 'list crops and parts', held: { windows: true, parts: true } },
];

/** A wrong match or review: its way, the entry's photo, and the number of its list crop or 0. */
export interface Wrong {
  readonly way: number;
  readonly isMixed: boolean;
  readonly other: string;
  readonly crop: number;
  readonly tier: 'match' | 'review';
}

/** The result of an upload. */
export interface UploadResult {
  /** by kind: the pairs tried, and those at each distance up to `LAST` */
  readonly pairs: readonly number[];
  readonly counts: readonly (readonly number[])[];
  readonly near: readonly { other: string; kind: number; distance: number }[];
  readonly wrongs: readonly Wrong[];
}

/** All photos as entries, ready to be compared with uploads. */
export class PhotoTable {
  readonly #words: Uint32Array;
  /** of each photo, its first hash */
  readonly #starts: number[] = [];
  /** files that are near copies of each other, by file */
  readonly #series = new Map<string, number>();
  readonly series: readonly (readonly string[])[];

  constructor(readonly photos: readonly Photo[]) {
    let start = 0;
    for (const { listed } of photos) {
      this.#starts.push(start);
      start += listed.length;
    }
    this.#words = packedKept(photos.flatMap(({ listed }) => listed));
    const copies: [string, string][] = [];
    for (const [a, { source, collection }] of photos.entries()) {
      for (let b = 0; b < a; b++) {
        if (photos[b]!.collection !== collection) continue;
        const from = 8 * this.#starts[b]!;
        const bits = wordDistance(this.#words, 8 * this.#starts[a]!, this.#words, from, 8);
        if (bits <= POLICY.matchDistance) copies.push([photos[b]!.source, source]);
      }
    }
    this.series = clustersOf(copies);
    for (const [at, files] of this.series.entries()) {
      for (const file of files) this.#series.set(file, at);
    }
  }

  /** The photos that are no near copies of one. */
  #unrelated(upload: Photo): [at: number, photo: Photo][] {
    const series = this.#series.get(upload.source) ?? -1;
    return [...this.photos.entries()].filter(
      ([, photo]) => photo !== upload && this.#series.get(photo.source) !== series,
    );
  }

  /** Compares an upload with every other photo, and decides by those that are near. */
  async result(upload: Photo, raster: () => Promise<Raster>): Promise<UploadResult> {
    const pairs = KINDS.map(() => 0);
    const counts = KINDS.map(() => new Array<number>(LAST + 1).fill(0));
    const near: { other: string; kind: number; distance: number }[] = [];
    const nearPhotos: [Photo[], Photo[]] = [[], []];
    const variants = packedKept(upload.upload);
    for (const [at, photo] of this.#unrelated(upload)) {
      const isMixed = photo.collection !== upload.collection;
      let nearest = FAR;
      const count = (kind: number, distance: number) => {
        pairs[kind]!++;
        nearest = Math.min(nearest, distance);
        if (distance <= LAST) counts[kind]![distance]!++;
        if (distance <= NAMED) near.push({ other: photo.source, kind, distance });
      };
      for (const [crop, { quality }] of photo.listed.entries()) {
        const least: [number, number] = [FAR, FAR];
        const start = 8 * (this.#starts[at]! + crop);
        for (const [at, variant] of upload.upload.entries()) {
          const bits = wordDistance(variants, 8 * at, this.#words, start, 8);
          const isPoor = Number(Math.min(quality, variant.quality) < POLICY.minQuality);
          if (bits < least[isPoor]!) least[isPoor] = bits;
        }
        const kind = isMixed ? 0 : 2;
        if (crop > 0) count(isMixed ? 4 : 5, least[0]);
        else for (const [poor, bits] of least.entries()) count(kind + poor, bits);
      }
      if (nearest <= NAMED) nearPhotos[isMixed ? 0 : 1].push(photo);
    }
    const wrongs: Wrong[] = [];
    for (const [scope, others] of nearPhotos.entries()) {
      if (others.length > 0) wrongs.push(...wrongsOf(await raster(), others, scope === 0));
    }
    return { pairs, counts, near, wrongs };
  }
}

const packedKept = (hashes: readonly Kept[]) => packed(hashes.map(({ hex }) => bytesOf(hex)));

/** Every entry that a decision by the real policy names, on a list of each way. */
function wrongsOf(raster: Raster, others: readonly Photo[], isMixed: boolean): Wrong[] {
  const wrongs: Wrong[] = [];
  for (const [way, { held, size = 0 }] of WAYS.entries()) {
    const list = createBlocklist(
      others.flatMap(({ listed }, at) =>
        listed.slice(0, held.windows ? undefined : 1).map(({ hex, ...one }, crop) => ({
          ...entryFrom({ ...one, bytes: bytesOf(hex) }, held),
          labels: [`${at} ${crop}`],
        })),
      ),
    );
    const { reviewDistance } = policyFor('pdq', 256, {}, size);
    const variants = variantsOf(raster, { variants: 'thorough' });
    const { matches } = match(variants, list, { all: true, policy: { reviewDistance } });
    // Several variants may be near one entry; its match, if any, comes first.
    const seen = new Set<string>();
    for (const { entry, tier } of matches) {
      for (const label of entry.labels) {
        if (seen.has(label)) continue;
        seen.add(label);
        const [at, crop] = label.split(' ').map(Number) as [number, number];
        wrongs.push({ way, isMixed, other: others[at]!.source, crop, tier });
      }
    }
  }
  return wrongs;
}
