import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  checkInteger,
  checkKnown,
  checkOptions,
  checkTypeOf,
  wrongKind,
  wrongRange,
} from '../door.js';

/** A request, as a fake service received it. */
export interface FakeRequest {
  readonly method: string;
  /** without the query */
  readonly path: string;
  readonly query: URLSearchParams;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Reply of a fake service. */
export interface FakeReply {
  /** default 200 */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** text is sent unchanged; anything else is written as JSON */
  body?: unknown;
}

/** Request handler of a fake service. */
export type Answer = (request: FakeRequest) => FakeReply | Promise<FakeReply>;

/**
 * A fault of a request.
 * - `status`: answered with `status` (default 503), `headers` and `body`
 * - `reset`: the connection breaks before the reply
 * - `stall`: the reply begins, if `afterBytes` are given, and never ends
 * - `cut`: the connection breaks in the body of the reply, by default in its middle
 */
export interface Fault {
  kind: 'status' | 'reset' | 'stall' | 'cut';
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  /** bytes of the body that are sent first */
  afterBytes?: number;
  /**
   * whether the service performs the request, though the caller does not learn of it; default true
   * for `stall` and `cut`
   */
  takesEffect?: boolean;
}

/** Selection of the requests that go wrong. */
export interface FaultOptions {
  /** number of requests that go wrong, default 1 */
  times?: number;
  /** number of matching requests that go well first, default 0 */
  skip?: number;
  /** selects requests; default all of them */
  when?: (request: FakeRequest) => boolean;
}

/** A service that runs on this machine, for tests. */
export interface FakeService {
  /** the base URL, on the loopback address */
  readonly url: string;
  /** every request, in order, also those that went wrong */
  readonly requests: readonly FakeRequest[];
  /** Makes later requests go wrong. Faults are tried in the order in which they were added. */
  fail(fault: Fault, options?: FaultOptions): void;
  /** Removes every fault. */
  heal(): void;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/** Most bytes of a request that a fake service reads. */
const MAX_REQUEST = 16 * 2 ** 20;

/**
 * Starts a service on a free port of the loopback address. Real HTTP, so that a client's timeouts,
 * retries and limits are tested for real.
 * @param answer handles a request; an error it throws is answered with 500
 * @throws {TypeError} if `answer` is not a function
 * @example
 * const service = await startFakeService(({ path }) => ({ body: { path } }));
 * service.fail({ kind: 'status', status: 503 }, { times: 2 });
 * await service.close();
 */
export async function startFakeService(answer: Answer): Promise<FakeService> {
  if (typeof answer !== 'function') wrongKind('answer to be a function');
  const requests: FakeRequest[] = [];
  let faults: { fault: Fault; times: number; skip: number; when: (r: FakeRequest) => boolean }[] =
    [];

  /** The fault for this request, which uses it up. */
  function faultFor(request: FakeRequest): Fault | undefined {
    const found = faults.find((each) => each.when(request) && (each.skip === 0 || !each.skip--));
    if (!found) return undefined;
    if (--found.times === 0) faults = faults.filter((each) => each !== found);
    return found.fault;
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await requestOf(incoming);
    requests.push(request);
    const fault = faultFor(request);
    const { kind, takesEffect = kind === 'stall' || kind === 'cut' } = fault ?? {};
    const reply = !fault || takesEffect ? await answer(request) : undefined;
    if (kind === 'reset') {
      outgoing.destroy();
      return;
    }
    const {
      status = kind === 'status' ? 503 : 200,
      headers,
      body,
    } = kind === 'status' ? fault! : (reply ?? {});
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
    const bytes = Buffer.from(text);
    const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
    const head = { 'content-type': type, 'content-length': `${bytes.length}`, ...headers };
    if (kind === 'stall') {
      if (fault?.afterBytes === undefined) return;
      outgoing.writeHead(status, head);
      outgoing.write(bytes.subarray(0, fault.afterBytes));
      return;
    }
    outgoing.writeHead(status, head);
    if (kind === 'cut') {
      // The length is sent, so that a reader can detect a cut.
      const sent = Math.min(fault?.afterBytes ?? bytes.length >> 1, bytes.length - 1);
      outgoing.write(bytes.subarray(0, sent), () => outgoing.destroy());
      return;
    }
    outgoing.end(bytes);
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    fail(fault, options = {}) {
      const kinds = ['status', 'reset', 'stall', 'cut'];
      if (!kinds.includes(Object(fault).kind)) {
        wrongKind(`the kind of a fault: ${kinds.join(', ')}`);
      }
      checkOptions(options);
      const { times = 1, skip = 0, when = () => true } = options;
      checkInteger('times', times, 1);
      checkInteger('skip', skip, 0);
      checkTypeOf('when', when, 'function');
      faults.push({ fault, times, skip, when });
    },
    heal() {
      faults = [];
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function requestOf(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_REQUEST) wrongRange(`at most ${MAX_REQUEST} bytes`);
    chunks.push(chunk);
  }
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, `${value}`]),
  );
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Rule of an option: the bounds of an integer, a type, or a list of texts. */
type OptionRule =
  | readonly [least: number, most?: number]
  | 'string'
  | 'boolean'
  | 'function'
  | { readonly texts: readonly string[] };

/** @throws {TypeError | RangeError} if an option is unknown or invalid; each may be absent */
export function checkFake(options: object, rules: Readonly<Record<string, OptionRule>>): void {
  checkOptions(options);
  checkKnown(options, Object.keys(rules));
  for (const [name, value] of Object.entries(options)) {
    const rule = rules[name]!;
    if (value === undefined) continue;
    if (typeof rule === 'string') checkTypeOf(name, value, rule);
    else if ('texts' in rule) {
      if (rule.texts.some((text) => typeof Object(value)[text] !== 'string')) {
        wrongKind(`${name} to be { ${rule.texts.join(', ')} }, of text`);
      }
    } else checkInteger(name, value, ...rule);
  }
}

/** Snapshots of paged lists: a fetch sees the list as it was at its first page. */
export class Pages<T> {
  /** the whole list, and where the page of a token begins in it */
  readonly #rests = new Map<string, { all: readonly T[]; at: number }>();

  /**
   * @param token of a page after the first one; it stays valid
   * @param first the start of the first page
   * @returns undefined if there is no such page
   */
  page(
    token: string | null,
    size: number,
    first: () => readonly T[],
  ): { records: readonly T[]; next: string | undefined } | undefined {
    const rest = token === null ? { all: first(), at: 0 } : this.#rests.get(token);
    if (!rest) return undefined;
    const { all, at } = rest;
    const end = at + size;
    const next = all.length > end ? `page ${this.#rests.size + 1}` : undefined;
    if (next !== undefined) this.#rests.set(next, { all, at: end });
    return { records: all.slice(at, end), next };
  }
}

/** `items` in another order, the same for the same `seed`: a Fisher-Yates shuffle. */
export function reordered<T>(items: readonly T[], seed: number | undefined): readonly T[] {
  if (seed === undefined) return items;
  const out = [...items];
  // A linear congruential generator: Numerical Recipes, 2nd ed., 7.1.
  let state = seed >>> 0;
  for (let at = out.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (at + 1));
    [out[at], out[other]] = [out[other]!, out[at]!];
  }
  return out;
}
