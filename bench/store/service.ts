import { readFileSync } from 'node:fs';
import { type Hash, hashToHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { type Bench, type BenchContext, NotRun } from '../harness.js';
import { LIST_SEED, madeList } from '../lists/made-list.js';
import { Program, serverScript, WatchedServer } from '../programs/programs.js';
import { photoFiles } from '../rivals.js';
import { queriesOf, uniformHashes } from '../workloads.js';
import { hasLoadGenerator, type Loaded, type LoadRequest, type LoadSetup } from './load-program.js';
import type { ServeSetup } from './service-program.js';

/** How large a run is. */
export interface ServiceScale {
  readonly entries: number;
  /** different hashes that are asked about, half of them listed */
  readonly queries: number;
  /** of each load */
  readonly seconds: number;
  readonly connections: number;
  /** lookups a second at the fixed rate */
  readonly rate: number;
  /** threads that search, of one server after another */
  readonly workers: readonly number[];
}

const USUAL: ServiceScale = {
  entries: 1e6,
  queries: 1000,
  seconds: 20,
  connections: 50,
  rate: 4000,
  workers: [0, 1, 2],
};

const UPLOADS_AT_ONCE = 8;

/**
 * `service`: lookups and uploads a second of a service on node:http, a process of its own. The load
 * comes from another process, on the same cores. Answers are checked first against a list in this
 * process. Options: `largest`, `out` names a folder for `service.json`.
 */
export const serviceBench: Bench = {
  name: 'service',
  about: 'lookups and uploads that a service answers, with a million entries',
  long: true,
  async run(context) {
    const entries = context.options.largest ?? USUAL.entries;
    return await runService(context, { ...USUAL, entries }, serverScript());
  },
};

/** Runs all loads, one after another. */
export async function runService(
  context: BenchContext,
  scale: ServiceScale,
  script: URL,
): Promise<Record<string, unknown>> {
  if (!(await hasLoadGenerator())) throw new NotRun('autocannon is not installed');
  const queries = queriesOf(uniformHashes(scale.entries, LIST_SEED).bytes, scale.queries);
  const all: Record<string, unknown> = { scale };
  for (const workers of scale.workers) {
    const loads: Record<string, unknown> = {};
    const setup: ServeSetup = { program: 'serve', entries: scale.entries, workers };
    const server = await WatchedServer.start(script, setup);
    try {
      await checkAnswers(server.port, scale.entries, queries);
      const name = `workers ${workers}`;
      context.note(`${name}: answers as expected: ${2 * queries.length}`);
      const idleBytes = server.residentBytes;
      if (idleBytes) context.figure(`${name}: memory before the loads, MB`, idleBytes / 1e6);
      for (const load of loadsOf(scale, queries, workers)) {
        if (workers > 0 && !load.ofWorkers) continue;
        loads[load.name] = await loaded(context, name, server, load, scale, script);
      }
      all[name] = { idleBytes, loads };
    } finally {
      await server.end();
    }
  }
  return all;
}

/**
 * Sends one load, and tells how it was answered.
 * @param name of the server
 */
async function loaded(
  context: BenchContext,
  name: string,
  server: WatchedServer,
  load: Load,
  scale: ServiceScale,
  script: URL,
): Promise<unknown> {
  const { requests, rate, connections = scale.connections } = load;
  const [program] = await Program.start(script, {
    program: 'load',
    ...{ port: server.port, connections, seconds: scale.seconds },
    ...(rate !== undefined && { rate }),
  } satisfies LoadSetup);
  const [answered, fared] = await server.during(async () => {
    return (await program.ask(requests)) as Loaded;
  });
  await program.end();
  const of = `${name}, ${load.name}`;
  if (answered.failed > 0) context.note(`FAILED: ${of}: ${answered.failed} requests`);
  const { cpuSeconds, peakBytes } = fared;
  if (load.isAimed) {
    const { requestsPerSecond, p99 } = answered;
    const isFlatOut = rate === undefined;
    if (isFlatOut) {
      context.figure(`${of}: answered a second`, requestsPerSecond, { atLeast: scale.rate });
    }
    context.figure(`${of}: p99, ms`, p99, { atMost: 20 });
  }
  return context.row(of, { ...answered, cpuSeconds, peakBytes });
}

const lookupOf = (hash: Hash): LoadRequest => ({
  method: 'GET',
  path: `/m/lookup?signal_type=pdq&signal=${hashToHex(hash)}`,
});

const matchOf = (hash: Hash): LoadRequest => ({
  method: 'POST',
  path: '/v1/match',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ algorithm: 'pdq', hash: hashToHex(hash) })).toString('base64'),
});

interface Load {
  readonly name: string;
  readonly requests: readonly LoadRequest[];
  readonly connections?: number;
  readonly rate?: number;
  /** whether workers take part in it */
  readonly ofWorkers: boolean;
  /** whether it has targets */
  readonly isAimed: boolean;
}

function loadsOf({ rate }: ServiceScale, queries: readonly Hash[], workers: number): Load[] {
  const loads: Load[] = [];
  for (const [path, requestOf] of [
    ['/m/lookup', lookupOf],
    ['/v1/match', matchOf],
  ] as const) {
    const requests = queries.map(requestOf);
    const ofWorkers = path === '/v1/match';
    // Our own call also finds what is for review, and is meant to be given workers.
    const isAimed = workers > 0 || !ofWorkers;
    loads.push({ name: `${path}, ${rate} a second`, requests, rate, ofWorkers, isAimed });
    loads.push({ name: `${path}, flat out`, requests, ofWorkers, isAimed });
  }
  const uploads = photoFiles().map(({ path }) => ({
    method: 'POST' as const,
    path: '/v1/match',
    headers: { 'content-type': 'image/jpeg' },
    body: readFileSync(path).toString('base64'),
  }));
  if (uploads.length > 0) {
    loads.push({
      ...{ name: 'uploads', requests: uploads, connections: UPLOADS_AT_ONCE },
      ...{ ofWorkers: true, isAimed: false },
    });
  }
  return loads;
}

/** Every question, in both dialects, beside a list in this process. */
async function checkAnswers(
  port: number,
  entries: number,
  queries: readonly Hash[],
): Promise<void> {
  const list = await madeList(entries);
  for (const hash of queries) {
    const { verdict, matches } = match({ hash, variants: [] }, list);
    const asked = async ({ path, body, ...request }: LoadRequest) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        ...request,
        ...(body !== undefined && { body: Buffer.from(body, 'base64') }),
      });
      if (!response.ok) throw new Error(`expected an answer, got status ${response.status}`);
      return (await response.json()) as Record<string, unknown>;
    };
    const banks = Object.keys(await asked(lookupOf(hash)));
    const { decision } = await asked(matchOf(hash));
    const told = decision as { verdict: string; matches: readonly unknown[] };
    const isTold = told.verdict === verdict && told.matches.length === matches.length;
    if (!isTold || banks.length > 0 !== (verdict === 'match')) {
      throw new Error('the service does not answer as the list does');
    }
  }
}
