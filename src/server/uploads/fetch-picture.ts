import { lookup as systemLookup } from 'node:dns';
import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import {
  callback,
  checkedOptions,
  integer,
  type OptionCheck,
  type OptionTable,
  positive,
  texts,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import { MAX_BYTES } from '../../picture/options.js';
import { networkOf } from '../http/access.js';
import { Refusal, type RefusalCode } from '../http/route.js';
import { PublicAddresses } from './public-addresses.js';

/** Reason for not fetching a picture, with the code that callers get. */
const NOT_FETCHED = {
  /** not an `https:` or `http:` URL, or one with credentials */
  'bad-url': 'bad-request',
  /** the host, or that of a redirect, is not allowed */
  'host-not-allowed': 'forbidden',
  /** its name resolves to an address of this machine or of a private network */
  'private-address': 'forbidden',
  'too-many-redirects': 'bad-gateway',
  /** no connection, or it broke off */
  unreachable: 'bad-gateway',
  /** a status other than 200 */
  rejected: 'bad-gateway',
  /** not `image/…` or `application/octet-stream`, or compressed */
  'wrong-type': 'unsupported',
  'too-many-bytes': 'too-many-bytes',
  timeout: 'timeout',
} as const satisfies Record<string, RefusalCode>;
type Reason = keyof typeof NOT_FETCHED;

/** The message reveals nothing of the address or the reply. */
const notFetched = (reason: Reason) =>
  new Refusal(NOT_FETCHED[reason], `the picture was not fetched: ${reason}`);

/** Options of `pictureFetcher`. */
export interface FetchPictureOptions {
  /**
   * allowed hosts: `media.example.org`, or `*.example.org` for all its subdomains, by `https:` at
   * its default port; or an origin, `http://media.example.org:8080`. No other host is contacted
   */
  hosts: readonly string[];
  /**
   * private networks that are allowed, such as `10.1.0.0/16`: for your own picture store
   * @defaultValue none
   */
  privateNetworks?: readonly string[] | undefined;
  /**
   * size limit of a picture, in bytes
   * @defaultValue 64 MiB
   */
  maxBytes?: number | undefined;
  /**
   * time limit from the request to the last byte, redirects included
   * @defaultValue 20
   */
  timeoutSeconds?: number | undefined;
  /**
   * maximum number of redirects
   * @defaultValue 3
   */
  maxRedirects?: number | undefined;
  /**
   * resolves a name to its addresses
   * @defaultValue the system's, `lookup` of `node:dns`
   */
  lookup?: LookupFunction | undefined;
}

/** Host names, or origins. */
const hosts: OptionCheck = (name, value, ...option) => {
  texts(name, value, ...option);
  new AllowedHosts(value as string[]);
};

/** CIDRs, or addresses. */
const networks: OptionCheck = (name, value, ...option) => {
  texts(name, value, ...option);
  for (const one of value as string[]) networkOf(one);
};

export const FETCH_PICTURE_OPTIONS = {
  hosts: { is: hosts, required: true },
  privateNetworks: { is: networks, default: [] },
  maxBytes: { is: integer, least: 1, default: MAX_BYTES },
  timeoutSeconds: { is: positive, most: 3600, default: 20 },
  maxRedirects: { is: integer, most: 20, default: 3 },
  lookup: { is: callback, default: systemLookup },
} as const satisfies OptionTable<FetchPictureOptions>;

/**
 * Fetches a picture. Reading it throws a `DecodeError`: `too-many-bytes`, `timeout`, or
 * `unreadable` if the connection breaks. Read it to its end, or call its `return`.
 * @throws {Refusal} if it cannot be fetched
 */
export type FetchPicture = (
  url: string,
  options: { signal: AbortSignal },
) => Promise<AsyncGenerator<Uint8Array, void, undefined>>;

/**
 * Creates a fetcher of pictures for servers that get addresses from strangers. The host must be
 * allowed, and each of its addresses public: addresses of this machine, and private, link-local,
 * shared, multicast and translated ones are never contacted. The check is part of resolving the
 * name for the connection itself, so no later DNS answer can redirect it. It is repeated once
 * connected, and after each redirect. No cookies or credentials are sent.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export function pictureFetcher(options: FetchPictureOptions): FetchPicture {
  const checked = checkedOptions(options, FETCH_PICTURE_OPTIONS);
  const { maxBytes, timeoutSeconds, maxRedirects } = checked;
  const allowed = new AllowedHosts(checked.hosts);
  const addresses = new PublicAddresses(checked.privateNetworks);
  const guarded = guardedLookup(checked.lookup, addresses);

  /** Reply of one address, with any status. */
  const replyOf = (url: URL, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = {
        // A new connection: a pooled one was checked for another name.
        agent: false,
        lookup: guarded,
        signal,
        headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'onlyhashes' },
      };
      let request: ClientRequest;
      try {
        request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options);
      } catch {
        // Workerd accepts no `lookup`, so a name could lead it anywhere.
        return reject(notFetched('unreachable'));
      }
      request.on('error', (error) => reject(errorOf(error, signal)));
      // After a 101 it closes like this, with no error and no response.
      request.once('close', () => reject(errorOf(undefined, signal)));
      request.once('socket', (socket) => {
        socket.once('connect', () => {
          if (!addresses.has(socket.remoteAddress ?? ''))
            request.destroy(notFetched('private-address'));
        });
      });
      request.once('response', resolve);
      request.end();
    });

  return async (address, { signal }) => {
    signal.throwIfAborted();
    const late = AbortSignal.timeout(Math.ceil(timeoutSeconds * 1000));
    const end = AbortSignal.any([signal, late]);
    let url = urlOf(address, undefined);
    for (let redirects = 0; ; redirects++) {
      allowed.check(url);
      // A literal address is not looked up.
      const literal = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(literal) !== 0 && !addresses.has(literal)) throw notFetched('private-address');
      const reply = await replyOf(url, end);
      const { location } = reply.headers;
      if (!REDIRECTS.includes(reply.statusCode!) || location === undefined) {
        return pictureOf(reply, maxBytes, end);
      }
      reply.destroy();
      if (redirects === maxRedirects) throw notFetched('too-many-redirects');
      url = urlOf(location, url);
    }
  };
}

const REDIRECTS = [301, 302, 303, 307, 308];

/** @throws {Refusal} `bad-url` */
function urlOf(address: string, base: URL | undefined): URL {
  let url: URL | undefined;
  try {
    url = new URL(address, base);
  } catch {
    // The engine's message would quote the address.
  }
  const isOfHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url !== undefined && isOfHttp && url.username === '' && url.password === '') return url;
  throw notFetched('bad-url');
}

/** The allowed hosts. */
class AllowedHosts {
  readonly #origins = new Set<string>();
  readonly #suffixes: string[] = [];

  /** @throws {RangeError} if one is invalid */
  constructor(hosts: readonly string[]) {
    for (const host of hosts) {
      if (/^\*(\.[a-z0-9-]+){2,}$/i.test(host)) this.#suffixes.push(host.slice(1).toLowerCase());
      else this.#origins.add(originOf(host));
    }
  }

  /** @throws {Refusal} `host-not-allowed` */
  check({ origin, protocol, port, hostname }: URL): void {
    if (this.#origins.has(origin)) return;
    const isUsual = protocol === 'https:' && port === '';
    if (isUsual && this.#suffixes.some((suffix) => hostname.endsWith(suffix))) return;
    throw notFetched('host-not-allowed');
  }
}

/** @throws {RangeError} unless it is a host or an origin */
function originOf(host: string): string {
  const text = /^https?:\/\//i.test(host) ? host : `https://${host}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // `URL` accepts a star in a host name.
  const isOrigin =
    url && !host.includes('*') && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (isOrigin) return url.origin;
  throw new RangeError('expected hosts such as media.example.org, *.example.org or an origin');
}

/** Resolves names, and fails unless all their addresses are allowed. */
const guardedLookup =
  (lookup: LookupFunction, addresses: PublicAddresses): LookupFunction =>
  (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const all = Array.isArray(found) ? found : [];
      if (all.length === 0) return done(notFetched('unreachable'), []);
      if (!all.every(({ address }) => addresses.has(address))) {
        return done(notFetched('private-address'), []);
      }
      if (options.all) return done(null, all);
      done(null, all[0]!.address, all[0]!.family);
    });
  };

/** @throws {Refusal} unless it is a picture */
function pictureOf(reply: IncomingMessage, maxBytes: number, signal: AbortSignal) {
  const { headers, statusCode } = reply;
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim();
  const isPicture =
    /^(image\/[\w.+-]+|(application|binary)\/octet-stream)$/i.test(type) &&
    (headers['content-encoding'] ?? 'identity') === 'identity';
  let reason: Reason | undefined;
  if (statusCode !== 200) reason = 'rejected';
  else if (!isPicture) reason = 'wrong-type';
  else if (Number(headers['content-length'] ?? 0) > maxBytes) reason = 'too-many-bytes';
  if (reason) {
    reply.destroy();
    throw notFetched(reason);
  }
  // An unread reply fails when the time is up, perhaps with no other listener.
  reply.on('error', () => {});
  return bytesOf(reply, maxBytes, signal);
}

async function* bytesOf(
  reply: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0;
  try {
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) {
        throw new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if (isLate(signal)) throw new DecodeError('timeout', 'the picture arrived too slowly');
    signal.throwIfAborted();
    throw new DecodeError('unreadable', 'the picture was cut off');
  } finally {
    reply.destroy();
  }
}

const isLate = ({ aborted, reason }: AbortSignal) =>
  aborted && (reason as Error | undefined)?.name === 'TimeoutError';

/** Omits the engine's error, which may quote the address. */
function errorOf(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Refusal) return error;
  if (isLate(signal)) return notFetched('timeout');
  if (signal.aborted) return signal.reason;
  return notFetched('unreachable');
}
