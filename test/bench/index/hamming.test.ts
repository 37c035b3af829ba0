import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { machine } from '../../../bench/circumstances.js';
import { dataSets, type IndexPart, type IndexRun, QUERY_KINDS } from '../../../bench/index/data.js';
import { hammingBench } from '../../../bench/index/hamming.js';
import { largePart } from '../../../bench/index/large.js';
import {
  bestTimes,
  LATENCY_ENGINES,
  type Latency,
  latency,
  latencyPart,
  latencyTargets,
} from '../../../bench/index/latency.js';
import { nearPart } from '../../../bench/index/near.js';
import { nameOf } from '../../../bench/index/peers.js';
import { hashesOf } from '../../../bench/workloads.js';
import { benchCommand } from '../../../src/cli/bench.js';
import { distance, type Hash } from '../../../src/index.js';
import { testFolder } from '../../folder.js';
import { listener } from '../listener.js';

const folder = testFolder();

/** Runs a part on lists of a thousand, with few queries. */
async function runPart(part: IndexPart) {
  const { context, notes, figures } = listener();
  const run: IndexRun = {
    context,
    data: await dataSets(() => {}, 128),
    faiss: undefined,
    sizes: [1000],
    usual: 1000,
    large: 1000,
    distance: 31,
  };
  return { record: await part(run), notes: notes.join('\n'), figures };
}

describe('each part alone', () => {
  test('the largest list', async () => {
    const { figures } = await runPart(largePart);
    for (const name of [
      'seconds to build',
      'query at distance 31, p99, us',
      'saveIndex, longest block of the event loop, ms',
      'first remove, ms of CPU',
      'toBuffer, ms',
    ]) {
      expect(figures[`1,000 hashes: ${name}`], name).toBeGreaterThan(0);
    }
  });

  test('single queries of all kinds of data, planted and unrelated apart', async () => {
    const { record, notes } = await runPart(latencyPart);
    for (const data of ['uniform', 'clustered', 'realistic', 'adversarial']) {
      expect(notes).toContain(`${data}, 1,000 hashes, distance 31: each query's best`);
    }
    const latencies = record.latencies as Latency[];
    const of = (engine: string) => latencies.filter((row) => row.engine === engine);
    for (const options of LATENCY_ENGINES) expect(of(nameOf(options))).toHaveLength(8);
  });

  test('near searches, which find the share that they should', async () => {
    const { record, figures } = await runPart(nearPart);
    for (const pairs of ['made up, by the ranks of copies', 'the same without ranks']) {
      const name = `share that a near search finds, ${pairs}`;
      expect(figures[name]).toMatchObject({ met: true });
    }
    const times = Object.entries(record.near as object).filter(([name]) => name.startsWith('ms'));
    expect(times.map(([, time]) => time > 0)).toEqual(times.map(() => true));
  });

  test('changes, named, and recorded beside earlier records', async () => {
    const path = join(folder, 'index.json');
    const before = { name: 'another', measured: 1, target: 'at least 1', met: true };
    const options = { part: 'changes', largest: 1000, out: folder };
    const run = async (kept: object) => {
      writeFileSync(path, JSON.stringify(kept));
      await hammingBench.run(listener(options).context);
      return JSON.parse(readFileSync(path, 'utf8'));
    };
    const kept = { latencies: [1], figures: { 'bytes a hash': 168 }, targets: [before] };
    const recorded = await run({ machine: machine(), ...kept });
    expect(recorded).toMatchObject({ ...kept, machine: machine() });
    expect(recorded.figures['milliseconds of the longest change']).toBeGreaterThan(0);
    // Figures of another machine would not belong to it.
    const { latencies, figures, targets } = await run({ machine: {}, ...kept });
    expect({ latencies, targets }).toEqual({ latencies: undefined, targets: [] });
    expect(figures).not.toHaveProperty('bytes a hash');
  });

  test('an unknown part is refused, and the program names the known ones', async () => {
    const { context } = listener({ part: 'none' });
    const names = benchCommand.options.part!.choices!.join(', ');
    await expect(hammingBench.run(context)).rejects.toThrow(`parts among ${names}`);
  });
});

test('half of the queries of every list are planted', async () => {
  for (const { name, field } of await dataSets(() => {}, 8)) {
    const { bytes, count, queries } = field(50);
    expect([name, bytes.length, count, queries.length]).toEqual([name, 1600, 50, 8]);
    const isNear = (query: Hash) => hashesOf(bytes).some((hash) => distance(hash, query) <= 31);
    const near = Object.values(QUERY_KINDS).map(
      (isOf) => queries.filter((query, i) => isOf(i) && isNear(query)).length,
    );
    // The crop of a realistic query may be moved too far. Of the other lists, 0 to 31 bits are.
    if (name === 'realistic') expect(near[0]).toBeGreaterThan(0);
    else expect([name, near[0]]).toEqual([name, 4]);
    if (name !== 'adversarial') expect([name, near[1]]).toEqual([name, 0]);
  }
});

describe('single queries', () => {
  const queries = Array.from({ length: 4 }, (_, i) => ({
    algorithm: 'pdq' as const,
    bytes: new Uint8Array(32).fill(i),
  }));

  test('an engine that finds another number of hits is refused', () => {
    const right = { name: 'right', one: () => 1 };
    const wrong = {
      name: 'wrong',
      one: (_: number, { bytes }: { bytes: Uint8Array }) => bytes[0]!,
    };
    expect(bestTimes([right, right], [4, 2], { queries }, 31).map((of) => of.length)).toEqual([
      4, 2,
    ]);
    expect(() => bestTimes([right, wrong], [2, 4], { queries }, 31)).toThrow(
      'wrong answers query 0',
    );
  });

  test('are summed up by kind', () => {
    const best = Float64Array.of(1, 10, 3, 30, 5, 50);
    expect(latency('planted', best)).toMatchObject({ asked: 3, p50: 3 });
    expect(latency('unrelated', best)).toMatchObject({ asked: 3, p50: 30 });
  });
});

test('figures are judged by their bounds', () => {
  const { context, figures, targets } = listener();
  const row = (data: string, count: number, maxDistance: number, engine: string, p50: number) =>
    ({
      data,
      count,
      maxDistance,
      engine,
      p50,
      p99: 9,
      asked: 8,
      queries: 'planted',
      how: 'mih',
    }) as const;
  latencyTargets(
    [
      row('realistic', 1e6, 31, 'onlyhashes', 10),
      row('realistic', 1e6, 31, 'onlyhashes, small', 14),
      row('uniform', 1e5, 60, 'onlyhashes', 231),
      row('uniform', 1e4, 31, 'onlyhashes', 5),
      row('uniform', 1e4, 60, 'onlyhashes', 50),
    ],
    context,
  );
  expect(targets.map(({ target, met }) => `${target}: ${met}`)).toEqual([
    'at most 1.3: false',
    'at most 230: false',
    'at most 5: true',
  ]);
  expect(Object.keys(figures)).toEqual(targets.map(({ name }) => name));
});
