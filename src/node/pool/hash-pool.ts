import type { Decision, DecisionTimings } from '../../matching/decision.js';
import type { MatchOptions, SearchableList } from '../../matching/match.js';
import type { HashedFile } from '../../picture/hash-picture.js';
import type { HashedVariant, Variants } from '../../variant.js';
import type { HashFileOptions } from '../hash-file.js';
import type { ImageSource, PaceLimits } from '../read-bytes.js';
import type { Isolation } from './hash-worker.js';

/** How a pool works. The limits on the pace are for bodies: they are ended if they are slower. */
export interface HashPoolOptions extends PaceLimits {
  /**
   * pictures decoded and hashed at a time, each in a worker of its own. Processes have a lower
   * priority, so that the program that serves is not kept waiting by them
   * @defaultValue one a core
   */
  workers?: number;
  /**
   * pictures that wait, beyond those in workers and those that are being read. The next one is
   * refused with the code `busy`
   * @defaultValue 256
   */
  maxQueued?: number;
  /**
   * bytes of files that are read, wait or are at work; `maxBytes` is at most this. They are
   * reserved before they are read: all of a file, and of a body 1 MiB at first, then more as it
   * comes. A body that is too slow for what it has gives back most of it
   * @defaultValue 128 MiB
   */
  maxBytesInFlight?: number;
  /**
   * memory of one worker, in bytes. A process that has more is ended, and its picture has the code
   * `crashed`; that is looked at every 25 ms, so a little more may be used. Of a thread it bounds
   * the JavaScript heap alone
   * @defaultValue 1 GiB
   */
  maxMemory?: number;
  /**
   * CPU that one picture may take in its worker, in seconds, apart from its time in the queue. A
   * worker that takes more is ended, and its picture has the code `too-costly`. A thread shares its
   * process with others, whose CPU nobody can tell from its own: it has no such limit
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
   * picture, and its worker is replaced. `thread`: starts faster, and bounds the JavaScript heap
   * and sharp's own time alone: memory of decoders is not bounded, a decoder that hangs holds a
   * thread of the process, and one that crashes ends all of it
   * @defaultValue 'process'
   */
  isolation?: Isolation;
  /**
   * what `check` does unless it is told
   * @defaultValue 'none'
   */
  unseenFrames?: UnseenFrames;
}

/** The verdict where nothing is near, but not all frames of a file were looked at. */
export type UnseenFrames = 'none' | 'review';

/**
 * How a picture is checked: hashed as `hash` does, and matched as `match` does. By default
 * `variants` is `thorough` and `decoding` is `draft`, by which `thorough` found 161 of 169 copies
 * of large photos, and 160 in full.
 */
export interface CheckOptions extends HashFileOptions, Omit<MatchOptions, 'signal'> {
  /**
   * `review`: a file with frames that were not looked at is for review where it would be `none`
   * @defaultValue that of the pool
   */
  unseenFrames?: UnseenFrames;
}

/** Decides in the place of `match` about variants that come one at a time, by the same options. */
export type Decide = (
  variants: AsyncIterable<HashedVariant> & Pick<Variants, 'looksCloser'>,
  options: MatchOptions,
) => Promise<Decision>;

/** What a pool is at, and has done. */
export interface HashPoolStats {
  /** pictures that wait for memory, for a worker or for a remote list */
  readonly queued: number;
  /** pictures that are being read */
  readonly reading: number;
  /** pictures in workers */
  readonly atWork: number;
  /** bytes reserved */
  readonly bytesInFlight: number;
  /** pictures refused because too many waited */
  readonly busy: number;
  /** pictures that were hashed, or decided about by their hashes */
  readonly done: number;
  /** pictures that gave an error, or whose caller gave up */
  readonly failed: number;
  /** workers alive */
  readonly workers: number;
  /** process numbers of the workers; none of threads */
  readonly pids: readonly number[];
  /** workers that died, or were ended amid a picture */
  readonly restarts: number;
  /** of the pictures that are done, by stage */
  readonly latencies: Readonly<Record<keyof DecisionTimings, Latencies>>;
}

/**
 * Workers that decode and hash pictures, in bounded memory and time. It keeps the process alive
 * only while there are pictures.
 */
export interface HashPool {
  /** pictures decoded and hashed at a time */
  readonly workers: number;

  /**
   * Hashes a picture, as `hash` does. To decide about an upload use `check`: a decision about
   * what this gives is not `refined`, and fewer edited copies match.
   * @returns rejects with `signal.reason` on abort
   * @throws {DecodeError} whose code says why there are no hashes; `busy` if too many pictures wait
   *   or the pool is closed: the source is untouched then, but for a web stream, which is cancelled
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  hash(source: ImageSource, options?: HashFileOptions): Promise<HashedFile>;

  /**
   * Decides about a picture. Always a decision: what keeps it from being hashed (an error of the
   * file, a limit, a full queue, an abort) makes it `unhashable`, and is its reason.
   *
   * Workers decode and hash; the variants come in batches, and this thread searches them until one
   * matches (about 0.05 ms each in a million entries, with a turn of the event loop every 5 ms). So
   * there is one list, and a withdrawal that has returned is in no decision that ends after it.
   * @param list a blocklist, or what decides about the variants by it
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  check(
    source: ImageSource,
    list: SearchableList | Decide,
    options?: CheckOptions,
  ): Promise<Decision>;

  /** What it is at, and has done. */
  stats(): HashPoolStats;

  /** Ends the pool once all pictures that it has accepted are answered. No others are accepted. */
  close(): Promise<void>;
}

/** How long one stage of the pictures took, as a histogram. */
export interface Latencies {
  /** how many pictures */
  readonly count: number;
  /** of all of them together */
  readonly milliseconds: number;
  /** the upper bound of each bucket but the last, in milliseconds: half a millisecond, doubled */
  readonly bounds: readonly number[];
  /** pictures in each bucket: above the bound before it, and at most its own */
  readonly counts: readonly number[];
  /** estimated: half of the pictures took at most so many milliseconds */
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
}

/** 0.5 ms to 65.5 s; what took longer is in a last bucket. */
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

  /** As if those of one bucket lay evenly in it; of the last, its lower bound. */
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
