import { get } from 'node:http';
import { quantile } from '../harness.js';
import type { Watched, WatchSetup } from './protocol.js';
import { usageOfTree } from './usage.js';

const HEALTH_MILLISECONDS = 20;
const MEMORY_MILLISECONDS = 20;

/**
 * Asks in an even rhythm, whether the last question is answered or not, as a balancer would. A
 * server that is blocked has many to answer, and each waits from the moment it was asked.
 */
export function watch({ port, pid }: WatchSetup): void {
  let latencies: Promise<number>[] = [];
  let peakBytes: number | undefined;
  const ask = () => {
    const start = performance.now();
    latencies.push(
      new Promise((resolve) => {
        get({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
          response.resume();
          response.on('end', () => resolve(performance.now() - start));
        }).on('error', () => resolve(Number.NaN));
      }),
    );
  };
  const weigh = () => {
    const bytes = usageOfTree(pid)?.residentBytes;
    if (bytes !== undefined) peakBytes = Math.max(peakBytes ?? 0, bytes);
  };
  setInterval(ask, HEALTH_MILLISECONDS);
  setInterval(weigh, MEMORY_MILLISECONDS);
  process.on('message', async () => {
    weigh();
    const seen = { latencies, peakBytes };
    latencies = [];
    peakBytes = undefined;
    const all = await Promise.all(seen.latencies);
    const answered = all.filter((latency) => !Number.isNaN(latency));
    const of = (q: number) => (answered.length === 0 ? 0 : quantile(answered, q));
    const health = { p50: of(0.5), p99: of(0.99), max: of(1) };
    const healthErrors = all.length - answered.length;
    process.send?.({ health, healthErrors, peakBytes: seen.peakBytes } satisfies Watched);
  });
  process.send?.('ready');
}
