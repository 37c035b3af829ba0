import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import { FrameHits } from '../../src/matching/video/frame-hits.js';
import type { HashedFrame, HashedVideo } from '../../src/video/features.js';
import { entriesOfVideo, matchVideo } from '../../src/video/video.js';
import type { BenchContext } from '../harness.js';
import { freeMemory } from '../lists/digest-lists.js';
import { median, quantile } from '../race.js';
import { hashAt, plant, random, uniformHashes } from '../workloads.js';

/** How much is listed and asked. */
export interface VideoScale {
  readonly videos: number;
  readonly framesEach: number;
  readonly queries: number;
  readonly framesOfQuery: number;
  /** queries that are compared with brute force */
  readonly checked: number;
}

export const VIDEO_SCALE: VideoScale = {
  ...{ videos: 10_000, framesEach: 60, queries: 40, framesOfQuery: 300, checked: 4 },
};

const MOST_MILLISECONDS = { atMost: 100 };
const [WARM_UP, NEAR, SEED] = [5, 31, 38];

/** A query, and the number of the listed video whose copy it holds. */
interface Query {
  readonly video: HashedVideo;
  readonly planted: number | undefined;
}

/** The frames of each listed video, random, one a second. */
function listOf({ videos, framesEach }: VideoScale, bytes: Uint8Array): Blocklist {
  const entries = function* () {
    for (let video = 0; video < videos; video++) {
      const frames = Array.from({ length: framesEach }, (_, at) => ({
        ...{ hash: hashAt(bytes, video * framesEach + at), quality: 100, seconds: at },
      }));
      yield* entriesOfVideo({ frames }, { id: String(video) });
    }
  };
  return createBlocklist(entries());
}

/**
 * A query of distinct frames. Every other one holds a listed video: frames of it with up to 40 bits
 * flipped, among random ones.
 */
function queryOf(scale: VideoScale, bytes: Uint8Array, number: number): Query {
  const { videos, framesEach, framesOfQuery } = scale;
  const asked = uniformHashes(framesOfQuery, SEED + 1 + number).bytes;
  const next = random(SEED + number);
  const planted = number % 2 === 0 ? next() % videos : undefined;
  const start = next() % Math.max(1, framesOfQuery - framesEach);
  for (let at = 0; planted !== undefined && at < Math.min(framesEach, framesOfQuery); at++) {
    plant(bytes, planted * framesEach + at, asked, start + at, next() % 41, next);
  }
  const frames = Array.from(
    { length: framesOfQuery },
    (_, at): HashedFrame => ({
      hash: hashAt(asked, at),
      quality: 100,
      frameNumber: at,
      seconds: at,
    }),
  );
  return { video: { frames, seconds: framesOfQuery, width: 640, height: 360 }, planted };
}

/** Every pair of a listed frame and one of the query within 31 bits, by comparing them all. */
function byBruteForce(bytes: Uint8Array, { frames }: HashedVideo, framesEach: number): string[] {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const found: string[] = [];
  for (const { hash, seconds } of frames) {
    const asked = new Uint32Array(hash.bytes.slice().buffer);
    for (let at = 0; at < words.length; at += 8) {
      let sum = 0;
      for (let word = 0; word < 8 && sum <= NEAR; word++) {
        sum += bitsOf(words[at + word]! ^ asked[word]!);
      }
      if (sum > NEAR) continue;
      const frame = at / 8;
      found.push([Math.floor(frame / framesEach), frame % framesEach, seconds, sum].join());
    }
  }
  return found.sort();
}

function bitsOf(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The same pairs, as the list finds them. */
function byTheList(list: Blocklist, { frames }: HashedVideo): string[] {
  const hits = new FrameHits(list, {});
  for (const { hash, quality, seconds } of frames) {
    hits.take({ name: 'frame', hash, quality, resample: 'none' }, seconds);
  }
  const all = [...hits.byVideo.values()].flat();
  return all
    .map(({ entry, listSeconds, querySeconds, distance }) =>
      [entry.id, listSeconds, querySeconds, distance].join(),
    )
    .sort();
}

/** Time and memory of queries of a list of many videos. The answers are checked first. */
export async function runScale(
  { figure, note }: BenchContext,
  scale = VIDEO_SCALE,
): Promise<object> {
  const { videos, framesEach, queries, framesOfQuery, checked } = scale;
  const { bytes } = uniformHashes(videos * framesEach, SEED);
  await freeMemory();
  const before = memory();
  const start = performance.now();
  const list = listOf(scale, bytes);
  await list.settled();
  // The first query waits for what is not built yet.
  matchVideo(queryOf(scale, bytes, 0).video, list);
  const buildSeconds = (performance.now() - start) / 1000;
  await freeMemory();
  const megabytes = memory() - before;
  const all = Array.from({ length: queries }, (_, at) => queryOf(scale, bytes, at));
  let pairs = 0;
  for (const { video } of all.slice(0, checked)) {
    const [found, expected] = [byTheList(list, video), byBruteForce(bytes, video, framesEach)];
    if (found.join(' ') !== expected.join(' ')) throw new Error('expected what brute force finds');
    pairs += expected.length;
  }
  note(`${checked} queries equal brute force: ${pairs} pairs of frames`);
  checkAnswers(all, list);
  for (const { video } of all.slice(0, WARM_UP)) matchVideo(video, list);
  const timesOf = (own: readonly Query[]) =>
    own.map(({ video }) => {
      const begin = performance.now();
      matchVideo(video, list);
      return performance.now() - begin;
    });
  const [copies, unrelated] = [true, false].map((isCopy) =>
    timesOf(all.filter(({ planted }) => (planted !== undefined) === isCopy)),
  );
  const times = [...copies!, ...unrelated!];
  const name = `a query of ${framesOfQuery} frames among ${(videos * framesEach).toLocaleString('en')}`;
  const figures = { median: median(times), p90: quantile(times, 0.9) };
  figure(`${name}: median, ms`, figures.median, MOST_MILLISECONDS);
  figure(`${name}: p90, ms`, figures.p90, MOST_MILLISECONDS);
  figure('with a copy: median, ms', median(copies!));
  figure('without: median, ms', median(unrelated!));
  figure('MB of the list', megabytes);
  figure('seconds until the first query was answered', buildSeconds);
  const parts = { copies: median(copies!), unrelated: median(unrelated!) };
  return { ...scale, pairs, ...figures, ...parts, megabytes, buildSeconds };
}

/** @throws {Error} if a listed video is missed, or another is named */
function checkAnswers(queries: readonly Query[], list: Blocklist): void {
  for (const { video, planted } of queries) {
    const { videos = [] } = matchVideo(video, list);
    const expected = planted === undefined ? '' : String(planted);
    const found = videos.map(({ id }) => id).join();
    if (found !== expected) throw new Error(`expected video ${expected}, found ${found}`);
  }
}

/** Megabytes that are held by this process. */
function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}
