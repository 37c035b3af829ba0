import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import {
  checkInteger,
  checkKnown,
  checkNoOptions,
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
  checkTypeOf,
} from '../door.js';
import { DecodeError } from '../errors.js';
import {
  type Decision,
  type DecisionTimings,
  decisionOf,
  nothingHashed,
  STAGES,
  unhashable,
} from '../matching/decision.js';
import { checkRemoteLists } from '../matching/remote-list.js';
import type { HashedFile } from '../picture/hash-picture.js';
import { checkLimits, MAX_BYTES, TIMEOUT_SECONDS } from '../picture/options.js';
import { Pool, type PooledThread, type ThreadEvents } from '../picture/pool.js';
import { type Deadline, deadline, onAbort, unlessAborted } from '../picture/waiting.js';
import { policyFor } from '../policy.js';
import { hashedImage } from '../variants/forms.js';
import { MATCHING_VARIANTS } from '../variants/variant-profile.js';
import { BodyMemory } from './body-memory.js';
import { ByteBudget } from './byte-budget.js';
import { checkHashFileOptions, type HashFileOptions } from './hash-file.js';
import type {
  CheckOptions,
  Decider,
  HashPool,
  HashPoolOptions,
  HashPoolStats,
  UnseenFrames,
} from './hash-pool.js';
import { PICTURE_OPTIONS, type PictureFacts, taskOptionsOf } from './hash-task.js';
import { deathOf, type HashWorker, startWorker } from './hash-worker.js';
import { Histogram, type Latencies } from './latencies.js';
import { checkPace, type ImageSource, isSent, lengthOf, readBytes } from './read-bytes.js';
import { importSharp } from './sharp.js';
import { WorkerPicture } from './worker-picture.js';

const MIB = 2 ** 20;

/**
 * Creates a pool. Its workers start when they are needed, which takes about 0.2 s, and end when
 * they have been idle for 30 s.
 * @throws {TypeError | RangeError} if an option is invalid
 * @example
 * const pool = createHashPool({ maxQueued: 100 });
 * const { verdict } = await pool.check(request, blocklist);
 * await pool.close();
 */
export function createHashPool(options: HashPoolOptions = {}): HashPool {
  checkOptions(options);
  checkKnown(options, POOL_OPTIONS);
  const {
    workers = availableParallelism(),
    maxQueued = 256,
    maxBytesInFlight = 128 * MIB,
    maxMemory = 1024 * MIB,
    cpuSeconds = 5,
    timeoutSeconds = TIMEOUT_SECONDS,
    isolation = 'process',
    minBytesPerSecond = 1024,
    idleSeconds = 30,
    unseenFrames = 'none',
  } = options;
  checkInteger('workers', workers, 1);
  checkInteger('maxQueued', maxQueued, 0);
  checkInteger('maxBytesInFlight', maxBytesInFlight, 1);
  checkInteger('maxMemory', maxMemory, MIB);
  checkNumber('cpuSeconds', cpuSeconds, 0.1);
  checkLimits({ timeoutSeconds });
  checkOneOf('isolation', isolation, ['process', 'thread']);
  checkOneOf('unseenFrames', unseenFrames, UNSEEN_FRAMES);
  checkPace({ minBytesPerSecond, idleSeconds });
  return new Workers({
    ...{ workers, maxQueued, maxBytesInFlight, maxMemory, cpuSeconds, timeoutSeconds },
    ...{ isolation, minBytesPerSecond, idleSeconds, unseenFrames },
  });
}

const POOL_OPTIONS: readonly (keyof HashPoolOptions)[] = [
  'workers',
  'maxQueued',
  'maxBytesInFlight',
  'maxMemory',
  'cpuSeconds',
  'timeoutSeconds',
  'isolation',
  'minBytesPerSecond',
  'idleSeconds',
  'unseenFrames',
];
const UNSEEN_FRAMES: readonly UnseenFrames[] = ['none', 'review'];
const CHECK_OPTIONS: readonly (keyof CheckOptions)[] = [
  ...PICTURE_OPTIONS,
  'all',
  'remote',
  'unseenFrames',
];

type Settings = Required<HashPoolOptions>;

/** Milliseconds of each stage so far. */
type Times = { -readonly [Stage in keyof DecisionTimings]: number };

/** What is done with a picture in a worker. */
type Work<T> = (picture: WorkerPicture, bytes: Uint8Array, times: Times) => Promise<T>;

/** What is reserved for a body that is sent, at first: most photos of the web are no larger. */
const FIRST = MIB;

/** A worker that has not let its picture go by then hangs. */
const LET_GO_MILLISECONDS = 5000;

/** A worker that died before a picture was given to it is not the picture's fault. */
const MOST_TRIES = 3;

/** Pictures after which a worker is replaced, in case it keeps a little of each. */
const MOST_PICTURES = 10_000;

/** Whether a worker is replaced: one that keeps much would be ended amid the next picture. */
export const isSpent = (
  { pictures, residentBytes }: { pictures: number; residentBytes: number },
  maxMemory: number,
): boolean => pictures >= MOST_PICTURES || residentBytes > maxMemory / 2;

class Workers implements HashPool {
  readonly #settings: Settings;
  readonly #budget: ByteBudget;
  readonly #pool: Pool;
  /** all pictures that are accepted and not at their end, also those that nobody waits for */
  readonly #accepted = new Set<Promise<unknown>>();
  readonly #workers = new Set<HashWorker>();
  readonly #pictures = new WeakMap<PooledThread, number>();
  readonly #histograms = STAGES.map(() => new Histogram());
  #reading = 0;
  #atWork = 0;
  #busy = 0;
  #done = 0;
  #failed = 0;
  #restarts = 0;
  #closed: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#budget = new ByteBudget(settings.maxBytesInFlight);
    this.#pool = new Pool({
      start: (events) => this.#start(events),
      death: deathOf,
      size: settings.workers,
    });
  }

  get workers(): number {
    return this.#settings.workers;
  }

  async hash(source: ImageSource, options: HashFileOptions = {}): Promise<HashedFile> {
    checkHashFileOptions(options);
    checkKnown(options, PICTURE_OPTIONS);
    options.signal?.throwIfAborted();
    return await this.#picture(source, options, async (picture, bytes) => {
      const image = hashedImage(await picture.all(bytes));
      const { width, height } = picture.facts;
      return { ...image, width, height };
    });
  }

  async check(
    source: ImageSource,
    blocklist: Decider,
    options: CheckOptions = {},
  ): Promise<Decision> {
    checkHashFileOptions(options);
    checkKnown(options, CHECK_OPTIONS);
    const { unseenFrames = this.#settings.unseenFrames } = options;
    const { all = false, remote = [], unseenFrames: _, ...rest } = options;
    checkTypeOf('all', all, 'boolean');
    checkRemoteLists(remote);
    checkOneOf('unseenFrames', unseenFrames, UNSEEN_FRAMES);
    checkDecider(blocklist);
    const hashed: HashFileOptions = {
      variants: MATCHING_VARIANTS,
      decoding: 'draft',
      ...rest,
    };
    try {
      options.signal?.throwIfAborted();
      return await this.#picture(source, hashed, async (picture, bytes, times) => {
        const start = performance.now();
        const decision = await blocklist.decideAsync(picture.variants(bytes), { all, remote });
        const { decoding, hashing, facts, original } = picture;
        const { frames, unseen, ...seen } = facts;
        times.search = performance.now() - start - decoding - hashing;
        const { name: __, geometry: ___, ranks: ____, ...hash } = original;
        const timings = { ...times, decoding, hashing };
        return decisionOf({
          ...decision,
          ...doubtOf(decision, facts, unseenFrames),
          ...(frames && { frames }),
          ...{ upload: { ...hash, ...seen }, timings },
        });
      });
    } catch (error) {
      return undecided(error, blocklist, options.signal);
    }
  }

  stats(): HashPoolStats {
    const latencies = Object.fromEntries(
      STAGES.map((stage, i) => [stage, this.#histograms[i]!.toLatencies()]),
    ) as Record<keyof DecisionTimings, Latencies>;
    const pids = [...this.#workers].map(({ pid }) => pid).filter((pid) => pid !== undefined);
    return {
      queued: this.#queued,
      reading: this.#reading,
      atWork: this.#atWork,
      bytesInFlight: this.#budget.reserved,
      busy: this.#busy,
      done: this.#done,
      failed: this.#failed,
      workers: this.#workers.size,
      pids,
      restarts: this.#restarts,
      latencies,
    };
  }

  async close(options?: object): Promise<void> {
    checkNoOptions(options);
    this.#closed ??= this.#drain();
    await this.#closed;
  }

  async #drain(): Promise<void> {
    await Promise.allSettled(this.#accepted);
    this.#pool.end(closedError());
    for (const worker of this.#workers) worker.hold?.(true);
    await Promise.all([...this.#workers].map(({ ended }) => ended));
  }

  get #queued(): number {
    return this.#accepted.size - this.#reading - this.#atWork;
  }

  /** What `work` gives, unless the picture is refused, its time is over or its caller gives up. */
  async #picture<T>(source: ImageSource, options: HashFileOptions, work: Work<T>): Promise<T> {
    const { workers, maxQueued, timeoutSeconds } = this.#settings;
    const isFull = this.#queued + this.#atWork >= workers + maxQueued;
    if (this.#closed || isFull) {
      leaveUnread(source);
      if (this.#closed) throw closedError();
      this.#busy++;
      throw new DecodeError('busy', 'too many pictures wait: try again later');
    }
    const seconds = options.timeoutSeconds ?? timeoutSeconds;
    // Until the end of the work; and until the caller gives up, if that comes first.
    const limit = deadline(seconds, undefined);
    const time = deadline(seconds, options.signal);
    const course = this.#course(source, { ...options, timeoutSeconds: seconds }, work, limit, time);
    this.#accepted.add(course);
    const over = () => {
      this.#accepted.delete(course);
      limit.over();
      time.over();
    };
    course.then(over, over);
    try {
      const result = await unlessAborted(course, time.signal);
      this.#done++;
      return result;
    } catch (error) {
      this.#failed++;
      throw error;
    }
  }

  /** A picture from its arrival to its end. */
  async #course<T>(
    source: ImageSource,
    options: HashFileOptions,
    work: Work<T>,
    limit: Deadline,
    { signal }: Deadline,
  ): Promise<T> {
    const { maxBytesInFlight, minBytesPerSecond, idleSeconds } = this.#settings;
    const times: Times = { reading: 0, waiting: 0, decoding: 0, hashing: 0, search: 0 };
    const arrived = performance.now();
    const maxBytes = Math.min(options.maxBytes ?? MAX_BYTES, maxBytesInFlight);
    const size = await unlessAborted(sizeOf(source), signal);
    // What is too large anyway is refused by reading it, and needs no memory.
    const bytes = Math.min(size ?? maxBytes, maxBytes);
    const first = isSent(source) ? Math.min(FIRST, bytes) : bytes;
    const reservation = await this.#budget.reserve(first, signal, bytes).catch((error) => {
      leaveUnread(source);
      throw error;
    });
    const memory = new BodyMemory(reservation, signal);
    try {
      const begun = performance.now();
      const room = (needed: number) => memory.room(needed);
      const pace = { minBytesPerSecond, idleSeconds };
      const reading = { maxBytes: Math.max(1, bytes), ...pace, signal, room };
      this.#reading++;
      const file = await readBytes(source, reading).finally(() => this.#reading--);
      memory.isComplete(file.length);
      const waits = performance.now();
      times.waiting = begun - arrived + memory.waited;
      times.reading = waits - begun - memory.waited;
      const result = await this.#inWorker(file, options, limit, signal, async (picture) => {
        times.waiting += performance.now() - waits;
        const given = await work(picture, file, times);
        times.decoding = picture.decoding;
        times.hashing = picture.hashing;
        return given;
      });
      for (const [i, stage] of STAGES.entries()) {
        // What is only hashed is not searched.
        if (stage !== 'search' || times.search > 0) this.#histograms[i]!.add(times[stage]);
      }
      return result;
    } finally {
      memory.release();
    }
  }

  /**
   * Does `work` in a worker. Who gives up while the picture waits takes it out of the queue. In a
   * worker it goes on to its next answer, because ending the worker would cost more than that; when
   * the time is over the worker is ended.
   */
  async #inWorker<T>(
    file: Uint8Array,
    options: HashFileOptions,
    limit: Deadline,
    signal: AbortSignal,
    work: (picture: WorkerPicture) => Promise<T>,
  ): Promise<T> {
    if (file.length === 0) throw new DecodeError('empty', 'expected an image, got no bytes');
    // It has to be in the process before a thread can have it.
    if (this.#settings.isolation === 'thread') await importSharp().catch(() => {});
    for (let tries = 1; ; tries++) {
      let isTaken = false;
      let isGiven = false;
      const end = new AbortController();
      const forget = [
        onAbort(limit.signal, () => end.abort(limit.signal.reason)),
        onAbort(signal, () => {
          if (!isTaken) end.abort(signal.reason);
        }),
      ];
      try {
        signal.throwIfAborted();
        return await this.#use(end.signal, async (thread) => {
          isTaken = true;
          const picture = new WorkerPicture(thread, signal);
          await picture.begin(taskOptionsOf(options));
          isGiven = true;
          return { picture, given: work(picture) };
        });
      } catch (error) {
        const { code } = error instanceof DecodeError ? error : {};
        const died = code === 'crashed' || code === 'decoder-missing';
        if (!died || isGiven || tries === MOST_TRIES) throw error;
      } finally {
        for (const each of forget) each();
      }
    }
  }

  /**
   * What a worker gives. That is told before the worker lets the picture go: an entry may be
   * withdrawn while it does, and it may die.
   */
  #use<T>(
    end: AbortSignal,
    work: (thread: PooledThread) => Promise<{ picture: WorkerPicture; given: Promise<T> }>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const use = this.#pool.use(async (thread) => {
        this.#atWork++;
        let picture: WorkerPicture | undefined;
        try {
          const begun = await work(thread);
          picture = begun.picture;
          begun.given.then(resolve, reject);
          // A remote list may be waited for: the worker need not.
          await Promise.race([begun.given, picture.over]);
        } catch (error) {
          reject(error);
        } finally {
          this.#atWork--;
        }
        if (picture) await this.#letGo(thread, picture);
      }, end);
      use.catch(reject);
    });
  }

  /** Lets a worker forget its picture, and says so if it has done enough. */
  async #letGo(thread: PooledThread, picture: WorkerPicture): Promise<void> {
    if (!thread.alive) return;
    const { maxMemory } = this.#settings;
    const late = setTimeout(() => thread.end(undefined), LET_GO_MILLISECONDS);
    const residentBytes = await picture.end().catch(() => 0);
    clearTimeout(late);
    const pictures = (this.#pictures.get(thread) ?? 0) + 1;
    this.#pictures.set(thread, pictures);
    thread.isSpent = isSpent({ pictures, residentBytes }, maxMemory);
  }

  #start(events: ThreadEvents): HashWorker {
    let isHeld = false;
    let isOver = false;
    const over = (isRestart: boolean) => {
      if (!isOver && isRestart) this.#restarts++;
      isOver = true;
    };
    const worker = startWorker(this.#settings, {
      said: (message) => events.said(message),
      died: (cause) => {
        over(true);
        events.died(cause);
      },
    });
    this.#workers.add(worker);
    worker.ended.then(() => this.#workers.delete(worker));
    return {
      ...worker,
      hold: (holds) => {
        isHeld = holds;
        worker.hold?.(holds);
      },
      terminate: () => {
        over(isHeld);
        worker.terminate();
      },
    };
  }
}

const closedError = () => new DecodeError('busy', 'the pool is closed');

/** What becomes of `none` where a browser may show something that was not looked at. */
function doubtOf(
  { verdict, reason }: Decision,
  { frames, unseen }: PictureFacts,
  unseenFrames: UnseenFrames,
): Pick<Decision, 'verdict' | 'reason'> | undefined {
  // An empty list has none of what is not seen either.
  if (verdict !== 'none' || reason === 'nothing-comparable') return undefined;
  if (unseen !== undefined) return { verdict: 'review', reason: unseen };
  const isAllSeen = !frames || frames.checked >= frames.total;
  return isAllSeen || unseenFrames === 'none'
    ? undefined
    : { verdict: 'review', reason: 'unseen-frames' };
}

/** The decision about a picture that gave none. Mistakes of the caller are thrown. */
function undecided(error: unknown, blocklist: Decider, signal: AbortSignal | undefined): Decision {
  if (signal?.aborted && error === signal.reason) {
    return nothingHashed('aborted', policyFor('pdq', 256, blocklist.policy));
  }
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  const message = 'the picture could not be hashed';
  const known =
    error instanceof DecodeError ? error : new DecodeError('crashed', message, { cause: error });
  return unhashable(known, blocklist.policy);
}

function checkDecider(blocklist: Decider): void {
  checkObject(blocklist, 'a blocklist');
  if (typeof blocklist.decideAsync !== 'function') throw new TypeError('expected a blocklist');
}

/** The size of a source where it is known before it is read. */
async function sizeOf(source: ImageSource): Promise<number | undefined> {
  if (typeof source !== 'string' && !(source instanceof URL)) return lengthOf(source);
  // Whatever is wrong with the file is told by who reads it.
  const file = await stat(source).catch(() => undefined);
  return file?.isFile() ? file.size : 0;
}

/** Tells the sender of a body that nobody will read it. A stream of Node's is left as it is. */
function leaveUnread(source: ImageSource): void {
  const stream = Object(source);
  const body = 'bodyUsed' in stream ? stream.body : stream;
  if (typeof body?.getReader === 'function' && !body.locked) body.cancel().catch(() => {});
}
