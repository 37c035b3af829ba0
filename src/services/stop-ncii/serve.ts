/*
 * The server's half of StopNCII's API, without HTTP: `FetchHashes` and `SubmitFeedback`. The caller
 * checks the keys and bounds the body.
 */

import { FormatError } from '../../errors.js';
import type { Algorithm } from '../../hash.js';
import { isObject, jsonObject, own, textOf } from '../../text/json.js';
import {
  FEEDBACK_VALUES,
  type StopNciiFeedback,
  type StopNciiPage,
  type StopNciiRecord,
} from './format.js';

/** The list that is served. */
export interface StopNciiSource {
  /**
   * At most `limit` records changed at or after `start`, in seconds: the first ones, or those of
   * the page of `token`.
   * @returns undefined if there is no such page. Only the last page has no `nextPageToken`
   */
  page(start: number, token: string | undefined, limit: number): Promise<ServedPage | undefined>;
  feedback(feedbacks: readonly StopNciiFeedback[]): Promise<void>;
}

type ServedPage = Omit<StopNciiPage, 'unknown' | 'hasMoreRecords'>;

/** A request to `path` behind the base URL: `FetchHashes`. */
type Request = Record<'method' | 'path' | 'body', string> & { query: Query };
type Query = { get(name: string): string | null };

/**
 * Request handler of the API; its replies are JSON. Errors of `source` are thrown.
 * @param limits larger pages are cut to `maxPageSize`; `maxFeedbacks` is for one post
 */
export function stopNciiReplies(
  source: StopNciiSource,
  { maxPageSize = 800, maxFeedbacks = 1000 } = {},
) {
  const reply = (status: number, body: object) => ({ status, body: JSON.stringify(body) });
  return async ({ method, path, query, body }: Request) => {
    if (method === 'GET' && path === 'FetchHashes') {
      const [start, size] = [query.get('startTimestamp') ?? '0', query.get('pageSize') ?? '800'];
      if (![start, size].every((each) => /^\d{1,15}$/.test(each)) || Number(size) === 0) {
        return reply(400, { message: 'expected startTimestamp >= 0 and pageSize >= 1, integers' });
      }
      const token = query.get('nextPageToken') ?? undefined;
      const page = await source.page(Number(start), token, Math.min(Number(size), maxPageSize));
      if (!page) return reply(400, { message: 'expected nextPageToken to be of the page before' });
      const hasMoreRecords = page.nextPageToken !== undefined;
      // Not null: older versions of python-threatexchange require text, even on the last page.
      const text = writeStopNciiPage({ nextPageToken: '', ...page, hasMoreRecords });
      return { status: 200, body: text };
    }
    if (method === 'POST' && path === 'SubmitFeedback') {
      let feedbacks: StopNciiFeedback[];
      try {
        feedbacks = readStopNciiFeedback(body, maxFeedbacks);
      } catch (error) {
        return reply(400, { message: (error as FormatError).message });
      }
      await source.feedback(feedbacks);
      return reply(200, {});
    }
    return reply(404, { message: 'not found' });
  };
}

/** A position in the order of a list: behind the row of `key`, which last changed in `seconds`. */
export type Place = readonly [seconds: number, key: string];

/** Rows of a list, in an order in which a changed row moves to the end. */
export interface Changes {
  readonly records: readonly StopNciiRecord[];
  /** the place of the last row that was read; undefined if no row follows */
  readonly next: Place | undefined;
  /** every change that this read did not see has this time or a later one */
  readonly openSeconds: number;
}

/**
 * Pages of a list that changes while it is fetched, by tokens that carry all state.
 *
 * `nextSetTimestamp` never exceeds the `openSeconds` of the first page. A row unchanged since then
 * is on one of the pages. Any other row has that time or a later one, so a fetch that resumes there
 * finds it, even if it was committed late or moved behind the reader. Nor does it exceed the time
 * of the page's last row: a client may also resume from a page in the middle.
 */
export function statelessPages(
  read: (start: number, after: Place | undefined, limit: number) => Promise<Changes | undefined>,
): StopNciiSource['page'] {
  return async (start, token, limit) => {
    const from = token === undefined ? undefined : fromToken(token, start);
    if (token !== undefined && !from) return undefined;
    const page = await read(start, from?.after, limit);
    if (!page) return undefined;
    const { records, next } = page;
    const open = from?.open ?? page.openSeconds;
    if (!next) return { records, nextSetTimestamp: open };
    const nextSetTimestamp = Math.min(open, next[0]);
    return { records, nextSetTimestamp, nextPageToken: tokenOf(start, open, next) };
  };
}

/** Ends in a checksum (FNV-1a), which differs if any one character does. */
function tokenOf(start: number, open: number, place: Place): string {
  const state = [start, open, ...place].join('.');
  let sum = 0x811c9dc5;
  for (let at = 0; at < state.length; at++) sum = Math.imul(sum ^ state.charCodeAt(at), 0x01000193);
  return `${state}.${sum >>> 0}`;
}

/** The state of a token of a fetch from `start`; undefined unless `tokenOf` made it. */
function fromToken(token: string, start: number) {
  const [, open, seconds, key] = /^\d+\.(\d+)\.(\d+)\.(.*)\.\d+$/s.exec(token) ?? [];
  if (key === undefined) return undefined;
  const from = { open: Number(open), after: [Number(seconds), key] as const };
  return tokenOf(start, from.open, from.after) === token ? from : undefined;
}

/** A hash of a list, with the status `Active` or `Withdrawn` of each case. */
export interface ServedHash extends Pick<StopNciiRecord, 'caseNumbers' | 'feedbacks'> {
  readonly algorithm: Algorithm;
  readonly hex: string;
  readonly changedSeconds: number;
}

/** True for the algorithms whose hashes StopNCII lists. */
export const isServed = (algorithm: Algorithm) => algorithm === 'pdq' || algorithm === 'md5';

/**
 * A hash as StopNCII lists it: `Active` while one of its cases is. An MD5 is that of a video.
 * Feedback in other words than the documented ones is `Unknown`, since python-threatexchange would
 * drop the record.
 * @returns undefined for an algorithm that StopNCII does not list
 */
export function stopNciiRecord(hash: ServedHash): StopNciiRecord | undefined {
  const { algorithm, hex, changedSeconds, caseNumbers, feedbacks } = hash;
  if (!isServed(algorithm)) return undefined;
  return {
    signalType: algorithm === 'pdq' ? 'ImagePDQ' : 'VideoMD5',
    hashValue: hex.toLowerCase(),
    hashStatus: caseNumbers.some(({ status }) => status === 'Active') ? 'Active' : 'Withdrawn',
    lastModtimestamp: changedSeconds,
    caseNumbers: caseNumbers.map(({ id, status }) => ({ id: uuidOfCase(id), status })),
    feedbacks: feedbacks.map(({ feedbackValue: word, ...others }) => {
      const isKnown = word !== 'Undefined' && FEEDBACK_VALUES.includes(word);
      return { ...others, feedbackValue: isKnown ? word : 'Unknown' };
    }),
  };
}

/** A case number of 32 hex digits, as a UUID. */
export const uuidOfCase = (id: string) =>
  id.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/** The text of a reply of `FetchHashes`. */
export function writeStopNciiPage(page: Omit<StopNciiPage, 'unknown'>): string {
  const { records, nextSetTimestamp, nextPageToken = null, hasMoreRecords } = page;
  const hashRecords = records.map(({ further, caseNumbers, feedbacks, hashRegions, ...words }) => ({
    ...words,
    caseNumbers: Object.fromEntries(caseNumbers.map(({ id, status }) => [id, status])),
    ...(feedbacks.length > 0 && { CSPFeedbacks: feedbacks }),
    ...(hashRegions && { hashRegions }),
    ...further,
  }));
  const head = { count: records.length, nextSetTimestamp, nextPageToken, hasMoreRecords };
  return JSON.stringify({ ...head, hashRecords });
}

/**
 * Reads a body of `SubmitFeedback` with at most `most` feedbacks.
 * @throws {FormatError} `bad-reply` if it is anything else
 */
export function readStopNciiFeedback(text: string, most = Infinity): StopNciiFeedback[] {
  const body = jsonObject(text);
  const list = own(body, 'hashFeedbacks');
  if (!Array.isArray(list) || own(body, 'count') !== list.length || !list.every(isObject)) {
    malformed();
  }
  if (list.length > most) malformed(`with at most ${most} feedbacks`);
  return list.map((each) => {
    const [hashValue, feedbackValue] = [textOf(each, 'hashValue'), textOf(each, 'feedbackValue')];
    const tags = own(each, 'tags');
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) malformed();
    if (!hashValue || !feedbackValue) malformed();
    return { hashValue, feedbackValue, tags };
  });
}

function malformed(what = ''): never {
  throw new FormatError('bad-reply', `expected a body of SubmitFeedback ${what}`.trim());
}
