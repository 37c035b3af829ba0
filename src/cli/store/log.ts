import { type ReviewQuery, type ReviewRecord, reviewSummary } from '../../index.js';
import type { Store } from '../../server/index.js';
import type { Call, Command } from '../command.js';
import { UsageError } from '../failure.js';
import { csvLine, exitCode, type Output } from '../output.js';
import { PICTURE_OPTIONS } from '../pictures/picture-options.js';
import { hashOrId } from '../pictures/pictures.js';
import { withStore } from './opened-store.js';
import { STORE_OPTIONS, storePlaceOf } from './store-place.js';

/** The options that select records. */
const FILTERS = ['entry', 'list', 'id', 'from', 'before'] as const;

/** The retention of the writing program is unknown here: nothing else may be removed. */
const RETENTION = { retentionDays: 36_500 };

/** `onlyhashes log`: the review log of a store, and erasing from it. */
export const logCommand: Command = {
  name: 'log',
  usage: '--store URL|FOLDER',
  about: `Read the review log of a store, or erase from it.
Prints a line TIME,LIST,VERDICT,OUTCOME,ROLE,DISTANCE,ENTRY,ID for each record, oldest first, \
where ENTRY is the hash and ID the id of the entry. A log holds hashes, which are personal data.
It may run beside other programs. --erase also counts and erases items in the review queue. A \
record that has changed since it was written is reported as an error and left out; store verify \
also finds missing records.`,
  options: {
    ...STORE_OPTIONS,
    entry: { about: 'only decisions on this entry: its hash or its id', value: 'HEX|ID' },
    algorithm: {
      ...PICTURE_OPTIONS.algorithm,
      about: 'algorithm of the hash in --entry',
      needs: { entry: [] },
    },
    list: { about: 'only records of this list', value: 'NAME' },
    id: { about: 'only the record with this id', value: 'ID' },
    from: { about: 'only from this day or time on, in UTC', value: 'TIME' },
    before: { about: 'only before this day or time', value: 'TIME' },
    errors: { about: 'print how often each list was wrong: LIST,DECIDED,REJECTED' },
    report: {
      about: 'print only the hashes of confirmed uploads, in the form of a report',
      choices: ['ncmec', 'nca'],
    },
    erase: { about: 'erase these records permanently, and print their number' },
    json: { about: 'print JSON, one object per line' },
  },
  examples: [
    ['onlyhashes log --store reviews --list stopncii --errors', 'how often a list was wrong'],
    ['onlyhashes log --store reviews --entry case-7 --json', 'decisions on an entry'],
    ['onlyhashes log --store reviews --before 2026-06-01 --erase', 'erase old records'],
  ],
  minWords: 0,
  maxWords: 0,
  async run(call, out) {
    const modes = ['errors', 'report', 'erase'].filter(
      (mode) => call.on(mode) || call.text(mode) !== undefined,
    );
    if (modes.length > 1) throw new UsageError(`expected only one of --${modes.join(' and --')}`);
    const query = queryOf(call);
    if (call.on('erase') && Object.keys(query).length === 0) {
      throw new UsageError('--erase: expected a choice of records, by --entry, --list, --from …');
    }
    const place = storePlaceOf(call);
    try {
      return await withStore(place, (store) => readLog(store, query, call, out));
    } catch (error) {
      throw error instanceof TypeError ? new UsageError(error.message) : error;
    }
  },
};

function queryOf(call: Call): ReviewQuery {
  const given = FILTERS.flatMap((name) => {
    const value = call.text(name);
    return value === undefined ? [] : [[name, name === 'entry' ? hashOrId(value, call) : value]];
  });
  return Object.fromEntries(given) as ReviewQuery;
}

async function print(call: Call, records: AsyncIterable<ReviewRecord>, out: Output): Promise<void> {
  const isJson = call.on('json');
  const line = (json: object, cells: readonly unknown[]) =>
    out.line(isJson ? JSON.stringify(json) : csvLine(cells));
  const report = call.text('report');
  if (report !== undefined) {
    for (const each of (await reviewSummary(records)).confirmed) {
      const { originalFileHash: hash, hashType } = each;
      if (report === 'ncmec') await line(each, [hashType, hash]);
      else await line({ hash }, [hash]);
    }
  } else if (call.on('errors')) {
    for (const counts of (await reviewSummary(records)).lists) {
      await line(counts, [counts.list, counts.decided, counts.rejected]);
    }
  } else {
    for await (const record of records) {
      const { time, list, verdict, outcome, role, distance, entry } = record;
      await line(record, [time, list, verdict, outcome, role, distance, entry?.hash, entry?.id]);
    }
  }
}

async function readLog(
  store: Store,
  query: ReviewQuery,
  call: Call,
  out: Output,
): Promise<number | undefined> {
  const log = store.reviewLog(RETENTION);
  if (!call.on('erase')) {
    const onProblem = ({ record }: { record?: number }) =>
      out.error('the store', `record ${record} has changed since it was written`);
    await print(call, log.read(query, { onProblem }), out);
    return undefined;
  }
  // First, since a review in the queue becomes a record once it is decided.
  const waiting = await store.reviewQueue(RETENTION).erase(query);
  const written = await log.erase(query);
  const erased = waiting.erased + written.erased;
  await out.line(`${erased}`);
  return exitCode(out, erased);
}
