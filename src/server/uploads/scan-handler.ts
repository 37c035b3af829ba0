import { checkObject } from '../../door.js';
import { headersOf, type Outcome, Scanner, type ScanOptions } from './scanner.js';

/**
 * A service that checks one picture a request: a POST whose body is the picture. The answer is 200
 * to keep it and 451 to refuse it; its body is `{"verdict":"…"}`, and its header
 * `onlyhashes-verdict` says the same, so that an upload that is kept can be sent to review. What
 * was not checked is answered by `onError`: 200, or 415 for what is no picture, 422 for one that
 * cannot be decoded, 503 with `Retry-After` for what may be checked later. A body that is too long
 * (413), empty or not whole (400), or too slow (408) is refused in any case, and a `Content-Length`
 * beyond `maxBytes` before it is read.
 *
 * A standard `Request` gives a standard `Response`, so it runs wherever these do. It is for the
 * platform's own servers: who may ask it as often as they like can change a picture until it is no
 * longer found.
 * @returns rejects with what `onDecision` or `check` throws
 * @throws {TypeError | RangeError} if an option is missing or invalid
 * @example
 * const scan = createScanHandler({ blocklist, onError: 'refuse' });
 * serve({ fetch: scan, port: 8080 });
 */
export function createScanHandler(
  options: ScanOptions<Request>,
): (request: Request) => Promise<Response> {
  const scanner = new Scanner(options);
  return async (request) => {
    checkObject(request, 'a Request');
    if (request.method !== 'POST') {
      return new Response('expected POST', { status: 405, headers: { allow: 'POST' } });
    }
    if (!isRaw(request.headers.get('content-type'))) {
      return new Response('expected a picture as the body', { status: 415 });
    }
    return answerTo(await scanner.scan(request, request, request.signal));
  };
}

/** Whether a body of this type may be a picture as it is, and not a form or a text. */
export const isRaw = (type: string | null): boolean =>
  type === null || /^\s*(image\/|application\/octet-stream\s*(;|$))/i.test(type);

/** The answer tells the verdict, and nothing that helps to change a picture until it passes. */
export function answerTo(outcome: Outcome): Response {
  const { status, decision } = outcome;
  return new Response(JSON.stringify({ verdict: decision.verdict }), {
    status,
    headers: {
      ...headersOf(outcome),
      'content-type': 'application/json',
      'cache-control': 'no-store',
    },
  });
}
