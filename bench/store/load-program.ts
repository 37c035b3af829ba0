import { once } from 'node:events';
import { rival } from '../rivals.js';

type Autocannon = typeof import('autocannon');
type Result = import('autocannon').Result;

/** A load of lookups, sent by a process of its own. */
export interface LoadSetup {
  readonly program: 'load';
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** requests a second; absent: as many as are answered */
  readonly rate?: number;
}

/** Of a load; each connection sends all of them in turn. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** in base64 */
  readonly body?: string;
}

/** How a load was answered. */
export interface Loaded {
  readonly requestsPerSecond: number;
  /** in milliseconds, from the sending of a request */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly answered: number;
  /** answers of another status than 2xx, and requests without an answer */
  readonly failed: number;
}

/** Whether the load generator is installed. */
export const hasLoadGenerator = async (): Promise<boolean> =>
  (await rival<Autocannon>('autocannon')) !== undefined;

/**
 * What comes first does not count: autocannon makes all requests anew for each connection, which
 * takes it 0.3 s, and the answers wait meanwhile.
 */
const LEAD_SECONDS = 2;

/** How long a request may take, and a load go on beyond its time while nothing was answered. */
const PATIENCE_SECONDS = 60;

/**
 * Sends a load by autocannon, and tells the parent how it was answered. The requests come in a
 * message, as they are too long for an argument.
 */
export async function sendLoad(setup: LoadSetup): Promise<void> {
  const autocannon = (await rival<Autocannon>('autocannon'))!;
  const { port, connections, seconds, rate } = setup;
  const given = once(process, 'message');
  process.send?.('ready');
  const [requests] = (await given) as [readonly LoadRequest[]];
  const options = {
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: LEAD_SECONDS + seconds + PATIENCE_SECONDS,
    timeout: PATIENCE_SECONDS,
    ...(rate !== undefined && { overallRate: rate }),
    requests: requests.map(({ body, headers, ...request }) => ({
      ...request,
      ...(headers && { headers: { ...headers } }),
      ...(body !== undefined && { body: Buffer.from(body, 'base64') }),
    })),
  };
  const load = autocannon(options, () => {});
  const begun = performance.now();
  const latencies: number[] = [];
  load.on('response', (_client, status, _bytes, milliseconds) => {
    const isAnswer = status >= 200 && status < 300;
    const elapsed = performance.now() - begun;
    if (isAnswer && elapsed > 1000 * LEAD_SECONDS) latencies.push(milliseconds);
    if (elapsed > 1000 * (LEAD_SECONDS + seconds) && latencies.length > 0) load.stop();
  });
  const [result] = (await once(load, 'done')) as [Result];
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  process.send?.({
    requestsPerSecond: latencies.length / (result.duration - LEAD_SECONDS),
    p50: at(0.5),
    p99: at(0.99),
    longest: at(1),
    answered: result['2xx'],
    failed: result.non2xx + result.errors,
  } satisfies Loaded);
}
