import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GroupCommit, Journal } from '../disk/journal.js';
import { replaceFile, syncFolder } from '../disk/replace-file.js';
import { lockFolder } from '../disk/writer-lock.js';
import { checkInteger, checkOptions, checkTypeOf } from '../door.js';
import {
  checkedRecord,
  type NewReviewRecord,
  type ReviewQuery,
  type ReviewRecord,
  reviewTest,
} from '../matching/review-record.js';
import {
  certainTime,
  RetentionRules,
  type ReviewRetention,
  steadyClock,
} from '../matching/review-retention.js';
import { checkPath } from './index-file.js';
import {
  DAY,
  dayOf,
  type LogFile,
  linesOf,
  logFiles,
  nameOf,
  type ReadReviewLogOptions,
  recordIn,
  recordsOf,
} from './review-files.js';

/** How long a review log keeps its records, and how large its files get. */
export interface ReviewLogOptions extends ReviewRetention {
  /**
   * most bytes of a file, before another is begun; each day begins another, too
   * @defaultValue 16 MiB
   */
  maxFileBytes?: number;
}

/** What `erase` did. */
export interface Erased {
  /** records that are gone */
  readonly erased: number;
  /** lines that cannot be read, so that nobody knows what they are about; they stay */
  readonly unreadable: number;
}

const MAX_FILE_BYTES = 16 * 2 ** 20;
/** Of one write. */
const MAX_WRITE = 1 << 20;

/**
 * Opens the review log in a folder, or begins one. A line that a kill has cut is cut off, and
 * temporary files that a kill left are removed.
 *
 * Opening it, and the first record of a day, also remove the files whose time is over, if that is
 * certain: by the time that the process has run since, and before that by the times of the records,
 * of which a gap counts as a day at most. So a clock that is wrong for a moment erases nothing, and
 * one that is wrong when a process starts erases at most a day too early. After a pause of the
 * process, files are removed late: by as long as the pause, or until `prune` is called.
 * @param folder is made with mode 700 if it is not there; one process may write in it
 * @throws {FormatError} `in-use` if another running process writes in it
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const log = await openReviewLog('review-log', { retentionDays: 180 });
 * const [facts] = reviewFactsOf(decision);
 * await log.append({ ...facts, outcome: 'rejected', role: 'moderator' });
 */
export async function openReviewLog(folder: string, options: ReviewLogOptions): Promise<ReviewLog> {
  checkPath(folder);
  checkOptions(options);
  const { maxFileBytes = MAX_FILE_BYTES } = options;
  const rules = new RetentionRules(options);
  checkInteger('maxFileBytes', maxFileBytes, 1);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(folder);
  try {
    return await ReviewLog.open(folder, { rules, maxFileBytes, unlock });
  } catch (error) {
    await unlock();
    throw error;
  }
}

interface Settings {
  readonly rules: RetentionRules;
  readonly maxFileBytes: number;
  readonly unlock: () => Promise<void>;
}

/**
 * What was decided about uploads, and by whom: lines of JSON in files of one day, readable by their
 * owner alone. It holds hashes, which are personal data: no picture, no user, no file name.
 */
export class ReviewLog {
  readonly folder: string;
  readonly #settings: Settings;
  readonly #commit: GroupCommit;
  /** When each record was written, by id. About 100 bytes each. */
  readonly #times = new Map<string, number>();
  readonly #pending = new Map<string, Promise<ReviewRecord>>();
  #journal: Journal | undefined;
  #file: LogFile | undefined;
  /** the time, for what is removed without being asked for */
  #steady = () => Number.NEGATIVE_INFINITY;
  /** The day on which old records were last looked for. */
  #pruned: string | undefined;
  #closed: Promise<void> | undefined;

  private constructor(folder: string, settings: Settings) {
    this.folder = folder;
    this.#settings = settings;
    this.#commit = new GroupCommit((lines) => this.#write(lines), MAX_WRITE);
  }

  /** Use `openReviewLog`, which locks the folder. */
  static async open(folder: string, settings: Settings): Promise<ReviewLog> {
    const log = new ReviewLog(folder, settings);
    for (const name of await readdir(folder)) {
      if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
    }
    for await (const { id, time } of recordsOf(folder, () => true)) {
      log.#times.set(id, Date.parse(time));
    }
    const now = () => log.#now().valueOf();
    const times = Float64Array.from(log.#times.values()).sort();
    log.#steady = steadyClock(now, certainTime(times) ?? now());
    await log.#prune(log.#steady());
    const files = await logFiles(folder);
    log.#file = files.at(-1);
    if (log.#file) log.#journal = await Journal.open(join(folder, log.#file.name));
    return log;
  }

  /**
   * Writes a record. Many at once share one flush to disk.
   * @param record with no member but those of the type
   * @returns the record as it was written, once it is on disk; if the log has its id already, that
   *   of the call, and nothing is written
   * @throws {TypeError | RangeError} if the record is invalid, or the log is closed
   * @throws what the file system throws, as on a full disk; the record is not in the log then
   */
  async append(record: NewReviewRecord): Promise<ReviewRecord> {
    const { time: _, ...given } = checkedRecord(record) as ReviewRecord;
    const { id = randomUUID() } = given;
    this.#checkOpen();
    const earlier = this.#times.get(id);
    if (earlier !== undefined) return { ...given, id, time: new Date(earlier).toISOString() };
    // A second call with the same id ends as the first does.
    const pending = this.#pending.get(id);
    if (pending) return await pending;
    const writing = this.#append({ ...given, id, time: this.#now().toISOString() });
    this.#pending.set(id, writing);
    try {
      return await writing;
    } finally {
      this.#pending.delete(id);
    }
  }

  async #append(record: ReviewRecord): Promise<ReviewRecord> {
    const kept = this.#settings.rules.kept(record);
    await this.#commit.append(`${JSON.stringify(kept)}\n`);
    this.#times.set(kept.id, Date.parse(kept.time));
    return kept;
  }

  /**
   * When the record with this id was written, in milliseconds since 1970; undefined if there is no
   * such record, or it was written or erased by another process that opened the log before.
   * @throws {TypeError} if `id` is not a string
   */
  timeOf(id: string): number | undefined {
    if (typeof id !== 'string') throw new TypeError('expected id to be a string');
    return this.#times.get(id);
  }

  /**
   * The records that a query means, in the order in which they were written: all if there is none.
   * Those whose time is over are not given.
   * @param options `onProblem` is told of each line that cannot be read
   * @throws {TypeError | RangeError} if an argument is invalid
   * @throws {FormatError} `bad-line`, if there is no `onProblem`
   */
  read(
    query: ReviewQuery = {},
    options: Pick<ReadReviewLogOptions, 'onProblem'> = {},
  ): AsyncGenerator<ReviewRecord, void, undefined> {
    const isMeant = reviewTest(query);
    checkOptions(options);
    const { onProblem } = options;
    checkTypeOf('onProblem', onProblem, 'function');
    const oldest = this.#settings.rules.oldest();
    const isKept = (record: ReviewRecord) => Date.parse(record.time) >= oldest && isMeant(record);
    return recordsOf(this.folder, isKept, {
      onProblem: onProblem ?? raise,
      // Between two flushes, so that nothing is told that may still be undone.
      lines: (path) => this.#commit.alone(() => linesOf(path)),
    });
  }

  /**
   * Erases the records that a query means, from all files. Each file that had one is written anew
   * beside the old one and takes its place, or is removed if nothing is left of it, so that a kill
   * leaves it as it was or as it should be; what is appended meanwhile waits, and is not lost. If
   * it fails, call it again.
   *
   * The disk may still have the old blocks, as after any removal of a file.
   * @param query must say something: an empty one is refused
   * @throws {TypeError | RangeError} if `query` is invalid or empty, or the log is closed
   */
  async erase(query: ReviewQuery): Promise<Erased> {
    checkOptions(query, 'a query to be an object');
    const isMeant = reviewTest(query);
    if (Object.values(query).every((value) => value === undefined)) {
      throw new TypeError('expected a query with id, entry, list, from or before');
    }
    this.#checkOpen();
    return await this.#commit.alone(async () => {
      const counts = { erased: 0, unreadable: 0 };
      for (const { name } of await logFiles(this.folder)) {
        const { erased, unreadable } = await this.#eraseIn(name, isMeant);
        counts.erased += erased;
        counts.unreadable += unreadable;
      }
      return counts;
    });
  }

  /**
   * Removes the files whose records are all older than `retentionDays`, by the clock as it is: see
   * that it is right. Opening the log and the first record of a day do so too, where that is
   * certain (`openReviewLog`); a service that writes seldom, or was off for long, calls it.
   * @throws {TypeError} if the log is closed
   */
  async prune(): Promise<void> {
    this.#checkOpen();
    await this.#commit.alone(() => this.#prune(this.#now().valueOf()));
  }

  /** Waits for what was appended, and closes the log. */
  close(): Promise<void> {
    this.#closed ??= this.#commit.alone(async () => {
      try {
        await this.#journal?.close();
        this.#journal = undefined;
      } finally {
        await this.#settings.unlock();
      }
    });
    return this.#closed;
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError('expected a review log that is not closed');
  }

  #now(): Date {
    return this.#settings.rules.now();
  }

  async #write(lines: string): Promise<void> {
    const day = dayOf(this.#now());
    const full = this.#journal !== undefined && this.#isFull(lines);
    // A clock that was put back goes on in the file of the later day.
    if (this.#file === undefined || this.#journal === undefined || day > this.#file.day || full) {
      await this.#rotate(day);
    } else if (day !== this.#pruned) await this.#prune(this.#steady());
    await this.#journal!.append(lines);
  }

  #isFull(lines: string): boolean {
    const { length } = this.#journal!;
    return length > 0 && length + Buffer.byteLength(lines) > this.#settings.maxFileBytes;
  }

  async #rotate(day: string): Promise<void> {
    const before = this.#file;
    const isLater = before === undefined || day > before.day;
    const next = isLater
      ? { day, part: 0, name: nameOf(day, 0) }
      : { day: before.day, part: before.part + 1, name: nameOf(before.day, before.part + 1) };
    const journal = await Journal.open(join(this.folder, next.name));
    const old = this.#journal;
    this.#journal = journal;
    this.#file = next;
    await old?.close();
    await this.#prune(this.#steady());
  }

  /** @param time by which records are old */
  async #prune(time: number): Promise<void> {
    const oldest = this.#settings.rules.oldestAt(time);
    const today = dayOf(this.#now());
    let removed = 0;
    for (const file of await logFiles(this.folder)) {
      // Begun by a clock that was ahead, and in use ever since: its day says nothing.
      if (file.day > today) await this.#eraseIn(file.name, ({ time }) => Date.parse(time) < oldest);
      // The day is that of the last record of the file.
      if (Date.parse(file.day) + DAY > oldest) continue;
      if (file.name === this.#file?.name) {
        await this.#journal?.close();
        this.#journal = undefined;
        this.#file = undefined;
      }
      await rm(join(this.folder, file.name), { force: true });
      removed++;
    }
    if (removed > 0) await syncFolder(this.folder);
    for (const [id, time] of this.#times) if (time < oldest) this.#times.delete(id);
    this.#pruned = today;
  }

  async #eraseIn(name: string, isMeant: (record: ReviewRecord) => boolean): Promise<Erased> {
    const path = join(this.folder, name);
    const kept: string[] = [];
    const ids: string[] = [];
    let unreadable = 0;
    const isActive = name === this.#file?.name;
    for (const line of await linesOf(path)) {
      const record = recordIn(line);
      if (record === undefined) unreadable++;
      if (record !== undefined && isMeant(record)) ids.push(record.id);
      else kept.push(`${line}\n`);
    }
    const counts = { erased: ids.length, unreadable };
    if (ids.length === 0) return counts;
    if (kept.length === 0 && !isActive) {
      await rm(path, { force: true });
      await syncFolder(this.folder);
    } else {
      try {
        await replaceFile(path, [Buffer.from(kept.join(''))], undefined);
      } finally {
        // The old file is gone, or both are as they were: either way the name is opened anew.
        if (isActive) await this.#reopen(path);
      }
    }
    for (const id of ids) this.#times.delete(id);
    return counts;
  }

  async #reopen(path: string): Promise<void> {
    const old = this.#journal;
    this.#journal = undefined;
    await old?.close();
    this.#journal = await Journal.open(path);
  }
}

function raise(error: Error): never {
  throw error;
}
