import { join } from 'node:path';
import { hashFromHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { fetchList } from '../../src/node/files/fetch-list.js';
import { openBlocklist } from '../../src/node/files/open-blocklist.js';
import { inFolder } from '../folder.js';
import type { BenchContext } from '../harness.js';
import { Program } from '../programs/programs.js';
import { median, quantile, turns } from '../race.js';
import { random } from '../workloads.js';
import { clientOf, type Fetched, type FetchSetup } from './fetch-program.js';
import { type ListedService, SERVICES, startService } from './services.js';

const WAYS = ['paged', 'naive'] as const;
const ROUNDS = 3;
const ASKED = 200;

/** Each way of each service: records a second, and the memory that it takes. */
export async function fetchPart(
  context: BenchContext,
  count: number,
  script: URL,
): Promise<unknown> {
  const record: Record<string, unknown> = {};
  for (const name of SERVICES) {
    const service = await startService(name, count);
    try {
      const fetched: Record<(typeof WAYS)[number], Fetched[]> = { paged: [], naive: [] };
      for (const { at } of turns(ROUNDS, WAYS.length)) {
        const way = WAYS[at]!;
        fetched[way].push(await fetchedOnce(script, service, way, count));
      }
      for (const way of WAYS) {
        const of = (figure: (one: Fetched) => number) => median(fetched[way].map(figure));
        const title = `${name}, ${way}, ${count.toLocaleString('en')} records`;
        record[`${name}, ${way}`] = context.row(title, {
          recordsPerSecond: of(({ seconds }) => count / seconds),
          recordsPerCpuSecond: of(({ cpuSeconds }) => count / cpuSeconds),
          peakMegabytes: of(({ peakBytes }) => peakBytes / 2 ** 20),
        });
      }
      const ratio = (figure: (one: Fetched) => number) =>
        median(fetched.naive.map((one, round) => figure(one) / figure(fetched.paged[round]!)));
      context.row(`${name}, naive / paged`, {
        time: ratio(({ seconds }) => seconds),
        memory: ratio(({ peakBytes }) => peakBytes),
      });
    } finally {
      await service.close();
    }
  }
  return record;
}

/** Fetches in a process of its own, and checks what it has then. */
async function fetchedOnce(
  script: URL,
  { name, url, hexOf, isGone, hashes }: ListedService,
  way: FetchSetup['way'],
  count: number,
): Promise<Fetched> {
  const places = Array.from({ length: ASKED }, (_, at) => Math.floor((at * (count - 1)) / ASKED));
  // Some that are gone, too.
  for (let at = 0; at < count && places.length < 2 * ASKED; at++) if (isGone(at)) places.push(at);
  const asked = places.map(hexOf);
  const setup: FetchSetup = { program: 'fetch', service: name, way, url, asked };
  const [program, said] = await Program.start(script, setup);
  await program.end();
  const fetched = said as Fetched;
  const here = Array.from({ length: count }, (_, at) => at).filter((at) => !isGone(at));
  const listed = hashes * here.length;
  const isRight = places.every((at, i) => fetched.matched[i] === !isGone(at));
  if (fetched.size !== listed || !isRight) {
    throw new Error(`${name}, ${way}: ${fetched.size} entries of ${listed}, or a wrong decision`);
  }
  return fetched;
}

const CALLS = 1000;
const FETCHES = 20;

/**
 * How long what was withdrawn is still matched: from the call of `apply`, and from its leaving
 * the service's list, with a fetch that begins at that moment.
 */
export async function withdrawPart(context: BenchContext, count: number): Promise<unknown> {
  const service = await startService('StopNCII', count);
  try {
    return await inFolder((folder) =>
      withdrawn(context, count, service, join(folder, 'lists.ohb')),
    );
  } finally {
    await service.close();
  }
}

async function withdrawn(
  context: BenchContext,
  count: number,
  service: ListedService,
  path: string,
): Promise<unknown> {
  const blocklist = await openBlocklist(path, { create: true });
  const client = clientOf(service.name, service.url);
  await fetchList(blocklist, 'fetched', client);
  await blocklist.settled();
  const next = random(7);
  const used = new Set<number>();
  const nextListed = () => {
    for (;;) {
      const at = next() % count;
      if (service.isGone(at) || used.has(at)) continue;
      used.add(at);
      return at;
    }
  };
  const isSeen = (hex: string) =>
    match({ hash: hashFromHex('pdq', hex), variants: [] }, blocklist).verdict === 'match';
  const calls = Math.min(CALLS, Math.floor(count / 4));
  const byCall: Record<'id' | 'hash', number[]> = { id: [], hash: [] };
  for (let call = 0; call < calls; call++) {
    const hex = service.hexOf(nextListed());
    if (!isSeen(hex)) throw new Error('a listed entry is not found');
    const kind = call % 2 === 0 ? 'id' : 'hash';
    const key = kind === 'id' ? { id: `ImagePDQ:${hex}` } : hashFromHex('pdq', hex);
    const start = performance.now();
    await blocklist.apply({ withdraw: [key] });
    const isGone = !isSeen(hex);
    byCall[kind].push(performance.now() - start);
    if (!isGone) throw new Error('a withdrawn entry is found');
  }
  const toInvisible: number[] = [];
  const toDisk: number[] = [];
  for (let round = 0; round < FETCHES; round++) {
    const at = nextListed();
    const hex = service.hexOf(at);
    if (!isSeen(hex)) throw new Error('a listed entry is not found');
    const start = performance.now();
    service.withdraw(at);
    let seen = Number.POSITIVE_INFINITY;
    let isOver = false;
    const fetching = fetchList(blocklist, 'fetched', client).finally(() => {
      isOver = true;
    });
    while (!isOver && seen === Number.POSITIVE_INFINITY) {
      if (!isSeen(hex)) seen = performance.now() - start;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await fetching;
    toDisk.push(performance.now() - start);
    if (isSeen(hex)) throw new Error('what the service withdrew is found');
    toInvisible.push(Math.min(seen, toDisk.at(-1)!));
  }
  const record: Record<string, unknown> = {};
  const title = `${count.toLocaleString('en')} entries`;
  for (const [name, times] of [
    ['from the call, by id, to invisible', byCall.id],
    ['from the call, by hash, to invisible', byCall.hash],
    ['from the service, with a fetch, to invisible', toInvisible],
    ['from the service, with a fetch, to disk', toDisk],
  ] as const) {
    const row = { median: quantile(times, 0.5), p99: quantile(times, 0.99) };
    record[name] = context.row(`${title}, ${name}, ms`, row);
  }
  return record;
}
