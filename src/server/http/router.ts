import { randomUUID } from 'node:crypto';
import { HonoBase } from 'hono/hono-base';
import { TrieRouter } from 'hono/router/trie-router';
import { DecodeError } from '../../errors.js';
import { type Access, type KnownCaller, mayDo } from './access.js';
import { bodyOf, queryOf, type Time } from './checked-request.js';
import { checksOf } from './json-schema.js';
import type { Metrics } from './metrics.js';
import { isOfNode, isPlain, onGone } from './node-listener.js';
import type { RateLimit } from './rate-limit.js';
import { type Reply, TextReply, withHeader } from './reply.js';
import {
  type Call,
  type ErrorBody,
  type LogFacts,
  Refusal,
  type RefusalCode,
  type Role,
  type Route,
} from './route.js';

/** Client of a request. */
export interface Client {
  /** address of the connection, IPv4 or IPv6; empty if it has none */
  readonly address: string;
  /**
   * role of a caller that the server already knows, for instance by the mode of its socket; absent:
   * the token or the address decides
   */
  readonly role?: Role;
}

/** Log line of one answer. It holds no hash, label, file name, address or token. */
export interface LogRecord {
  /** id of the answer, also in its header `x-request-id` */
  readonly id: string;
  /** arrival of the request, ISO 8601 */
  readonly time: string;
  /** name of the token or the network; absent: unknown, or not needed */
  readonly caller?: string;
  readonly method: string;
  /** path of the route; absent: no route matched */
  readonly route?: string;
  readonly status: number;
  /** time until the answer was ready */
  readonly milliseconds: number;
  /** code of a refusal */
  readonly refusal?: RefusalCode;
  /** the route's additions: `verdict`, `reason` … */
  readonly facts?: LogFacts;
}

/** The router's dependencies. */
export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly rateLimit: RateLimit;
  readonly metrics: Metrics;
  /** must not throw */
  readonly onLog: (record: LogRecord) => void;
  /** receives errors of routes other than refusals; must not throw */
  readonly onError: (error: unknown) => void;
  /** size limit of a JSON body, in bytes */
  readonly maxBytes: number;
  /** time limit from the request to the answer */
  readonly timeoutSeconds: number;
  /** the time, in milliseconds since 1970 */
  readonly now: () => number;
  /** true if new requests are refused, except those that monitor the service */
  readonly isEnding: () => boolean;
  /** names the option that would serve a path without a route, if one would */
  readonly absentRoute?: (path: string) => string | undefined;
}

/** Status in logs and metrics, as in nginx: the client did not wait for the answer. */
const GONE = 499;

/** Request context: the facts known so far, for the answer and the log. */
interface Context {
  readonly id: string;
  readonly request: Request;
  readonly url: URL;
  readonly client: Client;
  /** the path as its routes spell it */
  path: string | undefined;
  /** any route of the path until the method is known: they share one dialect */
  route: Route | undefined;
  caller: KnownCaller | undefined;
  facts: LogFacts;
  refusal: RefusalCode | undefined;
}

const defaultError: ErrorBody = (_, message, code) => ({ code, message });

/**
 * Dispatches requests to routes. Hono matches the path; the router finds the method and the caller,
 * checks the role, quota, query and body, and writes refusals in the dialect's words. Every answer
 * is counted and logged.
 */
export class Router {
  readonly #options: RouterOptions;
  readonly #app: HonoBase<{ Bindings: Context }>;
  readonly #running = new Set<Promise<unknown>>();

  /** @throws {TypeError} if two routes are the same, or a schema has an unsupported keyword */
  constructor(options: RouterOptions) {
    this.#options = options;
    // The path as sent: Hono would decode it first, and match `/%6detrics` to `/metrics`.
    this.#app = new HonoBase({
      router: new TrieRouter(),
      getPath: (_, given) => given!.env!.url.pathname,
    });
    for (const [path, routes] of pathsOf(options.routes)) {
      this.#app.all(path.replaceAll(/\{(\w+)\}/g, ':$1{[^/]*}'), ({ env, req }) =>
        this.#answer(env, { path, routes, params: req.param() }),
      );
    }
    this.#app.notFound(({ env }) => {
      const absent = options.absentRoute?.(env.url.pathname);
      const more = absent === undefined ? '' : `: ${absent}`;
      throw new Refusal('not-found', `expected a path of the service${more}`);
    });
    this.#app.onError((error) => {
      throw error;
    });
    for (const { query = {}, body } of options.routes) {
      for (const schema of Object.values(query)) checksOf(schema);
      if (body) checksOf(body);
    }
  }

  /** Waits for requests in progress, even if their client has disconnected. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Answers a request; never rejects. */
  async answer(request: Request, client: Client): Promise<Reply> {
    const { metrics, onLog, now } = this.#options;
    const time = new Date(now()).toISOString();
    const begun = performance.now();
    // Member by member: spreading objects makes a trivial request a quarter slower.
    const context: Context = {
      id: randomUUID(),
      request,
      url: new URL(request.url),
      client,
      facts: {},
      path: undefined,
      route: undefined,
      caller: undefined,
      refusal: undefined,
    };
    const reply = await this.#answerOrRefusal(context);
    const { id, path, caller, facts, refusal } = context;
    const { status } = reply;
    const milliseconds = Math.round(1000 * (performance.now() - begun)) / 1000;
    const method = METHODS.includes(request.method) ? request.method : 'other';
    metrics.answered(method, path ?? 'none', status, milliseconds);
    onLog({
      id,
      time,
      method,
      status,
      milliseconds,
      ...(caller && { caller: caller.name }),
      ...(path !== undefined && { route: path }),
      ...(refusal && { refusal }),
      ...(Object.keys(facts).length > 0 && { facts }),
    });
    return withHeader(reply, 'x-request-id', id);
  }

  async #answerOrRefusal(context: Context): Promise<Reply> {
    const { request } = context;
    try {
      if (!isPlain(request)) {
        throw new Refusal('bad-request', 'expected a path without .., //, ;, # and \\');
      }
      return await this.#app.fetch(request, context);
    } catch (error) {
      // In Node, the listener discards it.
      if (!isOfNode(request) && !request.bodyUsed) request.body?.cancel().catch(() => {});
      if (request.signal.aborted) return new Response(null, { status: GONE });
      const refusal = refusalOf(error);
      if (refusal.code === 'failed') this.#options.onError(error);
      context.refusal = refusal.code;
      const { refused, error: write = defaultError } = context.route ?? {};
      if (refused) return refused(refusal);
      const { status, message, code, headers } = refusal;
      return TextReply.json(write(status, message, code), status, headers);
    }
  }

  /** Hono passes on any reply it gets, a `Response` or not. */
  async #answer(context: Context, { path, routes, params }: Found): Promise<Response> {
    const { request, url } = context;
    if (path.includes('{')) checkIsText(url.pathname, params);
    context.path = path;
    context.route = routes[0]!;
    const route = routeFor(request.method, routes);
    context.route = route;
    const work = (time: Time) => this.#work(context, { route, params, time });
    return (await this.#inTime(request, work)) as Response;
  }

  /**
   * Result of `work`, unless its time runs out or the client disconnects first. The work may go on
   * after that; `idle` waits for it.
   */
  #inTime(request: Request, work: (time: Time) => Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      let end: AbortController | undefined;
      let over: unknown;
      const stop = (reason: unknown) => {
        over ??= reason;
        end?.abort(over);
        reject(over);
      };
      const time: Time = {
        get signal() {
          if (!end) {
            end = new AbortController();
            if (over !== undefined) end.abort(over);
          }
          return end.signal;
        },
      };
      const late = () => stop(new Refusal('timeout', 'expected the answer to take less time'));
      const timer = setTimeout(late, 1000 * this.#options.timeoutSeconds);
      const forget = onGone(request, () => stop(request.signal.reason));
      const running = work(time).finally(() => {
        clearTimeout(timer);
        forget();
        this.#running.delete(running);
      });
      this.#running.add(running);
      running.then(resolve, reject);
    });
  }

  /**
   * Caller of a route, if the route needs one.
   * @throws {Refusal} 401, 403 or 429
   */
  async #admitted(context: Context, route: Route): Promise<KnownCaller | undefined> {
    const { access, rateLimit } = this.#options;
    const { request, client } = context;
    const { role, tokenHashOf } = route;
    if (role === 'public') return undefined;
    let caller: KnownCaller | undefined;
    if (tokenHashOf) {
      const hash = await tokenHashOf(request);
      caller = hash === undefined ? undefined : access.callerOfHash(hash);
      if (!caller) throw new Refusal('unauthorized', 'expected a session, or a known password');
    } else if (client.role) {
      caller = { name: 'socket', role: client.role, limits: {} };
    } else {
      caller = access.callerOf(request, client.address);
    }
    context.caller = caller;
    rateLimit.countRequest(caller);
    if (role !== 'session' && !mayDo(caller.role, role)) {
      throw new Refusal('forbidden', `expected the role ${role}`);
    }
    return caller;
  }

  /** The slow part of an answer, which may go on after its client disconnects. */
  async #work(
    context: Context,
    { route, params, time }: Pick<Call, 'params'> & { readonly route: Route; readonly time: Time },
  ): Promise<Reply> {
    const { request, url, client } = context;
    const { rateLimit, maxBytes, isEnding } = this.#options;
    // Before the body: a request that arrives in time is answered, however long its body takes.
    const isLate = isEnding() && !isWatching(route);
    const caller = await this.#admitted(context, route);
    if (isLate)
      throw new Refusal('ending', 'expected a request to another server: this one is ending', {
        connection: 'close',
      });
    const query = queryOf(route, url);
    const body = await bodyOf(route, request, maxBytes, time);
    const countAnswers = (answers: number) => {
      if (caller) rateLimit.countAnswers(caller, answers);
    };
    // After the checks: an invalid request reveals nothing about the list.
    if (route.isAnswer) countAnswers(1);
    const call: Call = {
      request,
      url,
      params,
      query,
      address: client.address,
      countAnswers,
      countSearches: (list, check) =>
        caller ? rateLimit.countSearches(caller, list, check) : check(list),
      get signal() {
        return time.signal;
      },
      caller: caller && { name: caller.name, role: caller.role },
      note: (facts) => {
        context.facts = { ...context.facts, ...facts };
      },
    };
    return await route.answer(call, body);
  }
}

/** The routes of a path, one per method, and its values for the names. */
interface Found {
  readonly path: string;
  readonly routes: readonly Route[];
  readonly params: Readonly<Record<string, string>>;
}

const NAME = /\{\w+\}/g;
const namesIn = (path: string) => path.match(NAME)?.length ?? 0;

/**
 * The routes of each path. Paths with fewer names come first: `/c/bank/new` before
 * `/c/bank/{name}`.
 * @throws {TypeError} if a path is invalid, or two routes are the same
 */
function pathsOf(routes: readonly Route[]): (readonly [string, readonly Route[]])[] {
  const paths = new Map<string, Route[]>();
  for (const route of routes) {
    if (!/^(\/(\{\w+\}|[\w.~-]*))+$/.test(route.path)) {
      throw new TypeError('expected a path of words and {names}');
    }
    const others = paths.get(route.path) ?? [];
    if (others.some(({ method }) => method === route.method)) {
      throw new TypeError('expected routes with different methods or paths');
    }
    paths.set(route.path, [...others, route]);
  }
  const shapes = new Set([...paths.keys()].map((path) => path.replaceAll(NAME, '{}')));
  if (shapes.size < paths.size) {
    throw new TypeError('expected one path to have the same names in all routes');
  }
  return [...paths].sort(([a], [b]) => namesIn(a) - namesIn(b));
}

/** @throws {Refusal} 400 if a path is not UTF-8, or a name is empty or has a control character */
function checkIsText(path: string, params: Found['params']): void {
  let text = '\0';
  try {
    text = decodeURIComponent(path);
  } catch {
    // Reported below.
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(text) || Object.values(params).includes('')) {
    throw new Refusal('bad-request', 'expected a path in UTF-8');
  }
}

/** True for routes that only report the state of the service, which work until its end. */
const isWatching = ({ role, method, path }: Route): boolean =>
  (role === 'public' && method === 'GET') || path === '/metrics';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

/** @throws {Refusal} 405, with the available methods */
function routeFor(method: string, routes: readonly Route[]): Route {
  const route = routes.find((one) => one.method === (method === 'HEAD' ? 'GET' : method));
  if (route) return route;
  const methods = routes.map((one) => one.method as string);
  if (methods.includes('GET')) methods.push('HEAD');
  const allow = methods.join(', ');
  throw new Refusal('method-not-allowed', `expected ${methods.join(' or ')}`, { allow });
}

/** Refusal that the caller gets for an error. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DecodeError) {
    if (error.code === 'too-many-bytes')
      return new Refusal('too-many-bytes', 'expected a smaller body');
    if (error.code === 'too-slow') return new Refusal('too-slow', 'expected a faster body');
    if (error.code === 'unreadable') return new Refusal('bad-request', 'expected a complete body');
  }
  return new Refusal('failed', 'the service failed');
}
