import type { Blocklist } from '../../blocklist/blocklist.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import type { FromSchema, Members, QueryValue, Schema } from './json-schema.js';
import type { Reply } from './reply.js';

/** What a caller may do; each includes the ones before it. */
export const ROLES = ['match', 'curate', 'admin'] as const;

/** What a caller may do. */
export type Role = (typeof ROLES)[number];

/** Who calls, as far as it is known. */
export interface Caller {
  /** of the token or of the network, for logs: never the token itself */
  readonly name: string;
  readonly role: Role;
}

/** What an answer adds to its line of the log: words and numbers, never hashes, labels or names. */
export type LogFacts = Readonly<Record<string, string | number | boolean>>;

/** A request on its way to a route. */
export interface Call {
  /** under `createNodeListener`, `fetch` and `new Request` take its `clone()` alone */
  readonly request: Request;
  /** with its path and query; the host is not the client's word */
  readonly url: URL;
  /** what the path has in the place of `{name}`, decoded */
  readonly params: Readonly<Record<string, string>>;
  /** what the route's `query` names, checked */
  readonly query: Readonly<Record<string, QueryValue>>;
  /** undefined where anybody may ask */
  readonly caller: Caller | undefined;
  /** of the connection; empty if it has none. It does not belong into logs */
  readonly address: string;
  /** aborts when the client is gone, or its time is up */
  readonly signal: AbortSignal;
  /** adds to the line of the log */
  note(facts: LogFacts): void;
  /**
   * counts further answers to the caller's quota, beside the one of an `isAnswer` route, and a
   * token of its rate for each 25
   * @throws {Refusal} 429 if they are more than are left; then none is counted
   */
  countAnswers(further: number): void;
  /**
   * checks a picture, and counts as `countAnswers` does, afterwards, what was searched by what
   * `check` gets in the place of the list
   * @throws {Refusal} 429 if no further answer is left
   */
  countSearches<T>(list: Blocklist, check: (list: Blocklist | Decide) => Promise<T>): Promise<T>;
}

/** One operation of the service. OpenAPI is written from it, and its schemas check what comes. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` stands for one part of the path: `/c/bank/{name}/content/{id}` */
  readonly path: string;
  /** `public`: anybody may ask */
  readonly role: Role | 'public';
  /** a sentence or two, for OpenAPI */
  readonly about: string;
  /** of the query, by name: a schema of each; what is not named here is ignored */
  readonly query?: Readonly<Record<string, Schema & { readonly required?: boolean }>>;
  /** of a body of JSON; absent: the route reads the body itself, or has none */
  readonly body?: Schema;
  /** types of bodies that the route reads itself, `image/*`, say: beside JSON if there is `body` */
  readonly media?: readonly string[];
  /** by status: a schema of the JSON, or undefined for none or another type */
  readonly replies: Readonly<Record<number, Schema | undefined>>;
  /** whether an answer says something about the list: it counts to the caller's quota */
  readonly isAnswer?: boolean;
  /** writes the errors of its dialect; by default `{ code, message }` */
  readonly error?: ErrorBody;
  /** answers refusals with something else than JSON, a page, say */
  readonly refused?: (refusal: Refusal) => Reply;
  /**
   * the hash of the caller's token, if callers show it elsewhere than in the header; undefined if
   * none is known. Then neither the header nor the address counts
   */
  readonly tokenHashOf?: (request: Request) => Promise<string | undefined>;
  /** Answers a call. */
  answer(call: Call, body: unknown): Reply | Promise<Reply>;
}

/** Replies of one body, or of none, for each of these statuses. */
export const repliesOf = (body: Schema | undefined, ...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, body]));

type QuerySchemas = NonNullable<Route['query']>;

/** The types of a query: of each value by its schema. */
export type QueryOf<Query> = Members<
  Query,
  {
    [Name in keyof Query]: Query[Name] extends { readonly required: true } ? Name : never;
  }[keyof Query]
>;

/** A route whose answer gets its query and its body in the types of their schemas. */
type TypedRoute<Query, Body, Media> = Omit<Route, 'query' | 'body' | 'media' | 'answer'> & {
  readonly query?: Query;
  readonly body?: Body;
  readonly media?: Media;
  answer(
    call: Omit<Call, 'query'> & { readonly query: QueryOf<Query> },
    body: FromSchema<Body> | (Media extends readonly string[] ? undefined : never),
  ): Reply | Promise<Reply>;
};

/** A route. Its answer gets its query and its body in the types of their schemas. */
export const routeOf = <
  const Query extends QuerySchemas = Record<never, never>,
  const Body extends Schema | undefined = undefined,
  const Media extends readonly string[] | undefined = undefined,
>(
  route: TypedRoute<Query, Body, Media>,
): Route => route as Route;

/**
 * Writes the body of an error. Dialects differ: HMA's callers read `message`, and one of them takes
 * every other member of a reply for the name of a bank.
 */
export type ErrorBody = (status: number, message: string, code: RefusalCode) => unknown;

/** Why a request is refused. The words are API. */
export type RefusalCode =
  /** 400: a path, a query, a body or a header that cannot be read, or is not as its schema says */
  | 'bad-request'
  /** 401: no token, or one that is not known */
  | 'unauthorized'
  /** 403: the caller's role may not do this */
  | 'forbidden'
  /** 404 */
  | 'not-found'
  /** 405 */
  | 'method-not-allowed'
  /** 408: a body that came too slowly */
  | 'too-slow'
  /** 409: it contradicts what is there */
  | 'conflict'
  /** 413 */
  | 'too-many-bytes'
  /** 415: a body of another type than is read here */
  | 'unsupported'
  /** 422: a body that is as its schema says, and yet of no use */
  | 'unusable'
  /** 429: too many requests a second, or answers a day */
  | 'too-many'
  /** 500: a defect of the service, or of what it stands on */
  | 'failed'
  /** 501: this service was started without what it takes */
  | 'not-available'
  /** 502: another server did not answer as it should */
  | 'bad-gateway'
  /** 503: the list is not there yet */
  | 'not-ready'
  /** 503: too much to do: a later try may succeed */
  | 'busy'
  /** 503: it took too long */
  | 'timeout'
  /** 503: the service ends */
  | 'ending';

/**
 * Why a picture was not checked, by the code of the error or the reason of the decision. What is
 * not here is of our own making.
 */
export const NOT_CHECKED: Readonly<Record<string, RefusalCode>> = {
  empty: 'bad-request',
  unreadable: 'bad-request',
  aborted: 'bad-request',
  unsupported: 'unsupported',
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

/** The status of each. */
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
 * Seconds after which a later try may succeed where the pool had too much to do: two cores check a
 * hundred uploads in that time (`bench uploads`).
 */
export const RETRY_AFTER_SECONDS = 5;

const RETRY_AFTER: Readonly<Partial<Record<RefusalCode, string>>> = {
  'not-ready': '1',
  busy: String(RETRY_AFTER_SECONDS),
  timeout: String(RETRY_AFTER_SECONDS),
};

/**
 * What a route throws instead of an answer. The router writes it in the words of the dialect. The
 * message is told to the caller: it quotes nothing of the request.
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
