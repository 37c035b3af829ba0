import { DecodeError } from '../../errors.js';
import { type Decision, unhashable } from '../../matching/decision.js';
import { match, type RemoteList } from '../../matching/match.js';
import { CHECK_OPTIONS } from '../../node/pool/create-hash-pool.js';
import type { ImageSource } from '../../node/read-bytes.js';
import type { ReviewQueue } from '../../store/store.js';
import { mayDo } from '../http/access.js';
import type { Schema } from '../http/json-schema.js';
import { filesOf, isForm } from '../http/read-form.js';
import { TextReply } from '../http/reply.js';
import {
  type Call,
  FILES,
  type QueryOf,
  Refusal,
  type Route,
  repliesOf,
  routeOf,
  withPut,
} from '../http/route.js';
import { ITEM_QUERY, type NamedUpload, namedUpload } from '../review/intake.js';
import { isRaw, type RequestUpload, scan } from '../uploads/scan.js';
import type { ScanAnswerOptions } from '../uploads/scanner.js';
import { createDecisionWebhook, type DecisionWebhookOptions } from './decision-webhook.js';
import { isAnswered, MATCH_REPLY_SCHEMA, replyOf } from './match-reply.js';
import { hashesOf, IMAGE_SCHEMA, type ImageJSON, imageFrom } from './match-request.js';
import type { ServiceParts } from './parts.js';

/** Answers of `/v1/scan` to uploads; the service has the list, the pool and the limits. */
export type ScanRouteOptions = ScanAnswerOptions<RequestUpload>;

/** Dependencies of our own dialect. */
export interface V1Options {
  readonly parts: ServiceParts;
  /** if true, callers of the role `match` see the hashes of entries */
  readonly includeHashes: boolean;
  readonly remote: readonly RemoteList[] | undefined;
  readonly scan: ScanRouteOptions | undefined;
  readonly webhook: DecisionWebhookOptions | undefined;
  /** the queue of uploads for moderators; undefined: none */
  readonly queue: ReviewQueue | undefined;
}

const LIMIT = 100;
const MOST = 1000;

/**
 * `/v1/match`, `/v1/status`, `/v1/lists/{name}/confirm`, and if enabled, `/v1/scan` and
 * `/v1/decisions`.
 */
export function v1Routes(options: V1Options): Route[] {
  const { scan, webhook } = options;
  return [
    ...withPut(matchRoute(options)),
    statusRoute(options.parts),
    confirmRoute(options.parts),
    ...(scan ? withPut(scanRoute(scan, options)) : []),
    ...(webhook ? [webhookRoute(webhook)] : []),
  ];
}

const MATCH_QUERY = {
  distance: {
    type: 'integer',
    minimum: 0,
    maximum: 256,
    description: 'largest distance in bits; it can only narrow what the policies allow',
  },
  limit: {
    type: 'integer',
    minimum: 0,
    maximum: MOST,
    default: LIMIT,
    description: 'largest number of matches in the reply; the nearest are kept',
  },
  all: { type: 'boolean', description: 'search every variant, even after a match' },
  remote: {
    type: 'boolean',
    default: true,
    description:
      'false: remote matchers are not asked, since services that ask each other would loop',
  },
  ...ITEM_QUERY,
} as const;

const matchRoute = (options: V1Options): Route =>
  routeOf({
    method: 'POST',
    path: '/v1/match',
    role: 'match',
    about:
      'Decides about one picture, by its file, the hashes of its variants, or its hash alone. ' +
      'A file finds the most edited copies, a hash alone the fewest: `refined` is true for a file.',
    query: MATCH_QUERY,
    body: IMAGE_SCHEMA,
    media: [...FILES, 'multipart/form-data'],
    replies: {
      200: MATCH_REPLY_SCHEMA,
      ...repliesOf(UNANSWERED, 400, 408, 413, 415, 422, 501, 503),
    },
    isAnswer: true,
    answer: async (call, body) => {
      const { limit = LIMIT } = call.query;
      const upload = namedUpload(call.query, options.queue);
      const decision = await decided(call, body, call.query, options);
      noteDecision(call, decision, options.parts);
      const isQueued = await upload?.queue(decision);
      const withHashes = options.includeHashes || mayDo(call.caller!.role, 'curate');
      return replyOf(decision, { limit, withHashes, isQueued });
    },
  });

const REFUSAL: Schema = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: { type: 'string' }, message: { type: 'string' } },
};

/** An invalid request gets a refusal instead of a decision. */
const UNANSWERED: Schema = {
  title: 'reason for the missing answer',
  anyOf: [MATCH_REPLY_SCHEMA, REFUSAL],
};

async function decided(
  call: Call,
  body: ImageJSON | undefined,
  { all = false, distance, remote: asks = true }: QueryOf<typeof MATCH_QUERY>,
  { parts, remote: lists }: V1Options,
): Promise<Decision> {
  const { request, signal } = call;
  const { forms, pool, maxBytes } = parts;
  const list = parts.list();
  const rules = parts.rules();
  const further = { ...rules, all, distance, signal, remote: asks ? lists : undefined };
  if (body !== undefined) {
    const image = imageFrom(body);
    // Each hash could have been a separate request.
    call.countAnswers(hashesOf(image) - 1);
    return await match(image, list, further);
  }
  const check = (source: ImageSource) =>
    call.countSearches(list, (counted) => pool.check(source, counted, { ...further, maxBytes }));
  if (!isForm(request.headers.get('content-type'))) return await check(request);
  try {
    const { form, release } = await forms.read(request, signal);
    try {
      const [file, ...others] = filesOf(form);
      if (file === undefined || others.length > 0) {
        throw new Refusal('bad-request', 'expected one file in the form');
      }
      return await check(file);
    } finally {
      release();
    }
  } catch (error) {
    if (error instanceof DecodeError) return unhashable(error, rules.policy);
    throw error;
  }
}

function noteDecision(call: Call, decision: Decision, { metrics }: ServiceParts): void {
  const { verdict, reason, matches, generation } = decision;
  const known = generation === undefined ? {} : { generation };
  call.note({ verdict, reason, matches: matches.length, ...known });
  metrics.count('onlyhashes_verdicts_total', 'Decisions by verdict.', { verdict });
  if (isAnswered(decision)) return;
  metrics.count('onlyhashes_unanswered_total', 'Pictures not checked, by reason.', { reason });
}

const STATUS: Schema = {
  title: 'The state of the service',
  type: 'object',
  required: ['status', 'entries', 'generation', 'pool'],
  properties: {
    status: { enum: ['ready', 'ending'] },
    entries: { type: 'integer' },
    generation: { type: 'integer', description: 'changes to the list in this process' },
    revision: { type: 'integer', description: 'revision of the store that the list has reached' },
    pool: {
      type: 'object',
      properties: {
        queued: { type: 'integer' },
        reading: { type: 'integer' },
        atWork: { type: 'integer' },
      },
    },
    lists: { type: 'array', description: 'for curators', items: { type: 'object' } },
  },
};

const statusRoute = (parts: ServiceParts): Route => ({
  method: 'GET',
  path: '/v1/status',
  role: 'match',
  about: 'Size of the list, and state of the service.',
  replies: { 200: STATUS, 503: REFUSAL },
  answer: ({ caller }) => {
    const list = parts.list();
    const there = parts.followed()!;
    const { queued, reading, atWork } = parts.pool.stats();
    return TextReply.json({
      status: parts.isEnding() ? 'ending' : 'ready',
      entries: list.size,
      generation: list.generation,
      ...('revision' in there && { revision: there.revision }),
      pool: { queued, reading, atWork },
      ...(mayDo(caller!.role, 'curate') && {
        lists: list.lists().map(({ fetched: _, ...settings }) => settings),
      }),
    });
  },
});

const confirmRoute = (parts: ServiceParts): Route => ({
  method: 'POST',
  path: '/v1/lists/{name}/confirm',
  role: 'curate',
  about: 'Confirms the pending removals of a list: the next fetch makes them, if it finds no more.',
  replies: { 200: CONFIRMED, 404: REFUSAL, 501: REFUSAL },
  answer: async ({ params }) => {
    const list = params.name!;
    if (await parts.confirm(list)) return TextReply.json({ list, isConfirmed: true });
    throw new Refusal('not-found', 'expected the name of a list with pending removals');
  },
});

const CONFIRMED: Schema = {
  type: 'object',
  required: ['list', 'isConfirmed'],
  properties: { list: { type: 'string' }, isConfirmed: { const: true } },
};

/** Reports only the verdict, by the status; see `scan`. */
function scanRoute(options: ScanRouteOptions, { parts, queue }: V1Options): Route {
  const asked = new WeakMap<object, { call: Call; upload: NamedUpload | undefined }>();
  const handler = scan({
    ...options,
    maxBytes: parts.maxBytes,
    maxDigestBytes: CHECK_OPTIONS.maxDigestBytes.default,
    policy: parts.policy,
    check: (source, limits) =>
      asked
        .get(source as Request)!
        .call.countSearches(parts.list(), (list) =>
          parts.pool.check(source, list, { ...parts.rules(), ...limits }),
        ),
    onDecision: async (decision, upload) => {
      await asked.get(upload.request)?.upload?.queue(decision);
      await options.onDecision?.(decision, upload);
    },
  });
  return routeOf({
    method: 'POST',
    path: '/v1/scan',
    role: 'match',
    about: 'Checks an upload. The status is 200 (accept) or 451 (reject).',
    query: ITEM_QUERY,
    media: FILES,
    replies: {
      ...repliesOf(VERDICT, 200, 451),
      ...repliesOf({ anyOf: [VERDICT, REFUSAL] }, 400, 408, 413, 415, 422, 501, 503),
    },
    isAnswer: true,
    answer: async (call) => {
      if (!isRaw(call.request.headers.get('content-type'))) {
        throw new Refusal('unsupported', 'expected a picture as the body');
      }
      asked.set(call.request, { call, upload: namedUpload(call.query, queue) });
      const response = await handler(call.request);
      const verdict = response.headers.get('onlyhashes-verdict');
      if (verdict !== null) {
        call.note({ verdict });
        parts.metrics.count('onlyhashes_verdicts_total', 'Decisions by verdict.', { verdict });
      }
      return response;
    },
  });
}

const VERDICT: Schema = {
  type: 'object',
  required: ['verdict'],
  properties: { verdict: { enum: ['match', 'review', 'none', 'unhashable'] } },
};

/** A public route: `createDecisionWebhook` authenticates the senders. */
function webhookRoute(webhook: DecisionWebhookOptions): Route {
  const handler = createDecisionWebhook(webhook);
  return {
    method: 'POST',
    path: '/v1/decisions',
    role: 'public',
    about:
      'Receives decisions that moderators made in another system. Senders have their own token or key.',
    media: ['application/json'],
    replies: repliesOf(undefined, 200, 400, 401, 404, 408, 413, 415, 422),
    answer: ({ request }) => handler(request),
  };
}
