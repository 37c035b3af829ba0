import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './replace-file.js';

/** Searched at a time for the end of the last whole line. */
const TAIL = 1 << 16;
const LINE_FEED = 0x0a;

/**
 * A file of lines that is only appended to, by one process. What was appended is on disk, whole, or
 * not there at all: a line that a kill cut is cut off when the file is opened again, and so is what
 * a failed write left.
 *
 * Why our own code: packages that write logs neither flush each line nor cut off what a kill left.
 */
export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  #length: number;
  /** A write failed, and what it left in the file is not yet cut off. */
  #broken = false;

  private constructor(path: string, file: FileHandle, length: number) {
    this.path = path;
    this.#file = file;
    this.#length = length;
  }

  /** Opens a file, or makes it for its owner alone (mode 600), and cuts off a torn last line. */
  static async open(path: string): Promise<Journal> {
    // Not for appending: a write goes where the last whole line ends.
    const file = await open(path, 'r+', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return open(path, 'wx+', 0o600);
    });
    try {
      const { size } = await file.stat();
      const length = await endOfLines(file, size);
      if (length < size) await file.truncate(length);
      await file.sync();
      await syncFolder(dirname(path));
      return new Journal(path, file, length);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that are on disk for good. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends lines, each with its line feed, and flushes them to disk at once. One call at a time.
   * @throws what the file system throws; none of the lines is in the file then
   */
  async append(lines: string): Promise<void> {
    if (this.#broken) await this.#undo();
    const bytes = Buffer.from(lines);
    try {
      for (let at = 0; at < bytes.length; ) {
        const rest = bytes.length - at;
        const { bytesWritten } = await this.#file.write(bytes, at, rest, this.#length + at);
        at += bytesWritten;
      }
      await this.#file.datasync();
    } catch (error) {
      this.#broken = true;
      await this.#undo().catch(() => {});
      throw error;
    }
    this.#length += bytes.length;
  }

  async #undo(): Promise<void> {
    await this.#file.truncate(this.#length);
    await this.#file.sync();
    this.#broken = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Where the last whole line of a file ends. */
async function endOfLines(file: FileHandle, size: number): Promise<number> {
  const bytes = Buffer.alloc(Math.min(TAIL, size));
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - TAIL);
    let length = 0;
    while (length < end - from) {
      const { bytesRead } = await file.read(bytes, length, end - from - length, from + length);
      if (bytesRead === 0) throw new Error('the file became shorter while it was read');
      length += bytesRead;
    }
    const at = bytes.subarray(0, length).lastIndexOf(LINE_FEED);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}

/**
 * Puts what is appended at the same time into one write and one flush: each caller waits for the
 * flush that has its line, and no flush begins before the one before has ended. Other work on the
 * file takes its turn between two flushes.
 */
export class GroupCommit {
  readonly #write: (lines: string) => Promise<void>;
  readonly #maxBytes: number;
  /** What the next flush will write, if more may still join it. */
  #batch: Waiting[] | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param write appends lines durably, or not at all
   * @param maxBytes of one write, but for a line that is longer
   */
  constructor(write: (lines: string) => Promise<void>, maxBytes: number) {
    this.#write = write;
    this.#maxBytes = maxBytes;
  }

  /** @returns resolves once `line` is on disk */
  append(line: string): Promise<void> {
    this.#batch ??= this.#newBatch();
    const batch = this.#batch;
    return new Promise<void>((resolve, reject) => {
      batch.push({ line, resolve, reject });
    });
  }

  /** Runs `work` alone: after what was appended before, and before what is appended later. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    this.#batch = undefined;
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  #newBatch(): Waiting[] {
    const batch: Waiting[] = [];
    this.#last = this.#last.then(() => {
      if (this.#batch === batch) this.#batch = undefined;
      return this.#flush(batch);
    });
    return batch;
  }

  async #flush(batch: readonly Waiting[]): Promise<void> {
    for (let from = 0; from < batch.length; ) {
      let lines = batch[from]!.line;
      let to = from + 1;
      while (to < batch.length && lines.length + batch[to]!.line.length <= this.#maxBytes) {
        lines += batch[to++]!.line;
      }
      const written = batch.slice(from, to);
      from = to;
      try {
        await this.#write(lines);
        for (const { resolve } of written) resolve();
      } catch (error) {
        for (const { reject } of written) reject(error);
      }
    }
  }
}

/** A line, and the caller who waits for it. */
interface Waiting {
  readonly line: string;
  resolve(): void;
  reject(error: unknown): void;
}
