import {
  checkedOptions,
  checkMethods,
  number,
  type OptionCheck,
  type OptionTable,
  tableOf,
  wrongKind,
} from '../door.js';
import type { NcmecClient } from '../services/ncmec/client.js';
import { ServiceError } from '../services/service-error.js';
import type { StopNciiClient } from '../services/stop-ncii/client.js';
import { type StopNciiFeedback, writeStopNciiFeedback } from '../services/stop-ncii/format.js';
import type { FeedbackSender, Sent } from './feedback-item.js';
import {
  type FeedbackOf,
  type NcmecFeedbackOptions,
  ncmecFeedbackOf,
  STOP_NCII_FEEDBACK_OPTIONS,
  type StopNciiFeedbackOptions,
  stopNciiFeedbackOf,
} from './reviewed-feedback.js';

/** Part of a StopNCII client, with the keys for feedback and fetching, that the sender uses. */
export type StopNciiFeedbackClient = Pick<StopNciiClient, 'submitFeedback' | 'findFeedback'>;

/** Part of an NCMEC client that the sender uses: a client of the list that the entries are on. */
export type NcmecFeedbackClient = Pick<NcmecClient, 'sendFeedback'>;

/** Feedback to a service: how to make it from a review, and its sender. */
export interface ServiceFeedback {
  /** for `webhook` of `createService`, or for records of the log */
  readonly feedbackOf: FeedbackOf;
  /** for `senders` of `Store.feedbackQueue`, under the name `to` of the feedback */
  readonly sender: FeedbackSender;
}

/** Options of the StopNCII sender: the company, how far to look back, and the feedback's own. */
export interface StopNciiSenderOptions extends StopNciiFeedbackOptions {
  /** the company's name, as StopNCII lists it beside its feedback */
  company: string;
  /**
   * how far before its last due time an item is looked for. Feedback posted earlier is not found,
   * and is posted again
   * @defaultValue 86400
   */
  lookBackSeconds?: number;
}

const companyName: OptionCheck = (name, value) => {
  if (typeof value !== 'string' || value === '')
    wrongKind(`${name} to be the name that StopNCII lists`);
};

export const STOP_NCII_SENDER_OPTIONS = /* @__PURE__ */ tableOf(STOP_NCII_FEEDBACK_OPTIONS, {
  company: { is: companyName, required: true },
  lookBackSeconds: { is: number, default: 86_400 },
}) satisfies OptionTable<StopNciiSenderOptions>;

/**
 * Feedback to StopNCII: `Blocked` if a match is confirmed, `NotBlocked` if it is rejected and near
 * enough. There is none on entries of other sources, or where no person decided.
 *
 * A POST without an answer is `unknown`, and is settled by reading the feedback that StopNCII
 * lists. It is posted twice if it had arrived, but StopNCII did not list it yet when it was read
 * back, or had listed it for longer than `lookBackSeconds`.
 *
 * Wrong or missing keys do not refuse an item: it waits for a later try, and is stuck in the end.
 * @param client reading back fetches the list's changes since: give the queue a `timeoutSeconds`
 * that is enough for it
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function stopNciiFeedback(
  client: StopNciiFeedbackClient,
  options: StopNciiSenderOptions,
): ServiceFeedback {
  checkMethods(client, 'client to be a client of StopNCII', ['submitFeedback', 'findFeedback']);
  const checked = checkedOptions(options, STOP_NCII_SENDER_OPTIONS);
  const { company, lookBackSeconds, ...reviewed } = checked;
  const sender: FeedbackSender = {
    async send({ body }, { signal }) {
      const feedback = [body as unknown as StopNciiFeedback];
      try {
        writeStopNciiFeedback(feedback);
      } catch {
        return 'refused';
      }
      try {
        return await client.submitFeedback(feedback, { signal });
      } catch (error) {
        // The feedback is valid, so a key is missing: nothing was sent.
        return error instanceof TypeError ? 'retry' : cameTo(error);
      }
    },
    async settle({ body, due }, { signal }) {
      // An item is due no earlier than it was sent, except for the pauses after it.
      const sinceSeconds = Math.max(0, Math.floor(due / 1000 - lookBackSeconds));
      const feedback = [body as unknown as StopNciiFeedback];
      const found = await client.findFeedback(feedback, { source: company, sinceSeconds, signal });
      return found.length > 0 ? 'done' : 'absent';
    },
  };
  return { feedbackOf: stopNciiFeedbackOf(reviewed), sender };
}

/**
 * Votes on entries of a list of NCMEC: affirmative if a match is confirmed, negative if it is
 * rejected, near enough, and there are `reasonIds`. There is none on entries of other sources, or
 * where no person decided.
 *
 * A vote replaces the member's earlier one on the same fingerprint, so one without an answer is
 * sent again. Wrong credentials do not refuse a vote: it waits for a later try, and is stuck in the
 * end.
 * @param client an `NcmecClient`, or another that sends feedback
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function ncmecFeedback(
  client: NcmecFeedbackClient,
  options: NcmecFeedbackOptions = {},
): ServiceFeedback {
  checkMethods(client, 'client to be a client of NCMEC', ['sendFeedback']);
  const feedbackOf = ncmecFeedbackOf(options);
  const sender: FeedbackSender = {
    idempotent: true,
    async send({ body }, { signal }) {
      const { memberId, id, type, says, reasonIds } = Object(body);
      const vote = { says, ...(reasonIds !== undefined && { reasonIds }), signal };
      try {
        await client.sendFeedback({ memberId, id, type }, vote);
        return 'done';
      } catch (error) {
        return cameTo(error);
      }
    },
  };
  return { feedbackOf, sender };
}

/** Result of a client's call that threw. */
function cameTo(error: unknown): Sent {
  // Nothing was sent, and the same item will never be.
  if (error instanceof TypeError || error instanceof RangeError) return 'refused';
  // An aborted call has no answer.
  if (!(error instanceof ServiceError)) return 'unknown';
  return CAME_TO[error.code];
}

const CAME_TO: Readonly<Record<ServiceError['code'], Sent>> = {
  rejected: 'refused',
  unauthorized: 'retry',
  busy: 'retry',
  redirected: 'retry',
  unreachable: 'unknown',
  timeout: 'unknown',
  unavailable: 'unknown',
  'too-many-bytes': 'unknown',
  'bad-reply': 'unknown',
};
