import { checkInteger, checkObject, checkOptions } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Decision } from '../matching/decision.js';
import { lengthOf, readBytes } from '../node/read-bytes.js';
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

/** As a hash pool has them: a few slow senders would hold the memory of all others. */
const PACE = { minBytesPerSecond: 1024, idleSeconds: 30 };

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
 * tested with Hono.
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
  let held = 0;

  /** Checks the files of a form, which it holds meanwhile. */
  async function withForm(request: Request, type: string, next: Next): Promise<Response> {
    const needed = Math.min(lengthOf(request) ?? scanner.maxBytes, scanner.maxBytes);
    if (held + needed > maxBytesHeld) {
      const outcome = await scanner.notChecked(new DecodeError('busy', 'too many'), { request });
      return await (outcome.keep ? next(request, [outcome.decision]) : refused(request, outcome));
    }
    held += needed;
    try {
      const form = await formOf(request, type);
      if (form instanceof DecodeError) {
        return refused(request, await scanner.notChecked(form, { request }));
      }
      const decisions: Decision[] = [];
      for (const file of filesOf(form)) {
        const outcome = await scanner.scan(file, { request, file }, request.signal);
        if (!outcome.keep) return answerTo(outcome);
        decisions.push(outcome.decision);
      }
      return await next(withBody(request, form), decisions);
    } finally {
      held -= needed;
    }
  }

  /** The whole form, or why there is none. */
  async function formOf(request: Request, type: string): Promise<FormData | DecodeError> {
    try {
      const { maxBytes } = scanner;
      const bytes = await readBytes(request, { maxBytes, signal: request.signal, ...PACE });
      const body = bytes as Uint8Array<ArrayBuffer>;
      const form = await new Response(body, { headers: { 'content-type': type } }).formData();
      return form as FormData;
    } catch (error) {
      if (error instanceof DecodeError) return error;
      // The parser's error may quote the form.
      return new DecodeError('unreadable', 'the form cannot be read');
    }
  }

  return async (request, next) => {
    checkObject(request, 'a Request');
    if (typeof next !== 'function') throw new TypeError('expected next to be a function');
    if (request.body === null) return await next(request, []);
    if (request.bodyUsed) throw new TypeError('expected a request that nobody has read');
    const type = request.headers.get('content-type');
    if (type !== null && /^\s*multipart\/form-data/i.test(type)) {
      return await withForm(request, type, next);
    }
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

/** A browser sends a field for a file that was not chosen: no name, no bytes. */
const filesOf = (form: FormData): File[] =>
  [...form.values()].filter(
    (value): value is File => value instanceof Blob && (value.size > 0 || value.name !== ''),
  );

/** The same request with another body, whose type and length are its own. */
function withBody(request: Request, body: FormData): Request {
  const headers = new Headers(request.headers);
  for (const name of ['content-type', 'content-length', 'content-encoding', 'transfer-encoding']) {
    headers.delete(name);
  }
  const { url, method, signal } = request;
  return new Request(url, { method, headers, body, signal });
}
