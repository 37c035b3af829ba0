import { checkAsyncIterable, checkObject, checkOneOf } from '../door.js';
import { checkedRecord, type ReviewRecord } from './review-record.js';

/* What a reader of a review log answers. Records come in the order in which they were written. */

/** How often a list was wrong. */
export interface ListErrors {
  /** absent: the unnamed list */
  readonly list?: string;
  /** uploads and entries that a reviewer confirmed or rejected */
  readonly decided: number;
  /** those of them that were rejected */
  readonly rejected: number;
}

/**
 * How often each list was wrong: of what reviewers decided, how much they rejected. A later
 * decision on the same upload and entry takes the place of an earlier one, so an appeal counts
 * once. What was decided without match data counts each time. Holds the latest decisions in memory.
 * @returns one for each list with a decision, by name
 * @throws {TypeError | RangeError} if `records` is not iterable, or a record is invalid
 */
export async function errorsByList(
  records: Iterable<ReviewRecord> | AsyncIterable<ReviewRecord>,
): Promise<ListErrors[]> {
  const lists = new Map<string | undefined, ListErrors>();
  for (const { list, outcome } of await latest(records)) {
    if (outcome === 'undecided') continue;
    const { decided, rejected } = lists.get(list) ?? { decided: 0, rejected: 0 };
    lists.set(list, {
      ...(list !== undefined && { list }),
      decided: decided + 1,
      rejected: rejected + (outcome === 'rejected' ? 1 : 0),
    });
  }
  return [...lists.values()].sort((a, b) => ((a.list ?? '') < (b.list ?? '') ? -1 : 1));
}

/** A hash as NCMEC's CyberTipline report takes it: the text and the attribute of the element. */
export interface OriginalFileHash {
  readonly originalFileHash: string;
  /** the algorithm, in upper case: `PDQ` */
  readonly hashType: string;
}

/**
 * The hashes of uploads that a report to an authority takes, and nothing else: those of records
 * whose latest outcome is `confirmed`, each once. Whether and what to report is for people to
 * decide; nothing is sent.
 * @param form `ncmec`: each with its type, for a CyberTipline report; `nca`: hashes alone, in hex
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export async function reportHashes(
  records: Iterable<ReviewRecord> | AsyncIterable<ReviewRecord>,
  form: 'ncmec',
): Promise<OriginalFileHash[]>;
export async function reportHashes(
  records: Iterable<ReviewRecord> | AsyncIterable<ReviewRecord>,
  form: 'nca',
): Promise<string[]>;
export async function reportHashes(
  records: Iterable<ReviewRecord> | AsyncIterable<ReviewRecord>,
  form: 'ncmec' | 'nca',
): Promise<OriginalFileHash[] | string[]> {
  checkOneOf('form', form, ['ncmec', 'nca']);
  const hashes = new Map<string, OriginalFileHash>();
  for (const { hash, outcome } of await latest(records)) {
    if (outcome !== 'confirmed' || hash === undefined) continue;
    const hashType = hash.algorithm.toUpperCase();
    hashes.set(`${hashType} ${hash.hash}`, { originalFileHash: hash.hash, hashType });
  }
  const all = [...hashes.values()];
  return form === 'ncmec' ? all : all.map(({ originalFileHash }) => originalFileHash);
}

/** The latest record of a reviewer on each upload and entry of a list. */
async function latest(
  records: Iterable<ReviewRecord> | AsyncIterable<ReviewRecord>,
): Promise<Iterable<ReviewRecord>> {
  checkAsyncIterable(records, 'review records');
  const byKey = new Map<string, ReviewRecord>();
  for await (const given of records) {
    checkObject(given, 'a review record to be an object');
    const record = checkedRecord(given);
    const { id, list, hash, entry, outcome } = record;
    if (outcome === undefined) continue;
    // A remote list may not tell the entry.
    const key = hash && (entry ?? list) ? [list, hash, entry] : [id];
    byKey.set(JSON.stringify(key), record);
  }
  return byKey.values();
}
