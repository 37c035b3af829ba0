import { Blocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { ListFile } from '../../src/node/files/list-file.js';
import { longestBlock } from '../event-loop.js';
import type { BenchContext } from '../harness.js';
import { quantile } from '../race.js';

/** Durable withdrawals, one after the other. */
const WITHDRAWALS = 500;
/** Milliseconds between small changes while a large one is made. */
const PAUSE = 20;

/** What each step of `bench blocklist` gets. */
export interface ListRun {
  readonly context: BenchContext;
  /** entries of the list, and how many come or go beyond them */
  readonly count: number;
  readonly changes: number;
  entryAt(at: number): BlocklistEntry;
  /** a figure, judged at the size that has bounds */
  figure(name: string, value: number, atMost?: number): void;
  /** of what took long: the longest block is judged */
  report(name: string, times: { all: number; block: number }): void;
}

/**
 * The list in a file: durable withdrawals, one after the other and while many entries are added
 * and removed again, for how long that and writing the file anew take and block the event loop.
 */
export async function measureFile(run: ListRun, path: string): Promise<void> {
  const { count, changes, entryAt, figure, report } = run;
  const list = new Blocklist();
  const file = await ListFile.open(path, list);
  const title = `${count.toLocaleString('en')} entries, in a file`;
  let next = 0;
  const withdrawal = async () => {
    const id = entryAt(next++).id!;
    const start = performance.now();
    const { withdrawn } = await list.apply({ withdraw: [{ id }] });
    if (withdrawn !== 1) throw new Error(`withdrawal ${id} made ${withdrawn}`);
    return performance.now() - start;
  };
  const alone: number[] = [];
  while (alone.length < WITHDRAWALS) alone.push(await withdrawal());
  figure(`${title}, a durable withdrawal: median, ms`, quantile(alone, 0.5));
  figure(`${title}, a durable withdrawal: p95, ms`, quantile(alone, 0.95), 20);
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
  figure(`${title}, a withdrawal meanwhile: p95, ms`, quantile(meanwhile, 0.95));
  const blocks = await longestBlock(async () => {
    await list.apply({ withdraw: [{ id: 'elsewhere' }] });
    await file.settled();
    await list.settled();
  });
  report(`${title}, written anew`, blocks);
}
