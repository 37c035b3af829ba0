import { type Algorithm, type Bits, bitsOf } from '../hash.js';
import type { Found, Search } from './decide.js';
import { isDegenerate } from './degenerate.js';
import { type Lists, listOf } from './lists.js';
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
    return ({ hash, quality, ranks }, policy) => {
      const shelves = this.#byKind.get(kindOf(hash.algorithm, bitsOf(hash))) ?? [];
      const isSure = (quality ?? 100) >= policy.minQuality && !isDegenerate(hash);
      const found: Found[] = [];
      for (const shelf of shelves) {
        for (const { id, distance } of shelf.searchNear(hash, policy, isSure ? ranks : undefined)) {
          const entry = shelf.entryAt(id);
          // An attached index may hold degenerate hashes.
          if (isDegenerate(entry.hash) || !lists.isEnabled(listOf(entry))) continue;
          found.push({ entry, distance });
        }
      }
      const isCompared = found.length > 0 || shelves.some((shelf) => shelf.isSearched(lists));
      return isCompared ? found : undefined;
    };
  }

  /** Those of one kind. */
  of(algorithm: Algorithm, bits: Bits): Shelf[] {
    const kind = kindOf(algorithm, bits);
    const shelves = this.#byKind.get(kind) ?? [];
    this.#byKind.set(kind, shelves);
    return shelves;
  }
}

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
