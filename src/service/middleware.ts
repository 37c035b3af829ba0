import { checkInteger, checkObject, checkOptions } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Decision } from '../matching/decision.js';
import { FormReader, filesOf, type HeldForm, isForm } from './read-form.js';
import { answerTo, isRaw } from './scan-handler.js';
import { type Outcome, Scanner, type ScanOptions } from './scanner.js';

/** What a middleware knows of an upload. */
export interface RequestUpload {
  readonly request: Request;
  /** the file of a form; absent if the body is the upload */
  readonly file?: File;
}

/** How uploads in requests are checked. */
export interface MiddlewareOptions extends ScanOptions<RequestUpload> {
  /**
   * bytes of forms that are held at a time. Another one is `busy`, and is not read
   * @defaultValue 256 MiB, or `maxBytes` if that is more
   */
  maxBytesHeld?: number | undefined;
}

/**
 * What answers a request whose uploads are kept. It gets the request, its body still to be read,
 * and the decisions about its uploads in their order.
 */
export type Next = (
  request: Request,
  decisions: readonly Decision[],
) => Response | Promise<Response>;

const MAX_BYTES_HELD = 256 * 2 ** 20;

/**
 * Checks the uploads of a request before it is answered: a body of a type `image/…`, of
 * `application/octet-stream` or of no type, or every file of a `multipart/form-data` form. If one
 * is to be refused, the answer is as `createScanHandler` gives it, and `next` is not called. Other
 * requests are passed on as they are: pictures inside JSON are not seen.
 *
 * A form is held in memory, since only its end shows that it is whole; `next` gets the form as it
 * was checked, written anew. One that pauses for 30 seconds, or has less than 1 kB a second, is
 * refused (408). A body that is a picture itself is checked while it is read.
 *
 * Standard `Request` and `Response` alone: Hono, Next, Bun, Deno and others that have them. It is
 * tested with Hono, and with the servers of Bun, Deno and workerd.
 * @returns rejects with what `next`, `onDecision` or `check` throws
 * @throws {TypeError | RangeError} if an option is missing or invalid
 * @example
 * const checkUploads = createUploadMiddleware({ blocklist, onError: 'refuse' });
 * export const POST = (request) => checkUploads(request, store);
 * app.use((c, next) =>
 *   checkUploads(c.req.raw, async (request) => {
 *     c.req.raw = request;
 *     await next();
 *     return c.res;
 *   }),
 * );
 */
export function createUploadMiddleware(
  options: MiddlewareOptions,
): (request: Request, next: Next) => Promise<Response> {
  checkOptions(options);
  const scanner = new Scanner(options);
  const { maxBytesHeld = Math.max(MAX_BYTES_HELD, scanner.maxBytes) } = options;
  checkInteger('maxBytesHeld', maxBytesHeld, scanner.maxBytes);
  const forms = new FormReader({ maxBytes: scanner.maxBytes, maxBytesHeld });

  /** Checks the files of a form, which it holds meanwhile. */
  async function withForm(request: Request, next: Next): Promise<Response> {
    let held: HeldForm;
    try {
      held = await forms.read(request);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const outcome = await scanner.notChecked(error, { request });
      const isKept = outcome.keep && error.code === 'busy';
      return await (isKept ? next(request, [outcome.decision]) : refused(request, outcome));
    }
    try {
      const decisions: Decision[] = [];
      for (const file of filesOf(held.form)) {
        const outcome = await scanner.scan(file, { request, file }, request.signal);
        if (!outcome.keep) return answerTo(outcome);
        decisions.push(outcome.decision);
      }
      return await next(withBody(request, held.form), decisions);
    } finally {
      held.release();
    }
  }

  return async (request, next) => {
    checkObject(request, 'a Request');
    if (typeof next !== 'function') throw new TypeError('expected next to be a function');
    if (request.body === null) return await next(request, []);
    if (request.bodyUsed) throw new TypeError('expected a request that nobody has read');
    const type = request.headers.get('content-type');
    if (isForm(type)) return await withForm(request, next);
    if (!isRaw(type)) return await next(request, []);
    // Of the two branches, the slower one is held in memory: what is checked is there for `next`.
    const copy = request.clone();
    const outcome = await scanner.scan(copy, { request }, request.signal);
    discard(copy);
    return await (outcome.keep ? next(request, [outcome.decision]) : refused(request, outcome));
  };
}

/** The answer to a request whose body nobody will read. */
function refused(request: Request, outcome: Outcome): Response {
  discard(request);
  return answerTo(outcome);
}

function discard(request: Request): void {
  if (!request.bodyUsed) request.body?.cancel().catch(() => {});
}

/** The same request with another body, whose type and length are its own. */
function withBody(request: Request, body: FormData): Request {
  const headers = new Headers(request.headers);
  for (const name of ['content-type', 'content-length', 'content-encoding', 'transfer-encoding']) {
    headers.delete(name);
  }
  const { url, method, signal } = request;
  return new Request(url, { method, headers, body, signal });
}
