import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http';
import { type Answered, directOf, type Reply, TextReply } from './asked.js';
import { NodeRequest } from './node-request.js';

/** A standard handler, as `createScanHandler` makes one, which may look at who asks. */
export type Handler = (
  request: Request,
  client: { readonly address: string },
) => Response | Promise<Response>;

/**
 * Limits for a server of `node:http` that strangers reach: whoever opens connections and sends
 * nothing, or headers by the byte, is cut off. A body has the limits of its handler beside these.
 */
export const NODE_LIMITS: Readonly<ServerOptions> = {
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16 * 1024,
};

/**
 * Who goes on sending after the answer may do so at 8 kB a second. A connection that is ended at
 * once may take the answer with it; one that is never ended is held by whoever sends a byte a
 * second.
 */
const LOOK_MILLISECONDS = 2000;
const LEAST_BYTES = 16 * 1024;

/**
 * Runs a standard handler in a server of `node:http`. The chunks of a body reach the handler as
 * they came, uncopied: with Node's own `Readable.toWeb`, which copies each, reading a body of 3.3
 * MB took 4.1 ms of CPU instead of 2.9. A client that is gone aborts `request.signal`. A handler
 * that throws is answered by 500 and nothing more; `onError` is told why. A method that a standard
 * request cannot have, TRACE, is answered by 501. The URL of a request
 * has its path and query; its host is `localhost`, whatever the client said. The handler is given
 * the address that the connection comes from, too, or '' if it has none. A body that the
 * handler left unread is let go of: its sender gets the answer, and is cut off if it goes on
 * slowly.
 * @param onError must not throw; by default, what the handler throws is lost
 * @throws {TypeError} if an argument is not a function
 * @example
 * const scan = createScanHandler({ blocklist, onError: 'refuse' });
 * createServer(createNodeListener(scan)).listen(8080);
 */
export function createNodeListener(
  handler: Handler,
  onError: (error: unknown) => void = () => {},
): RequestListener {
  for (const [name, value] of Object.entries({ handler, onError })) {
    if (typeof value !== 'function') throw new TypeError(`expected ${name} to be a function`);
  }
  const direct = directOf(handler);
  return async (incoming, outgoing) => {
    const request = new NodeRequest(incoming, outgoing);
    const client = { address: incoming.socket.remoteAddress ?? '' };
    let answered: Answered;
    try {
      outgoing.once('finish', () => {
        // Who reads on after the answer may do so.
        if (request.isLeft) letGo(incoming);
      });
      answered = direct
        ? await direct(request.asked, client)
        : { reply: await replyOf(handler, request.whole, client), headers: {}, isHead: false };
    } catch (error) {
      if (!outgoing.destroyed) onError(error);
      answered = { reply: new TextReply('', 500, {}), headers: {}, isHead: true };
    }
    try {
      await answer(outgoing, answered);
    } catch (error) {
      if (!outgoing.destroyed) onError(error);
      outgoing.destroy();
    }
  };
}

const replyOf = (
  handler: Handler,
  request: Request | undefined,
  client: { readonly address: string },
): Reply | Promise<Reply> =>
  // Strangers cause it, and nobody here needs to be told.
  request ? handler(request, client) : new TextReply('', 501, {});

async function answer(
  outgoing: ServerResponse,
  { reply, headers, isHead }: Answered,
): Promise<void> {
  if (outgoing.destroyed) return;
  const { status } = reply;
  if (reply instanceof TextReply) {
    // In one go: the length is known.
    const length = { 'content-length': Buffer.byteLength(reply.text) };
    outgoing.writeHead(status, { ...reply.headers, ...headers, ...length });
    outgoing.end(isHead ? undefined : reply.text);
    return;
  }
  outgoing.statusCode = status;
  for (const [name, value] of reply.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  }
  const cookies = reply.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  if (isHead) reply.body?.cancel().catch(() => {});
  if (reply.body === null || isHead) {
    outgoing.end();
    return;
  }
  for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
    if (!outgoing.write(chunk)) await drained(outgoing);
    if (outgoing.destroyed) return;
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

/** Lets what is left of a body run into nothing, unless it is slow. */
function letGo(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  incoming.removeAllListeners('data');
  incoming.resume();
  const { socket } = incoming;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    if (socket.bytesRead - before < LEAST_BYTES) socket.destroy();
    before = socket.bytesRead;
  }, LOOK_MILLISECONDS).unref();
  for (const event of ['end', 'close']) incoming.once(event, () => clearInterval(timer));
}
