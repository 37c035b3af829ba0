import { checkedJson, checkMethods, checkOptions, checkTypeOf, wrongKind } from '../door.js';

/** JSON that a sender understands: the feedback, and the entry that it is about. */
export type FeedbackValue =
  | string
  | number
  | boolean
  | null
  | readonly FeedbackValue[]
  | { readonly [name: string]: FeedbackValue };

/** Feedback on an entry, to be sent to the service that it came from. */
export interface NewFeedback {
  /** an id that the queue has, or has ended within a week, is not accepted again */
  readonly id: string;
  /** the name of the sender */
  readonly to: string;
  /**
   * name of the entry within the service: items with the same `to` and `entry` are sent in order
   */
  readonly entry: string;
  /** for the sender: a StopNCII feedback, an NCMEC vote */
  readonly body: FeedbackValue;
}

/** Feedback in a queue. */
export interface FeedbackItem extends NewFeedback {
  /**
   * - `waiting`: to be sent
   * - `unknown`: sent, without an answer: it may have arrived or not
   * - `stuck`: given up, until `retry` or `drop`
   */
  readonly state: 'waiting' | 'unknown' | 'stuck';
  /** failed tries in a row, of sending or reading back */
  readonly attempts: number;
  /** time of the next try, in milliseconds since 1970 */
  readonly due: number;
}

/**
 * Result of sending.
 * - `done`: the service has it
 * - `retry`: the service certainly does not have it, and a later try may succeed
 * - `unknown`: no answer came
 * - `refused`: the service will never accept it
 */
export type Sent = 'done' | 'retry' | 'unknown' | 'refused';

/** Result of reading the feedback back: `absent` if the service does not have it. */
export type Settled = 'done' | 'absent' | 'unknown';

/**
 * Sends feedback to one service, e.g. with `StopNciiClient` or `NcmecClient`. An error counts as no
 * answer.
 */
export interface FeedbackSender {
  /** Sends one item; `signal` ends it. */
  send(item: FeedbackItem, options: { signal: AbortSignal }): Promise<Sent>;
  /**
   * whether sending twice has the same effect as once, as with a PUT: an item without an answer is
   * then sent again. Otherwise it is settled by reading it back
   */
  readonly idempotent?: boolean;
  /** reads back whether the service has it; required unless `idempotent` */
  settle?(item: FeedbackItem, options: { signal: AbortSignal }): Promise<Settled>;
}

/** Characters of an id, a name or a key. */
const MAX_NAME = 500;

/** @throws {TypeError | RangeError} if `feedback` is invalid */
export function checkedFeedback(feedback: NewFeedback): NewFeedback {
  checkOptions(feedback, 'feedback to be an object');
  const { id, to, entry, body } = feedback;
  for (const [name, value] of Object.entries({ id, to, entry })) {
    if (typeof value !== 'string' || value.length === 0 || value.length > MAX_NAME) {
      wrongKind(`${name} to be a string of 1 to ${MAX_NAME} characters`);
    }
  }
  return { id, to, entry, body: JSON.parse(checkedJson('body', body)) as FeedbackValue };
}

/** @throws {TypeError} unless each is a sender, with `settle` if it needs it */
export function checkSenders(senders: Readonly<Record<string, FeedbackSender>>): void {
  checkOptions(senders, 'senders to be an object');
  for (const sender of Object.values(senders)) {
    const { settle, idempotent = false } = Object(sender) as FeedbackSender;
    checkMethods(sender, 'a sender: { send, settle }, or one that is idempotent', [
      'send',
      ...(!idempotent || settle !== undefined ? ['settle'] : []),
    ]);
    checkTypeOf('idempotent', idempotent, 'boolean');
  }
}
