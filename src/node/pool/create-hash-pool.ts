import { availableParallelism } from 'node:os';
import {
  boolean,
  type Checked,
  callback,
  checkedOptions,
  checkInteger,
  checkMethods,
  checkNoOptions,
  choice,
  integer,
  nested,
  number,
  type OptionTable,
  tableOf,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import {
  type Decision,
  type DecisionTimings,
  decisionOf,
  nothingHashed,
  STAGES,
  unhashable,
} from '../../matching/decision.js';
import {
  checkList,
  digestsOn,
  MATCH_OPTIONS,
  type MatchOptions,
  match,
  type SearchableList,
} from '../../matching/match.js';
import { FrameHits } from '../../matching/video/frame-hits.js';
import type { HashedFile } from '../../picture/hash-picture.js';
import { LIMITS } from '../../picture/options.js';
import { policyFor } from '../../policy.js';
import type { HashedVariant } from '../../variant.js';
import { hashedImage } from '../../variants/forms.js';
import { MATCHING_VARIANTS } from '../../variants/variant-profile.js';
import { MATCH_VIDEO_OPTIONS } from '../../video/video.js';
import { FileDigests } from '../file-digests.js';
import { HASH_FILE_OPTIONS, type HashFileOptions } from '../hash-file.js';
import { PACE } from '../pace.js';
import type { ImageSource } from '../read-bytes.js';
import { decideVideo } from '../video/decide-video.js';
import { HASH_VIDEO_OPTIONS, VIDEO_LIMITS, type VideoLimits } from '../video/hash-video.js';
import type { Place } from '../video/video-task.js';
import { Admission, type Upload } from './admission.js';
import { FileVariants, type Leased } from './file-variants.js';
import {
  type CheckOptions,
  type Decide,
  type HashPool,
  type HashPoolOptions,
  type HashPoolStats,
  Histogram,
  type Latencies,
  type UnseenFrames,
} from './hash-pool.js';
import {
  FIRST_BATCH,
  LARGEST_BATCH,
  type PictureFacts,
  taskOptionsOf,
  type WorkerLease,
  Workers,
} from './worker-lease.js';

export type { Decide, HashPool };

/*
 * A pool of workers that decode and hash uploads, in bounded memory and time. An upload is in one
 * of these states, each of which begins when the one before ends:
 *
 *   state      ends                                     counted as   file
 *   reserving  when there is memory for its first part  queued       admission.ts
 *   reading    with its last byte                       reading      admission.ts
 *   waiting    when a worker is free and well           queued       worker-lease.ts
 *   at work    with the last variant that is wanted     atWork       worker-lease.ts
 *   deciding   when the remote lists have answered      queued       the list's
 *   over                                                done, failed
 *
 * An error leads to `over` from any state. If the pool is full or closed, the upload is rejected
 * unread and enters no state. Otherwise it has one scope, whose signal aborts when the caller gives
 * up or the time is up. The caller is then answered at once. The upload is over at once, too,
 * unless it is at work: its worker goes on to the next answer, and is killed if that has not come
 * when the time is up.
 *
 * From an upload to its first decoded byte: `check`, `#run`, `decode` of the lease, `ask` of the
 * thread, `post` of the worker and, in the worker, `answer`.
 */

const MIB = 2 ** 20;

/**
 * Creates a pool. Its workers start when needed, which takes about 0.2 s, and end after 30 s idle.
 * @throws {TypeError | RangeError} if an option is invalid
 * @example
 * const pool = createHashPool({ maxQueued: 100 });
 * const { verdict } = await pool.check(request, blocklist);
 * await pool.close();
 */
export function createHashPool(options: HashPoolOptions = {}): HashPool {
  return new UploadPool(checkedOptions(options, POOL_OPTIONS));
}

export const POOL_OPTIONS = {
  workers: { is: integer, least: 1, default: availableParallelism() },
  maxQueued: { is: integer, default: 256 },
  maxBytesInFlight: { is: integer, least: 1, default: 128 * MIB },
  maxMemory: { is: integer, least: MIB, default: 1024 * MIB },
  cpuSeconds: { is: number, least: 0.1, default: 5 },
  timeoutSeconds: LIMITS.timeoutSeconds,
  isolation: { is: choice, of: ['process', 'thread'], default: 'process' },
  minBytesPerSecond: { ...PACE.minBytesPerSecond, default: 1024 },
  idleSeconds: { ...PACE.idleSeconds, default: 30 },
  unseenFrames: { is: choice, of: ['none', 'review'], default: 'none' },
  videos: { is: nested, options: VIDEO_LIMITS },
} as const satisfies OptionTable<HashPoolOptions>;

type Settings = Checked<HashPoolOptions, typeof POOL_OPTIONS>;

export const CHECK_OPTIONS = tableOf(MATCH_OPTIONS, HASH_FILE_OPTIONS, {
  variants: { ...HASH_FILE_OPTIONS.variants, default: MATCHING_VARIANTS },
  decoding: { ...HASH_FILE_OPTIONS.decoding, default: 'draft' },
  // The default is the pool's.
  unseenFrames: { is: choice, of: POOL_OPTIONS.unseenFrames.of },
  // The default is the pool's, too.
  videos: { is: boolean },
  rule: MATCH_VIDEO_OPTIONS.rule,
  queryRate: HASH_VIDEO_OPTIONS.queryRate,
  onProgress: HASH_VIDEO_OPTIONS.onProgress,
  maxDigestBytes: { is: integer, default: 2 ** 31 },
  onBytes: { is: callback },
}) satisfies OptionTable<CheckOptions>;

type VideoOptions = Pick<CheckOptions, 'onProgress'> &
  Pick<Required<CheckOptions>, 'rule' | 'queryRate' | 'variants'>;

class UploadPool implements HashPool {
  readonly workers: number;
  readonly videos: VideoLimits | undefined;
  readonly #unseenFrames: UnseenFrames;
  readonly #admission: Admission;
  readonly #workers: Workers;
  readonly #histograms = STAGES.map(() => new Histogram());
  #closed: Promise<void> | undefined;

  constructor(settings: Settings) {
    const { workers, maxQueued } = settings;
    this.workers = workers;
    this.#unseenFrames = settings.unseenFrames;
    this.videos = settings.videos;
    const videos = checkedOptions(settings.videos ?? {}, VIDEO_LIMITS);
    this.#admission = new Admission({ ...settings, videos, places: workers + maxQueued });
    this.#workers = new Workers(workers, settings);
  }

  async hash(source: ImageSource, options: HashFileOptions = {}): Promise<HashedFile> {
    checkedOptions(options, HASH_FILE_OPTIONS);
    const upload = this.#admission.admit(source, options);
    const work = this.#run(upload, async () => {
      const { lease, first } = await this.#decoded(upload, await upload.read(), LARGEST_BATCH);
      const all: HashedVariant[] = [];
      for await (const variant of lease.variants(first)) all.push(variant);
      const { width, height } = first.facts;
      return { ...hashedImage(all), width, height };
    });
    return await this.#admission.answer(upload, work);
  }

  async check(
    source: ImageSource,
    list: SearchableList | Decide,
    options: CheckOptions = {},
  ): Promise<Decision> {
    const { variants, decoding, maxDigestBytes, ...checked } = checkedOptions(
      options,
      CHECK_OPTIONS,
    );
    const { unseenFrames = this.#unseenFrames, videos = this.videos !== undefined } = checked;
    const { rule, queryRate, onProgress } = checked;
    const ofVideos = { rule, queryRate, onProgress, variants };
    const { policy, allowList, floodGuard, all, distance, remote, onBytes } = options;
    const matching = { policy, allowList, floodGuard, all, distance, remote };
    const decide = decideBy(list);
    const { digests = [] } = decide;
    try {
      const upload = this.#admission.admit(
        source,
        { ...options, variants, decoding },
        {
          digests: new FileDigests(digests, {
            maxBytes: digests.length > 0 ? maxDigestBytes : 0,
            isHeld: onBytes !== undefined,
          }),
          videos: videos && decide.videos !== undefined,
        },
      );
      const work = this.#run(upload, async () => {
        const decode = (bytes: Uint8Array) => this.#decoded(upload, bytes, FIRST_BATCH);
        const file = new FileVariants(upload, decode, onBytes);
        const ofVideo = () =>
          this.#decidedVideo(upload, decide.videos!, { ...matching, ...ofVideos });
        const generation = () => decide.videos?.list.state.generation;
        const decision = await file.decidedBy((all) => decide(all, matching), ofVideo, generation);
        const timings = { ...upload.times };
        const { first } = file;
        if (!first) return decisionOf({ ...decision, timings });
        const { frames: shown, unseen, ...seen } = first.facts;
        const frames = file.isVideo ? { ...shown!, checked: shown!.total } : shown;
        const { name: _, geometry: __, ranks: ___, ...hash } = first.variants[0]!;
        return decisionOf({
          ...decision,
          ...doubtOf(decision, unseen, frames, unseenFrames),
          ...(frames && { frames }),
          ...{ upload: { ...hash, ...seen }, timings },
        });
      });
      return await this.#admission.answer(upload, work);
    } catch (error) {
      return undecided(error, options);
    }
  }

  /** A video, once it was read. It keeps a worker to itself. */
  async #decidedVideo(
    upload: Upload,
    { list, searched }: NonNullable<Decide['videos']>,
    options: MatchOptions & VideoOptions,
  ): Promise<Decision> {
    const { rule, queryRate, variants, policy, allowList, floodGuard, distance } = options;
    const hits = new FrameHits(list, { policy, allowList, floodGuard, distance });
    const { times } = upload;
    let lease: WorkerLease | undefined;
    try {
      for (const digest of upload.digests!.variants) hits.take(digest, 0);
      const byDigest = hits.decision();
      if (byDigest.verdict === 'match') return byDigest;
      const waits = performance.now();
      lease = await this.#workers.lease({}, upload);
      const begun = performance.now();
      times.waiting += begun - waits;
      const framesOf = (places?: readonly Place[]) => {
        const { path, limits } = upload.video!;
        const task = { path, limits: { ...limits, queryRate }, variants };
        return lease!.frames(places ? { ...task, places } : task, options.onProgress);
      };
      const { hashing, search } = times;
      const decision = await decideVideo(hits, framesOf, rule);
      times.search = search + performance.now() - begun - (times.hashing - hashing);
      return decision;
    } finally {
      lease?.end();
      searched?.(hits.searched);
    }
  }

  stats(): HashPoolStats {
    const latencies = Object.fromEntries(
      STAGES.map((stage, i) => [stage, this.#histograms[i]!.toLatencies()]),
    ) as Record<keyof DecisionTimings, Latencies>;
    const { accepted, ...admitted } = this.#admission.stats;
    const workers = this.#workers.stats;
    const queued = accepted - admitted.reading - workers.atWork;
    return { queued, ...admitted, ...workers, latencies };
  }

  async close(options?: object): Promise<void> {
    checkNoOptions(options);
    this.#closed ??= this.#admission.close().then(() => this.#workers.end());
    await this.#closed;
  }

  /** Takes an upload through all states. */
  async #run<T>(upload: Upload, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      for (const [i, stage] of STAGES.entries()) {
        // A picture that is only hashed is not searched.
        const milliseconds = upload.times[stage];
        if (stage !== 'search' || milliseconds > 0) this.#histograms[i]!.add(milliseconds);
      }
      return result;
    } finally {
      await upload.release();
    }
  }

  /** Has a picture decoded by a worker, which is leased until the last variant. */
  async #decoded(upload: Upload, file: Uint8Array, most: number): Promise<Leased> {
    const waits = performance.now();
    const lease = await this.#workers.lease(taskOptionsOf(upload.options), upload);
    try {
      upload.times.waiting += performance.now() - waits;
      return { lease, first: await lease.decode(file, most) };
    } catch (error) {
      lease.end();
      throw error;
    }
  }
}

/** @throws {TypeError} unless it is a blocklist, or a function that decides by one */
function decideBy(list: SearchableList | Decide): Decide {
  if (typeof list === 'function') return list;
  checkList(list);
  const decide: Decide = (variants, options) => match(variants, list, options);
  return Object.assign(decide, { digests: digestsOn(list), videos: { list } });
}

/** Downgrades `none` if a browser may show something that was not checked. */
function doubtOf(
  { verdict, reason }: Decision,
  unseen: PictureFacts['unseen'],
  frames: PictureFacts['frames'],
  unseenFrames: UnseenFrames,
): Pick<Decision, 'verdict' | 'reason'> | undefined {
  // An empty list has no match for the unseen part either.
  if (verdict !== 'none' || reason === 'nothing-comparable') return undefined;
  if (unseen !== undefined) return { verdict: 'review', reason: unseen };
  const isAllSeen = !frames || frames.checked >= frames.total;
  return isAllSeen || unseenFrames === 'none'
    ? undefined
    : { verdict: 'review', reason: 'unseen-frames' };
}

/** The decision about a picture that could not be checked. Mistakes of the caller are thrown. */
function undecided(error: unknown, { policy = {}, signal }: CheckOptions): Decision {
  if (signal?.aborted && error === signal.reason) {
    return nothingHashed('aborted', policyFor('pdq', 256, policy));
  }
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  const message = 'the picture could not be hashed';
  const known =
    error instanceof DecodeError ? error : new DecodeError('crashed', message, { cause: error });
  return unhashable(known, policy);
}

/** A hash pool. */
export function hashPool(_: string, value: unknown): void {
  const pool = value as HashPool;
  checkMethods(pool, 'pool to be a hash pool', ['hash', 'check']);
  checkInteger('pool.workers', pool.workers, 1);
}

/** Options for checking an upload. */
export interface CheckUploadOptions extends CheckOptions {
  /** the pool that decodes and hashes it; by default one of processes that all calls share */
  pool?: HashPool;
}

export const CHECK_UPLOAD_OPTIONS = tableOf(CHECK_OPTIONS, {
  pool: { is: hashPool },
}) satisfies OptionTable<CheckUploadOptions>;

/** Created with the first upload. */
let shared: HashPool | undefined;

/**
 * Decides about an upload: a path, bytes, a `Blob` or `File`, a stream, or a `Request` or
 * `Response` whose body it is. Always returns a decision: an upload that cannot be hashed is
 * `unhashable`, with the cause as reason: `not-a-picture`, an error of the file, a limit, `busy`
 * (see `createHashPool`), or `aborted`. The upload is decoded in another process, so it cannot
 * crash or block this one.
 *
 * If the list holds digests, any file is digested while it is read, and one that is listed matches
 * before anything is decoded. With `videos`, so is a video by its frames.
 * @param list a blocklist, or a function that decides about the variants by it
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const { verdict, reason } = await check(request, blocklist, { signal: request.signal });
 */
export async function check(
  source: ImageSource,
  list: SearchableList | Decide,
  options: CheckUploadOptions = {},
): Promise<Decision> {
  checkedOptions(options, CHECK_UPLOAD_OPTIONS);
  const { pool, ...rest } = options;
  if (pool !== undefined) return await pool.check(source, list, rest);
  shared ??= createHashPool();
  return await shared.check(source, list, rest);
}
