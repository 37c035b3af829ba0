import { IdSet } from '../indexing/snapshot.js';
import { type EntryRows, rowsOf } from './entry-rows.js';
import { Gradual } from './gradual.js';

/** Rows that a step looks at: about 0.5 ms, if each is parsed. */
const STEP = 256;

/**
 * How many entries are on each list. Those of an attached index are counted by the first who asks,
 * which takes about 2 s for a million that are read from a file.
 */
export class ListCounts {
  /** without the attached ones until these are counted, so perhaps below 0 */
  readonly #counts = new Map<string, number>();
  readonly #counting: Gradual<ReadonlyMap<string, number>>;

  /** @param isThere whether the attached index has an entry of this id, or had until it went */
  constructor(attached: EntryRows | undefined, isThere: (id: number) => boolean) {
    this.#counting = new Gradual(() => this.#countSteps(attached, isThere));
  }

  /** The entries by the names of their lists. */
  now(): ReadonlyMap<string, number> {
    return this.#counting.now();
  }

  steps(): Generator<void, unknown> {
    return this.#counting.steps();
  }

  /** An entry came, or went if `by` is -1. */
  count(list = '', by = 1): void {
    this.#counts.set(list, (this.#counts.get(list) ?? 0) + by);
  }

  /** Counts all rows, those that are gone too: these have been counted when they went. */
  *#countSteps(
    attached: EntryRows | undefined,
    isThere: (id: number) => boolean,
  ): Generator<void, ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const counted = new IdSet();
    let seen = 0;
    for (const row of attached ? rowsOf(attached) : []) {
      if (seen++ % STEP === 0) yield;
      if (counted.has(row) || !isThere(row)) continue;
      counted.add(row);
      const { list = '' } = attached!.entryAt(row);
      counts.set(list, (counts.get(list) ?? 0) + 1);
    }
    for (const [list, count] of counts) this.count(list, count);
    return this.#counts;
  }
}
