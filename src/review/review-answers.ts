import { checkAsyncIterable, checkObject } from '../door.js';
import { checkedRecord, type ReviewRecord } from './review-record.js';

/** Error counts of a list. */
export interface ListErrors {
  /** absent: the unnamed list */
  readonly list?: string;
  /** uploads and entries that a reviewer confirmed or rejected */
  readonly decided: number;
  /** those of them that were rejected */
  readonly rejected: number;
}

/** A hash as NCMEC's CyberTipline report takes it: the text and the attribute of the element. */
export interface OriginalFileHash {
  readonly originalFileHash: string;
  /** the algorithm, in upper case: `PDQ` */
  readonly hashType: string;
}

/** Summary of reviewers' decisions. */
export interface ReviewSummary {
  /** one for each list with a decision, by name */
  readonly lists: ListErrors[];
  /**
   * hashes of the uploads for a report to an authority, and nothing else: those of records whose
   * latest outcome is `confirmed`, each once. A report to the NCA has the hashes alone. People
   * decide whether and what to report; nothing is sent
   */
  readonly confirmed: OriginalFileHash[];
}

/**
 * Summary of review records, given in the order in which they were written: how often each list was
 * wrong, and which uploads were confirmed. A later decision on the same upload and entry replaces
 * an earlier one, so an appeal counts once. Decisions without match data count each time. Holds the
 * latest decisions in memory.
 * @throws {TypeError | RangeError} if `records` is not iterable, or a record is invalid
 */
export async function reviewSummary(
  records: Iterable<ReviewRecord> | AsyncIterable<ReviewRecord>,
): Promise<ReviewSummary> {
  const lists = new Map<string | undefined, ListErrors>();
  const confirmed = new Map<string, OriginalFileHash>();
  for (const { list, hash, outcome } of await latest(records)) {
    if (outcome === 'undecided') continue;
    const { decided, rejected } = lists.get(list) ?? { decided: 0, rejected: 0 };
    lists.set(list, {
      ...(list !== undefined && { list }),
      decided: decided + 1,
      rejected: rejected + (outcome === 'rejected' ? 1 : 0),
    });
    if (outcome !== 'confirmed' || hash === undefined) continue;
    const hashType = hash.algorithm.toUpperCase();
    confirmed.set(`${hashType} ${hash.hash}`, { originalFileHash: hash.hash, hashType });
  }
  const named = [...lists.values()];
  return {
    lists: named.sort((a, b) => ((a.list ?? '') < (b.list ?? '') ? -1 : 1)),
    confirmed: [...confirmed.values()],
  };
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
    // A remote list may not name the entry.
    const key = hash && (entry ?? list) ? [list, hash, entry] : [id];
    byKey.set(JSON.stringify(key), record);
  }
  return byKey.values();
}
