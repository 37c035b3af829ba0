import type { FaissBuild } from './faiss.js';
import type { BenchContext } from '../harness.js';
import type { DataSet } from './data.js';
import type { Targets } from '../targets.js';

/** The size whose figures have bounds. Those of shorter lists are only given. */
export const JUDGED = 1e6;

/** What every part of `bench index` gets. */
export interface IndexRun {
  readonly context: BenchContext;
  readonly targets: Targets;
  readonly data: readonly DataSet[];
  readonly faiss: FaissBuild | undefined;
  /** sizes of lists, ascending */
  readonly sizes: readonly number[];
  /** size of the list for figures that are given for one size: a million, or less if asked for */
  readonly usual: number;
  /** ten million, or less if asked for */
  readonly large: number;
  /** the only distance to measure, if it was asked for */
  readonly distance: number | undefined;
}

/** A part of `bench index`. Resolves to what goes into the record. */
export type IndexPart = (run: IndexRun) => Promise<Record<string, unknown>>;
