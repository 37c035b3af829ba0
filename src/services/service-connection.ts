import { checkedBriefly } from '../door.js';
import { FormatError } from '../errors.js';
import { ServiceError } from './service-error.js';
import {
  CALL_OPTIONS,
  type CallOptions,
  checkCredential,
  type FetchedReply,
  type ServiceOptions,
} from './service-options.js';

/** Longest `Retry-After` that is respected, in seconds; with a longer one the call fails. */
const LONGEST_WAIT_SECONDS = 300;

/** One request to a service. */
export interface ServiceRequest<T> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** below the base URL, with a leading `/`; or a link of an earlier reply, from `link` */
  path: string | ServiceLink;
  query?: Readonly<Record<string, string>>;
  /** further headers, besides the connection's own */
  headers?: Readonly<Record<string, string>>;
  body?: { type: string; text: string };
  /** the call's name in errors, a word of the service's documentation */
  name: string;
  /** whether it may be repeated; default only for a GET */
  repeatable?: boolean;
  /** statuses to read like 200; others outside 2xx are errors */
  accepts?: readonly number[];
  /**
   * reads the reply, with the service's time if it sent one. If it throws a FormatError, the reply
   * is a `bad-reply`, and is treated like a cut one
   */
  read: (text: string, status: number, dateSeconds: number | undefined) => T | Promise<T>;
  signal?: AbortSignal | undefined;
}

/** A link that a reply gave, checked to lead to the service itself. */
export interface ServiceLink {
  readonly url: string;
}

/**
 * HTTP to one service by standard `fetch`. Credentials travel only in headers, to the origin of the
 * base URL only, and never appear in errors. A repeatable request is retried after 429, 5xx, a
 * timeout, a broken connection and a malformed reply: after 1 s, 2 s, 4 s … up to 60 s, each
 * shortened by up to half at random, and never before the service's `Retry-After`.
 */
export class ServiceConnection {
  readonly #service: string;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: Readonly<Required<ServiceOptions>>;

  /**
   * @param service its name, for errors
   * @param headers with the credentials; sent with every request
   * @param options checked by `SERVICE_OPTIONS`
   * @throws {RangeError} if a header cannot be sent
   */
  constructor(
    service: string,
    headers: Readonly<Record<string, string>>,
    options: Readonly<Required<ServiceOptions>>,
  ) {
    for (const value of Object.values(headers)) checkCredential('each header', value);
    this.#service = service;
    this.#base = new URL(options.baseUrl);
    this.#headers = headers;
    this.#options = options;
  }

  /** The time, in seconds since 1970. */
  nowSeconds(): number {
    return this.#options.clock.now() / 1000;
  }

  /**
   * A link of a reply, to follow unchanged; a relative one starts at the base URL. A service behind
   * a proxy may write `http:` for its own `https:`, which is corrected.
   * @throws {ServiceError} `bad-reply` if it leads to another origin, where the credentials must
   * not go
   */
  link(link: string): ServiceLink {
    let url: URL | undefined;
    try {
      url = new URL(link, this.#base);
      const plainOrigin = this.#base.origin.replace('https:', 'http:');
      if (url.origin === plainOrigin) url = new URL(url.href.replace('http:', this.#base.protocol));
    } catch {
      // The engine's message would quote the link.
    }
    // A `blob:` has the origin of the URL in it.
    const isOwn = url?.origin === this.#base.origin && url.protocol === this.#base.protocol;
    if (url === undefined || !isOwn || url.username !== '' || url.password !== '') {
      throw new ServiceError('bad-reply', `${this.#service}: expected a link to itself`);
    }
    return { url: url.href };
  }

  /**
   * Sends a request, retries it if allowed and needed, and reads the reply.
   * @throws {ServiceError} if there is no reply of the expected kind
   * @throws the reason of `signal` when it is aborted
   */
  async send<T>(request: ServiceRequest<T>): Promise<T> {
    const { method, signal, repeatable = method === 'GET' } = request;
    const tries = repeatable ? this.#options.tries : 1;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await this.#try(request);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof ServiceError)) throw error;
        const seconds = this.#secondsToWait(error, attempt);
        if (attempt >= tries || seconds === undefined) {
          if (attempt === 1) throw error;
          const { code, message, status, retryAfterSeconds, cause } = error;
          throw new ServiceError(code, `${message}, on try ${attempt}`, {
            ...(status !== undefined && { status }),
            ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
            cause,
          });
        }
        await this.#options.clock.wait(seconds, { signal });
      }
    }
  }

  /**
   * Sends a GET, and returns the result of `read`.
   * @throws {TypeError} if an option is invalid
   * @throws as `send`
   */
  async get<T>(
    name: string,
    path: string,
    read: (text: string) => T | Promise<T>,
    options: CallOptions,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const { signal } = checkedBriefly(options, CALL_OPTIONS);
    return this.send({ method: 'GET', path, query, name, read, signal });
  }

  /** Seconds to wait; `undefined` if the request would fail again, or must wait for too long. */
  #secondsToWait({ code, retryAfterSeconds = 0 }: ServiceError, attempt: number) {
    if (!PASSING.includes(code) || retryAfterSeconds > LONGEST_WAIT_SECONDS) return undefined;
    const seconds = Math.min(2 ** (attempt - 1), 60) * (1 - Math.random() / 2);
    return Math.max(seconds, retryAfterSeconds);
  }

  async #try<T>(request: ServiceRequest<T>): Promise<T> {
    const { name, body, signal } = request;
    const { fetch, timeoutSeconds, maxBytes } = this.#options;
    const fail = (code: ServiceError['code'], what: string, detail = {}) =>
      new ServiceError(code, `${this.#service}: ${name} ${what}`, detail);
    const stop = new AbortController();
    const abort = () => stop.abort();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      abort();
    }, timeoutSeconds * 1000);
    signal?.addEventListener('abort', abort);
    let status: number;
    let text: string | undefined;
    let wait: string | null = null;
    let date: string | null = null;
    try {
      const reply = await fetch(this.#urlOf(request), {
        method: request.method,
        headers: {
          ...this.#headers,
          ...request.headers,
          ...(body && { 'content-type': body.type }),
        },
        ...(body && { body: body.text }),
        redirect: 'manual',
        signal: stop.signal,
      });
      status = reply.status;
      date = reply.headers.get('date');
      if ((status >= 200 && status < 300) || request.accepts?.includes(status)) {
        text = await bodyText(reply, maxBytes);
        if (text === undefined) {
          throw fail('too-many-bytes', `was answered with more than ${maxBytes} bytes`, { status });
        }
      } else wait = reply.headers.get('retry-after');
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      if (isLate) throw fail('timeout', `was not answered within ${timeoutSeconds} s`);
      // The error of `fetch` is dropped: it may quote a header or an address.
      throw fail('unreachable', `was not answered${systemCodeOf(error)}`);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // Ends a connection whose reply was not read to its end; otherwise, a no-op.
      abort();
    }
    if (text === undefined) {
      const retryAfterSeconds = this.#retryAfter(wait);
      throw fail(codeOf(status), `was answered with status ${status}`, {
        status,
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      });
    }
    try {
      const dateSeconds = date === null ? Number.NaN : Date.parse(date) / 1000;
      return await request.read(text, status, Number.isNaN(dateSeconds) ? undefined : dateSeconds);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw fail('bad-reply', `got an invalid reply: ${error.message}`, { cause: error });
    }
  }

  #urlOf({ path, query = {} }: Pick<ServiceRequest<unknown>, 'path' | 'query'>): string {
    if (typeof path !== 'string') return path.url;
    const url = new URL(this.#base.href.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
    return url.href;
  }

  /** A `Retry-After` in whole seconds or as a date (RFC 9110, 10.2.3). */
  #retryAfter(value: string | null): number | undefined {
    if (value === null) return undefined;
    if (/^\d{1,9}$/.test(value)) return Number(value);
    // V8 reads even `-1` as a date; an HTTP date begins with the day of the week.
    if (!/^[A-Z]/.test(value)) return undefined;
    const seconds = (Date.parse(value) - this.#options.clock.now()) / 1000;
    return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
  }
}

/** Failures that may pass. */
const PASSING: readonly ServiceError['code'][] = [
  'unreachable',
  'timeout',
  'busy',
  'unavailable',
  'bad-reply',
];

function codeOf(status: number): ServiceError['code'] {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'busy';
  if (status >= 500) return 'unavailable';
  // A browser hides the status of a redirect that it does not follow: 0.
  return status < 400 ? 'redirected' : 'rejected';
}

/** The name of a system error, such as `ECONNREFUSED`, in brackets. */
function systemCodeOf(error: unknown): string {
  const { code } = Object((error as { cause?: unknown } | null)?.cause) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : '';
}

/** The whole body as text; `undefined` beyond `maxBytes`. */
async function bodyText(reply: FetchedReply, maxBytes: number): Promise<string | undefined> {
  const reader = reply.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || value === undefined) break;
    length += value.length;
    if (length > maxBytes) return undefined;
    pieces.push(decoder.decode(value, { stream: true }));
  }
  pieces.push(decoder.decode());
  return pieces.join('');
}
