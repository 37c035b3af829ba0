import { DecodeError } from '../../errors.js';
import { StoreError } from '../../store/sql/store-error.js';
import { TextReply } from '../http/reply.js';
import {
  type Call,
  type ErrorBody,
  NOT_CHECKED,
  Refusal,
  type Route,
  STATUS,
} from '../http/route.js';

/** The body of an error, in HMA's form. */
const hmaError: ErrorBody = (_status, message) => ({ message });

/**
 * The body of an error of `/m/lookup`: as HMA's if the question was wrong, otherwise a bare string.
 *
 * policyserv ignores the status. It takes every member of a lookup's reply for the name of a bank
 * that matched, and one that it does not know for nothing found. So `{"message":…}` lets a picture
 * pass, as it should if the question was wrong. A listed picture must not pass if the list did not
 * answer: a reply that is no object blocks. Callers that check the status first are unaffected.
 */
const lookupError: ErrorBody = (status, message) =>
  status === STATUS['bad-request'] ? { message } : message;

/** A route of HMA's dialect, with errors in HMA's form. */
export const hmaRoute = (route: Route): Route => ({
  ...route,
  error: route.path === '/m/lookup' ? lookupError : hmaError,
  answer: async (call: Call, body: unknown) => {
    try {
      return await route.answer(call, body);
    } catch (error) {
      throw refusalOf(error);
    }
  },
});

/** A reply of HMA's dialect. */
export const hmaJson = TextReply.json;

/** @param reason code of a `DecodeError`, or the reason of an `unhashable` picture */
export const notHashed = (reason: string): Refusal =>
  new Refusal(NOT_CHECKED[reason] ?? 'failed', `the picture was not hashed: ${reason}`);

/** The refusal of an error for the caller; errors not for callers are returned unchanged. */
function refusalOf(error: unknown): unknown {
  if (error instanceof DecodeError) return notHashed(error.code);
  if (error instanceof StoreError) {
    const code = error.code === 'key-used' ? 'conflict' : 'not-ready';
    return new Refusal(code, `the store did not answer: ${error.code}`);
  }
  return error;
}
