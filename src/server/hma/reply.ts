import { DecodeError } from '../../errors.js';
import { StoreError } from '../../store/sql/store-error.js';
import { TextReply } from '../http/reply.js';
import { type Call, type ErrorBody, NOT_CHECKED, Refusal, type Route } from '../http/route.js';

/** The body of an error, as HMA writes it. */
const hmaError: ErrorBody = (_status, message) => ({ message });

/**
 * The body of an error of `/m/lookup`: a bare text in JSON.
 *
 * policyserv takes every member of any reply to a lookup for the name of a bank, whatever the
 * status. By HMA's own `{"message":…}` a lookup that failed looks to it like one that found a bank
 * of another name, which is nothing; by `{}` it would look like one that found nothing. What is no
 * object it cannot read, so that it logs an error: not answered is then told apart from not found.
 * Callers that look at the status first see no difference.
 */
const bareError: ErrorBody = (_status, message) => message;

/** A route of HMA's dialect: its errors are as HMA writes them. */
export const hmaRoute = (route: Route): Route => ({
  ...route,
  error: route.path === '/m/lookup' ? bareError : hmaError,
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

/** @param reason a code of a `DecodeError`, or why a picture is `unhashable` */
export const notHashed = (reason: string): Refusal =>
  new Refusal(NOT_CHECKED[reason] ?? 'failed', `the picture was not hashed: ${reason}`);

/** What a caller is told of an error; one that is not for callers is given back. */
function refusalOf(error: unknown): unknown {
  if (error instanceof DecodeError) return notHashed(error.code);
  if (error instanceof StoreError) {
    const code = error.code === 'key-used' ? 'conflict' : 'not-ready';
    return new Refusal(code, `the store did not answer: ${error.code}`);
  }
  return error;
}
