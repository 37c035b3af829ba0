/** The most of what a decision gives of one kind, the nearest: a list may hold any number alike. */
export const MOST_GIVEN = 1000;

/** What came near, by its list and its distance in bits. */
export interface Distant {
  readonly list: string;
  readonly distance: number;
}

type Order<T> = (a: T, b: T) => number;

/**
 * Those that come first in an order by distance, and the first of each list.
 * @returns a fresh list in that order; the sort is stable
 */
export function nearestOf<T extends Distant>(all: readonly T[], order: Order<T>): T[] {
  const sorted = [...all].sort(order);
  if (sorted.length <= MOST_GIVEN) return sorted;
  const lists = new Set<string>();
  return sorted.filter(({ list }, at) => {
    const isFirst = !lists.has(list);
    lists.add(list);
    return isFirst || at < MOST_GIVEN;
  });
}

/** Collects the nearest of what comes, in memory that depends on the number of lists alone. */
export class Nearest<T extends Distant> {
  readonly #order: Order<T>;
  #kept: T[] = [];
  /** of what was kept, by list: the distance of the nearest */
  readonly #nearest = new Map<string, number>();
  /** what is so far or farther comes after `MOST_GIVEN` others */
  #limit = Number.POSITIVE_INFINITY;
  #count = 0;

  constructor(order: Order<T>) {
    this.#order = order;
  }

  /** How many have come. */
  get count(): number {
    return this.#count;
  }

  /** Counts one that has come. @returns whether it is among the nearest; `push` it then */
  takes(list: string, distance: number): boolean {
    this.#count++;
    return distance < this.#limit || distance < (this.#nearest.get(list) ?? 257);
  }

  push(one: T): void {
    const { list, distance } = one;
    const nearest = this.#nearest.get(list);
    if (nearest === undefined || distance < nearest) this.#nearest.set(list, distance);
    this.#kept.push(one);
    const { length } = this.#kept;
    if (length >= 2 * MOST_GIVEN + this.#nearest.size) {
      this.#kept = this.kept();
      this.#limit = this.#kept[MOST_GIVEN - 1]!.distance;
    } else if (length === MOST_GIVEN) {
      this.#limit = Math.max(...this.#kept.map((each) => each.distance));
    }
  }

  /** The nearest of what has come, in order. */
  kept(): T[] {
    return nearestOf(this.#kept, this.#order);
  }
}
