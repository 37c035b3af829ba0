import { createHash } from 'node:crypto';
import { readBytes } from '../../node/read-bytes.js';
import type { StopNciiFeedback } from '../../services/stop-ncii/format.js';
import { stopNciiReplies } from '../../services/stop-ncii/serve.js';
import type { Cases } from '../../store/store.js';
import { TextReply } from '../http/reply.js';
import { type Call, type ErrorBody, type Route, repliesOf } from '../http/route.js';

/** The base of the paths, with which the base URL of StopNCII's clients ends. */
const BASE = '/stopncii/v1';
const MAX_BYTES = 2 ** 20;
const PACE = { minBytesPerSecond: 1024, idleSeconds: 10 };
/** Their second header, the key of a function, may have any text. */
const KEY = 'ocp-apim-subscription-key';

/** Errors in StopNCII's shape. */
const error: ErrorBody = (_, message) => ({ message });

/**
 * The list of confirmed cases in the shape of StopNCII's API: its clients fetch it unchanged, and
 * report about it. Hashes that this shape cannot carry are left out.
 */
export function feedRoutes(cases: Cases): Route[] {
  const feed = cases.feed();
  const answer = async (call: Call, path: string, body: string) => {
    const feedback = async (feedbacks: readonly StopNciiFeedback[]) =>
      void (await feed.report(call.caller!.name, feedbacks));
    const { method } = call.request;
    const { status, body: text } = await stopNciiReplies({ page: feed.page, feedback })({
      ...{ method, path, body, query: call.url.searchParams },
    });
    return new TextReply(text, status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
  };
  const common = {
    role: 'feed',
    error,
    scheme: 'key',
    tokenHashOf: async ({ headers }: Request) => {
      const token = headers.get(KEY);
      return token === null ? undefined : createHash('sha256').update(token).digest('hex');
    },
  } as const;
  return [
    {
      ...common,
      method: 'GET',
      path: `${BASE}/FetchHashes`,
      about: 'The list of confirmed cases, in pages, as StopNCII serves its own.',
      query: {
        startTimestamp: { type: 'string' },
        pageSize: { type: 'string' },
        nextPageToken: { type: 'string' },
      },
      replies: { 200: { type: 'object' }, ...repliesOf({ type: 'object' }, 400) },
      answer: (call) => answer(call, 'FetchHashes', ''),
    },
    {
      ...common,
      method: 'POST',
      path: `${BASE}/SubmitFeedback`,
      about: 'Takes what a platform says of hashes that it fetched.',
      media: ['application/json'],
      replies: { 200: { type: 'object' }, ...repliesOf({ type: 'object' }, 400) },
      async answer(call) {
        const { request, signal } = call;
        const bytes = await readBytes(request, { maxBytes: MAX_BYTES, signal, ...PACE });
        return await answer(call, 'SubmitFeedback', new TextDecoder().decode(bytes));
      },
    },
  ];
}
