import type { BenchContext } from '../harness.js';

/** What each part of `bench lists` gets. */
export interface ListsRun {
  readonly context: BenchContext;
  /** entries in all */
  readonly count: number;
  /** the built `bench-server.js` */
  readonly script: URL;
}

/** Runs a part, and returns what is recorded of it. Answers are checked first. */
export type ListsPart = (run: ListsRun) => Promise<unknown>;
