/*
 * The contract of a route: method, path, role, schemas of what it takes and returns, and a function
 * from a `Call` to a `Reply`. The router checks a request by the schemas before the function runs,
 * and OpenAPI is written from the same schemas.
 */

import type { Blocklist } from '../../blocklist/blocklist.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import type { FromSchema, Members, QueryValue, Schema } from './json-schema.js';
import type { Reply } from './reply.js';

/**
 * Roles of callers. `admin` may do everything, and `curate` what `match` may. `desk` and `feed`
 * stand alone: the people who confirm cases, and platforms that fetch the list of them.
 */
export const ROLES = ['match', 'curate', 'admin', 'desk', 'feed'] as const;

/** Role of a caller. */
export type Role = (typeof ROLES)[number];

/** Identity of a caller. */
export interface Caller {
  /** name of the token or the network, for logs: never the token itself */
  readonly name: string;
  readonly role: Role;
}

/** Facts that an answer adds to its log line: words and numbers, no hashes, labels or names. */
export type LogFacts = Readonly<Record<string, string | number | boolean>>;

/** A request on its way to a route. */
export interface Call {
  /** under `createNodeListener`, `fetch` and `new Request` accept only its `clone()` */
  readonly request: Request;
  /** URL with path and query; the host is not the client's */
  readonly url: URL;
  /** the path's value for each `{name}`, decoded */
  readonly params: Readonly<Record<string, string>>;
  /** the values that the route's `query` names, checked */
  readonly query: Readonly<Record<string, QueryValue>>;
  /** undefined on public routes */
  readonly caller: Caller | undefined;
  /** address of the connection; empty if it has none. Never log it */
  readonly address: string;
  /** aborts when the client disconnects, or its time is up */
  readonly signal: AbortSignal;
  /** adds to the log line */
  note(facts: LogFacts): void;
  /**
   * counts answers against the caller's quota, besides the one of an `isAnswer` route, and one
   * token of its rate per 25
   * @throws {Refusal} 429 if too few are left; then none is counted
   */
  countAnswers(further: number): void;
  /**
   * checks a picture, then counts its searches as `countAnswers` does. `check` gets a counting list
   * @throws {Refusal} 429 if no answer is left
   */
  countSearches<T>(list: Blocklist, check: (list: Blocklist | Decide) => Promise<T>): Promise<T>;
}

/** One operation of the service. OpenAPI is generated from it; its schemas check requests. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  /** `{name}` matches one segment of the path: `/c/bank/{name}/content/{id}` */
  readonly path: string;
  /** `public`: open to everyone; `session`: to every session */
  readonly role: Role | 'public' | 'session';
  /** a sentence or two, for OpenAPI */
  readonly about: string;
  /** schemas of the query's values, by name; other names are ignored */
  readonly query?: Readonly<Record<string, Schema & { readonly required?: boolean }>>;
  /** schema of a JSON body; absent: the route reads the body itself, or has none */
  readonly body?: Schema;
  /** types of bodies that the route reads itself, such as `image/*`; besides a JSON `body` */
  readonly media?: readonly string[];
  /** schema of the JSON by status; undefined for no body or another type */
  readonly replies: Readonly<Record<number, Schema | undefined>>;
  /** true if an answer reveals something about the list, and so counts against the quota */
  readonly isAnswer?: boolean;
  /** writes the errors of its dialect; by default `{ code, message }` */
  readonly error?: ErrorBody;
  /** answers refusals with something other than JSON, such as a page */
  readonly refused?: (refusal: Refusal) => Reply;
  /**
   * the hash of the caller's token, for callers that show it outside the header; undefined if none
   * is known. With it, neither the header nor the address counts
   */
  readonly tokenHashOf?: (request: Request) => Promise<string | undefined>;
  /** where the token is; default the session, if there is `tokenHashOf` */
  readonly scheme?: 'basic' | 'key';
  /** Answers a call. */
  answer(call: Call, body: unknown): Reply | Promise<Reply>;
}

/** Replies for each of these statuses, all with the same body or none. */
export const repliesOf = (body: Schema | undefined, ...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, body]));

/** Types of a file that is the whole body. */
export const FILES: readonly string[] = [
  ...['image/*', 'video/*', 'audio/*', 'application/octet-stream'],
];

/**
 * A route that takes a picture by POST, and the same for PUT, by which `curl -T` sends a file. A
 * body of PUT without a type is a file.
 */
export const withPut = (route: Route): [Route, Route] => [
  route,
  { ...route, method: 'PUT', media: [...new Set([...FILES, ...(route.media ?? [])])] },
];

type QuerySchemas = NonNullable<Route['query']>;

/** Types of a query's values, by their schemas. */
export type QueryOf<Query> = Members<
  Query,
  {
    [Name in keyof Query]: Query[Name] extends { readonly required: true } ? Name : never;
  }[keyof Query]
>;

/** A route whose `answer` gets its query and its body typed by their schemas. */
type TypedRoute<Query, Body, Media> = Omit<Route, 'query' | 'body' | 'media' | 'answer'> & {
  readonly query?: Query;
  readonly body?: Body;
  readonly media?: Media;
  answer(
    call: Omit<Call, 'query'> & { readonly query: QueryOf<Query> },
    body: FromSchema<Body> | (Media extends readonly string[] ? undefined : never),
  ): Reply | Promise<Reply>;
};

/** Creates a route whose `answer` gets its query and its body typed by their schemas. */
export const routeOf = <
  const Query extends QuerySchemas = Record<never, never>,
  const Body extends Schema | undefined = undefined,
  const Media extends readonly string[] | undefined = undefined,
>(
  route: TypedRoute<Query, Body, Media>,
): Route => route as Route;

/**
 * Writes the body of an error. Dialects differ: HMA's clients read `message`, and one of them takes
 * every other member of a reply for a bank's name.
 */
export type ErrorBody = (status: number, message: string, code: RefusalCode) => unknown;

/** Reason for refusing a request. The words are API. */
export type RefusalCode =
  /** 400: a path, query, body or header that cannot be read, or does not match its schema */
  | 'bad-request'
  /** 401: no token, or an unknown one */
  | 'unauthorized'
  /** 403: the caller's role may not do this */
  | 'forbidden'
  /** 404 */
  | 'not-found'
  /** 405 */
  | 'method-not-allowed'
  /** 408: a body that arrived too slowly */
  | 'too-slow'
  /** 409: it conflicts with the current state */
  | 'conflict'
  /** 413 */
  | 'too-many-bytes'
  /** 415: a body of an unsupported type */
  | 'unsupported'
  /** 422: a body that matches its schema but is unusable */
  | 'unusable'
  /** 429: too many requests per second, or answers per day */
  | 'too-many'
  /** 500: a defect of the service, or of its dependencies */
  | 'failed'
  /** 501: this service was started without the needed part */
  | 'not-available'
  /** 502: another server did not answer properly */
  | 'bad-gateway'
  /** 503: the list is not loaded yet */
  | 'not-ready'
  /** 503: overloaded; a later try may succeed */
  | 'busy'
  /** 503: it took too long */
  | 'timeout'
  /** 503: the service is ending */
  | 'ending';

/**
 * Refusal of a picture that was not checked, by the error's code or the decision's reason. Others
 * are our defects.
 */
export const NOT_CHECKED: Readonly<Record<string, RefusalCode>> = {
  empty: 'bad-request',
  unreadable: 'bad-request',
  aborted: 'bad-request',
  unsupported: 'unsupported',
  'not-a-picture': 'unsupported',
  corrupt: 'unusable',
  'no-hash': 'unusable',
  'too-many-pixels': 'unusable',
  'too-many-frames': 'unusable',
  'too-costly': 'unusable',
  crashed: 'unusable',
  poisoned: 'unusable',
  'too-many-bytes': 'too-many-bytes',
  'too-slow': 'too-slow',
  timeout: 'timeout',
  unanswered: 'timeout',
  busy: 'busy',
  'decoder-missing': 'not-available',
};

/** HTTP status of each refusal. */
export const STATUS: Readonly<Record<RefusalCode, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'too-slow': 408,
  conflict: 409,
  'too-many-bytes': 413,
  unsupported: 415,
  unusable: 422,
  'too-many': 429,
  failed: 500,
  'not-available': 501,
  'bad-gateway': 502,
  'not-ready': 503,
  busy: 503,
  timeout: 503,
  ending: 503,
};

/**
 * Seconds before retrying an overloaded pool: two cores check a hundred uploads in that time
 * (`bench uploads`).
 */
export const RETRY_AFTER_SECONDS = 5;

const RETRY_AFTER: Readonly<Partial<Record<RefusalCode, string>>> = {
  'not-ready': '1',
  busy: String(RETRY_AFTER_SECONDS),
  timeout: String(RETRY_AFTER_SECONDS),
};

/**
 * Error that a route throws instead of answering. The router writes it in the dialect's words.
 * Callers see the message, so it quotes nothing of the request.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
    const later = RETRY_AFTER[code];
    this.headers = { ...(later !== undefined && { 'retry-after': later }), ...headers };
  }
}
