import { once } from 'node:events';
import { rival } from './rivals.js';
import type { Loaded, LoadRequest, LoadSetup } from './service-protocol.js';

type Autocannon = typeof import('autocannon');

/** Whether the load generator is installed. */
export const hasLoadGenerator = async (): Promise<boolean> =>
  (await rival<Autocannon>('autocannon')) !== undefined;

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
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: seconds,
    ...(rate !== undefined && { overallRate: rate }),
    requests: requests.map(({ body, headers, ...request }) => ({
      ...request,
      ...(headers && { headers: { ...headers } }),
      ...(body !== undefined && { body: Buffer.from(body, 'base64') }),
    })),
  });
  process.send?.({
    requestsPerSecond: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    answered: result['2xx'],
    failed: result.non2xx + result.errors,
  } satisfies Loaded);
}
