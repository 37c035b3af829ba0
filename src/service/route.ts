/** What a caller may do; each includes the ones before it. */
export const ROLES = ['match', 'curate', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** Who calls, as far as it is known. */
export interface Caller {
  /** of the token or of the network, for logs: never the token itself */
  readonly name: string;
  readonly role: Role;
}

/** A request on its way to a route. */
export interface Call {
  readonly request: Request;
  /** with its path and query; the host is not the client's word */
  readonly url: URL;
  /** what the path has in the place of `{name}`, decoded */
  readonly params: Readonly<Record<string, string>>;
  /** undefined where anybody may ask */
  readonly caller: Caller | undefined;
  /** aborts when the client is gone, or its time is up */
  readonly signal: AbortSignal;
}

/** A schema of JSON, as OpenAPI 3.1 and JSON Schema 2020-12 have it. */
export type Schema = { readonly [keyword: string]: unknown };

/** One operation of the service. OpenAPI is written from it, and its schemas check what comes. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` stands for one part of the path: `/c/bank/{name}/content/{id}` */
  readonly path: string;
  /** `public`: anybody may ask */
  readonly role: Role | 'public';
  /** one line, for OpenAPI */
  readonly about: string;
  /** of the query, by name: a schema of each; what is not named here is ignored */
  readonly query?: Readonly<Record<string, Schema & { readonly required?: boolean }>>;
  /** of a body of JSON; absent: the route reads the body itself, or has none */
  readonly body?: Schema;
  /** by status: a schema of the JSON, or undefined for none or another type */
  readonly replies: Readonly<Record<number, Schema | undefined>>;
  /** whether an answer says something about the list: it counts to the caller's quota */
  readonly isAnswer?: boolean;
  answer(call: Call, body: unknown): Response | Promise<Response>;
}

/**
 * Writes the body of an error. Dialects differ: HMA's callers read `message`, and one of them takes
 * every other member of a reply for the name of a bank.
 */
export type ErrorBody = (status: number, message: string) => unknown;
