import {
  checkFake,
  type FakeService,
  Pages,
  reordered,
  startFakeService,
} from '../fake-service.js';
import type { StopNciiRecord } from './format.js';
import { stopNciiReplies } from './serve.js';

export { readStopNciiFeedback, writeStopNciiPage } from './serve.js';

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

  const replies = stopNciiReplies(
    {
      async page(start, token, limit) {
        const page = pages.page(token ?? null, limit, () => {
          const found = [...listed.values()].filter((each) => each.lastModtimestamp! >= start);
          found.sort((a, b) => a.lastModtimestamp! - b.lastModtimestamp!);
          return reordered(found, reorderSeed);
        });
        if (!page) return undefined;
        const times = page.records.map((each) => each.lastModtimestamp!);
        const nextSetTimestamp = times.reduce((newest, each) => Math.max(newest, each), start);
        const more = page.next !== undefined && { nextPageToken: page.next };
        return { records: page.records, nextSetTimestamp, ...more };
      },
      async feedback(feedbacks) {
        for (const { hashValue, feedbackValue, tags } of feedbacks) {
          for (const { lastModtimestamp: _, ...record } of withHash(hashValue)) {
            const others = record.feedbacks.filter(({ source }) => source !== company);
            put({ ...record, feedbacks: [...others, { source: company, feedbackValue, tags }] });
          }
        }
      },
    },
    { maxPageSize },
  );

  const service = await startFakeService(async ({ headers, path, ...request }) => {
    const subscription = headers['ocp-apim-subscription-key'];
    const functionKey = headers['x-functions-key'];
    const { subscriptionKey = subscription, functionKey: wanted = functionKey } = keys ?? {};
    if (!subscription || subscription !== subscriptionKey || !functionKey || functionKey !== wanted)
      return { status: 401, body: { message: 'access denied' } };
    const reply = await replies({ ...request, path: path.replace(/^\/v1\//, '') });
    return { ...reply, headers: { 'content-type': 'application/json' } };
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
