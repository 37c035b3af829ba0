import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from '../harness.js';
import type { Fetched, FetchSetup } from './fetching.js';
import type { ListsRun } from './run.js';
import { type ListedService, SERVICES, startService } from './services.js';

const WAYS = ['paged', 'naive'] as const;
const ROUNDS = 3;
const ASKED = 200;

/** Each way of each service: records a second, and the memory that it takes. */
export async function fetchPart({ context, count, script }: ListsRun): Promise<unknown> {
  const record: Record<string, unknown> = {};
  for (const name of SERVICES) {
    const service = await startService(name, count);
    try {
      const fetched: Record<(typeof WAYS)[number], Fetched[]> = { paged: [], naive: [] };
      for (let round = 0; round < ROUNDS; round++) {
        for (let turn = 0; turn < WAYS.length; turn++) {
          const way = WAYS[(round + turn) % WAYS.length]!;
          fetched[way].push(await fetchedOnce(script, service, way, count));
        }
      }
      for (const way of WAYS) {
        const of = (figure: (one: Fetched) => number) => median(fetched[way].map(figure));
        const said = {
          recordsPerSecond: of(({ seconds }) => count / seconds),
          recordsPerCpuSecond: of(({ cpuSeconds }) => count / cpuSeconds),
          peakMegabytes: of(({ peakBytes }) => peakBytes / 2 ** 20),
        };
        record[`${name}, ${way}`] = said;
        const title = `${name}, ${way}, ${count.toLocaleString('en')} records`;
        context.figure(`${title}: records a second`, said.recordsPerSecond);
        context.figure(`${title}: records a second of its CPU`, said.recordsPerCpuSecond);
        context.figure(`${title}: MB of memory at most`, said.peakMegabytes);
      }
      const ratio = (figure: (one: Fetched) => number) =>
        median(fetched.naive.map((one, round) => figure(one) / figure(fetched.paged[round]!)));
      context.figure(
        `${name}: time of naive / paged`,
        ratio(({ seconds }) => seconds),
      );
      context.figure(
        `${name}: memory of naive / paged`,
        ratio(({ peakBytes }) => peakBytes),
      );
    } finally {
      await service.close();
    }
  }
  return record;
}

/** Fetches in a process of its own, and checks what it has then. */
async function fetchedOnce(
  script: URL,
  { name, url, hexOf, isGone }: ListedService,
  way: FetchSetup['way'],
  count: number,
): Promise<Fetched> {
  const places = Array.from({ length: ASKED }, (_, at) => Math.floor((at * (count - 1)) / ASKED));
  // Some that are gone, too.
  for (let at = 0; at < count && places.length < 2 * ASKED; at++) if (isGone(at)) places.push(at);
  const asked = places.map(hexOf);
  const setup: FetchSetup = { program: 'fetch', service: name, way, url, asked };
  const child = fork(script, [JSON.stringify(setup)], { serialization: 'json' });
  const exit = once(child, 'exit').then(() => [undefined]);
  const [fetched] = (await Promise.race([once(child, 'message'), exit])) as [Fetched | undefined];
  if (fetched === undefined) throw new Error('a program of the benchmark ended');
  child.disconnect();
  await exit;
  const listed = Array.from({ length: count }, (_, at) => at).filter((at) => !isGone(at)).length;
  const isRight = places.every((at, i) => fetched.matched[i] === !isGone(at));
  if (fetched.size !== listed || !isRight) {
    throw new Error(`${name}, ${way}: ${fetched.size} entries of ${listed}, or a wrong decision`);
  }
  return fetched;
}
