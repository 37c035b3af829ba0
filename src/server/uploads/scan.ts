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

/** What a middleware knows of an upload. */
export interface RequestUpload {
  readonly request: Request;
  /** the file of a form; absent if the body is the upload */
  readonly file?: File;
}

/** How uploads in requests are checked. */
export interface RequestScanOptions extends ScanOptions<RequestUpload> {
  /**
   * bytes of forms that are held at a time. Another one is `busy`, and is not read
   * @defaultValue 256 MiB, or `maxBytes` if that is more
   */
  maxBytesHeld?: number | undefined;
  /**
   * files of a form. One with more is refused (413)
   * @defaultValue 20
   */
  maxFiles?: number | undefined;
  /**
   * for checking all files of a form, once it is there. Then the others are a `timeout`
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
 * What answers a request whose uploads are kept. It gets the request, its body still to be read,
 * and the decisions about its uploads in their order.
 */
export type Next = (
  request: Request,
  decisions: readonly Decision[],
) => Response | Promise<Response>;

/**
 * A standard handler that checks uploads. Without `next`, a request is one picture, and the answer
 * is the verdict; with `next`, that answers what is kept.
 *
 * **Without `next`**: a POST whose body is the picture. The answer is 200 to keep it and 451 to
 * refuse it; its body is `{"verdict":"…"}`, and its header `onlyhashes-verdict` says the same, so
 * that an upload that is kept can be sent to review. What was not checked is answered by
 * `onError`: 200, or 415 for what is no picture, 422 for one that cannot be decoded, 503 with
 * `Retry-After` for what may be checked later. A body that is too long (413), empty or not whole
 * (400), or too slow (408) is refused in any case, and a `Content-Length` beyond `maxBytes` before
 * it is read. It is for the platform's own servers: who may ask it as often as they like can
 * change a picture until it is no longer found. A second argument that is no function is not
 * looked at: servers give their handlers one.
 *
 * **With `next`**: every file of a `multipart/form-data` form is checked, and a body that begins
 * as a picture, whatever its type says, or whose type is `image/…`. If one is to be refused, the
 * answer is as above, and `next` is not called. Others are passed on as they are, unbuffered, once
 * their first 4 kB are there: pictures inside JSON, PDF or archives are not seen. What hides its
 * beginning is refused (415): a compressed body (`content-encoding`), and `multipart/…` that is no
 * form.
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
    if (request.method !== 'POST') {
      return new Response('expected POST', { status: 405, headers: { allow: 'POST' } });
    }
    if (!isRaw(request.headers.get('content-type'))) {
      return new Response('expected a picture as the body', { status: 415 });
    }
    return answerTo(await scanner.scan(request, { request }, request.signal));
  }

  async function before(request: Request, next: Next): Promise<Response> {
    if (request.body === null) return await next(request, []);
    if (request.bodyUsed) throw new TypeError('expected a request that nobody has read');
    const type = request.headers.get('content-type');
    if (isForm(type)) return await withForm(request, next);
    let isPicture: boolean;
    try {
      checkIsPlain(request.headers);
      isPicture = beginsAsPicture(await headOf(request)) || /^\s*image\//i.test(type ?? '');
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return refused(request, await scanner.notKept(error, { request }));
    }
    if (!isPicture) return await next(request, []);
    // Of the two branches, the slower one is held in memory: what is checked is there for `next`.
    const copy = request.clone();
    const outcome = await scanner.scan(copy, { request }, request.signal);
    discard(copy);
    return await (outcome.keep ? next(request, [outcome.decision]) : refused(request, outcome));
  }

  return async (request: Request, next?: unknown) => {
    checkObject(request, 'a Request');
    return await (typeof next === 'function' ? before(request, next as Next) : alone(request));
  };
}

/** @throws {DecodeError} `unsupported` if the beginning of the body tells nothing */
function checkIsPlain(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  const coding = headers.get('content-encoding') ?? '';
  if (/^(\s|,|identity)*$/i.test(coding) && !/(^|,)\s*multipart\//i.test(type)) return;
  throw new DecodeError('unsupported', 'expected multipart/form-data, or a body not compressed');
}

/**
 * The beginning of a body, which stays to be read.
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
    throw new DecodeError('unreadable', 'the body broke off', { cause: error });
  } finally {
    // It settles once the other branch ends, too.
    reader.cancel().catch(() => {});
  }
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

/** Whether a body of this type may be a picture as it is, and not a form or a text. */
export const isRaw = (type: string | null): boolean =>
  type === null || /^\s*(image\/|application\/octet-stream\s*(;|$))/i.test(type);

/** The answer tells the verdict, and nothing that helps to change a picture until it passes. */
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
