import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FetchSetup } from '../lists/fetching.js';
import type { LoadSetup, ServeSetup } from '../store/service-protocol.js';
import type { FollowSetup } from '../store/following.js';
import type { Delays, ProgramSetup, ServerQuestion } from './protocol.js';

/*
 * A program of `bench uploads`: one of its servers, or what watches them; the one of `bench lists`
 * that fetches; one of `bench store` that follows; or the server of `bench service`, or its load.
 */

const RESOLUTION = 10;

async function serve(listener: RequestListener): Promise<void> {
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

const setup = JSON.parse(process.argv[2] ?? '') as
  | ProgramSetup
  | FetchSetup
  | FollowSetup
  | ServeSetup
  | LoadSetup;
// The bench is gone, or wants no more.
process.on('disconnect', () => process.exit());
// Each loads only what it needs, because its memory is weighed.
if (setup.program === 'watch') {
  (await import('./watch.js')).watch(setup);
} else if (setup.program === 'fetch') {
  await (await import('../lists/fetching.js')).fetchOnce(setup);
} else if (setup.program === 'follow') {
  await (await import('../store/following.js')).followStore(setup);
} else if (setup.program === 'load') {
  await (await import('../store/service-load.js')).sendLoad(setup);
} else if (setup.program === 'serve') {
  await serve(await (await import('../store/service-serving.js')).servingListener(setup));
} else if (setup.program === 'decode') {
  await serve((await import('./decoding.js')).decodingListener(setup));
} else {
  await serve(await (await import('./scanning.js')).scanningListener(setup));
}
