import type { IdSet } from '../indexing/snapshot.js';

/** Ids that are hidden together. */
export interface Hiding {
  /** those that are still to be removed, and perhaps some that were removed before */
  readonly ids: number[];
  readonly set: IdSet;
  /** of `set` */
  count: number;
  /** removals from the shelf before the first of the ids was looked at */
  readonly removals: number;
}

/**
 * Ids of a shelf that no search finds any more and that are still to be removed. To hide many takes
 * a moment, to remove each takes time: so a large change hides what goes and removes it afterwards.
 */
export class HiddenIds {
  #hidings: readonly Hiding[] = [];

  get size(): number {
    let size = 0;
    for (const { count } of this.#hidings) size += count;
    return size;
  }

  has(id: number): boolean {
    for (const { set } of this.#hidings) if (set.has(id)) return true;
    return false;
  }

  /** Those that were hidden last; undefined if nothing is hidden. */
  get last(): Hiding | undefined {
    return this.#hidings.at(-1);
  }

  push(hiding: Hiding): void {
    this.#hidings = [...this.#hidings, hiding];
  }

  /** All of these were removed. */
  forget(hiding: Hiding): void {
    this.#hidings = this.#hidings.filter((other) => other !== hiding);
  }
}
