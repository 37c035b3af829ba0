import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Hash } from '../src/hash.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { HEADER_BYTES } from '../src/indexing/segment.js';
import type { Decision } from '../src/matching/decision.js';
import type { CheckedPixels } from '../src/pixels.js';
import type { HashedImage } from '../src/variant.js';
import { VARIANT_PROFILES } from '../src/variants/variant-profile.js';
import type { Bench, BenchContext } from './harness.js';
import { BLOCKHASH_SIZES } from './hash/blockhash.js';
import { PDQ_SIZES, picturesAt } from './hash/pdq.js';
import { photos as readPhotos } from './hash/photos.js';
import { fieldOf, WORKLOADS } from './index/data.js';
import { indexPeer } from './index/peers.js';
import { scanHashes } from './index/scan.js';
import { type Contender, race, type Timing } from './race.js';
import { detailedPixels, hashesOf, uniformHashes } from './workloads.js';

/** The exports of a build, all entries in one object. */
type Build = typeof import('../src/index.js');
/** Older builds had the others beside it. */
const ENTRIES = ['index.js', 'variants.js', 'indexing.js', 'matching.js'];

interface Job extends Omit<Contender, 'name'> {
  /** what must be equal in both builds; default: what `run` returns */
  answer?(): unknown;
  evictBytes?: number;
}

type Case = readonly [title: string, jobOf: (build: Build) => Job];

/** A case is called slower if its median is above this and its interval excludes 1. */
const SLOWER = 1.05;

export const versusBench: Bench = {
  name: 'versus',
  about: 'this build against the one in folder DIR: all cases, or those whose title contains CASE',
  long: true,
  takes: 'DIR [CASE…]',
  run,
};

async function run(context: BenchContext): Promise<void> {
  const [folder, ...wanted] = context.words ?? [];
  if (folder === undefined) throw new RangeError(`expected versus ${versusBench.takes}`);
  const builds = [await load('other', resolve(folder)), await load('this', import.meta.dirname)];
  const { rounds = 20 } = context.options;
  const options = { rounds: Number(rounds), sampleMilliseconds: 60, slices: 8 };
  const originals = await readPhotos();
  if (originals.length === 0)
    context.note('the photos or sharp are not installed; seeded pictures are used instead');
  const slower: string[] = [];
  let raced = 0;
  for (const [title, jobOf] of cases(originals)) {
    if (wanted.length > 0 && !wanted.some((word) => title.includes(word))) continue;
    try {
      const setUp = (at: number) => ({ name: builds[at]!.name, ...jobOf(builds[at]!.exports) });
      const jobs = [setUp(0), setUp(1)];
      const [theirs, ours] = jobs.map(({ run, answer = run }) => answer());
      if (!areSame(theirs, ours)) throw new Error(`the answers differ: ${title}`);
      const { evictBytes = 0 } = jobs[0]!;
      const result = await race(title, jobs, { ...options, evictBytes, renew: setUp });
      const { isSlower, text } = verdictOf(result.timings[1]!);
      context.report({ ...result, notes: [text] });
      if (isSlower) slower.push(title);
      raced++;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      context.note(`left out: ${title}: ${error.message}`);
    }
  }
  if (raced === 0) throw new RangeError(`no case to compare with ${folder}`);
  context.figure('cases', raced);
  context.figure(`slower: median above ${SLOWER}, interval excludes 1`, slower);
}

/** Whether two builds answer the same: each has classes of its own, so these do not count. */
export const areSame = (theirs: unknown, ours: unknown): boolean =>
  isDeepStrictEqual(structuredClone(theirs), structuredClone(ours));

/** Whether this build is slower than the other, and the ratio in words. */
export function verdictOf({ ratio, interval }: Pick<Timing, 'ratio' | 'interval'>) {
  const isSlower = ratio > SLOWER && interval[0] > 1;
  const [middle, low, high] = [ratio, ...interval].map((value) => value.toFixed(3));
  const word = isSlower ? ': SLOWER' : '';
  return { isSlower, text: `this / other ${middle}, 95 % interval ${low} to ${high}${word}` };
}

class Missing extends Error {}

/** What does an older build's work, by the name that its export has today. */
const OLDER: Readonly<Record<string, unknown>> = {
  match: (image: HashedImage, list: { decide(image: HashedImage): Decision }) => list.decide(image),
};

/** A build. Reading an export that it lacks throws `Missing`. */
async function load(name: string, folder: string) {
  const found: Partial<Build> = {};
  for (const entry of ENTRIES) {
    const path = join(folder, entry);
    if (existsSync(path)) Object.assign(found, await import(pathToFileURL(path).href));
  }
  const get = (_: object, key: string) => {
    const value: unknown = found[key as keyof Build] ?? OLDER[key];
    if (!value) throw new Missing(`the ${name} build has no ${key}`);
    return value;
  };
  return { name, exports: new Proxy<Build>(found as Build, { get }) };
}

/** Every case. Inputs are made when a case is set up, so a case that is skipped costs nothing. */
function* cases(originals: readonly CheckedPixels[]): Generator<Case> {
  for (const [width, height] of PDQ_SIZES) {
    const size = `${width} x ${height}`;
    const pictures = once(() => picturesAt(originals, width, height));
    yield [`pdq ${size}`, (build) => each(pictures(), build.pdq)];
    yield [`pdq ${size}, exact`, ({ pdq }) => each(pictures(), (it) => pdq(it, { exact: true }))];
    // One takes half a second at 12 megapixels.
    const few = () => pictures().slice(0, width > 1024 ? 1 : 9);
    const none = { resample: 'none' } as const;
    yield [`pdq ${size}, resample none`, ({ pdq }) => each(few(), (it) => pdq(it, none))];
    yield [`pdqDihedral ${size}`, (build) => each(pictures(), build.pdqDihedral)];
  }
  for (const [width, height] of BLOCKHASH_SIZES) {
    const picture = once(() => [detailedPixels(width, height, width, 4)]);
    yield [`blockhash ${width} x ${height}`, (build) => each(picture(), build.blockhash)];
  }
  const square = once(() => [detailedPixels(512, 512, 512, 4)]);
  for (const name of ['ahash', 'dhash', 'phash'] as const) {
    yield [`${name} 512 x 512`, (build) => each(square(), build[name])];
  }
  const scanned = once(scanHashes);
  for (const max of [0, 16, 31, 63, 128]) {
    // For this distance, every build scans.
    const flat = (build: Build) => build.createIndex(scanned(), { maxDistance: 128 });
    const query = () => hashesOf(scanned().bytes.subarray(0, 32));
    yield [`scan at distance ${max}`, (build) => searching(flat(build), query(), max)];
  }
  for (const [data, make] of Object.entries(WORKLOADS)) {
    for (const count of [1e4, 1e5, 1e6]) yield* indexCases(data, make, count);
  }
  const photos = once(() => (originals.length ? [...originals] : picturesAt([], 1024, 768)));
  const first = (width: number, height: number) =>
    once(() => picturesAt(originals.slice(0, 1), width, height).slice(0, 1));
  const shapes = { photos, '1 MP': first(1152, 864), '12 MP': first(4000, 3000) };
  for (const [shape, pictures] of Object.entries(shapes)) {
    for (const variants of VARIANT_PROFILES) {
      const hash = (build: Build) => each(pictures(), (it) => build.hashPixels(it, { variants }));
      yield [`variants ${variants} of pixels, ${shape}`, hash];
    }
  }
  const decide = ({ createBlocklist, hashPixels, match }: Build) => {
    const images = photos().map((pixels) => hashPixels(pixels, { variants: 'thorough' }));
    const hashes = [images[0]!.hash, ...hashesOf(uniformHashes(1e5, 5).bytes)];
    const list = createBlocklist(hashes.map((hash) => ({ hash, labels: ['listed'] })));
    return each(images, (image) => match(image, list));
  };
  yield ['matching: decide on all variants of a photo', decide];
}

function* indexCases(data: string, make: typeof uniformHashes, count: number): Generator<Case> {
  const hashes = once(() => make(count, 5));
  // Few enough for several slices a round even with a million hashes.
  const queries = once(() => fieldOf(hashes().bytes, count).queries.slice(0, 256));
  const title = `index of ${count.toLocaleString('en')} ${data} hashes:`;
  const jobs: Record<string, (build: Build) => Job> = {
    build({ createIndex }) {
      const run = () => createIndex(hashes());
      return { run, answer: () => contentOf(run()) };
    },
    toBuffer({ createIndex }) {
      const index = createIndex(hashes());
      return { run: () => index.toBuffer(), answer: () => contentOf(index) };
    },
    attach({ createIndex, indexFromBuffer }) {
      const buffer = createIndex(hashes()).toBuffer();
      const run = () => indexFromBuffer(buffer);
      return { run, answer: searching(run(), queries(), 31).answer };
    },
    add({ createIndex, indexFromBuffer }) {
      const buffer = createIndex(hashes()).toBuffer();
      const more = hashesOf(uniformHashes(1e4, 6).bytes);
      const run = () => {
        const index = indexFromBuffer(buffer, { verify: false });
        for (const hash of more) index.add(hash);
        return index;
      };
      return { run, operations: more.length, answer: () => contentOf(run()) };
    },
  };
  for (const max of [0, 16, 31]) {
    jobs[`search at distance ${max}`] = ({ createIndex }) =>
      searching(createIndex(hashes()), queries(), max, 32 * 2 ** 20);
  }
  for (const [name, job] of Object.entries(jobs)) yield [`${title} ${name}`, job];
}

/** An index's snapshot but for the header: its format may have another version in each build. */
const contentOf = (index: HammingIndex) => new Uint8Array(index.toBuffer(), HEADER_BYTES);

function each<T>(items: readonly T[], work: (item: T) => unknown): Job {
  return { run: () => items.map((item) => work(item)), operations: items.length };
}

function searching(index: HammingIndex, queries: readonly Hash[], max: number, evictBytes = 0) {
  const { hits, answers } = indexPeer('', index, queries);
  const operations = queries.length;
  const answer = () => answers(max, operations);
  return { run: () => hits(max, operations), operations, answer, evictBytes };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
