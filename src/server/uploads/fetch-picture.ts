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

/** Why a picture is not fetched, and the code by which callers are told. */
const NOT_FETCHED = {
  /** not an address of `https:` or `http:`, or one with a name and a password */
  'bad-url': 'bad-request',
  /** a host that is not allowed, there or where a redirect leads */
  'host-not-allowed': 'forbidden',
  /** its name leads to an address of this machine or of a private network */
  'private-address': 'forbidden',
  'too-many-redirects': 'bad-gateway',
  /** no connection, or it broke */
  unreachable: 'bad-gateway',
  /** another status than 200 */
  rejected: 'bad-gateway',
  /** not `image/…` or `application/octet-stream`, or compressed */
  'wrong-type': 'unsupported',
  'too-many-bytes': 'too-many-bytes',
  timeout: 'timeout',
} as const satisfies Record<string, RefusalCode>;
type Reason = keyof typeof NOT_FETCHED;

/** The message tells nothing of the address or of the reply. */
const notFetched = (reason: Reason) =>
  new Refusal(NOT_FETCHED[reason], `the picture was not fetched: ${reason}`);

/** What is fetched, and from where. */
export interface FetchPictureOptions {
  /**
   * where pictures may be: `media.example.org`, `*.example.org` for all below it, each by `https:`
   * at its usual port, or an origin, `http://media.example.org:8080`. Nothing else is asked
   */
  hosts: readonly string[];
  /**
   * networks that may be asked though they are private, as `10.1.0.0/16`: for a store of pictures
   * of your own
   * @defaultValue none
   */
  privateNetworks?: readonly string[] | undefined;
  /**
   * most bytes of a picture
   * @defaultValue 64 MiB
   */
  maxBytes?: number | undefined;
  /**
   * from the request to the last byte, all redirects together
   * @defaultValue 20
   */
  timeoutSeconds?: number | undefined;
  /**
   * most redirects that are followed
   * @defaultValue 3
   */
  maxRedirects?: number | undefined;
  /**
   * finds the addresses of a name
   * @defaultValue the system's, `lookup` of `node:dns`
   */
  lookup?: LookupFunction | undefined;
}

/** Names of hosts, or origins. */
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
 * `unreadable` if the connection breaks. It is to be read to its end, or returned.
 * @throws {Refusal} if it cannot be fetched
 */
export type FetchPicture = (
  url: string,
  options: { signal: AbortSignal },
) => Promise<AsyncGenerator<Uint8Array, void, undefined>>;

/**
 * Makes what fetches pictures by their address, for servers that are told addresses by strangers.
 * The host has to be allowed, and each of its addresses to be public: those of this machine,
 * private, link-local, shared, multicast and translated ones are never asked. This is looked at
 * when the name is resolved, for the connection itself, so that no later answer of a name server
 * leads elsewhere, once more when it is connected, and again after each redirect. No cookies and
 * no credentials are sent.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export function pictureFetcher(options: FetchPictureOptions): FetchPicture {
  const checked = checkedOptions(options, FETCH_PICTURE_OPTIONS);
  const { maxBytes, timeoutSeconds, maxRedirects } = checked;
  const allowed = new AllowedHosts(checked.hosts);
  const addresses = new PublicAddresses(checked.privateNetworks);
  const guarded = guardedLookup(checked.lookup, addresses);

  /** The reply of one address, whatever its status. */
  const replyOf = (url: URL, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = {
        // A connection of its own: one of another request was checked for another name.
        agent: false,
        lookup: guarded,
        signal,
        headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'onlyhashes' },
      };
      let request: ClientRequest;
      try {
        request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options);
      } catch {
        // Workerd takes no lookup, and so could be led anywhere.
        return reject(notFetched('unreachable'));
      }
      request.on('error', (error) => reject(errorOf(error, signal)));
      // A reply of 101 ends it so, without an error and without a response.
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
      // No name is looked up of what is an address already.
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
    // The engine's message would quote it.
  }
  const isOfHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url !== undefined && isOfHttp && url.username === '' && url.password === '') return url;
  throw notFetched('bad-url');
}

/** The hosts that may be asked. */
class AllowedHosts {
  readonly #origins = new Set<string>();
  readonly #suffixes: string[] = [];

  /** @throws {RangeError} if one of them is invalid */
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
  // A star is a letter of names to URL.
  const isOrigin =
    url && !host.includes('*') && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (isOrigin) return url.origin;
  throw new RangeError('expected hosts as media.example.org, *.example.org or an origin');
}

/** Looks names up, and gives no address unless all of them may be asked. */
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
  // What is never read is let go of when the time is over; nobody may listen to it then.
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
    if (isLate(signal)) throw new DecodeError('timeout', 'the picture came too slowly');
    signal.throwIfAborted();
    throw new DecodeError('unreadable', 'the picture broke off');
  } finally {
    reply.destroy();
  }
}

const isLate = ({ aborted, reason }: AbortSignal) =>
  aborted && (reason as Error | undefined)?.name === 'TimeoutError';

/** The engine's error is left out: it may quote the address. */
function errorOf(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Refusal) return error;
  if (isLate(signal)) return notFetched('timeout');
  if (signal.aborted) return signal.reason;
  return notFetched('unreachable');
}
