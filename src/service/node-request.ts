import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asked } from './asked.js';

/**
 * A request of `node:http`, with what is made when it is asked for. Making a whole `Request` at
 * once, with its headers, its stream and its signal, took as long as all else about a look-up.
 */
export class NodeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Pick<Headers, 'get' | 'has' | 'keys'>;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #body: Body | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #gone: AbortController | undefined;
  #whole: Request | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    const { method = 'GET', url = '/' } = incoming;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.method = method;
    this.url = `http://localhost${pathOf(url)}`;
    this.headers = headersOf(incoming.rawHeaders);
  }

  /** Calls `listener` once the client is gone before it has the answer. */
  onGone(listener: () => void): void {
    this.#outgoing.once('close', () => {
      if (!this.#outgoing.writableFinished) listener();
    });
  }

  get signal(): AbortSignal {
    if (!this.#gone) {
      const gone = new AbortController();
      this.#gone = gone;
      const abort = () => gone.abort(new Error('the client is gone'));
      if (this.#outgoing.destroyed && !this.#outgoing.writableFinished) abort();
      else this.onGone(abort);
    }
    return this.#gone.signal;
  }

  get chunks(): AsyncIterable<Uint8Array> | undefined {
    if (this.method === 'GET' || this.method === 'HEAD') return undefined;
    this.#body ??= new Body(this.#incoming);
    return this.#body;
  }

  get body(): ReadableStream<Uint8Array> | null {
    const { chunks } = this;
    if (chunks === undefined) return null;
    this.#stream ??= streamOf(chunks);
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#body?.isAsked === true;
  }

  /** Whether what is left of the body shall run into nothing, once there is an answer. */
  get isLeft(): boolean {
    return this.#body === undefined || this.#body.isCancelled || !this.#body.isAsked;
  }

  /**
   * Whether proxies and frameworks, which may have looked at the path before, read it as it is read
   * here: not `//a`, `/b/../a`, `/b/%2e%2e/a`, `/b\..\a`, `/a;b` or `/a#b`.
   */
  get isPlain(): boolean {
    const [path = ''] = (this.#incoming.url ?? '/').split('?', 1);
    const read = path.replaceAll(/%2f|%5c/gi, '/').replaceAll(/%2e/gi, '.');
    return !/[\\#;]|^\/\/|\/\.\.?(\/|$)/.test(read);
  }

  /** The same in standard terms; undefined if it cannot be told so: its method is TRACE, say. */
  get whole(): Request | undefined {
    if (this.#whole) return this.#whole;
    const { rawHeaders } = this.#incoming;
    const headers = new Headers();
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = nameOf(rawHeaders[at]!);
      if (name !== undefined) headers.append(name, rawHeaders[at + 1]!);
    }
    const { method, url, signal, body } = this;
    // A body that is a stream needs `duplex`; the types of browsers do not know it.
    const init = { method, headers, signal, ...(body && { body }), duplex: 'half' };
    try {
      this.#whole = new Request(url, init);
      if (!this.isPlain) Object.defineProperty(this.#whole, 'isPlain', { value: false });
    } catch {
      // Told by being absent.
    }
    return this.#whole;
  }

  /** As one that the service reads. */
  get asked(): Asked {
    return this as unknown as Asked;
  }
}

// What the service does not read itself, for those who add routes to it.
Object.setPrototypeOf(NodeRequest.prototype, Request.prototype);
for (const name of ['arrayBuffer', 'blob', 'clone', 'formData', 'json', 'text'] as const) {
  Object.defineProperty(NodeRequest.prototype, name, {
    value(this: NodeRequest) {
      return this.whole![name]();
    },
  });
}
const MEMBERS = [
  ...['cache', 'credentials', 'destination', 'duplex', 'integrity', 'keepalive'],
  ...['mode', 'redirect', 'referrer', 'referrerPolicy'],
] as const;
for (const name of MEMBERS) {
  Object.defineProperty(NodeRequest.prototype, name, {
    get(this: NodeRequest) {
      return this.whole![name as keyof Request];
    },
  });
}

/** HTTP/2 has pseudo-headers; one of them is the host. */
const nameOf = (raw: string): string | undefined =>
  raw === ':authority' ? 'host' : raw.startsWith(':') ? undefined : raw;

/** Several of one name are joined, as `Headers` joins them. */
function headersOf(raw: readonly string[]): Pick<Headers, 'get' | 'has' | 'keys'> {
  const values = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = nameOf(raw[at]!)?.toLowerCase();
    if (name === undefined) continue;
    const known = values.get(name);
    const separator = name === 'cookie' ? '; ' : ', ';
    values.set(name, known === undefined ? raw[at + 1]! : `${known}${separator}${raw[at + 1]}`);
  }
  return {
    get: (name) => values.get(name.toLowerCase()) ?? null,
    has: (name) => values.has(name.toLowerCase()),
    keys: () => values.keys(),
  };
}

/** Proxies are asked for whole addresses; `//host` would be read as one, and so would `/\host`. */
const pathOf = (url: string): string =>
  url.startsWith('/') ? `/${url.replace(/^[/\\]+/, '')}` : '/';

/**
 * A body as it comes, chunk by chunk, uncopied. Nobody reads ahead: the socket is paused until more
 * is asked for. It is read once.
 */
class Body implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #incoming: IncomingMessage;
  /** whether anybody has begun to read it */
  isAsked = false;
  isCancelled = false;
  #state: 'open' | 'ended' | 'broken' = 'open';
  readonly #chunks: Buffer[] = [];
  #wake: (() => void) | undefined;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.isAsked) this.#start();
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) return { done: false, value: chunk };
      if (this.#state === 'ended' || this.isCancelled) return { done: true, value: undefined };
      if (this.#state === 'broken') throw new Error('the body broke off');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#incoming.resume();
      });
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.isAsked = true;
    if (!this.isCancelled) {
      this.isCancelled = true;
      this.#chunks.length = 0;
      this.#incoming.removeAllListeners('data');
      this.#incoming.resume();
      this.#wake?.();
    }
    return { done: true, value: undefined };
  }

  #start(): void {
    this.isAsked = true;
    const incoming = this.#incoming;
    incoming.on('data', (chunk: Buffer) => {
      incoming.pause();
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    // Listening to `data` lets it flow.
    incoming.pause();
    const become = (state: 'ended' | 'broken') => {
      if (this.#state === 'open') this.#state = state;
      this.#wake?.();
    };
    if (incoming.readableEnded) become('ended');
    if (incoming.destroyed && !incoming.complete) become('broken');
    incoming.once('end', () => become('ended'));
    incoming.once('error', () => become('broken'));
    incoming.once('close', () => become('broken'));
  }
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
