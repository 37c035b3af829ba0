import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { NODE_BODY } from '../../node/read-bytes.js';
import { onAbort } from '../../picture/waiting.js';
import { directOf, type Reply, TextReply } from './reply.js';

/** A standard handler, such as `scan` returns, which may use the client's address. */
export type Handler = (
  request: Request,
  client: { readonly address: string },
) => Response | Promise<Response>;

/**
 * Limits for a server of `node:http` that strangers reach. Clients that connect and send nothing,
 * or headers byte by byte, are cut off. The handler limits bodies in addition.
 */
export const NODE_LIMITS: Readonly<ServerOptions> = {
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16 * 1024,
};

/**
 * A client may go on sending after the answer at 8 kB a second or more. Closing the connection at
 * once may lose the answer. Never closing it lets a client hold it with one byte a second.
 */
const LOOK_MILLISECONDS = 2000;
const LEAST_BYTES = 16 * 1024;

/**
 * Runs a standard handler in a server of `node:http`. @hono/node-server builds the request lazily.
 * It has every member of a `Request`, but `fetch` and `new Request` accept only its `clone()`. Its
 * URL has the path and the query; the host is always `localhost`. The handler also gets the address
 * of the connection, or '' if there is none.
 *
 * `request.signal` aborts when the client disconnects. If the handler throws, the answer is a bare
 * 500, and `onError` gets the error. TRACE, which a standard request cannot have, is answered by
 * 501. A body that the handler left unread is discarded: its sender gets the answer, and is cut off
 * if it goes on slowly.
 * @param handler answers a `Request` by a `Response`, such as that of `createService` or `scan`
 * @param onError must not throw; by default, errors of the handler are dropped
 * @throws {TypeError} if an argument is not a function
 * @example
 * const handler = scan({ blocklist, onError: 'refuse' });
 * createServer(createNodeListener(handler)).listen(8080);
 */
export function createNodeListener(
  handler: Handler,
  onError: (error: unknown) => void = () => {},
): RequestListener {
  for (const [name, value] of Object.entries({ handler, onError })) {
    if (typeof value !== 'function') throw new TypeError(`expected ${name} to be a function`);
  }
  const replyTo = directOf(handler) ?? handler;
  // node-server checks its header. The response may be of another class, where node-server was
  // allowed to replace the global one.
  const sent = { headers: RESPONSE_ALREADY_SENT.headers, body: null };
  const listener = getRequestListener(
    async (request: NodeRequest, env) => {
      const nodeCall = env.incoming as unknown as NodeCall;
      request[NODE_BODY] = nodeCall;
      const { method, address, outgoing } = nodeCall;
      // Strangers cause it; it needs no report.
      let reply: Reply = new TextReply('', 501, {});
      try {
        if (method !== 'TRACE') reply = await replyTo(request, { address });
      } catch (error) {
        if (!outgoing.destroyed) onError(error);
        reply = new TextReply('', 500, {});
      }
      try {
        await send(reply, outgoing);
      } catch (error) {
        if (!outgoing.destroyed) onError(error);
        outgoing.destroy();
      }
      letGo(nodeCall);
      return sent;
    },
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  );
  return (incoming, outgoing) => listener(nodeCallOf(incoming, outgoing) as never, outgoing);
}

/** A request of `node:http` as @hono/node-server reads it. */
interface NodeCall {
  readonly method: string;
  /** the path and query; node-server prepends the host */
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly rawHeaders: readonly string[];
  /** address of the connection, or '' */
  readonly address: string;
  /**
   * true if proxies and frameworks, which may have checked the path before, read it as we do: not
   * `//a`, `/b/../a`, `/b/%2e%2e/a`, `/b\..\a`, `/a;b` or `/a#b`
   */
  readonly isPlain: boolean;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

type NodeRequest = Request & { [NODE_BODY]?: NodeCall | (NodeCall & Body) };

function nodeCallOf(incoming: IncomingMessage, outgoing: ServerResponse): NodeCall {
  const { method = 'GET', url = '/', headers, rawHeaders, httpVersionMajor, socket } = incoming;
  const isPlain = isPlainPath(url);
  const nodeCall: NodeCall = {
    method,
    url: isPlain && url.startsWith('/') ? url : plainUrlOf(url),
    // The URL gets its host from here; the header itself reads as it was sent.
    headers: { ...headers, host: 'localhost' },
    // HTTP/2 has the host in a pseudo-header.
    rawHeaders:
      httpVersionMajor < 2
        ? rawHeaders
        : rawHeaders.map((text, at) => (at % 2 === 0 && text === ':authority' ? 'host' : text)),
    address: socket.remoteAddress ?? '',
    ...{ isPlain, incoming, outgoing },
  };
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return hasBody ? Object.assign(new Body(incoming), nodeCall) : nodeCall;
}

function isPlainPath(url: string): boolean {
  const [path = ''] = url.split('?', 1);
  const read = path.replaceAll(/%2f|%5c/gi, '/').replaceAll(/%2e/gi, '.');
  return !/[\\#;]|^\/\/|\/\.\.?(\/|$)/.test(read);
}

/**
 * Proxies are sent whole addresses; `//host` would be read as one, and so would `/\host`.
 * @returns for a whole address, a path that no route has
 */
function plainUrlOf(url: string): string {
  if (!url.startsWith('/')) return '/*';
  const [path = ''] = url.split('?', 1);
  return path.replaceAll('\\', '/').replace(/^\/+/, '/') + url.slice(path.length);
}

/**
 * The body of a request. Nothing is read ahead. When it is cancelled, the rest is discarded, and
 * the connection stays open for the answer.
 */
class Body extends Readable {
  readonly #incoming: IncomingMessage;
  #chunks: AsyncIterator<Buffer> | undefined;

  constructor(incoming: IncomingMessage) {
    super({ highWaterMark: 0 });
    this.#incoming = incoming;
  }

  get isBeingRead(): boolean {
    return this.#chunks !== undefined && !this.destroyed;
  }

  override _read(): void {
    this.#chunks ??= this.#incoming.iterator({ destroyOnReturn: false });
    this.#chunks.next().then(
      ({ done, value }) => this.push(done ? null : value),
      () => this.destroy(new Error('the body was cut off')),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const incoming = this.#incoming;
    if (!incoming.complete) this.#chunks?.return?.().finally(() => incoming.resume());
    callback(error);
  }
}

/** True if a request came to a server of `node:http`, which discards its body in the end. */
export const isOfNode = (request: NodeRequest): boolean => request[NODE_BODY] !== undefined;

/** True unless the path of a request is ambiguous; requests from other servers count as plain. */
export const isPlain = (request: NodeRequest): boolean => request[NODE_BODY]?.isPlain ?? true;

/**
 * Calls `listener` if the client disconnects before its answer. The request's signal does the same
 * but is expensive to create.
 * @returns a function that removes the listener
 */
export function onGone(request: NodeRequest, listener: () => void): () => void {
  const nodeCall = request[NODE_BODY];
  if (!nodeCall) {
    if (request.signal.aborted) listener();
    return onAbort(request.signal, listener);
  }
  const { outgoing } = nodeCall;
  const closed = () => {
    if (!outgoing.writableFinished) listener();
  };
  outgoing.once('close', closed);
  return () => outgoing.off('close', closed);
}

async function send(reply: Reply, outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return;
  const { status } = reply;
  if (reply instanceof TextReply) {
    // In one write, since the length is known.
    const length = { 'content-length': Buffer.byteLength(reply.text) };
    outgoing.writeHead(status, { ...reply.headers, ...length });
    outgoing.end(reply.text);
    return;
  }
  outgoing.statusCode = status;
  for (const [name, value] of reply.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  }
  const cookies = reply.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  if (reply.body === null) {
    outgoing.end();
    return;
  }
  const reader = reply.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value)) await drained(outgoing);
    if (outgoing.destroyed) return await reader.cancel();
  }
  outgoing.end();
}

const drained = (outgoing: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const over = () => {
      outgoing.off('drain', over);
      outgoing.off('close', over);
      resolve();
    };
    outgoing.once('drain', over);
    outgoing.once('close', over);
  });

/** Discards the rest of a body; a slow sender is cut off. A body still being read is left alone. */
function letGo(nodeCall: NodeCall | (NodeCall & Body)): void {
  const { incoming } = nodeCall;
  if (incoming.complete || incoming.destroyed) return;
  if ('isBeingRead' in nodeCall && nodeCall.isBeingRead) return;
  incoming.resume();
  const { socket } = incoming;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    if (socket.bytesRead - before < LEAST_BYTES) socket.destroy();
    before = socket.bytesRead;
  }, LOOK_MILLISECONDS).unref();
  for (const event of ['end', 'close']) incoming.once(event, () => clearInterval(timer));
}
