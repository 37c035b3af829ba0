import {
  checkedOptions,
  checkInteger,
  checkObject,
  integer,
  type OptionCheck,
  type OptionTable,
  positive,
  tableOf,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import { beginsAsPicture, HEAD_BYTES } from '../../formats/picture-magic.js';
import type { Decision } from '../../matching/decision.js';
import { readBytes } from '../../node/read-bytes.js';
import { MAX_BYTES } from '../../picture/options.js';
import { deadline } from '../../picture/waiting.js';
import {
  FormReader,
  filesOf,
  type HeldForm,
  isForm,
  MAX_BYTES_HELD,
  MAX_FILES,
  PACE,
} from '../http/read-form.js';
import { headersOf, type Outcome, SCAN_OPTIONS, Scanner, type ScanOptions } from './scanner.js';

/** An upload, as `onDecision` and `check` get it. */
export interface RequestUpload {
  readonly request: Request;
  /** the file of a form; absent if the body is the upload */
  readonly file?: File;
}

/** Options of `scan`. */
export interface RequestScanOptions extends ScanOptions<RequestUpload> {
  /**
   * bytes of forms held at a time. A form beyond that is `busy` and is not read
   * @defaultValue 256 MiB, or `maxBytes` if that is more
   */
  maxBytesHeld?: number | undefined;
  /**
   * maximum number of files in a form. A form with more is refused (413)
   * @defaultValue 20
   */
  maxFiles?: number | undefined;
  /**
   * time limit for checking all files of a form after its arrival. The rest are a `timeout`
   * @defaultValue 60
   */
  timeoutSeconds?: number | undefined;
}

/** At least `maxBytes`. */
export const bytesHeld: OptionCheck = (
  name,
  value,
  _,
  { maxBytes = MAX_BYTES }: Pick<RequestScanOptions, 'maxBytes'>,
) => checkInteger(name, value, maxBytes);

export const REQUEST_SCAN_OPTIONS = tableOf(SCAN_OPTIONS, {
  maxBytesHeld: { is: bytesHeld },
  maxFiles: { is: integer, least: 1, default: MAX_FILES },
  timeoutSeconds: { is: positive, most: 3600, default: 60 },
}) satisfies OptionTable<RequestScanOptions>;

/**
 * Handler of a request whose uploads are accepted. It gets the request with its body unread, and
 * the decisions about its uploads in order.
 */
export type Next = (
  request: Request,
  decisions: readonly Decision[],
) => Response | Promise<Response>;

/**
 * A standard handler that checks uploads. Without `next`, a request is one file, and the answer is
 * the verdict. With `next`, it answers requests that are accepted.
 *
 * **Without `next`**: a POST or PUT whose body is the file. It returns 200 (accept) or 451
 * (reject), with the body `{"verdict":"…"}` and the same in the header `onlyhashes-verdict`, so
 * that an accepted upload can be sent to review. `onError` decides about unchecked pictures: 200,
 * or 415 if their kind is not read here, 422 if one cannot be decoded, 503 with `Retry-After` if a
 * later try may succeed. `notPictures` decides about other files that no list has by their digest:
 * 200 or 415, whatever their length. A picture that is too long (413), and a body that is empty or
 * incomplete (400), or too slow (408), is always refused, and so is text, JSON, a form or a
 * compressed body (415). It is for the platform's own servers: a client with unlimited calls can
 * change a picture until it no longer matches. A second argument that is not a function is ignored:
 * servers pass one to their handlers.
 *
 * **With `next`**: it checks every file of a `multipart/form-data` form, and any body that begins
 * like a picture, whatever its type, or has the type `image/…`. While a list holds digests, or if
 * `notPictures` is `refuse`, it also checks bodies of other types, except text, JSON and forms, if
 * they state a length of at most `maxBytes`. If one is refused, the answer is as above, and `next`
 * is not called. Other bodies pass unchanged and unbuffered once their first 4 kB have arrived:
 * pictures inside JSON, PDF or archives are not seen. A body that hides its beginning is refused
 * (415): a compressed one (`content-encoding`), and `multipart/…` that is no form.
 *
 * A form is held in memory, since only its end proves it complete. `next` gets the checked form,
 * serialized again. A form that pauses for 30 seconds, or sends less than 1 kB a second, is refused
 * (408). A body that is itself a picture is checked while it is read.
 *
 * It uses only the standard `Request` and `Response`, so it works with Hono, Next, Bun, Deno and
 * others. It is tested with Hono and the servers of Bun, Deno and workerd.
 * @returns the handler; it rejects with any error of `next`, `onDecision` or `check`
 * @throws {TypeError | RangeError} if an option is missing or invalid
 * @example
 * const handler = scan({ blocklist, onError: 'refuse' });
 * serve({ fetch: handler, port: 8080 });
 * export const POST = (request) => handler(request, store);
 * app.use((c, next) =>
 *   handler(c.req.raw, async (request) => {
 *     c.req.raw = request;
 *     await next();
 *     return c.res;
 *   }),
 * );
 */
export function scan(options: RequestScanOptions): {
  (request: Request, next: Next): Promise<Response>;
  (request: Request, client?: unknown): Promise<Response>;
} {
  const { maxFiles, timeoutSeconds, ...checked } = checkedOptions(options, REQUEST_SCAN_OPTIONS);
  const scanner = new Scanner(options);
  const maxBytesHeld = checked.maxBytesHeld ?? Math.max(MAX_BYTES_HELD, scanner.maxBytes);
  const forms = new FormReader({ maxBytes: scanner.maxBytes, maxBytesHeld, maxFiles });

  /** Checks the files of a form, and holds it meanwhile. */
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
    const time = deadline(timeoutSeconds, undefined);
    const signal = AbortSignal.any([request.signal, time.signal]);
    try {
      const decisions: Decision[] = [];
      for (const file of filesOf(held.form)) {
        const outcome = await scanner.scan(file, { request, file }, signal);
        if (!outcome.keep) return answerTo(outcome);
        decisions.push(outcome.decision);
      }
      time.over();
      return await next(withBody(request, held.form), decisions);
    } finally {
      time.over();
      held.release();
    }
  }

  async function alone(request: Request): Promise<Response> {
    if (request.method !== 'POST' && request.method !== 'PUT') {
      return new Response('expected POST or PUT', { status: 405, headers: { allow: 'POST, PUT' } });
    }
    if (!isRaw(request.headers.get('content-type')) || isCoded(request.headers)) {
      return new Response('expected a file as the body, uncompressed', { status: 415 });
    }
    return answerTo(await scanner.scan(request, { request }, request.signal));
  }

  async function before(request: Request, next: Next): Promise<Response> {
    if (request.body === null) return await next(request, []);
    if (request.bodyUsed) throw new TypeError('expected a request whose body is unread');
    const type = request.headers.get('content-type');
    if (isForm(type)) return await withForm(request, next);
    let isChecked: boolean;
    try {
      checkIsPlain(request.headers);
      const head = await headOf(request);
      const isPicture = beginsAsPicture(head) || /^\s*image\//i.test(type ?? '');
      const isFile = head.length > 0 && mayBeFile(request, scanner.maxBytes);
      isChecked = isPicture || (isFile && scanner.checksFiles);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return refused(request, await scanner.notKept(error, { request }));
    }
    if (!isChecked) return await next(request, []);
    // The slower of the two branches is held in memory, so `next` can read all that was checked.
    const copy = request.clone();
    const { maxBytes } = scanner;
    const limits = { maxDigestBytes: maxBytes };
    const outcome = await scanner.scan(copy, { request }, request.signal, limits);
    discard(copy);
    return await (outcome.keep ? next(request, [outcome.decision]) : refused(request, outcome));
  }

  return async (request: Request, next?: unknown) => {
    checkObject(request, 'a Request');
    return await (typeof next === 'function' ? before(request, next as Next) : alone(request));
  };
}

/** True if a body may be a file that a list has by its digest, and is not too long to be held. */
function mayBeFile({ headers }: Request, maxBytes: number): boolean {
  const length = Number(headers.get('content-length') ?? Number.POSITIVE_INFINITY);
  return length <= maxBytes && isRaw(headers.get('content-type'));
}

/** @throws {DecodeError} `unsupported` if the beginning of the body is hidden */
function checkIsPlain(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  if (!isCoded(headers) && !/(^|,)\s*multipart\//i.test(type)) return;
  throw new DecodeError('unsupported', 'expected multipart/form-data, or an uncompressed body');
}

/** True if a body is compressed: it begins as no picture. */
const isCoded = (headers: Headers): boolean =>
  !/^(\s|,|identity)*$/i.test(headers.get('content-encoding') ?? '');

/**
 * The beginning of a body, which stays unread.
 * @throws {DecodeError} `too-slow`, or `unreadable` if it breaks off
 */
async function headOf(request: Request): Promise<Uint8Array> {
  const reader = request.clone().body!.getReader();
  async function* head() {
    for (let length = 0; length < HEAD_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      length += value.length;
      // One chunk may be the whole body.
      yield value.subarray(0, HEAD_BYTES);
    }
  }
  try {
    return await readBytes(head(), { signal: request.signal, ...PACE });
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError('unreadable', 'the body was cut off', { cause: error });
  } finally {
    // It settles only once the other branch ends too.
    reader.cancel().catch(() => {});
  }
}

/** The answer to a request whose body stays unread. */
function refused(request: Request, outcome: Outcome): Response {
  discard(request);
  return answerTo(outcome);
}

function discard(request: Request): void {
  if (!request.bodyUsed) request.body?.cancel().catch(() => {});
}

/** The same request with another body, and that body's type and length. */
function withBody(request: Request, body: FormData): Request {
  const headers = new Headers(request.headers);
  for (const name of ['content-type', 'content-length', 'content-encoding', 'transfer-encoding']) {
    headers.delete(name);
  }
  const { url, method, signal } = request;
  return new Request(url, { method, headers, body, signal });
}

/** True if a body of this type may itself be a file, rather than a form, JSON or text. */
export const isRaw = (type: string | null): boolean =>
  !/(^|,)\s*(text\/|multipart\/|application\/([\w.+-]*json|x-www-form-))/i.test(type ?? '');

/** The answer holds the verdict, and nothing that helps to alter a picture until it passes. */
function answerTo(outcome: Outcome): Response {
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
