import {
  boolean,
  callback,
  checkObject,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  object,
  SIGNAL,
  text,
  wrongRange,
} from '../door.js';
import { MAX_REPLY_LENGTH } from '../text/json.js';

/** Clock of a service's client: reads the time, and waits. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** resolves after this many seconds; rejects with the reason of `signal` once that is aborted */
  wait(seconds: number, options: { signal?: AbortSignal | undefined }): Promise<void>;
}

/** The system's time and timers. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  wait: (seconds, { signal }) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, seconds * 1000);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

/** The part of a `fetch` reply that this library uses; every standard `Response` has it. */
export interface FetchedReply {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): {
      read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** The standard `fetch`, or a function in its place. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: string;
    redirect: 'manual';
    signal: AbortSignal;
  },
) => Promise<FetchedReply>;

/** Options of every client of a service. */
export interface ServiceOptions {
  /**
   * address of the service, default its public one. `https:`, or `http:` on this machine (for
   * others, see `plainHttp`)
   */
  baseUrl?: string;
  /** also allows `http:` to other machines, as in a private network; default false */
  plainHttp?: boolean;
  /** default the global `fetch` */
  fetch?: Fetch;
  /** time limit of one try, from the request to the last byte of the reply; default 60 */
  timeoutSeconds?: number;
  /**
   * tries of a repeatable request: a read, or a write with the same effect when done twice. Default
   * 5; others are tried once
   */
  tries?: number;
  /** of one reply, default 64 MiB */
  maxBytes?: number;
  /** for tests of its callers: the time, and the waits between tries; default the system's */
  clock?: Clock;
}

/** Options of a call to a service. */
export interface CallOptions {
  signal?: AbortSignal;
}

export const CALL_OPTIONS = { signal: SIGNAL } as const satisfies OptionTable<CallOptions>;

/** The address of a service. */
export const serviceUrl: OptionCheck = (name, value, _, options) => {
  text(name, value);
  let url: URL | Partial<URL> = {};
  try {
    url = new URL(value);
  } catch {
    // The engine's message would quote the URL.
  }
  const { protocol, hostname = '', username, password, search, hash } = url;
  const { plainHttp } = options as ServiceOptions;
  const isHere = plainHttp || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  const isAllowed = protocol === 'https:' || (protocol === 'http:' && isHere);
  if (!isAllowed || username || password || search || hash) {
    wrongRange(`${name} to be an https: URL without credentials, query and fragment`);
  }
};

// Called as a plain function: a browser's `fetch` refuses any other `this`.
const globalFetch: Fetch = (url, init) => fetch(url, init);

export const SERVICE_OPTIONS = {
  baseUrl: { is: serviceUrl },
  plainHttp: { is: boolean, default: false },
  fetch: { is: callback, default: globalFetch },
  timeoutSeconds: { is: number, least: 0.001, most: 3600, default: 60 },
  tries: { is: integer, least: 1, most: 100, default: 5 },
  maxBytes: { is: integer, least: 1, default: MAX_REPLY_LENGTH },
  clock: { is: object, methods: ['now', 'wait'], default: SYSTEM_CLOCK },
} as const satisfies OptionTable<ServiceOptions>;

/**
 * @throws {TypeError} if `value` is not text
 * @throws {RangeError} if it is empty or cannot be sent in a header, as a key with a line break
 */
export function checkCredential(name: string, value: unknown): asserts value is string {
  text(name, value);
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    wrongRange(`${name} to be printable ASCII without surrounding blanks`);
  }
}

/** The headers with a token, if there is one. */
export const bearerOf = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/**
 * The value of an `Authorization` header for HTTP basic (RFC 7617).
 * @throws {TypeError | RangeError} if the credentials are invalid
 */
export function basicAuthorization(credentials: { user: string; password: string }): string {
  checkObject(credentials, 'credentials: { user, password }');
  const { user, password } = credentials;
  checkCredential('user', user);
  checkCredential('password', password);
  if (user.includes(':')) wrongRange('a user without a colon');
  return `Basic ${btoa(`${user}:${password}`)}`;
}
