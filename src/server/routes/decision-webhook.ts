import { createHash } from 'node:crypto';
import {
  type Checked,
  callback,
  checkedOptions,
  checkObject,
  checkOneOf,
  checkOptions,
  integer,
  NOW,
  number,
  type OptionCheck,
  type OptionTable,
  object,
  tableOf,
  wrongKind,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import { readBytes } from '../../node/read-bytes.js';
import type { NewFeedback } from '../../review/feedback-item.js';
import {
  type NewReviewRecord,
  REVIEW_OUTCOMES,
  type ReviewFacts,
  type ReviewOutcome,
} from '../../review/review-record.js';
import type { FeedbackQueue, ReviewLog } from '../../store/store.js';
import { type FromSchema, problemOf } from '../http/json-schema.js';
import { SENDER_PROOF, SenderCheck, type SenderProof } from './webhook-sender.js';

/** The item of an external decision, in the platform's words. */
export interface DecidedItem {
  readonly id: string;
  /** the kind of item, if given */
  readonly typeId?: string;
}

/** An external decision. */
export interface OutsideDecision {
  /** id of the decision; a repeated delivery has the same one */
  readonly id: string;
  readonly item: DecidedItem;
  /** id of the action taken */
  readonly action: string;
  readonly outcome: ReviewOutcome;
  /** `automation` if no person decided */
  readonly role: string;
  /** the records written to the log, one per match of the upload */
  readonly records: readonly NewReviewRecord[];
  /** true if an earlier delivery was already logged; it may not have been completed */
  readonly isRepeat: boolean;
}

export interface DecisionWebhookOptions extends SenderProof {
  /** the store's review log, which receives the decisions */
  log: Pick<ReviewLog, 'timeOf'> & { append(record: NewReviewRecord): Promise<unknown> };
  /** outcome of the match for each action, by the action's id; other actions get 422 */
  outcomes: Readonly<Record<string, ReviewOutcome>>;
  /**
   * the kept facts of the upload's decision (`reviewFactsOf`), one per match; undefined if there is
   * no such item, which gets 404
   */
  factsOf: (
    item: DecidedItem,
  ) => readonly ReviewFacts[] | undefined | Promise<readonly ReviewFacts[] | undefined>;
  /** the store's feedback queue, which receives the results of `feedbackOf` */
  feedback?: Pick<FeedbackQueue, 'add'> | undefined;
  /** the feedback for a record that a person decided; its id is added */
  feedbackOf?: ((record: NewReviewRecord) => readonly Omit<NewFeedback, 'id'>[]) | undefined;
  /**
   * called with each decision once it is in the log, to act on it. It is called at least once, so
   * check `id` or `isRepeat`. If it throws, the handler throws the same, and the sender tries again
   */
  onDecision?: ((decision: OutsideDecision) => void | Promise<void>) | undefined;
  /**
   * size limit of a body, in bytes
   * @defaultValue 64 KiB
   */
  maxBytes?: number | undefined;
  /**
   * time in which an identical body without an id counts as the same delivery: Coop sends no id,
   * and tries five times. After that it is a new decision. It also is one if another decision on
   * the item has come since. Only this handler remembers that: with several processes, or restarts,
   * use ids
   * @defaultValue 900
   */
  retrySeconds?: number | undefined;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: (() => number) | undefined;
}

/** Most characters of a decision's id, and of other ids. */
const MAX_ID = 150;
/** Completed decisions, and items, that are remembered: a late delivery then has no effect. */
const MAX_REMEMBERED = 10_000;
const PACE = { minBytesPerSecond: 1024, idleSeconds: 10 };

/** Outcomes of reviews, by the name of an action. */
const outcomes: OptionCheck = (name, value) => {
  checkOptions(value as object, `${name} to be an object`);
  for (const outcome of Object.values(value as object)) checkOneOf(name, outcome, REVIEW_OUTCOMES);
};

export const DECISION_WEBHOOK_OPTIONS = /* @__PURE__ */ tableOf(SENDER_PROOF, {
  log: { is: object, methods: ['append', 'timeOf'], required: true },
  outcomes: { is: outcomes, required: true },
  factsOf: { is: callback, required: true },
  feedback: { is: object, methods: ['add'] },
  feedbackOf: { is: callback },
  onDecision: { is: callback },
  maxBytes: { is: integer, least: 1, default: 65_536 },
  retrySeconds: { is: number, default: 900 },
  now: NOW,
}) satisfies OptionTable<DecisionWebhookOptions>;

/**
 * A webhook for a review tool to report its moderators' decisions. It writes each decision to a
 * review log, queues feedback, and calls `onDecision`. It accepts a POST with a JSON body, as sent
 * by the actions of Coop (ROOST). It reads `item.id`, `item.typeId`, `action.id` and the presence
 * of an `actorEmail`, and keeps no address, note or name. Your own tool may add `id`, the
 * decision's id, and `role`.
 *
 * The answer is 200 with `{"recorded":N}` once the decision is durable, 0 for a repeated delivery;
 * 401 if the token or the signature is wrong; 400, 404, 405, 408, 413, 415 or 422 for an invalid
 * decision. Coop's documents say that failed deliveries are repeated up to five times.
 *
 * A signature proves the author of a body, not its time. Anyone who can read a body can replay it,
 * and after `retrySeconds` it counts again unless it has an id. Serve it over TLS, with a token.
 * @returns the handler; it rejects with errors of the log, the queue or the options' functions
 * @throws {TypeError | RangeError} if an option is missing or invalid
 */
export function createDecisionWebhook(
  options: DecisionWebhookOptions,
): (request: Request) => Promise<Response> {
  const webhook = new DecisionWebhook(options);
  return (request) => webhook.answer(request);
}

/** Content of a body. */
interface WebhookDecision {
  readonly id?: string;
  readonly item: DecidedItem;
  readonly action: string;
  readonly role: string;
}

class DecisionWebhook {
  readonly #options: Checked<DecisionWebhookOptions, typeof DECISION_WEBHOOK_OPTIONS>;
  readonly #sender: SenderCheck;
  readonly #outcomes: ReadonlyMap<string, ReviewOutcome>;
  /** Decisions in progress, and the last completed ones, by id. */
  readonly #running = new Map<string, Promise<Response>>();
  readonly #ended = new Set<string>();
  /** The latest decision begun on an item, by `itemKey`. */
  readonly #latest = new Map<string, string>();

  constructor(options: DecisionWebhookOptions) {
    this.#options = checkedOptions(options, DECISION_WEBHOOK_OPTIONS);
    const { feedback, feedbackOf, outcomes } = options;
    if ((feedback === undefined) !== (feedbackOf === undefined)) {
      wrongKind('feedback and feedbackOf together');
    }
    this.#sender = new SenderCheck(options);
    this.#outcomes = new Map(Object.entries(outcomes));
  }

  async answer(request: Request): Promise<Response> {
    checkObject(request, 'a Request');
    if (request.method !== 'POST') {
      return new Response('expected POST', { status: 405, headers: { allow: 'POST' } });
    }
    if (!this.#sender.hasToken(request)) return refusal(401, 'expected a known sender');
    if (!/^\s*application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) {
      return refusal(415, 'expected JSON');
    }
    const body = await this.#bodyOf(request);
    if (body instanceof Response) return body;
    if (!this.#sender.hasSigned(request, body)) return refusal(401, 'expected a known sender');
    const decision = decisionIn(body);
    if (decision === undefined) return refusal(400, 'expected item.id and action.id');
    const outcome = this.#outcomes.get(decision.action);
    if (outcome === undefined) return refusal(422, 'expected an action that has an outcome');
    const item = itemKey(decision.item);
    const id = decision.id ?? (await this.#idOf(body, item));
    if (this.#ended.has(id)) return recorded(0);
    // Concurrent deliveries of one decision share its result.
    let running = this.#running.get(id);
    if (running === undefined) {
      running = this.#record({ ...decision, id }, outcome).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
      // As soon as it begins: a moderator may change their mind before it ends.
      this.#latest.delete(item);
      this.#latest.set(item, id);
      forgetOldest(this.#latest);
    }
    return (await running).clone();
  }

  async #bodyOf(request: Request): Promise<Uint8Array | Response> {
    const { maxBytes } = this.#options;
    if (Number(request.headers.get('content-length')) > maxBytes) {
      return refusal(413, 'expected a shorter body');
    }
    if (request.body === null) return refusal(400, 'expected a body');
    try {
      return await readBytes(request.body, { maxBytes, signal: request.signal, ...PACE });
    } catch (error) {
      if (!(error instanceof DecodeError)) return refusal(400, 'expected a complete body');
      if (error.code === 'too-many-bytes') return refusal(413, 'expected a shorter body');
      if (error.code === 'too-slow') return refusal(408, 'expected a faster body');
      return refusal(400, 'expected a complete body');
    }
  }

  /**
   * The id of a body without one: that of the delivery it repeats, or a new one. A decision that is
   * complete and no longer the latest on its item is not a repeat: a mind was changed twice.
   */
  async #idOf(body: Uint8Array, item: string): Promise<string> {
    const { log, retrySeconds, now } = this.#options;
    const digest = createHash('sha256').update(body).digest('hex');
    for (let count = 0; ; count++) {
      const id = `sha256-${digest}${count === 0 ? '' : `-${count}`}`;
      const time = await log.timeOf(recordId(id, 0));
      if (time === undefined) return id;
      const latest = this.#latest.get(item) ?? id;
      const isOver = latest !== id && this.#ended.has(id);
      if (!isOver && now() - time <= 1000 * retrySeconds) return id;
    }
  }

  async #record(
    decision: WebhookDecision & { id: string },
    outcome: ReviewOutcome,
  ): Promise<Response> {
    const { id, item, action, role } = decision;
    const { log, factsOf, feedback, feedbackOf, onDecision } = this.#options;
    const facts = await factsOf(item);
    if (facts === undefined || facts.length === 0) return refusal(404, 'expected a known item');
    const records = facts.map((fact, at): NewReviewRecord => {
      return { ...fact, id: recordId(id, at), outcome, role };
    });
    const isRepeat = (await log.timeOf(recordId(id, 0))) !== undefined;
    await Promise.all(records.map((record) => log.append(record)));
    if (feedback && feedbackOf && role !== AUTOMATION) {
      const all = records.flatMap((record) =>
        feedbackOf(record).map((one, at) => ({ ...one, id: `${record.id}:${at}` })),
      );
      for (const one of all) await feedback.add(one);
    }
    await onDecision?.({ id, item, action, outcome, role, records, isRepeat });
    this.#ended.add(id);
    forgetOldest(this.#ended);
    return recorded(isRepeat ? 0 : records.length);
  }
}

/** Sets and maps iterate in the order of insertion. */
function forgetOldest(remembered: Set<string> | Map<string, string>): void {
  if (remembered.size <= MAX_REMEMBERED) return;
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest);
    return;
  }
}

/** Bounded in length, however long the names are. */
const itemKey = ({ id, typeId }: DecidedItem) =>
  createHash('sha256')
    .update(JSON.stringify([id, typeId]))
    .digest('base64');

/** The role if no person decided but a rule or a threshold. */
const AUTOMATION = 'automation';

const recordId = (id: string, at: number) => `${id}:${at}`;

const TEXT = { type: 'string', minLength: 1, maxLength: 1000 } as const;

/** The parts of a body that are read. Coop adds many more. */
const DECISION = {
  type: 'object',
  properties: {
    id: { ...TEXT, maxLength: MAX_ID },
    item: { type: 'object', properties: { id: TEXT, typeId: TEXT }, required: ['id'] },
    action: { type: 'object', properties: { id: TEXT }, required: ['id'] },
    role: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' },
    actorEmail: {},
  },
  required: ['item', 'action'],
} as const;

/** @returns undefined if the body is not a decision */
function decisionIn(body: Uint8Array): WebhookDecision | undefined {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  if (problemOf(json, DECISION, 'body') !== undefined) return undefined;
  const { id, item, action, role, actorEmail } = json as FromSchema<typeof DECISION>;
  const byPerson = typeof actorEmail === 'string' && actorEmail !== '';
  return {
    item: { id: item.id, ...(item.typeId !== undefined && { typeId: item.typeId }) },
    action: action.id,
    role: role ?? (byPerson ? 'moderator' : AUTOMATION),
    ...(id !== undefined && { id }),
  };
}

const recorded = (count: number) =>
  Response.json({ recorded: count }, { headers: { 'cache-control': 'no-store' } });

const refusal = (status: number, message: string) => new Response(message, { status });
