/**
 * A reply whose body is a text in memory. Node sends it as it is: a `Response` in its place, with
 * its headers and its stream, would cost as much CPU as all else about a look-up.
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

/** What a route answers. */
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
    // Those of a redirection, or of what was fetched, cannot be changed.
    const { status, statusText, body } = reply;
    const headers = new Headers(reply.headers);
    headers.set(name, value);
    return new Response(body, { status, statusText, headers });
  }
}

/** The reply in standard terms. */
export const responseOf = (reply: Reply): Response =>
  reply instanceof TextReply
    ? new Response(reply.text, { status: reply.status, headers: reply.headers })
    : reply;

/** A handler that makes no `Response` where none is needed. */
export type DirectHandler = (
  request: Request,
  client: { readonly address: string },
) => Reply | Promise<Reply>;

const DIRECT = /* @__PURE__ */ new WeakMap<object, DirectHandler>();

/** Lets `createNodeListener` call `direct` in place of `handler`, which answers the same. */
export function callDirectly(handler: object, direct: DirectHandler): void {
  DIRECT.set(handler, direct);
}

/** What to call in place of a handler, if it has such. */
export const directOf = (handler: object): DirectHandler | undefined => DIRECT.get(handler);
