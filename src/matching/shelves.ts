import { type Algorithm, type Bits, bitsOf, type Hash } from '../hash.js';
import type { HashedVariant } from '../variant.js';
import type { Search, SearchElsewhere } from './decide.js';
import { isDegenerate } from './degenerate.js';
import { Found } from './found.js';
import { type Lists, listOf } from './lists.js';
import type { Policy } from './policy.js';
import type { SearchingThreads } from './searching-threads.js';
import { Shelf } from './shelf.js';
import type { WithdrawnKey } from './withdrawals.js';

/** The shelves by algorithm and width; more than one of a kind if indexes were attached. */
export class Shelves {
  readonly #byKind = new Map<string, Shelf[]>();

  all(): Shelf[] {
    return [...this.#byKind.values()].flat();
  }

  /** The shelf to which entries of this algorithm and width are added. */
  forAdding(algorithm: Algorithm, bits: Bits): Shelf {
    const shelves = this.of(algorithm, bits);
    if (shelves.length === 0) shelves.push(new Shelf(algorithm, bits));
    return shelves.at(-1)!;
  }

  push(algorithm: Algorithm, bits: Bits, shelf: Shelf): void {
    this.of(algorithm, bits).push(shelf);
  }

  /** The shelves of each kind. */
  kinds(): Shelf[][] {
    return [...this.#byKind.values()].map((shelves) => [...shelves]);
  }

  /** Puts a shelf in the place of others of its kind: last, where entries are added. */
  merge(others: readonly Shelf[], merged: Shelf): void {
    const { algorithm, bits } = merged;
    const left = this.of(algorithm, bits).filter((shelf) => !others.includes(shelf));
    this.#byKind.set(kindOf(algorithm, bits), [...left, merged]);
  }

  /**
   * Searches the entries on lists that are enabled. One search of a shelf finds the entries of all
   * lists.
   */
  search(lists: Lists): Search {
    return (variant, policy) => {
      const { hash } = variant;
      const shelves = this.#kindOf(hash);
      const ranks = ranksFor(variant, policy);
      const hits = shelves.map((shelf) => shelf.searchNear(hash, policy, ranks));
      return new Found(shelves, hits, lists);
    };
  }

  /**
   * As `search`, as far as threads search. What it resolves to has to be called before the entries
   * or the lists change.
   */
  searchBy(threads: SearchingThreads, lists: Lists): SearchElsewhere {
    return (variant, policy) => {
      const { hash } = variant;
      const shelves = this.#kindOf(hash);
      const ranks = ranksFor(variant, policy);
      const asked = shelves.map((shelf) => shelf.searchNearBy(threads, hash, policy, ranks));
      if (asked.every((one) => one === undefined)) return undefined;
      return Promise.all(asked).then((answers) => () => {
        const hits = answers.map((hits, i) => hits ?? shelves[i]!.searchNear(hash, policy, ranks));
        return new Found(shelves, hits, lists);
      });
    };
  }

  #kindOf(hash: Hash): readonly Shelf[] {
    return this.#byKind.get(kindOf(hash.algorithm, bitsOf(hash))) ?? [];
  }

  /** Those of one kind. */
  of(algorithm: Algorithm, bits: Bits): Shelf[] {
    const kind = kindOf(algorithm, bits);
    const shelves = this.#byKind.get(kind) ?? [];
    this.#byKind.set(kind, shelves);
    return shelves;
  }
}

/** The ranks of a hash, if its bits are such that they say something. */
const ranksFor = ({ hash, quality, ranks }: HashedVariant, { minQuality }: Policy) =>
  (quality ?? 100) >= minQuality && !isDegenerate(hash) ? ranks : undefined;

/** The ids of the entries that a withdrawal removes. */
export function idsOf(shelf: Shelf, withdrawal: WithdrawnKey): number[] {
  const ids =
    'id' in withdrawal
      ? shelf.idsOfName(withdrawal.id, withdrawal.source)
      : shelf.idsOfHash(withdrawal);
  const { list } = withdrawal;
  return list === undefined ? ids : ids.filter((id) => listOf(shelf.entryAt(id)) === list);
}

/** A function that removes what these withdrawals name, which cannot fail. */
export function prepareAll(shelf: Shelf, withdrawals: readonly WithdrawnKey[]): () => number {
  const ids = new Set(withdrawals.flatMap((withdrawal) => idsOf(shelf, withdrawal)));
  return shelf.prepareRemoval([...ids]);
}

export const kindOf = (algorithm: Algorithm, bits: Bits) => `${algorithm}-${bits}`;
