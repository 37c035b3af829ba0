import { checkInteger, checkObject, checkOptions, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import { isObject, type JsonObject, jsonObject, own, textOf } from '../exchange/service-json.js';
import type {
  StopNciiFeedback,
  StopNciiPage,
  StopNciiRecord,
  StopNciiSubmission,
} from '../exchange/stop-ncii.js';
import {
  checkTexts,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  reordered,
  startFakeService,
} from './fake-service.js';

/** Options of `fakeStopNcii`. */
export interface FakeStopNciiOptions {
  /** most records of one page, whatever is asked for; default 800 */
  maxPageSize?: number;
  /** gives the records of a fetch in another order, the same for the same seed; default by time */
  reorderSeed?: number;
  /** the name under which feedback is listed, default `Us` */
  company?: string;
  /** refuses other keys than these; default takes any, but needs both headers */
  keys?: { subscriptionKey: string; functionKey: string };
  /** the time of the first change, in seconds since 1970; each change is a second later */
  startSeconds?: number;
}

/** A fake StopNCII, on this machine. */
export interface FakeStopNcii extends FakeService {
  /** Lists a record now, in place of an earlier one of the same hash. Returns it with its time. */
  put(record: Omit<StopNciiRecord, 'lastModtimestamp'>): StopNciiRecord;
  /** Changes the status of a listed hash now, as when its person takes it back. */
  setStatus(hashValue: string, hashStatus: string): void;
  /** What is listed now, withdrawn and deleted hashes too. */
  records(): StopNciiRecord[];
}

/**
 * Starts a fake StopNCII: `FetchHashes` with pages, `SubmitFeedback` and `SubmitHashes`. A fetch
 * sees the list as it was at its first page. `nextSetTimestamp` is the newest time of a page, so it
 * goes up and down if the records are reordered.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeStopNcii(options: FakeStopNciiOptions = {}): Promise<FakeStopNcii> {
  checkOptions(options);
  const {
    maxPageSize = 800,
    reorderSeed,
    company = 'Us',
    keys,
    startSeconds = 1_600_000_000,
  } = options;
  checkInteger('maxPageSize', maxPageSize, 1);
  if (reorderSeed !== undefined) checkInteger('reorderSeed', reorderSeed, 0);
  checkTypeOf('company', company, 'string');
  checkInteger('startSeconds', startSeconds, 0);
  checkTexts('keys', keys, ['subscriptionKey', 'functionKey']);
  const listed = new Map<string, StopNciiRecord>();
  /** Fetches that are not at their end, by the token of their next page. */
  const fetches = new Map<string, { all: StopNciiRecord[]; from: number }>();
  let now = startSeconds;
  let tokens = 0;

  function put(record: Omit<StopNciiRecord, 'lastModtimestamp'>): StopNciiRecord {
    const dated = { ...record, lastModtimestamp: now++ };
    listed.set(`${record.signalType}:${record.hashValue}`, dated);
    return dated;
  }

  const withHash = (hashValue: string) =>
    [...listed.values()].filter((each) => each.hashValue === hashValue.toLowerCase());

  function fetchHashes({ query }: FakeRequest): FakeReply {
    const asked = Number(query.get('pageSize') ?? 800);
    const start = Number(query.get('startTimestamp'));
    if (!(asked >= 1 && start >= 0)) return { status: 400, body: { message: 'bad query' } };
    const size = Math.min(asked, maxPageSize);
    const token = query.get('nextPageToken');
    let fetch = token === null ? undefined : fetches.get(token);
    if (token !== null && !fetch) return { status: 400, body: { message: 'bad nextPageToken' } };
    if (!fetch) {
      const found = [...listed.values()].filter((each) => each.lastModtimestamp! >= start);
      found.sort((a, b) => a.lastModtimestamp! - b.lastModtimestamp!);
      const all = reorderSeed === undefined ? found : reordered(found, reorderSeed);
      fetch = { all, from: 0 };
    }
    const to = fetch.from + size;
    const records = fetch.all.slice(fetch.from, to);
    const hasMoreRecords = fetch.all.length > to;
    const nextPageToken = `page ${++tokens}`;
    // A page may be asked for again: its own token stays good.
    if (hasMoreRecords) fetches.set(nextPageToken, { all: fetch.all, from: to });
    const nextSetTimestamp = records.reduce(
      (newest, { lastModtimestamp = 0 }) => Math.max(newest, lastModtimestamp),
      start,
    );
    const page = { records, nextSetTimestamp, hasMoreRecords };
    const body = writeStopNciiPage(hasMoreRecords ? { ...page, nextPageToken } : page);
    return { body, headers: { 'content-type': 'application/json' } };
  }

  function submitFeedback({ body }: FakeRequest): FakeReply {
    for (const { hashValue, feedbackValue, tags } of readStopNciiFeedback(body)) {
      for (const { lastModtimestamp: _, ...record } of withHash(hashValue)) {
        const others = record.feedbacks.filter(({ source }) => source !== company);
        put({ ...record, feedbacks: [...others, { source: company, feedbackValue, tags }] });
      }
    }
    return { body: {} };
  }

  function submitHashes({ body }: FakeRequest): FakeReply {
    for (const { signalType, hashValue, feedbacks } of readStopNciiSubmission(body)) {
      const said = feedbacks.map((each) => ({ source: company, ...each }));
      put({ signalType, hashValue, hashStatus: 'Active', caseNumbers: [], feedbacks: said });
    }
    return { body: {} };
  }

  const service = await startFakeService((request) => {
    const { method, path, headers } = request;
    const subscription = headers['ocp-apim-subscription-key'];
    const functionKey = headers['x-functions-key'];
    const { subscriptionKey = subscription, functionKey: wanted = functionKey } = keys ?? {};
    if (!subscription || subscription !== subscriptionKey || !functionKey || functionKey !== wanted)
      return { status: 401, body: { message: 'access denied' } };
    if (method === 'GET' && path === '/v1/FetchHashes') return fetchHashes(request);
    if (method === 'POST' && path === '/v1/SubmitFeedback') return submitFeedback(request);
    if (method === 'POST' && path === '/v1/SubmitHashes') return submitHashes(request);
    return { status: 404, body: { message: 'not found' } };
  });
  return {
    ...service,
    url: `${service.url}/v1`,
    put,
    setStatus(hashValue, hashStatus) {
      if (typeof hashValue !== 'string') throw new TypeError('expected hashValue to be text');
      for (const { lastModtimestamp: _, ...record } of withHash(hashValue)) {
        put({ ...record, hashStatus });
      }
    },
    records: () => [...listed.values()],
  };
}

/**
 * The text of a reply of `FetchHashes`.
 * @throws {TypeError} if `page` is invalid
 */
export function writeStopNciiPage(page: Omit<StopNciiPage, 'unknown'>): string {
  checkObject(page, 'a page of StopNCII');
  const { records, nextSetTimestamp, nextPageToken = null, hasMoreRecords } = page;
  if (!Array.isArray(records)) throw new TypeError('expected records to be a list');
  return JSON.stringify({
    count: records.length,
    nextSetTimestamp,
    nextPageToken,
    hasMoreRecords,
    hashRecords: records.map((record: StopNciiRecord) => {
      checkRecord(record);
      const { further, caseNumbers, feedbacks, hashRegions, ...words } = record;
      return {
        lastModtimestamp: words.lastModtimestamp,
        signalType: words.signalType,
        hashValue: words.hashValue,
        hashStatus: words.hashStatus,
        caseNumbers: Object.fromEntries(caseNumbers.map(({ id, status }) => [id, status])),
        ...(feedbacks.length > 0 && { CSPFeedbacks: feedbacks }),
        ...(hashRegions && { hashRegions }),
        ...further,
      };
    }),
  });
}

/** @throws {TypeError} unless `record` has the shape of a record */
function checkRecord(record: StopNciiRecord): void {
  checkObject(record, 'a record of StopNCII');
  const { signalType, hashValue, hashStatus, caseNumbers, feedbacks } = record;
  const texts = [signalType, hashValue, hashStatus];
  const isShaped =
    texts.every((text) => typeof text === 'string') &&
    Array.isArray(caseNumbers) &&
    caseNumbers.every((each) => typeof each?.id === 'string' && typeof each.status === 'string') &&
    Array.isArray(feedbacks) &&
    feedbacks.every(
      (each) =>
        typeof each?.feedbackValue === 'string' &&
        Array.isArray(each.tags) &&
        each.tags.every((tag: unknown) => typeof tag === 'string'),
    );
  if (!isShaped) throw new TypeError('expected a record of StopNCII');
}

/**
 * Reads a body of `SubmitFeedback`.
 * @throws {FormatError} `bad-reply` if it is anything else
 */
export function readStopNciiFeedback(text: string): StopNciiFeedback[] {
  return listOf(text, 'hashFeedbacks').map((each) => ({
    hashValue: wordOf(each, 'hashValue'),
    ...opinionFrom(each),
  }));
}

/**
 * Reads a body of `SubmitHashes`.
 * @throws {FormatError} `bad-reply` if it is anything else
 */
export function readStopNciiSubmission(text: string): StopNciiSubmission[] {
  return listOf(text, 'hashRecords').map((each) => {
    const lastModtimestamp = own(each, 'lastModtimestamp');
    const feedbacks = own(each, 'CSPFeedbacks');
    const isTime = Number.isSafeInteger(lastModtimestamp) && (lastModtimestamp as number) >= 0;
    if (!isTime || !Array.isArray(feedbacks) || !feedbacks.every(isObject)) malformed();
    return {
      signalType: wordOf(each, 'signalType'),
      hashValue: wordOf(each, 'hashValue'),
      lastModtimestamp: lastModtimestamp as number,
      feedbacks: feedbacks.map(opinionFrom),
    };
  });
}

function listOf(text: string, name: string): JsonObject[] {
  const body = jsonObject(text);
  const list = own(body, name);
  if (!Array.isArray(list) || own(body, 'count') !== list.length || !list.every(isObject)) {
    malformed();
  }
  return list;
}

function opinionFrom(each: JsonObject) {
  const tags = own(each, 'tags');
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) malformed();
  return { feedbackValue: wordOf(each, 'feedbackValue'), tags: tags as string[] };
}

function wordOf(each: JsonObject, name: string): string {
  return textOf(each, name) || malformed();
}

function malformed(): never {
  throw new FormatError('bad-reply', 'expected a body of SubmitFeedback or SubmitHashes');
}
