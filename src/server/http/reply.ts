/**
 * A reply whose body is text in memory, which Node sends directly. A `Response`, with headers and
 * stream, would cost as much CPU as the rest of a look-up.
 */
export class TextReply {
  readonly text: string;
  readonly status: number;
  /** by name, in lower case */
  readonly headers: Readonly<Record<string, string>>;

  constructor(text: string, status: number, headers: Readonly<Record<string, string>>) {
    this.text = text;
    this.status = status;
    this.headers = headers;
  }

  static json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) {
    const caution = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    return new TextReply(JSON.stringify(body), status, { ...caution, ...headers });
  }
}

/** Answer of a route. */
export type Reply = Response | TextReply;

/** The reply with one more header. */
export function withHeader(reply: Reply, name: string, value: string): Reply {
  if (reply instanceof TextReply) {
    return new TextReply(reply.text, reply.status, { ...reply.headers, [name]: value });
  }
  try {
    reply.headers.set(name, value);
    return reply;
  } catch {
    // The headers of a redirect or of a fetched response are immutable.
    const { status, statusText, body } = reply;
    const headers = new Headers(reply.headers);
    headers.set(name, value);
    return new Response(body, { status, statusText, headers });
  }
}

/** The reply as a standard `Response`. */
export const responseOf = (reply: Reply): Response =>
  reply instanceof TextReply
    ? new Response(reply.text, { status: reply.status, headers: reply.headers })
    : reply;

/** A handler that creates no `Response` where none is needed. */
export type DirectHandler = (
  request: Request,
  client: { readonly address: string },
) => Reply | Promise<Reply>;

const DIRECT = /* @__PURE__ */ new WeakMap<object, DirectHandler>();

/** Lets `createNodeListener` call `direct` in place of the equivalent `handler`. */
export function callDirectly(handler: object, direct: DirectHandler): void {
  DIRECT.set(handler, direct);
}

/** The direct version of a handler, if it has one. */
export const directOf = (handler: object): DirectHandler | undefined => DIRECT.get(handler);
