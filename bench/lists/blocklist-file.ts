import { Blocklist } from '../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../src/entry.js';
import { ListFile } from '../src/node/list-file.js';
import { longestBlock } from './event-loop.js';
import { type BenchContext, quantile } from './harness.js';
import type { Targets } from './targets.js';

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
  /** of what took long */
  report(name: string, times: { all: number; block: number }): void;
  entryAt(at: number): BlocklistEntry;
}

/**
 * The list in a file: durable withdrawals, one after the other and while many entries are added
 * and removed again, for how long that and writing the file anew take and block the event loop.
 */
export async function measureFile(run: FileRun): Promise<void> {
  const { context, targets, path, count, changes, isJudged, entryAt, report } = run;
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
  const some = changes.toLocaleString('en');
  const entries = Array.from({ length: changes }, (_, at) => entryAt(count + at));
  report(`${title}, ${some} more`, await longestBlock(() => list.apply({ add: entries })));
  report(`${title}, ${some} less`, await longestBlock(() => list.apply({ remove: entries })));
  isDone = true;
  await small;
  const sorted = Float64Array.from(meanwhile).sort();
  context.figure(`${title}, a withdrawal meanwhile: p95, ms`, quantile(sorted, 0.95));
  const blocks = await longestBlock(async () => {
    await list.apply({ withdraw: [{ id: 'elsewhere' }] });
    await file.settled();
    await list.settled();
  });
  report(`${title}, written anew`, blocks);
}
