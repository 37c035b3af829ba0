import { createIndex, indexOf } from '../../src/indexing/create-index.js';
import { match } from '../../src/matching/match.js';
import type { HashedVariant } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { LIST_SEED, madeList } from '../lists/made-list.js';
import { feed } from '../race.js';
import { photoFiles } from '../rivals.js';
import { random, uniformHashes } from '../workloads.js';
import { type IndexPart, JUDGED } from './data.js';

/** The match and review distances of the default policy. */
const MATCH = 31;
const REVIEW = 60;

/** Bands of distance, from the match distance to the review distances of lists. */
const BANDS = [
  [MATCH + 1, 40],
  [41, 46],
  [47, 50],
  [51, 54],
  [55, REVIEW],
] as const;

/** Variants of an upload that nothing matches. */
const VARIANTS = 130;

/**
 * Of each eighth of the ranks, the share of bits that differ in pairs of a photo and its copies
 * within 60 bits (1,883 pairs of 375 copies of the photos of @stdlib).
 */
const FLIPS = [0.41, 0.33, 0.28, 0.21, 0.14, 0.08, 0.035, 0.015];

/**
 * Near searches: what they find of what a scan finds, and how long those of an upload take that
 * matches nothing.
 */
export const nearPart: IndexPart = async ({ context, usual: count }) => {
  const next = random(21);
  const near: Record<string, number> = {};
  const share = (name: string, pairs: readonly Pair[]) => {
    const beyond = pairs.filter(({ distance }) => distance > MATCH);
    const found = beyond.filter(({ variant: { hash, ranks }, entry }) => {
      const index = createIndex([entry]);
      return index.searchNear(hash, REVIEW, { ranks }).length > 0;
    });
    const measured = found.length / beyond.length;
    context.note(`${name}: ${beyond.length} pairs at ${MATCH + 1} to ${REVIEW} bits`);
    for (const [from, to] of BANDS) {
      const within = (all: readonly Pair[]) =>
        all.filter(({ distance }) => distance >= from && distance <= to).length;
      const band = `${name}, ${from} to ${to} bits`;
      near[band] = context.figure(`share found, ${band}`, within(found) / within(beyond));
    }
    return context.figure(`share that a near search finds, ${name}`, measured, { atLeast: 0.97 });
  };
  const synthetic = Array.from({ length: count < JUDGED ? 300 : 4000 }, () => syntheticPair(next));
  near.synthetic = share('made up, by the ranks of copies', synthetic);
  const unranked = synthetic.map((pair) => ({ ...pair, variant: { hash: pair.variant.hash } }));
  near.unranked = share('the same without ranks', unranked);
  const copies = count < JUDGED ? [] : await copyPairs(next);
  if (copies.length > 0) near.copies = share('copies of photos', copies);

  const list = uniformHashes(count, LIST_SEED);
  const uploads = Array.from({ length: 8 }, () =>
    Array.from({ length: VARIANTS }, () => any(next)),
  );
  const blocklist = await madeList(count);
  for (const simd of ['auto', 'never'] as const) {
    const index = indexOf(list, { maxDistance: REVIEW }, { simd });
    const out = new Uint32Array(1024);
    const ways: Record<string, (upload: readonly HashedVariant[]) => unknown> = {
      'searches at 31': (upload) => {
        for (const { hash } of upload) feed(index.searchInto(hash, MATCH, out));
      },
      'near searches': (upload) => {
        for (const { hash, ranks } of upload)
          feed(index.searchNear(hash, REVIEW, { ranks }).length);
      },
      'near searches without ranks': (upload) => {
        for (const { hash } of upload) feed(index.searchNear(hash, REVIEW).length);
      },
      ...(simd === 'auto' && { 'a decision': (upload) => match(upload, blocklist).verdict }),
    };
    const kernel = index.explain(MATCH).parts[0]!.kernel;
    for (const [way, run] of Object.entries(ways)) {
      const name = `ms of ${VARIANTS} variants against ${count.toLocaleString('en')}, ${kernel}, ${way}`;
      const isJudged = way === 'a decision' && count === JUDGED;
      near[name] = context.figure(name, leastOf(uploads, run), isJudged && { atMost: 10 });
    }
  }
  return { near };
};

/** A variant and the entry of its photo. */
interface Pair {
  readonly variant: Pick<HashedVariant, 'hash' | 'ranks'>;
  readonly entry: HashedVariant['hash'];
  readonly distance: number;
}

/** A hash by chance, with ranks by chance. */
function any(next: () => number): HashedVariant & { readonly ranks: Uint8Array } {
  const ranks = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let i = 255; i > 0; i--) {
    const j = next() % (i + 1);
    [ranks[i], ranks[j]] = [ranks[j]!, ranks[i]!];
  }
  const bytes = Uint8Array.from({ length: 32 }, () => next());
  return { name: 'original', hash: { algorithm: 'pdq', bytes }, quality: 100, ranks };
}

/** A hash by chance and one 32 to 60 bits from it, which differ as copies do. */
function syntheticPair(next: () => number): Pair {
  const variant = any(next);
  const distance = MATCH + 1 + (next() % (REVIEW - MATCH));
  const bytes = variant.hash.bytes.slice();
  for (let left = distance; left > 0; ) {
    const bit = next() % 256;
    const mask = 128 >> (bit & 7);
    const isFlipped = ((bytes[bit >> 3]! ^ variant.hash.bytes[bit >> 3]!) & mask) !== 0;
    if (isFlipped || (next() % 10_000) / 10_000 >= FLIPS[variant.ranks[bit]! >> 5]!) continue;
    bytes[bit >> 3]! ^= mask;
    left--;
  }
  return { variant, entry: { algorithm: 'pdq', bytes }, distance };
}

/** Variants of edited photos beside the photos; none if these or sharp are not installed. */
async function copyPairs(next: () => number): Promise<Pair[]> {
  const files = photoFiles();
  const pairs: Pair[] = [];
  if (files.length === 0) return pairs;
  const { photoOf } = await import('../robustness/photos.js');
  const { FILTERS, STRETCHED } = await import('../robustness/copies/filter-edits.js');
  const { CROPS, SOCIAL, STRAIGHTENED } = await import('../robustness/copies/reframe-edits.js');
  const edits = [...CROPS, ...SOCIAL, ...STRAIGHTENED, ...FILTERS, ...STRETCHED];
  const { distance } = await import('../../src/hash.js');
  const { pdq } = await import('../../src/hashing/pdq.js');
  for (const { name: source, path } of files) {
    const photo = await photoOf({ source, path });
    const entry = pdq(photo).hash;
    for (const edit of edits) {
      if (edit.applies?.(photo) === false) continue;
      const filler = async () => photo;
      const { pixels } = await edit.apply(photo, {
        random: (below) => next() % below,
        filler,
      });
      for (const variant of variantsOf(pixels, { variants: 'thorough' })) {
        const bits = distance(variant.hash, entry);
        if (bits <= REVIEW) pairs.push({ variant, entry, distance: bits });
      }
    }
  }
  return pairs;
}

/**
 * The time of an upload, in milliseconds: the least of each tenth of it, added up, as what else the
 * machine does only adds to them.
 */
function leastOf<T>(uploads: readonly (readonly T[])[], run: (some: readonly T[]) => unknown) {
  const size = VARIANTS / 10;
  const least = new Array<number>(10).fill(Number.POSITIVE_INFINITY);
  for (let round = 0; round < 8; round++) {
    for (const upload of uploads) {
      for (const at of least.keys()) {
        const some = upload.slice(at * size, (at + 1) * size);
        const start = performance.now();
        run(some);
        least[at] = Math.min(least[at]!, performance.now() - start);
      }
    }
  }
  return least.reduce((sum, time) => sum + time);
}
