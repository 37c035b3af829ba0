import { randomUUID } from 'node:crypto';
import { DecodeError } from '../errors.js';
import { lengthOf, readBytes } from '../node/read-bytes.js';
import { type Access, type KnownCaller, mayDo } from './access.js';
import { type Answered, type Asked, type Reply, TextReply } from './asked.js';
import { Deadline } from './deadline.js';
import { checksOf, problemOf, readQueryValue } from './json-schema.js';
import type { Metrics } from './metrics.js';
import type { RateLimit } from './rate-limit.js';
import {
  type Call,
  type ErrorBody,
  type LogFacts,
  type QueryValue,
  Refusal,
  type RefusalCode,
  type Route,
} from './route.js';
import { type FoundPath, RouteTable } from './route-table.js';

/** Where a request comes from. */
export interface Client {
  /** of the connection, as IPv4 or IPv6; empty if it has none */
  readonly address: string;
}

/** One line of the log for each answer. It holds no hash, label, file name, address or token. */
export interface LogRecord {
  /** of the answer; its header `x-request-id` has it too */
  readonly id: string;
  /** ISO 8601, when the request came */
  readonly time: string;
  /** the name of the token or the network; absent: not known, or not asked for */
  readonly caller?: string;
  readonly method: string;
  /** the path of the route; absent: there is none */
  readonly route?: string;
  readonly status: number;
  /** until the answer was there */
  readonly milliseconds: number;
  /** the code of a refusal */
  readonly refusal?: RefusalCode;
  /** what the route added: `verdict`, `reason` … */
  readonly facts?: LogFacts;
}

/** What a router stands on. */
export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly rateLimit: RateLimit;
  readonly metrics: Metrics;
  /** must not throw */
  readonly onLog: (record: LogRecord) => void;
  /** told of what a route throws that is no refusal; must not throw */
  readonly onError: (error: unknown) => void;
  /** most bytes of a body of JSON */
  readonly maxBytes: number;
  /** from the request to the answer */
  readonly timeoutSeconds: number;
  /** milliseconds since 1970 */
  readonly now: () => number;
  /** whether requests that come now are refused, but for those of who watches the service */
  readonly isEnding: () => boolean;
}

/** As a hash pool has it: a few slow senders would hold the memory of all others. */
const PACE = { minBytesPerSecond: 1024, idleSeconds: 10 };

/** In logs and metrics, as nginx has it: the client did not wait for the answer. */
const GONE = 499;

/** What is known of a request so far, for its answer and for the log. */
interface Course {
  readonly id: string;
  found: FoundPath | undefined;
  route: Route | undefined;
  caller: KnownCaller | undefined;
  facts: LogFacts;
  refusal: RefusalCode | undefined;
}

const defaultError: ErrorBody = (_, message, code) => ({ code, message });

/**
 * Brings requests to routes: finds the route and the caller, checks the role, the quota, the query
 * and the body, and writes refusals in the words of the dialect. Each answer is counted and logged.
 */
export class Router {
  readonly #options: RouterOptions;
  readonly #table: RouteTable;
  readonly #running = new Set<Promise<unknown>>();

  /** @throws {TypeError} if two routes are the same, or a schema has a keyword not known here */
  constructor(options: RouterOptions) {
    this.#options = options;
    this.#table = new RouteTable(options.routes);
    for (const { query = {}, body } of options.routes) {
      for (const schema of Object.values(query)) checksOf(schema);
      if (body) checksOf(body);
    }
  }

  /** How many requests are being answered, those among them whose client is gone. */
  get running(): number {
    return this.#running.size;
  }

  /** Waits for what is being answered. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Answers a request. It does not reject. */
  async answer(request: Asked, { address }: Client): Promise<Answered> {
    const { metrics, onLog, now } = this.#options;
    const time = new Date(now()).toISOString();
    const begun = performance.now();
    const course: Course = {
      id: randomUUID(),
      found: undefined,
      route: undefined,
      caller: undefined,
      facts: {},
      refusal: undefined,
    };
    const reply = await this.#answerOrRefusal(request, address, course);
    const { id, route, caller, facts, refusal } = course;
    const { status } = reply;
    const milliseconds = Math.round(1000 * (performance.now() - begun)) / 1000;
    const method = METHODS.includes(request.method) ? request.method : 'other';
    metrics.answered(method, course.found?.path ?? 'none', status, milliseconds);
    onLog({
      ...{ id, time, method, status, milliseconds },
      ...(caller && { caller: caller.name }),
      ...(course.found && { route: course.found.path }),
      ...(refusal && { refusal }),
      ...(Object.keys(facts).length > 0 && { facts }),
    });
    const isHead = request.method === 'HEAD' && route?.method === 'GET';
    return { reply, headers: { 'x-request-id': id }, isHead };
  }

  async #answerOrRefusal(request: Asked, address: string, course: Course): Promise<Reply> {
    try {
      return await this.#answer(request, address, course);
    } catch (error) {
      if (!request.bodyUsed) request.body?.cancel().catch(() => {});
      if (request.signal.aborted) return new Response(null, { status: GONE });
      const refusal = refusalOf(error);
      if (refusal.code === 'failed') this.#options.onError(error);
      course.refusal = refusal.code;
      const told: Partial<Route> = course.route ?? course.found?.routes[0] ?? {};
      if (told.refused) return told.refused(refusal);
      const { error: write = defaultError } = told;
      const { status, message, code, headers } = refusal;
      return TextReply.json(write(status, message, code), status, headers);
    }
  }

  async #answer(request: Asked, address: string, course: Course): Promise<Reply> {
    const url = new URL(request.url);
    if (request.isPlain === false) {
      throw new Refusal('bad-request', 'expected a path without .., //, ;, # and \\');
    }
    course.found = this.#table.find(url.pathname);
    if (!course.found) throw new Refusal('not-found', 'expected a path of the service');
    course.route = routeFor(request.method, course.found);
    const deadline = new Deadline(request, this.#options.timeoutSeconds);
    const work = this.#work(request, { url, address }, course, deadline);
    this.#running.add(work);
    const over = () => {
      deadline.clear();
      this.#running.delete(work);
    };
    work.then(over, over);
    return await Promise.race([work, deadline.over]);
  }

  /**
   * Who calls, if that counts for the route.
   * @throws {Refusal} 401, 403 or 429
   */
  async #admitted(
    request: Asked,
    address: string,
    course: Course,
  ): Promise<KnownCaller | undefined> {
    const { access, rateLimit } = this.#options;
    const { role, tokenHashOf } = course.route!;
    if (role === 'public') return undefined;
    let caller: KnownCaller | undefined;
    if (tokenHashOf) {
      const hash = await tokenHashOf(request);
      caller = hash === undefined ? undefined : access.callerOfHash(hash);
      if (!caller) throw new Refusal('unauthorized', 'expected a session');
    } else {
      caller = access.callerOf(request, address);
    }
    course.caller = caller;
    rateLimit.countRequest(caller);
    if (!mayDo(caller.role, role)) throw new Refusal('forbidden', `expected the role ${role}`);
    return caller;
  }

  /** What takes time, and may go on after its client is gone. */
  async #work(
    request: Asked,
    { url, address }: { url: URL; address: string },
    course: Course,
    deadline: Deadline,
  ): Promise<Reply> {
    const route = course.route!;
    const { rateLimit, maxBytes, isEnding } = this.#options;
    // Before the body: a request that came in time is answered, however long its body takes.
    const isLate = isEnding() && !isWatching(route);
    const caller = await this.#admitted(request, address, course);
    if (isLate) throw new Refusal('ending', 'expected another server', { connection: 'close' });
    const query = queryOf(route, url);
    const body = await bodyOf(route, request, maxBytes, deadline);
    const countAnswers = (answers: number) => {
      if (caller) rateLimit.countAnswers(caller, answers);
    };
    // After the checks: a request that was not understood has told nothing of the list.
    if (route.isAnswer) countAnswers(1);
    const { params } = course.found!;
    const call: Call = {
      ...{ request, url, params, query, address, countAnswers },
      countSearches: (list, check) =>
        caller ? rateLimit.countSearches(caller, list, check) : check(list),
      get signal() {
        return deadline.signal;
      },
      caller: caller && { name: caller.name, role: caller.role },
      note: (facts) => {
        course.facts = { ...course.facts, ...facts };
      },
    };
    return await route.answer(call, body);
  }
}

/** Whether it only tells how the service fares, which it does until its end. */
const isWatching = ({ role, method, path }: Route): boolean =>
  (role === 'public' && method === 'GET') || path === '/metrics';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

/** @throws {Refusal} 405, with the methods that there are */
function routeFor(method: string, { routes }: FoundPath): Route {
  const route = routes.find((one) => one.method === (method === 'HEAD' ? 'GET' : method));
  if (route) return route;
  const methods = routes.map((one) => one.method as string);
  if (methods.includes('GET')) methods.push('HEAD');
  const allow = methods.join(', ');
  throw new Refusal('method-not-allowed', `expected ${methods.join(' or ')}`, { allow });
}

/** @throws {Refusal} 400 */
function queryOf({ query = {} }: Route, url: URL): Record<string, QueryValue> {
  const values: Record<string, QueryValue> = {};
  for (const [name, schema] of Object.entries(query)) {
    const [text, ...others] = url.searchParams.getAll(name);
    if (others.length > 0) throw new Refusal('bad-request', `expected query.${name} once`);
    if (text === undefined) {
      if (schema.required) throw new Refusal('bad-request', `expected query.${name}`);
      continue;
    }
    const value = readQueryValue(text, schema);
    const problem = problemOf(value, schema, `query.${name}`);
    if (problem !== undefined) throw new Refusal('bad-request', problem);
    values[name] = value;
  }
  return values;
}

/**
 * The checked body of JSON; undefined if the route reads the body itself, or has none.
 * @throws {Refusal} 400, 408, 413 or 415
 */
async function bodyOf(
  { body: schema, media = [] }: Route,
  request: Asked,
  maxBytes: number,
  deadline: Deadline,
): Promise<unknown> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (media.some((one) => isOfType(type, one)) || !schema) return undefined;
  // A type that is not told is taken for JSON.
  if (type !== '' && type !== 'application/json') {
    throw new Refusal(
      'unsupported',
      `expected a body of ${['application/json', ...media].join(' or ')}`,
    );
  }
  const length = lengthOf(request);
  if (length !== undefined && length > maxBytes) {
    throw new Refusal('too-many-bytes', `expected a body of at most ${maxBytes} bytes`);
  }
  const chunks = 'chunks' in request ? request.chunks : request.body;
  const limits = { maxBytes, signal: deadline.signal, ...PACE };
  const bytes = chunks ? await readBytes(chunks, limits) : new Uint8Array();
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The engine's message would quote the body.
    throw new Refusal('bad-request', 'expected a body of JSON');
  }
  const problem = problemOf(value, schema, 'body');
  if (problem !== undefined) throw new Refusal('bad-request', problem);
  return value;
}

/** Whether a type is `one`, or of it if that is `image/*`, say. */
const isOfType = (type: string, one: string): boolean =>
  one.endsWith('/*') ? type.startsWith(one.slice(0, -1)) : type === one;

/** Why there is no answer, as the caller is told. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DecodeError) {
    if (error.code === 'too-many-bytes') return new Refusal('too-many-bytes', 'expected less');
    if (error.code === 'too-slow') return new Refusal('too-slow', 'expected a faster body');
    if (error.code === 'unreadable') return new Refusal('bad-request', 'expected a whole body');
  }
  return new Refusal('failed', 'the service failed');
}
