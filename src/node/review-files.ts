import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import {
  checkedRecord,
  type ReviewQuery,
  type ReviewRecord,
  reviewTest,
} from '../matching/review-record.js';
import { checkPath } from './index-file.js';

/* The files of a review log: `2026-11-26.0.jsonl`, with the day of their last record, in UTC. */

/** In milliseconds. */
export const DAY = 86_400_000;

export interface LogFile {
  readonly name: string;
  readonly day: string;
  /** files of one day, from 0 */
  readonly part: number;
}

export const nameOf = (day: string, part: number) => `${day}.${part}.jsonl`;

export const dayOf = (time: Date) => time.toISOString().slice(0, 10);

/** The files of a log, in the order in which they were written. */
export async function logFiles(folder: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (const name of await readdir(folder)) {
    const [, day, part] = /^(\d{4}-\d\d-\d\d)\.(\d{1,9})\.jsonl$/.exec(name) ?? [];
    if (day !== undefined && !Number.isNaN(Date.parse(day))) {
      files.push({ name, day, part: Number(part) });
    }
  }
  return files.sort((a, b) => (a.day === b.day ? a.part - b.part : a.day < b.day ? -1 : 1));
}

/** The whole lines of a file; none if it is gone. */
export async function linesOf(path: string): Promise<string[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  });
  const lines = bytes.toString('utf8').split('\n');
  // Empty, or torn.
  lines.pop();
  return lines;
}

/** The record of a line; undefined if it cannot be read. */
export function recordIn(line: string): ReviewRecord | undefined {
  try {
    const record = checkedRecord(JSON.parse(line) as ReviewRecord);
    return record.id === undefined || record.time === undefined ? undefined : record;
  } catch {
    return undefined;
  }
}

/** How a review log is read. */
export interface ReadReviewLogOptions {
  /** told of each line that cannot be read; without it, the first one is thrown */
  onProblem?: (error: FormatError) => void;
}

/** Reads the files one after another. Holds one of them in memory. */
export async function* recordsOf(
  folder: string,
  isMeant: (record: ReviewRecord) => boolean,
  {
    onProblem,
    lines = linesOf,
  }: {
    onProblem?: (error: FormatError) => void;
    lines?: (path: string) => Promise<string[]>;
  } = {},
): AsyncGenerator<ReviewRecord, void, undefined> {
  for (const { name } of await logFiles(folder)) {
    for (const [at, line] of (await lines(join(folder, name))).entries()) {
      const record = recordIn(line);
      if (record === undefined) {
        const where = { line: at + 1 };
        onProblem?.(new FormatError('bad-line', 'expected a record in a review log', where));
      } else if (isMeant(record)) yield record;
    }
  }
}

/**
 * The records of the review log in a folder that a query means, in the order in which they were
 * written. It only reads, so it may run beside the process that writes; a record that is just being
 * written may be given or not.
 * @throws {TypeError | RangeError} if an argument is invalid
 * @throws {FormatError} `bad-line`, if there is no `onProblem`
 */
export function readReviewLog(
  folder: string,
  query: ReviewQuery = {},
  options: ReadReviewLogOptions = {},
): AsyncGenerator<ReviewRecord, void, undefined> {
  checkPath(folder);
  const isMeant = reviewTest(query);
  checkOptions(options);
  const { onProblem } = options;
  checkTypeOf('onProblem', onProblem, 'function');
  return recordsOf(folder, isMeant, {
    onProblem(error) {
      if (!onProblem) throw error;
      onProblem(error);
    },
  });
}
