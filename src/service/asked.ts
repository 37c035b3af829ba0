/** A request, perhaps one that has more than a `Request`, so that less has to be made. */
export interface Asked extends Request {
  /** the body as it comes, in place of `body`; undefined: it has none */
  readonly chunks?: AsyncIterable<Uint8Array> | undefined;
  /** false: a proxy or a framework may have read another path than the URL's */
  readonly isPlain?: boolean;
  /** tells once that the client is gone, as `signal` does */
  readonly onGone?: (listener: () => void) => void;
}

/** An answer whose body is a text in memory, which needs no stream. */
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

/** A reply with what goes with it. */
export interface Answered {
  readonly reply: Reply;
  /** headers beside its own */
  readonly headers: Readonly<Record<string, string>>;
  /** the headers alone are wanted */
  readonly isHead: boolean;
}

/** The answer as a standard response. */
export function responseOf({ reply, headers: further, isHead }: Answered): Response {
  const { status } = reply;
  if (reply instanceof TextReply) {
    return new Response(isHead ? null : reply.text, {
      status,
      headers: { ...reply.headers, ...further },
    });
  }
  // The headers of some responses cannot be changed.
  const headers = new Headers(reply.headers);
  for (const [name, value] of Object.entries(further)) headers.set(name, value);
  if (isHead) reply.body?.cancel().catch(() => {});
  return new Response(isHead ? null : reply.body, {
    ...{ status, statusText: reply.statusText, headers },
  });
}

/** A handler that takes a request of any kind, and makes no `Response` where none is needed. */
export type DirectHandler = (
  request: Asked,
  client: { readonly address: string },
) => Promise<Answered>;

const DIRECT = /* @__PURE__ */ new WeakMap<object, DirectHandler>();

/** Lets `createNodeListener` call `direct` in place of `handler`, which answers the same. */
export function callDirectly(handler: object, direct: DirectHandler): void {
  DIRECT.set(handler, direct);
}

/** What to call in place of a handler, if it has such. */
export const directOf = (handler: object): DirectHandler | undefined => DIRECT.get(handler);
