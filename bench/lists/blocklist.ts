import { join } from 'node:path';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import { nextTurn } from '../../src/in-turns.js';
import { match } from '../../src/matching/match.js';
import { openBlocklist } from '../../src/node/files/open-blocklist.js';
import { PackedEntries } from '../../src/packed-entries.js';
import type { HashedVariant } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { longestBlock, threadTime } from '../event-loop.js';
import { inFolder } from '../folder.js';
import type { Bench, BenchContext } from '../harness.js';
import { feed, quantile, race } from '../race.js';
import { detailedPixels, hashAt, random, uniformHashes } from '../workloads.js';
import { type ListRun, measureFile } from './blocklist-file.js';

/** The size whose figures have bounds. */
const JUDGED = 1e6;
const CHANGES = 100_000;

/** The most that any of it blocks the event loop, in milliseconds of CPU. */
const MOST_BLOCK = 13;

/**
 * `blocklist`: a decision by all variants of an upload, the first decision and the first withdrawal
 * after it was filled, the CPU time of each change, for how long filling, changing, saving and
 * opening take and block, and changes of the list in a file. Option: `largest`.
 */
export const blocklistBench: Bench = {
  name: 'blocklist',
  about: 'a blocklist that is used, changed, saved and opened; a million entries with ids',
  async run(context) {
    const count = context.options.largest ?? JUDGED;
    const run = runOf(context, count);
    await inFolder(async (folder) => {
      const path = join(folder, 'list.ohb');
      await saveOne(run, path);
      let opened: Blocklist | undefined;
      const opening = await longestBlock(async () => {
        opened = await openBlocklist(path, { copy: true });
        await opened.settled();
      });
      run.report('open', opening);
      await measure(run, 'opened', opened!);
      await measureFile(run, path);
    });
  },
};

function runOf(context: BenchContext, count: number): ListRun {
  const changes = Math.min(CHANGES, count);
  const { bytes } = uniformHashes(count + changes, 5);
  const figure = (name: string, value: number, atMost?: number) =>
    context.figure(name, value, atMost !== undefined && count === JUDGED && { atMost });
  return {
    count,
    changes,
    entryAt: (at) => ({
      hash: hashAt(bytes, at),
      labels: ['label'],
      id: `2026/${at}`,
      source: 'list',
    }),
    context,
    figure,
    report(name, { all, block }) {
      figure(`${name}: milliseconds`, all);
      figure(`${name}: the longest block, ms of CPU`, block, MOST_BLOCK);
    },
  };
}

/** Fills a list, saves it and changes it. Nobody holds it afterwards. */
async function saveOne(run: ListRun, path: string): Promise<void> {
  const table = new PackedEntries('pdq', 256);
  for (let at = 0; at < run.count; at++) table.push(run.entryAt(at));
  const list = createBlocklist([]);
  run.report('fill', await longestBlock(() => list.apply({ add: table })));
  await list.settled();
  await raceDecisions(run, list);
  run.report('save', await longestBlock(() => openBlocklist(path, { create: list })));
  await measure(run, 'warm', list);
}

const UPLOADS = 8;

/** A decision about an upload that is near nothing, so that every variant is searched for. */
async function raceDecisions({ context, count }: ListRun, list: Blocklist): Promise<void> {
  const contenders = (['thorough', 'quick', 'none'] as const).map((variants) => {
    const uploads = Array.from({ length: UPLOADS }, (_, seed): HashedVariant[] => [
      ...variantsOf(detailedPixels(1155, 866, seed + 1), { variants }),
    ]);
    for (const upload of uploads) {
      const { verdict } = match(upload, list);
      if (verdict !== 'none') throw new Error(`an upload that is near nothing is ${verdict}`);
    }
    const hashes = uploads.reduce((sum, upload) => sum + upload.length, 0);
    const name = `${variants}, ${(hashes / UPLOADS).toFixed(0)} hashes`;
    context.figure(`a decision by ${variants}: hashes`, hashes / UPLOADS);
    return {
      name,
      operations: UPLOADS,
      run() {
        for (const upload of uploads) feed(match(upload, list).matches.length);
      },
    };
  });
  const title = `a decision, ${count.toLocaleString('en')} entries, nothing near`;
  context.report(await race(title, contenders));
}

/**
 * The time of a change is that of its call. The event loop turns after each, so that segments are
 * merged meanwhile; that is in the longest block, which is of one turn.
 */
async function measure(run: ListRun, state: string, list: Blocklist): Promise<void> {
  const { entryAt, count, changes, figure } = run;
  const decide = (at: number) =>
    match({ hash: entryAt(at).hash, quality: 100, variants: [] }, list).matches.length;
  const timed = <T>(call: () => T): [time: number, result: T] => {
    const before = threadTime();
    const result = call();
    return [threadTime() - before, result];
  };
  const [first, matches] = timed(() => decide(count - 1));
  if (matches !== 1) throw new Error(`the first decision found ${matches}`);
  const next = random(11);
  const withdrawn = new Set<number>();
  const times: Record<string, number[]> = { add: [], withdraw: [] };
  const change = async (made: number) => {
    const adds = made % 2 === 0;
    const at = adds ? count + made / 2 : next() % (count + (made + 1) / 2);
    const entry = entryAt(at);
    const [time, changed] = timed(() =>
      list.apply(adds ? { add: [entry] } : { withdraw: [{ id: entry.id! }] }),
    );
    times[adds ? 'add' : 'withdraw']!.push(time);
    const { added, removed } = await changed;
    const answer = adds ? added : removed;
    if (answer !== (withdrawn.has(at) ? 0 : 1)) throw new Error(`change ${made} gave ${answer}`);
    if (!adds) withdrawn.add(at);
    if (made % 64 < 2 && decide(at) !== (adds ? 1 : 0)) {
      throw new Error(`a decision after change ${made} sees the state before it`);
    }
  };
  const blocks = await longestBlock(async () => {
    for (let made = 0; made < 2 * changes; made++) {
      await change(made);
      await nextTurn();
    }
  });
  const title = `${count.toLocaleString('en')} entries, ${state}`;
  figure(`${title}, the first decision, ms of CPU`, first, 1);
  figure(`${title}, the first withdrawal by id, ms of CPU`, times.withdraw![0]!, 5);
  for (const [name, each] of Object.entries(times)) {
    figure(`${title}, ${name}: median, ms of CPU`, quantile(each, 0.5));
    figure(`${title}, ${name}: p99.9, ms of CPU`, quantile(each, 0.999), 5);
  }
  run.report(`${title}, changes`, blocks);
}
