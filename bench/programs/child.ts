import { createServer, get, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { quantile } from '../race.js';
import type { Delays, ServerQuestion, Watched, WatchSetup } from './programs.js';
import { usageOfTree } from './usage.js';

/*
 * What a bench starts as a process of its own, so that its delays, its processor time and its
 * memory are its own.
 */

/**
 * Runs the program that the only argument names, or watches a server. It ends with the bench.
 * @param programs each loads only what it needs, because its memory is weighed
 */
export async function runProgram(
  programs: Readonly<Record<string, (setup: never) => unknown>>,
): Promise<void> {
  const setup = JSON.parse(process.argv[2] ?? '');
  process.on('disconnect', () => process.exit());
  await { ...programs, watch }[setup.program as string]!(setup as never);
}

const RESOLUTION = 10;

/** Serves on loopback, and tells the bench the port, and its delays when it is asked. */
export function serve(listener: RequestListener): void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  delays.enable();
  // Node's histogram holds the time from one firing to the next, in nanoseconds.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  const server = createServer((request, response) => {
    if (request.url === '/health') response.end('ok');
    else listener(request, response);
  });
  process.on('message', (question: ServerQuestion) => {
    if (question === 'forget') delays.reset();
    const [p50, p99] = [late(delays.percentile(50)), late(delays.percentile(99))];
    process.send?.({ p50, p99, max: late(delays.max) } satisfies Delays);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

const HEALTH_MILLISECONDS = 20;
const MEMORY_MILLISECONDS = 20;

/**
 * Asks in an even rhythm, whether the last question is answered or not, as a balancer would. A
 * server that is blocked has many to answer, and each waits from the moment it was asked.
 */
function watch({ port, pid }: WatchSetup): void {
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
