/*
 * Admission to a hash pool: the uploads that it accepts, the memory for their bodies, and the one
 * scope by which each of them ends.
 */

import { stat } from 'node:fs/promises';
import { DecodeError } from '../../errors.js';
import type { DecisionTimings } from '../../matching/decision.js';
import { MAX_BYTES } from '../../picture/options.js';
import { type Deadline, deadline, onAbort, unlessAborted } from '../../picture/waiting.js';
import type { HashFileOptions } from '../hash-file.js';
import {
  discard,
  type ImageSource,
  isSent,
  lengthOf,
  type PaceLimits,
  readBytes,
} from '../read-bytes.js';

/** Bounds of admission. */
export interface AdmissionLimits extends Required<PaceLimits> {
  /** uploads that wait or are at work */
  readonly places: number;
  /** bytes of files that are being read, wait or are at work */
  readonly maxBytesInFlight: number;
  /** timeout of an upload that has none itself */
  readonly timeoutSeconds: number;
}

/** The uploads of a pool. */
export class Admission {
  readonly limits: AdmissionLimits;
  readonly budget: ByteBudget;
  readonly counts = { reading: 0, busy: 0, done: 0, failed: 0 };
  /** those that are not over, including those whose caller has gone */
  readonly #accepted = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
    this.budget = new ByteBudget(limits.maxBytesInFlight);
  }

  /** `accepted` counts all uploads that are not over, including those being read. */
  get stats() {
    const { size: accepted } = this.#accepted;
    return { ...this.counts, accepted, bytesInFlight: this.budget.reserved };
  }

  /**
   * Admits an upload and starts its time. Nothing is read yet.
   * @throws the reason of the caller's signal if it has aborted
   * @throws {DecodeError} `busy`
   */
  admit(source: ImageSource, options: HashFileOptions): Upload {
    options.signal?.throwIfAborted();
    const isFull = this.#accepted.size - this.counts.reading >= this.limits.places;
    if (this.#isClosed || isFull) {
      discard(source);
      if (this.#isClosed) throw new DecodeError('busy', 'the pool is closed');
      this.counts.busy++;
      throw new DecodeError('busy', 'too many pictures are waiting: try again later');
    }
    return new Upload(source, options, this);
  }

  /** The result of `work`, which runs to its end even if the upload's scope ends first. */
  async answer<T>({ signal }: Upload, work: Promise<T>): Promise<T> {
    this.#accepted.add(work);
    const over = () => this.#accepted.delete(work);
    work.then(over, over);
    try {
      const result = await unlessAborted(work, signal);
      this.counts.done++;
      return result;
    } catch (error) {
      this.counts.failed++;
      throw error;
    }
  }

  /** Stops admission. Settles when all admitted uploads are over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#accepted);
  }
}

/** Milliseconds of each stage so far. */
export type Times = { -readonly [Stage in keyof DecisionTimings]: number };

/** Initial reservation for a request body: most photos of the web are no larger. */
const FIRST = 2 ** 20;

/** One upload, until it is released. */
export class Upload {
  readonly options: HashFileOptions & { timeoutSeconds: number };
  /** aborts when the caller gives up, or when the upload times out */
  readonly signal: AbortSignal;
  readonly times: Times = { reading: 0, waiting: 0, decoding: 0, hashing: 0, search: 0 };
  readonly #source: ImageSource;
  readonly #admission: Admission;
  readonly #scope: Deadline;
  readonly #arrived = performance.now();
  #memory: BodyMemory | undefined;

  constructor(source: ImageSource, options: HashFileOptions, admission: Admission) {
    const { timeoutSeconds = admission.limits.timeoutSeconds } = options;
    this.#source = source;
    this.options = { ...options, timeoutSeconds };
    this.#admission = admission;
    this.#scope = deadline(timeoutSeconds, options.signal);
    this.signal = this.#scope.signal;
  }

  /** Milliseconds left of its time after its signal has aborted: positive if the caller gave up. */
  get left(): number {
    const { timeoutSeconds, signal } = this.options;
    return signal?.aborted ? this.#arrived + 1000 * timeoutSeconds - performance.now() : 0;
  }

  /**
   * Its bytes, read into memory that is reserved first.
   * @returns rejects with the reason of its signal on abort
   */
  async read(): Promise<Uint8Array> {
    const { signal, times } = this;
    const source = this.#source;
    const { limits, budget, counts } = this.#admission;
    const { maxBytesInFlight, minBytesPerSecond, idleSeconds } = limits;
    const maxBytes = Math.min(this.options.maxBytes ?? MAX_BYTES, maxBytesInFlight);
    const size = await unlessAborted(sizeOf(source), signal);
    // A source that is too large is rejected by reading it, and needs no memory.
    const bytes = Math.min(size ?? maxBytes, maxBytes);
    const first = isSent(source) ? Math.min(FIRST, bytes) : bytes;
    const reservation = await budget.reserve(first, signal, bytes).catch((error) => {
      discard(source);
      throw error;
    });
    const memory = new BodyMemory(reservation, signal);
    this.#memory = memory;
    const begun = performance.now();
    const room = (needed: number) => memory.room(needed);
    const reading = { maxBytes: Math.max(1, bytes), minBytesPerSecond, idleSeconds, signal, room };
    counts.reading++;
    const file = await readBytes(source, reading).finally(() => counts.reading--);
    memory.isComplete(file.length);
    times.waiting = begun - this.#arrived + memory.waited;
    times.reading = performance.now() - begun - memory.waited;
    if (file.length === 0) throw new DecodeError('empty', 'expected an image, got no bytes');
    return file;
  }

  /** Ends the upload: frees its memory and stops its timer and its abort. */
  release(): void {
    this.#memory?.release();
    this.#scope.over();
  }
}

/** Polling interval for the progress of a body, in milliseconds. */
const LOOK_MILLISECONDS = 500;

/**
 * The memory of one body from its first byte on. It starts with a little, and grows as more
 * arrives. A body that has not filled half of it since the last poll gives back all but twice what
 * has arrived: otherwise a hundred senders that promise 30 MB and pause would block all others.
 */
class BodyMemory {
  readonly #reservation: Reservation;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #needed = 0;
  /** milliseconds spent waiting for more */
  waited = 0;

  constructor(reservation: Reservation, signal: AbortSignal) {
    this.#reservation = reservation;
    this.#signal = signal;
  }

  /**
   * Settles when it has room for so many bytes, or for its maximum.
   * @returns the bytes that it has then
   */
  async room(bytes: number): Promise<number> {
    this.#needed = bytes;
    const look = () => this.#reservation.squeezeTo(2 * this.#needed);
    this.#timer ??= setInterval(look, LOOK_MILLISECONDS).unref();
    const { held } = this.#reservation;
    if (bytes > held) {
      const asked = performance.now();
      await this.#reservation.growTo(Math.max(bytes, 2 * held), this.#signal);
      this.waited += performance.now() - asked;
    }
    return this.#reservation.held;
  }

  /** The body is complete. */
  isComplete(bytes: number): void {
    clearInterval(this.#timer);
    this.#reservation.shrinkTo(bytes);
  }

  release(): void {
    clearInterval(this.#timer);
    this.#reservation.release();
  }
}

/** The size of a source, if known before it is read. */
async function sizeOf(source: ImageSource): Promise<number | undefined> {
  if (typeof source !== 'string' && !(source instanceof URL)) return lengthOf(source);
  // Any error of the file is reported when it is read.
  const file = await stat(source).catch(() => undefined);
  return file?.isFile() ? file.size : 0;
}

/** Bytes reserved for one picture. */
export interface Reservation {
  /** bytes reserved now */
  readonly held: number;
  /**
   * Grows the reservation once all others can still reach their maximum.
   * @param bytes in all; it never has more than its maximum
   * @returns rejects with `signal.reason` if `signal` aborts first; nothing has changed then
   */
  growTo(bytes: number, signal: AbortSignal): Promise<void>;
  /** gives back what it does not need for now */
  squeezeTo(bytes: number): void;
  /** gives back what it will not need; it grows no more */
  shrinkTo(bytes: number): void;
  /** gives back everything */
  release(): void;
}

/** A body that holds bytes. */
interface Holder {
  held: number;
  /** its maximum need */
  most: number;
}

/** A request for bytes, by a new body or by one that grows. */
interface Waiting {
  readonly holder: Holder;
  readonly bytes: number;
  begin(): void;
}

/** Minimum that a body counts as: its buffers and its connection have a cost. */
const LEAST = 64 * 1024;

/**
 * Memory for bodies, reserved before they are read. Bodies get it in order of arrival: small ones
 * do not overtake a large one for ever.
 *
 * A body may begin with less than it can need, and grow. Such bodies could each hold a part and
 * wait for the others for ever. So bytes are only granted if all bodies could then reach their
 * maximum, one after another, each with what those before it gave back (Dijkstra's banker's
 * algorithm). No body begins while another waits to grow.
 *
 * Why our own code: packages that limit work count tasks, and one body may need a thousand times
 * the memory of another.
 */
export class ByteBudget {
  readonly #most: number;
  readonly #holders = new Set<Holder>();
  #reserved = 0;
  #arrived: Waiting[] = [];
  #growing: Waiting[] = [];

  /** @param most bytes reserved at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes reserved now. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Number of bodies that wait for memory. */
  get waiting(): number {
    return this.#arrived.length + this.#growing.length;
  }

  /**
   * Reserves bytes, in order of arrival.
   * @param bytes at most those of the whole budget
   * @param most how far the reservation may grow
   * @returns rejects with `signal.reason` if `signal` aborts first; nothing is reserved then
   */
  async reserve(bytes: number, signal: AbortSignal, most = bytes): Promise<Reservation> {
    const own = this.#counted(bytes);
    const holder: Holder = { held: 0, most: Math.max(own, this.#counted(most)) };
    await this.#wait(this.#arrived, holder, own, signal);
    const keep = (left: number) => {
      this.#give(holder, Math.min(holder.held, left));
      this.#beginWaiting();
    };
    return {
      get held() {
        return holder.held;
      },
      growTo: async (wanted, end) => {
        const to = Math.min(holder.most, wanted);
        if (to > holder.held) await this.#wait(this.#growing, holder, to, end);
      },
      squeezeTo: (left) => keep(this.#counted(left)),
      shrinkTo: (left) => {
        holder.most = Math.min(holder.held, this.#counted(left));
        keep(holder.most);
      },
      release: () => {
        holder.most = 0;
        this.#holders.delete(holder);
        keep(0);
      },
    };
  }

  #counted = (bytes: number) => Math.min(this.#most, Math.max(LEAST, bytes));

  /** Waits until `holder` has so many bytes. */
  #wait(line: Waiting[], holder: Holder, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => void line.splice(line.indexOf(waiting), 1);
      const waiting: Waiting = {
        holder,
        bytes,
        begin: () => {
          leave();
          forget();
          resolve();
        },
      };
      const forget = onAbort(signal, () => {
        leave();
        reject(signal.reason);
        // It may have been a large one that blocked the others.
        this.#beginWaiting();
      });
      line.push(waiting);
      this.#beginWaiting();
    });
  }

  #give(holder: Holder, bytes: number): void {
    this.#reserved += bytes - holder.held;
    holder.held = bytes;
  }

  #beginWaiting(): void {
    // The one with the least need first: if it has to wait, then for a body that waits for nothing.
    while (this.#growing.length > 0) {
      const next = this.#growing.reduce((a, b) => (needOf(b.holder) < needOf(a.holder) ? b : a));
      if (!this.#begin(next)) return;
    }
    while (this.#arrived.length > 0) if (!this.#begin(this.#arrived[0]!)) return;
  }

  /** Grants a request if it fits. Counted here, since the waiting caller resumes only later. */
  #begin({ holder, bytes, begin }: Waiting): boolean {
    const before = holder.held;
    const isNew = !this.#holders.has(holder);
    this.#holders.add(holder);
    this.#give(holder, bytes);
    if (this.#isSafe()) {
      begin();
      return true;
    }
    this.#give(holder, before);
    if (isNew) this.#holders.delete(holder);
    return false;
  }

  /** True if all bodies can reach their maximum, those with the least need first. */
  #isSafe(): boolean {
    let free = this.#most - this.#reserved;
    if (free < 0) return false;
    const growing: Holder[] = [];
    for (const holder of this.#holders) {
      if (needOf(holder) > 0) growing.push(holder);
      else free += holder.held;
    }
    growing.sort((a, b) => needOf(a) - needOf(b));
    for (const holder of growing) {
      if (needOf(holder) > free) return false;
      free += holder.held;
    }
    return true;
  }
}

const needOf = ({ held, most }: Holder): number => most - held;
