import { FormatError } from '../../errors.js';
import { isObject, jsonObject, own, textOf } from '../../text/json.js';
import {
  checkFake,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  Pages,
  reordered,
  startFakeService,
} from '../fake-service.js';
import type { StopNciiFeedback, StopNciiPage, StopNciiRecord } from './format.js';

/** Options of `fakeStopNcii`. */
export interface FakeStopNciiOptions {
  /** most records of one page, whatever size is requested; default 800 */
  maxPageSize?: number;
  /** shuffles the records of a fetch, the same way for the same seed; default by time */
  reorderSeed?: number;
  /** the name under which feedback is listed, default `Us` */
  company?: string;
  /** rejects other keys than these; default accepts any, but needs both headers */
  keys?: { subscriptionKey: string; functionKey: string };
  /** the time of the first change, in seconds since 1970; each change is a second later */
  startSeconds?: number;
}

/** A fake StopNCII, on this machine. */
export interface FakeStopNcii extends FakeService {
  /** Lists a record now, in place of an earlier one of the same hash. Returns it with its time. */
  put(record: Omit<StopNciiRecord, 'lastModtimestamp'>): StopNciiRecord;
  /** Changes the status of a listed hash now, as when its person withdraws it. */
  setStatus(hashValue: string, hashStatus: string): void;
  /** All listed records, with withdrawn and deleted hashes. */
  records(): StopNciiRecord[];
}

/**
 * Starts a fake StopNCII: `FetchHashes` with pages, and `SubmitFeedback`. A fetch
 * sees the list as it was at its first page. `nextSetTimestamp` is the newest time of a page, so it
 * goes up and down if the records are reordered.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeStopNcii(options: FakeStopNciiOptions = {}): Promise<FakeStopNcii> {
  checkFake(options, {
    ...{ maxPageSize: [1], reorderSeed: [0], startSeconds: [0], company: 'string' },
    keys: { texts: ['subscriptionKey', 'functionKey'] },
  });
  const { maxPageSize = 800, reorderSeed, company = 'Us', keys } = options;
  const { startSeconds = 1_600_000_000 } = options;
  const listed = new Map<string, StopNciiRecord>();
  const pages = new Pages<StopNciiRecord>();
  let now = startSeconds;

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
    const page = pages.page(query.get('nextPageToken'), Math.min(asked, maxPageSize), () => {
      const found = [...listed.values()].filter((each) => each.lastModtimestamp! >= start);
      found.sort((a, b) => a.lastModtimestamp! - b.lastModtimestamp!);
      return reordered(found, reorderSeed);
    });
    if (!page) return { status: 400, body: { message: 'bad nextPageToken' } };
    const { records, next: nextPageToken } = page;
    const nextSetTimestamp = records.reduce(
      (newest, { lastModtimestamp = 0 }) => Math.max(newest, lastModtimestamp),
      start,
    );
    const body = writeStopNciiPage({
      ...{ records, nextSetTimestamp, hasMoreRecords: nextPageToken !== undefined },
      ...(nextPageToken !== undefined && { nextPageToken }),
    });
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

  const service = await startFakeService((request) => {
    const { method, path, headers } = request;
    const subscription = headers['ocp-apim-subscription-key'];
    const functionKey = headers['x-functions-key'];
    const { subscriptionKey = subscription, functionKey: wanted = functionKey } = keys ?? {};
    if (!subscription || subscription !== subscriptionKey || !functionKey || functionKey !== wanted)
      return { status: 401, body: { message: 'access denied' } };
    if (method === 'GET' && path === '/v1/FetchHashes') return fetchHashes(request);
    if (method === 'POST' && path === '/v1/SubmitFeedback') return submitFeedback(request);
    return { status: 404, body: { message: 'not found' } };
  });
  return {
    ...service,
    url: `${service.url}/v1`,
    put,
    setStatus(hashValue, hashStatus) {
      for (const { lastModtimestamp: _, ...record } of withHash(hashValue)) {
        put({ ...record, hashStatus });
      }
    },
    records: () => [...listed.values()],
  };
}

/** The text of a reply of `FetchHashes`. */
export function writeStopNciiPage({
  records,
  nextSetTimestamp,
  nextPageToken = null!,
  hasMoreRecords,
}: Omit<StopNciiPage, 'unknown'>): string {
  return JSON.stringify({
    count: records.length,
    nextSetTimestamp,
    nextPageToken,
    hasMoreRecords,
    hashRecords: records.map((record: StopNciiRecord) => {
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

/**
 * Reads a body of `SubmitFeedback`.
 * @throws {FormatError} `bad-reply` if it is anything else
 */
export function readStopNciiFeedback(text: string): StopNciiFeedback[] {
  const body = jsonObject(text);
  const list = own(body, 'hashFeedbacks');
  if (!Array.isArray(list) || own(body, 'count') !== list.length || !list.every(isObject)) {
    malformed();
  }
  return list.map((each) => {
    const [hashValue, feedbackValue] = [textOf(each, 'hashValue'), textOf(each, 'feedbackValue')];
    const tags = own(each, 'tags');
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) malformed();
    return {
      hashValue: hashValue || malformed(),
      feedbackValue: feedbackValue || malformed(),
      tags,
    };
  });
}

function malformed(): never {
  throw new FormatError('bad-reply', 'expected a body of SubmitFeedback');
}
