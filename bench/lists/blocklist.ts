import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Blocklist } from '../src/blocklist/blocklist.js';
import { createBlocklist } from '../src/blocklist/create-blocklist.js';
import type { BlocklistEntry } from '../src/entry.js';
import { nextTurn } from '../src/in-turns.js';
import { match } from '../src/matching/match.js';
import { openBlocklist } from '../src/node/open-blocklist.js';
import { PackedEntries } from '../src/packed-entries.js';
import type { HashedVariant } from '../src/variant.js';
import { variantsOf } from '../src/variants/hash-pixels.js';
import { measureFile } from './blocklist-file.js';
import { longestBlock, threadTime } from './event-loop.js';
import { type Bench, type BenchContext, feed, quantile, race } from './harness.js';
import { type Targets, targetsOf } from './targets.js';
import { detailedPixels, random, uniformHashes } from './workloads.js';

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
    const count = Number(context.options.largest ?? JUDGED);
    await runOf({ context, targets: targetsOf(context), count });
  },
};

interface Run {
  readonly context: BenchContext;
  readonly targets: Targets;
  readonly count: number;
}

async function runOf(run: Run): Promise<void> {
  const { count } = run;
  const changes = Math.min(CHANGES, count);
  const { bytes } = uniformHashes(count + changes, 5);
  const entryAt = (at: number): BlocklistEntry => ({
    hash: { algorithm: 'pdq', bytes: bytes.subarray(32 * at, 32 * at + 32) },
    labels: ['label'],
    id: `2026/${at}`,
    source: 'list',
  });
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-bench-'));
  const path = join(folder, 'list.ohb');
  const listed = { entryAt, count, changes };
  try {
    await saveOne(run, path, listed);
    let opened: Blocklist | undefined;
    report(
      run,
      'open',
      await longestBlock(async () => {
        opened = await openBlocklist(path, { copy: true });
        await opened.settled();
      }),
    );
    await measure(run, 'opened', opened!, listed);
    await measureFile({
      ...run,
      ...listed,
      path,
      isJudged: count === JUDGED,
      report: (name, times) => report(run, name, times),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fills a list, saves it and changes it. Nobody holds it afterwards. */
async function saveOne(run: Run, path: string, listed: Listed): Promise<void> {
  const table = new PackedEntries('pdq', 256);
  for (let at = 0; at < listed.count; at++) table.push(listed.entryAt(at));
  const list = createBlocklist([]);
  report(run, 'fill', await longestBlock(() => list.apply({ add: table })));
  await list.settled();
  await raceDecisions(run, list);
  report(run, 'save', await longestBlock(() => openBlocklist(path, { create: list })));
  await measure(run, 'warm', list, listed);
}

const UPLOADS = 8;

/** A decision about an upload that is near nothing, so that every variant is searched for. */
async function raceDecisions({ context, count }: Run, list: Blocklist): Promise<void> {
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

/** How long something took, and the longest block, which is judged for a million entries. */
function report(run: Run, name: string, { all, block }: { all: number; block: number }) {
  run.context.figure(`${name}: milliseconds`, all);
  const words = `${name}: the longest block, ms of CPU`;
  if (run.count === JUDGED) run.targets.atMost(words, block, MOST_BLOCK);
  else run.context.figure(words, block);
}

interface Listed {
  readonly entryAt: (at: number) => BlocklistEntry;
  readonly count: number;
  readonly changes: number;
}

/**
 * The time of a change is that of its call. The event loop turns after each, so that segments are
 * merged meanwhile; that is in the longest block, which is of one turn.
 */
async function measure(
  run: Run,
  state: string,
  list: Blocklist,
  { entryAt, count, changes }: Listed,
): Promise<void> {
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
  const { context, targets } = run;
  const title = `${count.toLocaleString('en')} entries, ${state}`;
  const figures: [string, number, number | undefined][] = [
    ['the first decision, ms of CPU', first, 1],
    ['the first withdrawal by id, ms of CPU', times.withdraw![0]!, 5],
  ];
  for (const [name, each] of Object.entries(times)) {
    const sorted = Float64Array.from(each).sort();
    figures.push([`${name}: median, ms of CPU`, quantile(sorted, 0.5), undefined]);
    figures.push([`${name}: p99.9, ms of CPU`, quantile(sorted, 0.999), 5]);
  }
  for (const [name, value, most] of figures) {
    if (most !== undefined && count === JUDGED) targets.atMost(`${title}, ${name}`, value, most);
    else context.figure(`${title}, ${name}`, value);
  }
  report(run, `${title}, changes`, blocks);
}
