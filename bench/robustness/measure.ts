import type { HashedVariant, VariantGeometry } from '../../src/hash.js';
import { variantsOf } from '../../src/variants/variants-of.js';
import { random as seeded } from '../workloads.js';
import type { Edited, Materials, Transform } from './edit.js';
import { histogram, wordDistance } from './metrics.js';
import type { Photo } from './photos.js';
import type { Raster } from './raster.js';
import type { Run } from './runs.js';

/** A photo of the run by its hash: what a list would hold. */
export interface Entry {
  readonly name: string;
  readonly source: string;
  readonly whole: boolean;
  /** whether edits of it are queries */
  readonly queried: boolean;
  /** of PDQ, by which exact duplicates are told */
  readonly pdq: Uint8Array;
  /** by the algorithm of each run */
  readonly hashes: readonly Uint8Array[];
}

/** What the queries are made and hashed with. */
export interface Setup {
  readonly seed: number;
  readonly runs: readonly Run[];
}

/** One edited photo, hashed and compared with every entry. */
export interface QueryResult {
  readonly transform: number;
  readonly photo: number;
  /** of the picture as it is */
  readonly mainDistance: number;
  /** of the nearest variant */
  readonly distance: number;
  /** the variant at which a matcher stops, if one matches */
  readonly variant: string | undefined;
  /** whether that variant lies where the photo lies; undefined where there is no telling */
  readonly placed: boolean | undefined;
  readonly hashes: number;
  readonly milliseconds: number;
  /** distances from every variant to every unrelated entry, and from the nearest variant to each */
  readonly unrelated: Float64Array;
  readonly nearestUnrelated: Float64Array;
}

/** Whether two entries show nothing of the same: other photos, or two tiles of one. */
export const areUnrelated = (a: Entry, b: Entry): boolean =>
  a.source !== b.source || (!a.whole && !b.whole && a.name !== b.name);

/** 32-bit words of hashes end to end. */
export function packed(hashes: readonly Uint8Array[]): Uint32Array {
  const size = hashes[0]?.length ?? 0;
  const bytes = new Uint8Array(hashes.length * size);
  for (const [at, hash] of hashes.entries()) bytes.set(hash, at * size);
  return new Uint32Array(bytes.buffer);
}

/** Random numbers and fillers of one query: the same for the same seed, photo and edit, whoever makes it. */
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

/** What an edit makes of one photo, hashed by each run and compared with all entries. */
export async function measure(
  setup: Setup,
  entries: readonly Entry[],
  lists: readonly Uint32Array[],
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
  { algorithm, bits, profile, matchDistance, minQuality }: Run,
  entries: readonly Entry[],
  list: Uint32Array,
  at: number,
  edited: Edited,
): Omit<QueryResult, 'transform' | 'photo'> {
  const start = performance.now();
  const { pixels, stored } = edited;
  const all = [...variantsOf(pixels, { algorithm, bits, variants: profile, stored })];
  const milliseconds = performance.now() - start;
  // A variant below the policy's quality is no match by itself: of such a query nothing but the picture itself counts.
  const variants = all.filter(({ quality = 100 }, at) => at === 0 || quality >= minQuality);
  const hashes = packed(variants.map(({ hash }) => hash.bytes));
  const words = list.length / entries.length;
  const toPhoto = variants.map((_, v) => wordDistance(hashes, v * words, list, at * words, words));
  const unrelated = histogram();
  const nearestUnrelated = histogram();
  for (let entry = 0; entry < entries.length; entry++) {
    if (!areUnrelated(entries[entry]!, entries[at]!)) continue;
    let nearest = 256;
    for (let v = 0; v < variants.length; v++) {
      const distance = wordDistance(hashes, v * words, list, entry * words, words);
      unrelated[distance]!++;
      if (distance < nearest) nearest = distance;
    }
    nearestUnrelated[nearest]!++;
  }
  const first = toPhoto.findIndex((distance) => distance <= matchDistance);
  const found = variants[first];
  return {
    mainDistance: toPhoto[0]!,
    distance: Math.min(...toPhoto),
    variant: found?.name,
    placed: found && isPlaced(found, edited),
    hashes: all.length,
    milliseconds,
    unrelated,
    nearestUnrelated,
  };
}

/** Variants whose place is found in the picture, not one of a fixed set that is tried. */
const FOUND = ['unletterbox', 'unblurBars', 'box', 'rectangle', 'unturn'];

/** Whether a variant that was found lies within 2 pixels of the photo, or, turned, within half a degree. */
function isPlaced({ name, geometry }: HashedVariant, { truth }: Edited): boolean | undefined {
  if (truth === undefined || geometry === undefined || !FOUND.includes(name)) return undefined;
  if ((truth.dihedral ?? 'original') !== (geometry.dihedral ?? 'original')) return false;
  const angle = Math.abs((truth.angle ?? 0) - (geometry.angle ?? 0));
  if (truth.angle !== undefined) return angle <= 0.5;
  return angle === 0 && sideError(truth, geometry) <= 2;
}

function sideError({ rectangle: a }: VariantGeometry, { rectangle: b }: VariantGeometry): number {
  return Math.max(
    Math.abs(a.left - b.left),
    Math.abs(a.top - b.top),
    Math.abs(a.left + a.width - b.left - b.width),
    Math.abs(a.top + a.height - b.top - b.height),
  );
}
