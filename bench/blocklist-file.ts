import type { BlocklistEntry } from '../src/entry.js';
import { Blocklist } from '../src/matching/blocklist.js';
import { ListFile } from '../src/node/list-file.js';
import { type BenchContext, longestBlock, quantile } from './harness.js';
import type { Targets } from './index-targets.js';

/** Durable withdrawals, one after the other. */
const WITHDRAWALS = 500;
/** Milliseconds between small changes while a large one is made. */
const PAUSE = 20;

/** A list in a file, and entries beyond those that it has. */
export interface FileRun {
  readonly context: BenchContext;
  readonly targets: Targets;
  readonly path: string;
  readonly count: number;
  readonly changes: number;
  readonly isJudged: boolean;
  entryAt(at: number): BlocklistEntry;
}

/**
 * The list in a file: durable withdrawals, one after the other and while many entries are added,
 * for how long that blocks the event loop, and how long the file is written anew.
 */
export async function measureFile(run: FileRun): Promise<void> {
  const { context, targets, path, count, changes, isJudged, entryAt } = run;
  const list = new Blocklist();
  const file = await ListFile.open(path, list);
  const title = `${count.toLocaleString('en')} entries, in a file`;
  const atMost = (name: string, value: number, most: number) => {
    if (isJudged) targets.atMost(`${title}, ${name}`, value, most);
    else context.figure(`${title}, ${name}`, value);
  };
  let next = 0;
  const withdrawal = async () => {
    const id = entryAt(next++).id!;
    const start = performance.now();
    const { withdrawn } = await list.apply({ withdraw: [{ id }] });
    if (withdrawn !== 1) throw new Error(`withdrawal ${id} made ${withdrawn}`);
    return performance.now() - start;
  };
  const alone = new Float64Array(WITHDRAWALS);
  for (let at = 0; at < WITHDRAWALS; at++) alone[at] = await withdrawal();
  alone.sort();
  context.figure(`${title}, a durable withdrawal: median, ms`, quantile(alone, 0.5));
  atMost('a durable withdrawal: p95, ms', quantile(alone, 0.95), 20);
  const meanwhile: number[] = [];
  let isDone = false;
  const small = (async () => {
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      meanwhile.push(await withdrawal());
    }
  })();
  const add = Array.from({ length: changes }, (_, at) => entryAt(count + at));
  const { all, block } = await longestBlock(() => list.apply({ add }));
  isDone = true;
  await small;
  const sorted = Float64Array.from(meanwhile).sort();
  context.figure(`${title}, ${changes.toLocaleString('en')} more: ms`, all);
  context.figure(
    `${title}, while they are added: milliseconds that it blocks at the longest`,
    block,
  );
  context.figure(`${title}, a withdrawal meanwhile: p95, ms`, quantile(sorted, 0.95));
  const start = performance.now();
  await list.apply({ withdraw: [{ id: 'elsewhere' }] });
  await file.settled();
  context.figure(`${title}, written anew: ms`, performance.now() - start);
}
