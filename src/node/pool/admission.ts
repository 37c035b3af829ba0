/*
 * Admission to a hash pool: the uploads that it accepts, the memory for their bodies, and the one
 * scope by which each of them ends.
 */

import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { DecodeError } from '../../errors.js';
import type { DecisionTimings } from '../../matching/decision.js';
import { MAX_BYTES } from '../../picture/options.js';
import { type Deadline, deadline, unlessAborted } from '../../picture/waiting.js';
import type { FileDigests } from '../file-digests.js';
import type { HashFileOptions } from '../hash-file.js';
import type { PaceLimits } from '../pace.js';
import {
  beginningOf,
  discard,
  type ImageSource,
  isSent,
  isVideo,
  lengthOf,
  pathOf,
  readDigested,
  tooMany,
} from '../read-bytes.js';
import type { CheckedVideoLimits } from '../video/hash-video.js';
import { type SpoolFile, spool } from '../video/spool.js';
import { ByteBudget, type Reservation } from './byte-budget.js';

/** Bounds of admission. */
export interface AdmissionLimits extends Required<PaceLimits> {
  /** uploads that wait or are at work */
  readonly places: number;
  /** bytes of files that are being read, wait or are at work */
  readonly maxBytesInFlight: number;
  /** timeout of an upload that has none itself */
  readonly timeoutSeconds: number;
  readonly videos: CheckedVideoLimits;
}

/** The uploads of a pool. */
export class Admission {
  readonly limits: AdmissionLimits;
  readonly budget: ByteBudget;
  readonly disk: ByteBudget;
  readonly counts = { reading: 0, busy: 0, done: 0, failed: 0 };
  /** those that are not over, including those whose caller has gone */
  readonly #accepted = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
    this.budget = new ByteBudget(limits.maxBytesInFlight);
    this.disk = new ByteBudget(limits.videos.maxSpoolBytes);
  }

  /** `accepted` counts all uploads that are not over, including those being read. */
  get stats() {
    const { size: accepted } = this.#accepted;
    return { ...this.counts, accepted, bytesInFlight: this.budget.reserved };
  }

  /**
   * Admits an upload and starts its time. Nothing is read yet.
   * @param taken the digests to take of it, and whether a video is kept as a file
   * @throws the reason of the caller's signal if it has aborted
   * @throws {DecodeError} `busy`
   */
  admit(source: ImageSource, options: HashFileOptions, taken: Taken = {}): Upload {
    options.signal?.throwIfAborted();
    const isFull = this.#accepted.size - this.counts.reading >= this.limits.places;
    if (this.#isClosed || isFull) {
      discard(source);
      if (this.#isClosed) throw new DecodeError('busy', 'the pool is closed');
      this.counts.busy++;
      throw new DecodeError('busy', 'too many pictures are waiting: try again later');
    }
    return new Upload(source, options, this, taken);
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

/** Parts of an upload that are taken while it is read. */
interface Taken {
  readonly digests?: FileDigests;
  readonly videos?: boolean;
}

/** A worker that has been asked for frames gets so many milliseconds for them. */
const LEFT_OF_VIDEO = 5000;

/** One upload, until it is released. */
export class Upload {
  readonly options: HashFileOptions & { timeoutSeconds: number };
  /** aborts when the caller gives up, or when the upload times out */
  readonly signal: AbortSignal;
  readonly times: Times = { reading: 0, waiting: 0, decoding: 0, hashing: 0, search: 0 };
  /** taken while the file is read; it may be longer than a picture may be */
  readonly digests: FileDigests | undefined;
  readonly #source: ImageSource;
  readonly #admission: Admission;
  readonly #scope: Deadline;
  readonly #arrived = performance.now();
  readonly #takesVideos: boolean;
  #memory: BodyMemory | undefined;
  #spooled: Reservation | undefined;
  #file: SpoolFile | undefined;
  #video: { readonly path: string; readonly end: number } | undefined;

  constructor(
    source: ImageSource,
    options: HashFileOptions,
    admission: Admission,
    { digests, videos = false }: Taken,
  ) {
    const { timeoutSeconds = admission.limits.timeoutSeconds } = options;
    this.#source = source;
    this.digests = digests;
    this.#takesVideos = videos;
    this.options = { ...options, timeoutSeconds };
    this.#admission = admission;
    this.#scope = deadline(timeoutSeconds, options.signal);
    this.signal = this.#scope.signal;
  }

  /** Milliseconds left of its time after its signal has aborted: positive if the caller gave up. */
  get left(): number {
    const { timeoutSeconds, signal } = this.options;
    if (this.#video) return LEFT_OF_VIDEO;
    return signal?.aborted ? this.#arrived + 1000 * timeoutSeconds - performance.now() : 0;
  }

  /** Once it was read, if it is a video: its file, and the limits on it. */
  get video() {
    if (!this.#video) return undefined;
    const { maxSpoolBytes: _, spoolFolder: __, ...limits } = this.#admission.limits.videos;
    const { path, end } = this.#video;
    const timeoutSeconds = Math.max(1, Math.round(end - performance.now())) / 1000;
    return { path, limits: { ...limits, timeoutSeconds } };
  }

  /**
   * Its bytes, read into memory that is reserved first. Those of a video stay in a file.
   * @returns rejects with the reason of its signal on abort
   */
  async read(): Promise<Uint8Array> {
    const { signal, times } = this;
    const source = this.#source;
    if (this.#takesVideos && (await isVideoFile(source))) {
      return await this.#inPlace(source as string | URL);
    }
    const { limits, budget, counts } = this.#admission;
    const { maxBytesInFlight, minBytesPerSecond, idleSeconds } = limits;
    const maxBytes = Math.min(this.options.maxBytes ?? MAX_BYTES, maxBytesInFlight);
    const size = await unlessAborted(sizeOf(source), signal);
    // A source that is too large is at most digested, and needs no more than a piece.
    const isTooLong = size !== undefined && size > maxBytes;
    const bytes = isTooLong ? Math.min(FIRST, maxBytes) : Math.min(size ?? maxBytes, maxBytes);
    const first = isSent(source) ? Math.min(FIRST, bytes) : bytes;
    const reservation = await budget.reserve(first, signal, bytes).catch((error) => {
      discard(source);
      throw error;
    });
    const memory = new BodyMemory(reservation, signal);
    this.#memory = memory;
    const begun = performance.now();
    const room = (needed: number) => memory.room(needed);
    const most = isTooLong ? maxBytes : Math.max(1, bytes);
    const reading = { maxBytes: most, minBytesPerSecond, idleSeconds, signal, room };
    counts.reading++;
    const kept = this.#takesVideos
      ? (chunks: AsyncIterable<Uint8Array>) => this.#kept(chunks)
      : undefined;
    const read = readDigested(source, reading, this.digests, kept);
    const file = await read.finally(() => {
      counts.reading--;
      times.waiting = begun - this.#arrived + memory.waited;
      times.reading = performance.now() - begun - memory.waited;
    });
    memory.isComplete(file.length);
    if (file.length === 0 && !this.#video) {
      throw new DecodeError('empty', 'expected an image, got no bytes');
    }
    return file;
  }

  /** A video in a file, of which at most digests are taken. */
  async #inPlace(source: string | URL): Promise<Uint8Array> {
    const begun = performance.now();
    const { signal, digests } = this;
    const { counts } = this.#admission;
    this.#isVideo(pathOf(source));
    counts.reading++;
    try {
      await readDigested(source, { maxBytes: 1, signal }, digests);
    } catch (error) {
      // It is longer than a byte, as expected.
      if (!(error instanceof DecodeError) || !TOO_LONG.includes(error.code)) throw error;
    } finally {
      counts.reading--;
      this.times.reading = performance.now() - begun;
    }
    return NOTHING;
  }

  /** Writes a video to a file. */
  async #kept(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const { signal, digests } = this;
    const { limits, disk } = this.#admission;
    const { maxBytes, maxSpoolBytes, spoolFolder } = limits.videos;
    const most = Math.min(maxBytes, maxSpoolBytes);
    // A longer one is read on only for its digests.
    const tooLong = async (read: number) => {
      let left = (digests?.maxBytes ?? 0) - read;
      if (left <= 0) return tooMany(most);
      for await (const chunk of chunks) {
        left -= chunk.length;
        if (left < 0) break;
      }
      return tooMany(most);
    };
    const length = lengthOf(this.#source as Blob) ?? most;
    if (length > most) throw await tooLong(0);
    const reservation = await disk.reserve(Math.min(FIRST, length), signal, length);
    this.#spooled = reservation;
    let written = 0;
    const counted = async function* () {
      for await (const chunk of chunks) {
        written += chunk.length;
        if (written > most) throw await tooLong(written);
        const { held } = reservation;
        if (written > held) await reservation.growTo(Math.max(written, 2 * held), signal);
        yield chunk;
      }
    };
    this.#isVideo('');
    this.#file = await spool(counted(), spoolFolder);
    reservation.shrinkTo(written);
    this.#isVideo(this.#file.path);
    return NOTHING;
  }

  /**
   * Has a file that was read as a picture decoded as a video.
   * @returns false if videos are not taken
   * @throws {DecodeError} `unreadable` if it cannot be written to a file
   */
  async keepAsVideo(bytes: Uint8Array): Promise<boolean> {
    if (!this.#takesVideos) return false;
    const source = this.#source;
    if (typeof source === 'string' || source instanceof URL) this.#isVideo(pathOf(source));
    else await this.#kept(Readable.from([bytes]));
    return true;
  }

  /** A video has a time limit of its own, from its first bytes on. */
  #isVideo(path: string): void {
    const { timeoutSeconds } = this.#admission.limits.videos;
    const { end = performance.now() + 1000 * timeoutSeconds } = this.#video ?? {};
    this.#video = { path, end };
    // Its worker stops first, and answers with what it has.
    this.#scope.extend((end - performance.now() + LEFT_OF_VIDEO) / 1000);
  }

  /** Ends the upload: frees its memory and its disk, and stops its timer and its abort. */
  async release(): Promise<void> {
    this.#memory?.release();
    this.#scope.over();
    await this.#file?.remove();
    this.#spooled?.release();
  }
}

/** Polling interval for the progress of a body, in milliseconds. */
const LOOK_MILLISECONDS = 500;

const NOTHING = new Uint8Array(0);
const TOO_LONG: readonly string[] = ['too-many-bytes', 'not-a-picture'];

/** True if it is the path of a video; any error of the file is reported when it is read. */
async function isVideoFile(source: ImageSource): Promise<boolean> {
  if (typeof source !== 'string' && !(source instanceof URL)) return false;
  return await beginningOf(source).then(
    ({ head }) => isVideo(head),
    () => false,
  );
}

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
