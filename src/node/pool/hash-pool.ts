import type { Digest } from '../../hash.js';
import type { Decision, DecisionTimings } from '../../matching/decision.js';
import type { MatchOptions, SearchableList } from '../../matching/match.js';
import type { HashedFile } from '../../picture/hash-picture.js';
import type { HashedVariant, Variants } from '../../variant.js';
import type { VideoRule } from '../../video/video.js';
import type { HashFileOptions } from '../hash-file.js';
import type { PaceLimits } from '../pace.js';
import type { ImageSource } from '../read-bytes.js';
import type { VideoLimits, VideoProgress } from '../video/hash-video.js';
import type { Isolation } from './hash-worker.js';

/** Options of a pool. The limits on the pace are for bodies: slower ones are aborted. */
export interface HashPoolOptions extends PaceLimits {
  /**
   * pictures decoded and hashed at a time, each in a separate worker. Processes have a lower
   * priority, so that they do not slow the serving program
   * @defaultValue one per core
   */
  workers?: number;
  /**
   * pictures that may wait, beyond those in workers and those being read. The next one is rejected
   * with the code `busy`
   * @defaultValue 256
   */
  maxQueued?: number;
  /**
   * bytes of files that are being read, wait or are at work; `maxBytes` is at most this. They are
   * reserved before they are read: all of a file, and 1 MiB of a body at first, then more as it
   * arrives. A body that is too slow for its reservation gives back most of it
   * @defaultValue 128 MiB
   */
  maxBytesInFlight?: number;
  /**
   * memory of one worker, in bytes. A process that uses more is killed, and its picture gets the
   * code `crashed`; it is polled every 25 ms, so a little more may be used. For a thread it bounds
   * the JavaScript heap alone
   * @defaultValue 1 GiB
   */
  maxMemory?: number;
  /**
   * CPU that one picture may use in its worker, in seconds, apart from its time in the queue. A
   * worker that uses more is killed, and its picture gets the code `too-costly`. A thread has no
   * such limit: its CPU cannot be measured apart from that of its process
   * @defaultValue 5
   */
  cpuSeconds?: number;
  /**
   * for reading, waiting, decoding and hashing one picture, at most 3600
   * @defaultValue 60
   */
  timeoutSeconds?: number;
  /**
   * `process`: a crash, a hang, memory beyond `maxMemory` or CPU beyond `cpuSeconds` costs one
   * picture, and its worker is replaced. `thread`: starts faster, but bounds only the JavaScript
   * heap and sharp's own time: memory of decoders is not bounded, a decoder that hangs holds a
   * thread of the process, and one that crashes ends the whole process
   * @defaultValue 'process'
   */
  isolation?: Isolation;
  /**
   * default of `check`
   * @defaultValue 'none'
   */
  unseenFrames?: UnseenFrames;
  /**
   * limits on videos. With them, or with none (`{}`), `check` decodes videos by default
   * @defaultValue videos are no pictures
   */
  videos?: VideoLimits;
}

/** The verdict if nothing is near, but not all frames of a file were checked. */
export type UnseenFrames = 'none' | 'review';

/**
 * Options for checking a picture: it is hashed as by `hash`, and matched as by `match`. By default
 * `variants` is `thorough` and `decoding` is `draft`, by which `thorough` found 161 of 169 copies
 * of large photos, and 160 in full.
 */
export interface CheckOptions extends HashFileOptions, Omit<MatchOptions, 'signal'> {
  /**
   * `review`: a file with unchecked frames is for review where it would be `none`
   * @defaultValue the pool's
   */
  unseenFrames?: UnseenFrames;
  /**
   * a video is decoded by FFmpeg and decided about by its frames, and not only by its digests. It
   * has the pool's limits for videos, and needs its time
   * @defaultValue whether the pool has `videos`
   */
  videos?: boolean;
  /**
   * the rule by which a video matches
   * @defaultValue 'line'
   */
  rule?: VideoRule;
  /**
   * frames a second that are hashed of a video, or every frame
   * @defaultValue 'every'
   */
  queryRate?: 'every' | number;
  /** called with the progress of a video */
  onProgress?: ((progress: VideoProgress) => void) | undefined;
  /**
   * a file is digested up to this length, in bytes, if the list holds digests. Beyond `maxBytes`,
   * nothing of it is held
   * @defaultValue 2 GiB
   */
  maxDigestBytes?: number;
  /** called with the bytes of a file that was read whole and held; only read them */
  onBytes?: ((bytes: Uint8Array) => void) | undefined;
}

/** Decides in place of `match` about variants that arrive one at a time, by the same options. */
export interface Decide {
  (
    variants: AsyncIterable<HashedVariant> & Pick<Variants, 'looksCloser'>,
    options: MatchOptions,
  ): Promise<Decision>;
  /** digests of the file that it compares: they come first, as variants; default none */
  readonly digests?: readonly Digest[];
  /**
   * the list by which videos are decided about: their frames are searched without this function.
   * By default they are no pictures
   */
  readonly videos?: {
    readonly list: SearchableList;
    /** called with the number of hashes of a video that were searched */
    searched?(count: number): void;
  };
}

/** The state of a pool, and its totals. */
export interface HashPoolStats {
  /** pictures that wait for memory, for a worker or for a remote list */
  readonly queued: number;
  /** pictures being read */
  readonly reading: number;
  /** pictures in workers */
  readonly atWork: number;
  /** bytes reserved */
  readonly bytesInFlight: number;
  /** pictures rejected because too many waited */
  readonly busy: number;
  /** pictures that were hashed, or decided about by their hashes */
  readonly done: number;
  /** pictures that gave an error, or whose caller gave up */
  readonly failed: number;
  /** workers alive */
  readonly workers: number;
  /** process ids of the workers; empty for threads */
  readonly pids: readonly number[];
  /** workers that died, or were killed amid a picture */
  readonly restarts: number;
  /** durations of the pictures that are done, by stage */
  readonly latencies: Readonly<Record<keyof DecisionTimings, Latencies>>;
}

/**
 * Workers that decode and hash pictures, in bounded memory and time. The pool keeps the process
 * alive only while it has pictures.
 */
export interface HashPool {
  /** pictures decoded and hashed at a time */
  readonly workers: number;
  /** limits on the videos that `check` decodes by default; `undefined`: none */
  readonly videos: VideoLimits | undefined;

  /**
   * Hashes a picture, as `hash` does. To decide about an upload use `check`: a decision about this
   * result is not `refined`, and fewer edited copies match.
   * @returns rejects with `signal.reason` on abort
   * @throws {DecodeError} whose code says why there are no hashes; `busy` if too many pictures wait
   *   or the pool is closed: the source is untouched then, except for a web stream, which is
   *   cancelled
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  hash(source: ImageSource, options?: HashFileOptions): Promise<HashedFile>;

  /**
   * Decides about a picture. Always returns a decision: a picture that cannot be hashed (an error
   * of the file, a limit, a full queue, an abort) is `unhashable`, with the cause as reason.
   *
   * Workers decode and hash; the variants come in batches, and this thread searches them until one
   * matches (about 0.05 ms each in a million entries, with a turn of the event loop every 5 ms). So
   * there is one list, and once a withdrawal has returned, no decision that ends later uses its
   * entries.
   * @param list a blocklist, or a function that decides about the variants by it
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  check(
    source: ImageSource,
    list: SearchableList | Decide,
    options?: CheckOptions,
  ): Promise<Decision>;

  /** The present state and the totals. */
  stats(): HashPoolStats;

  /** Ends the pool once all accepted pictures are answered. New ones are rejected. */
  close(): Promise<void>;
}

/** Histogram of the durations of one stage. */
export interface Latencies {
  /** number of pictures */
  readonly count: number;
  /** total of all pictures */
  readonly milliseconds: number;
  /** the upper bound of each bucket but the last, in milliseconds: half a millisecond, doubled */
  readonly bounds: readonly number[];
  /** pictures in each bucket: above the bound before it, and at most its own */
  readonly counts: readonly number[];
  /** estimate: half of the pictures took at most this many milliseconds */
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
}

/** 0.5 ms to 65.5 s; longer durations are in a last bucket. */
const BOUNDS: readonly number[] = /* @__PURE__ */ Array.from(
  { length: 18 },
  (_, i) => 2 ** (i - 1),
);

/** Counts latencies in fixed buckets, so that those of several pools can be added. */
export class Histogram {
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #count = 0;
  #milliseconds = 0;

  add(milliseconds: number): void {
    const at = BOUNDS.findIndex((bound) => milliseconds <= bound);
    this.#counts[at < 0 ? BOUNDS.length : at]!++;
    this.#count++;
    this.#milliseconds += milliseconds;
  }

  toLatencies(): Latencies {
    return {
      count: this.#count,
      milliseconds: this.#milliseconds,
      bounds: BOUNDS,
      counts: [...this.#counts],
      median: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
    };
  }

  /** Assumes an even spread within a bucket; for the last one, its lower bound. */
  #quantile(share: number): number {
    const rank = share * this.#count;
    let below = 0;
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0 && below + count >= rank) {
        const low = at === 0 ? 0 : BOUNDS[at - 1]!;
        const high = BOUNDS[at] ?? low;
        return low + ((high - low) * (rank - below)) / count;
      }
      below += count;
    }
    return 0;
  }
}
