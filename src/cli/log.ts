import { writeCell } from '../exchange/index.js';
import { type Algorithm, hashFromHex } from '../index.js';
import {
  errorsByList,
  type ReviewQuery,
  type ReviewRecord,
  reportHashes,
} from '../matching/index.js';
import { openReviewLog, readReviewLog } from '../node/index.js';
import type { Call, Command } from './command.js';
import { failureOf, UsageError } from './failure.js';
import { exitCode, type Output, output, progress } from './output.js';

/** What chooses records. */
const FILTERS = ['entry', 'list', 'id', 'from', 'before'] as const;

/** `onlyhashes log`: what a review log says, and erasing from it. */
export const logCommand: Command = {
  name: 'log',
  usage: 'FOLDER',
  about: `Read a review log, or erase from it.
Prints a line TIME,LIST,VERDICT,OUTCOME,ROLE,DISTANCE,ENTRY,ID for each record, where ENTRY \
is the hash and ID the id of the entry, oldest first. It may run beside the program that \
writes the log, but --erase may not. A log holds hashes, which are personal data.`,
  options: {
    entry: { about: 'only what was decided on an entry: its hash or its id', value: 'HEX|ID' },
    algorithm: {
      about: 'of the hash in --entry',
      choices: ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'],
      default: 'pdq',
      needs: { entry: [] },
    },
    list: { about: 'only records of this list', value: 'NAME' },
    id: { about: 'only the record with this id', value: 'ID' },
    from: { about: 'only from this day or time on, in UTC', value: 'TIME' },
    before: { about: 'only before this day or time', value: 'TIME' },
    errors: { about: 'print how often each list was wrong: LIST,DECIDED,REJECTED' },
    report: {
      about: 'print only the hashes of confirmed uploads, as a report takes them',
      choices: ['ncmec', 'nca'],
    },
    erase: { about: 'erase these records for good, and print how many there were' },
    json: { about: 'print JSON, one object per line' },
  },
  examples: [
    ['onlyhashes log review-log --list stopncii --errors', 'how often a list was wrong'],
    ['onlyhashes log review-log --entry case-7 --json', 'what was decided on an entry'],
    ['onlyhashes log review-log --before 2026-06-01 --erase', 'erase old records'],
  ],
  minWords: 1,
  maxWords: 1,
  async run(call) {
    const [folder] = call.words as [string];
    const modes = ['errors', 'report', 'erase'].filter(
      (mode) => call.on(mode) || call.text(mode) !== undefined,
    );
    if (modes.length > 1) throw new UsageError(`expected one of --${modes.join(' and --')}`);
    const query = queryOf(call);
    const bar = progress('reading');
    const out = output(bar);
    try {
      if (call.on('erase')) return await erase(folder, query, out);
      const onProblem = ({ line }: { line?: number }) =>
        out.error(folder, `line ${line} of a file cannot be read`);
      const records = readReviewLog(folder, query, { onProblem });
      await print(call, records, out);
    } catch (error) {
      throw error instanceof TypeError ? new UsageError(error.message) : failureOf(folder, error);
    }
    return exitCode(out.errors, out.lines);
  },
};

function queryOf(call: Call): ReviewQuery {
  const given = FILTERS.flatMap((name) => {
    const value = call.text(name);
    return value === undefined ? [] : [[name, name === 'entry' ? entryOf(value, call) : value]];
  });
  return Object.fromEntries(given) as ReviewQuery;
}

/** A word of hex digits that is no hash of the algorithm is an id. */
function entryOf(word: string, call: Call): NonNullable<ReviewQuery['entry']> {
  try {
    return hashFromHex(call.text('algorithm') as Algorithm, word);
  } catch {
    return { id: word };
  }
}

async function print(call: Call, records: AsyncIterable<ReviewRecord>, out: Output): Promise<void> {
  const isJson = call.on('json');
  const line = (json: object, cells: readonly unknown[]) =>
    out.line(
      isJson ? JSON.stringify(json) : cells.map((cell) => writeCell(`${cell ?? ''}`)).join(','),
    );
  const report = call.text('report');
  if (report === 'nca') {
    for (const hash of await reportHashes(records, report)) await line({ hash }, [hash]);
  } else if (report === 'ncmec') {
    for (const hash of await reportHashes(records, report)) {
      await line(hash, [hash.hashType, hash.originalFileHash]);
    }
  } else if (call.on('errors')) {
    for (const counts of await errorsByList(records)) {
      await line(counts, [counts.list, counts.decided, counts.rejected]);
    }
  } else {
    for await (const record of records) {
      const { time, list, verdict, outcome, role, distance, entry } = record;
      await line(record, [time, list, verdict, outcome, role, distance, entry?.hash, entry?.id]);
    }
  }
}

async function erase(folder: string, query: ReviewQuery, out: Output): Promise<number> {
  if (Object.keys(query).length === 0) {
    throw new UsageError('--erase: expected which records, by --entry, --list, --from …');
  }
  // Opening a log begins one where there is none.
  await readReviewLog(folder, {}, { onProblem() {} }).next();
  // The retention of the program that writes is not known here; nothing else may be removed.
  const log = await openReviewLog(folder, { retentionDays: 36_500 });
  try {
    const { erased, unreadable } = await log.erase(query);
    if (unreadable > 0) {
      out.error(folder, `${unreadable} lines cannot be read; nobody knows what they are about`);
    }
    await out.line(`${erased}`);
    return exitCode(out.errors, erased);
  } finally {
    await log.close();
  }
}
