import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http';

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
  return async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) gone.abort(new Error('the client is gone'));
    });
    const body = new Body(incoming);
    const request = requestOf(incoming, body.stream, gone.signal);
    outgoing.once('finish', () => {
      // Who reads on after the answer may do so.
      if (body.isCancelled || !request?.bodyUsed) letGo(incoming);
    });
    let response: Response;
    try {
      response = request
        ? await handler(request, { address: incoming.socket.remoteAddress ?? '' })
        : new Response(null, { status: 501 });
    } catch (error) {
      if (!gone.signal.aborted) onError(error);
      response = new Response(null, { status: 500 });
    }
    try {
      await answer(outgoing, response);
    } catch (error) {
      outgoing.destroy();
      if (!gone.signal.aborted) onError(error);
    }
  };
}

/** @returns undefined if it cannot be told in standard terms: its method is TRACE, say */
function requestOf(
  incoming: IncomingMessage,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Request | undefined {
  const { method = 'GET', url = '/', rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    // HTTP/2 has pseudo-headers; one of them is the host.
    const name = rawHeaders[at] === ':authority' ? 'host' : rawHeaders[at]!;
    if (!name.startsWith(':')) headers.append(name, rawHeaders[at + 1]!);
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const init = {
    method,
    headers,
    signal,
    ...(hasBody && { body }),
    // A body that is a stream needs it; the types of browsers do not know it.
    duplex: 'half',
  };
  try {
    return new Request(new URL(pathOf(url), 'http://localhost'), init);
  } catch {
    // Strangers cause it, and nobody here needs to be told.
    return undefined;
  }
}

/** Proxies are asked for whole addresses; `//host` would be read as one, and so would `/\host`. */
const pathOf = (url: string): string =>
  url.startsWith('/') ? `/${url.replace(/^[/\\]+/, '')}` : '/';

/** A body as it comes. Nobody reads ahead: the socket is paused until more is asked for. */
class Body {
  readonly stream: ReadableStream<Uint8Array>;
  isCancelled = false;

  constructor(incoming: IncomingMessage) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.#start(incoming, controller),
        pull: () => void incoming.resume(),
        cancel: () => {
          this.isCancelled = true;
          incoming.removeAllListeners('data');
          incoming.resume();
        },
      },
      { highWaterMark: 0 },
    );
  }

  #start(incoming: IncomingMessage, controller: ReadableStreamDefaultController<Uint8Array>): void {
    incoming.on('data', (chunk: Buffer) => {
      incoming.pause();
      controller.enqueue(chunk);
    });
    // Listening to `data` lets it flow.
    incoming.pause();
    let isOver = false;
    const over = (end: () => void) => {
      if (!isOver && !this.isCancelled) end();
      isOver = true;
    };
    const brokeOff = () => controller.error(new Error('the body broke off'));
    incoming.once('end', () => over(() => controller.close()));
    incoming.once('error', () => over(brokeOff));
    incoming.once('close', () => over(brokeOff));
  }
}

async function answer(outgoing: ServerResponse, response: Response): Promise<void> {
  if (outgoing.destroyed) return;
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  if (response.body === null) {
    outgoing.end();
    return;
  }
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
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
