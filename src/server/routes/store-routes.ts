import {
  type WithdrawnJSON,
  withdrawnFromJSON,
  withdrawnToJSON,
} from '../../blocklist/withdrawn.js';
import { callback, checkedOptions, type OptionTable } from '../../door.js';
import { hashFromJSON } from '../../hash.js';
import { createAllowList } from '../../matching/allow-list.js';
import type { ReviewQuery } from '../../review/review-record.js';
import type { FetchProgress } from '../../services/list-fetch.js';
import { StoreError } from '../../store/sql/store-error.js';
import type { Store } from '../../store/store.js';
import type { FromSchema, Schema } from '../http/json-schema.js';
import { type Reply, TextReply } from '../http/reply.js';
import { Refusal, type Route, repliesOf, routeOf } from '../http/route.js';
import { orPdq } from './match-request.js';

/** Options of the routes that administer a store. */
export interface CurationOptions {
  /**
   * fetches a list from its service, as `Store.fetch` does; returns undefined if it knows no such
   * list. Callers see the messages of its errors. Absent: no list is fetched on demand
   */
  fetch?:
    | ((list: string, options: ListFetchOptions) => Promise<FetchProgress | undefined>)
    | undefined;
}

export const CURATION_OPTIONS = {
  fetch: { is: callback },
} as const satisfies OptionTable<CurationOptions>;

/** Options of fetching a list on demand. */
export interface ListFetchOptions {
  readonly fromStart: boolean;
  /** called after each page */
  readonly onProgress: (progress: FetchProgress) => void;
  /** called with each malformed record */
  readonly onProblem: (error: Error) => void;
  /** aborts when the caller disconnects */
  readonly signal: AbortSignal;
}

const TEXT = { type: 'string' } as const;
const KEYS = { type: 'array', maxItems: 10_000, items: { type: 'object' } } as const;
const CHANGES = {
  type: 'object',
  properties: {
    withdraw: KEYS,
    reinstate: KEYS,
    settings: { type: 'object', additionalProperties: { type: 'object' } },
  },
  additionalProperties: false,
} as const;
const CHANGED: Schema = {
  type: 'object',
  required: ['removed', 'reinstated'],
  properties: {
    removed: { type: 'array', items: { type: 'integer' } },
    reinstated: { type: 'array', items: { type: 'boolean' } },
  },
};
const QUERY = {
  type: 'object',
  properties: { entry: { type: 'object' }, id: TEXT, list: TEXT, from: TEXT, before: TEXT },
  // A misspelt member would select more records.
  additionalProperties: false,
} as const;
const FETCH = {
  type: 'object',
  properties: { fromStart: { type: 'boolean' } },
  additionalProperties: false,
} as const;

/** The retention of those who write reviews is unknown here, so nothing else may be omitted. */
const RETENTION = { retentionDays: 36_500 };
/** Entries per line. */
const PAGE = 1000;
/** Interval of keep-alive lines, which show the caller that the fetch goes on. */
const PULSE_MILLISECONDS = 1000;

/**
 * Routes that administer a store: changes, the progress of fetches, fetching a list now, and the
 * review log. The program's commands call them while a `serve` holds an embedded store.
 * @throws {TypeError} if an argument is invalid
 */
export function storeRoutes(store: Store, options: CurationOptions): Route[] {
  const { fetch } = checkedOptions(options, CURATION_OPTIONS);
  const log = store.reviewLog(RETENTION);
  return [
    routeOf({
      method: 'POST',
      path: '/v1/changes',
      role: 'curate',
      about:
        'Withdraws entries and lifts withdrawals, by hash or by id, and changes settings of lists, ' +
        'all in one change.',
      body: CHANGES,
      replies: { 200: CHANGED, ...repliesOf(undefined, 400) },
      answer: (_, { withdraw = [], reinstate = [], settings = {} }) =>
        checked(async () => {
          const keysOf = (keys: readonly object[]) =>
            keys.map((key) => withdrawnFromJSON(orPdq(key) as WithdrawnJSON));
          const { withdrawn, reinstated } = await store.apply({
            withdraw: keysOf(withdraw),
            reinstate: keysOf(reinstate),
            settings,
          });
          return TextReply.json({ removed: withdrawn, reinstated });
        }),
    }),
    {
      method: 'GET',
      path: '/v1/lists',
      role: 'curate',
      about: 'All lists with the progress of their fetches, and all feeds.',
      replies: { 200: { type: 'object', required: ['revision', 'lists', 'feeds'] } },
      async answer() {
        const [revision, lists] = [await store.revision(), await store.lists()];
        return TextReply.json({ revision, lists, feeds: await store.feeds().items() });
      },
    },
    routeOf({
      method: 'POST',
      path: '/v1/lists/{name}/fetch',
      role: 'curate',
      about:
        'Fetches a list from its service. Returns lines of JSON: `progress` or `problem`, and ' +
        'finally `done` or `failed`.',
      body: FETCH,
      replies: repliesOf(undefined, 200, 501),
      answer({ params }, { fromStart = false }) {
        if (!fetch) throw new Refusal('not-available', 'this service fetches no lists');
        return linesOf((write, signal) => {
          const onProgress = (progress: FetchProgress) => write({ progress });
          const onProblem = ({ message }: Error) => write({ problem: message });
          return fetch(params.name!, { fromStart, onProgress, onProblem, signal }).then(
            (done) => write(done ? { done } : { failed: 'this service does not fetch this list' }),
            (error) => {
              const code = error instanceof StoreError ? error.code : undefined;
              return write({ failed: error.message, code });
            },
          );
        });
      },
    }),
    {
      method: 'GET',
      path: '/v1/entries',
      role: 'admin',
      about:
        'Everything that matching uses, as lines of JSON: settings of lists, `withdrawals` and ' +
        '`exceptions`, then pages of `entries`.',
      replies: repliesOf(undefined, 200),
      answer: () =>
        linesOf(async (write, gone) => {
          // First, since entries withdrawn in the meantime appear in no later page.
          const [withdrawals, settings] = [await store.withdrawals(), await store.settings()];
          await write({
            lists: Object.fromEntries(settings),
            withdrawals: withdrawals.map(withdrawnToJSON),
            exceptions: createAllowList({ exceptions: await store.exceptions() }),
          });
          for (let after = 0; !gone.aborted; ) {
            const entries = await store.find({ paused: false, after, limit: PAGE });
            await write({ entries });
            if (entries.length < PAGE) return;
            after = entries.at(-1)!.number;
          }
        }),
    },
    routeOf({
      method: 'POST',
      path: '/v1/reviews',
      role: 'admin',
      about:
        'Records of the review log that a query selects, as lines of JSON: `record`, or ' +
        '`changed` with the number of a record that has changed since it was written.',
      body: QUERY,
      replies: repliesOf(undefined, 200, 400),
      answer: (_, body) =>
        checked(() => {
          const changed: number[] = [];
          const onProblem = ({ record }: { record?: number }) => changed.push(record!);
          const records = log.read(queryOf(body), { onProblem });
          return linesOf(async (write, signal) => {
            const writeChanged = async () => {
              for (const number of changed.splice(0)) await write({ changed: number });
            };
            for await (const record of records) {
              await writeChanged();
              await write({ record });
              if (signal.aborted) return;
            }
            await writeChanged();
          });
        }),
    }),
    routeOf({
      method: 'POST',
      path: '/v1/reviews/erase',
      role: 'admin',
      about: 'Erases the records and the queued uploads that a query selects.',
      body: QUERY,
      replies: { 200: { type: 'object', required: ['erased'] }, ...repliesOf(undefined, 400) },
      answer: (_, body) =>
        checked(async () => {
          const query = queryOf(body);
          // First, since items of the queue become records once decided.
          const waiting = await store.reviewQueue(RETENTION).erase(query);
          const written = await log.erase(query);
          return TextReply.json({ erased: waiting.erased + written.erased });
        }),
    }),
  ];
}

/** @throws {TypeError | RangeError} if the entry is malformed */
function queryOf({ entry, ...query }: FromSchema<typeof QUERY>): ReviewQuery {
  if (entry === undefined) return query;
  return {
    ...query,
    entry: 'id' in entry ? (entry as { id: string }) : hashFromJSON(orPdq(entry) as never),
  };
}

/** @throws {Refusal} 400 if `work` finds an argument invalid; the message quotes nothing */
async function checked(work: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    const isInvalid = error instanceof TypeError || error instanceof RangeError;
    throw isInvalid ? new Refusal('bad-request', error.message) : error;
  }
}

/**
 * A reply of JSON lines, which begins at once. Occasional empty lines show that `work` goes on. If
 * it fails, the reply breaks off.
 * @param work its signal aborts when the caller disconnects
 */
function linesOf(
  work: (write: (line: object) => Promise<void>, gone: AbortSignal) => Promise<void>,
): Response {
  const gone = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const send = (text: string) =>
    writer.write(new TextEncoder().encode(text)).catch(() => gone.abort());
  const working = work((line) => send(`${JSON.stringify(line)}\n`), gone.signal);
  const pulse = setInterval(() => {
    if ((writer.desiredSize ?? 0) > 0) void send('\n');
  }, PULSE_MILLISECONDS);
  working
    .then(
      () => writer.close(),
      (error) => writer.abort(error),
    )
    .catch(() => {})
    .finally(() => clearInterval(pulse));
  const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' };
  return new Response(readable, { headers });
}
