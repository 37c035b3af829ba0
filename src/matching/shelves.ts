import { type Algorithm, type Bits, bitsOf, type Hash, hashFromHex, hashToHex } from '../hash.js';
import type { HashedVariant } from '../variant.js';
import type { Search, SearchElsewhere } from './decide.js';
import { isDegenerate } from './degenerate.js';
import { Found } from './found.js';
import { type Lists, listOf } from './lists.js';
import type { Policy } from './policy.js';
import type { SearchingThreads } from './searching-threads.js';
import { Shelf } from './shelf.js';
import { copyOf, type Withdrawn, type WithdrawnKey } from './withdrawals.js';

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

/** The ids of the entries with exactly this hash, or with this id. */
export function idsOf(shelf: Shelf, key: WithdrawnKey): number[] {
  const ids = 'id' in key ? shelf.idsOfName(key.id, key.source) : shelf.idsOfHash(key);
  return onList(shelf, ids, key.list);
}

const onList = (shelf: Shelf, ids: number[], list: string | undefined) =>
  list === undefined ? ids : ids.filter((id) => listOf(shelf.entryAt(id)) === list);

/** The ids of the entries that a withdrawal removes. */
function idsTaken(shelf: Shelf, withdrawal: Withdrawn): number[] {
  const ids = idsOf(shelf, withdrawal);
  if ('id' in withdrawal) return ids;
  const { algorithm, list, groups = [] } = withdrawal;
  const others = groups.map(({ group, list }) => ({ ...hashFromHex(algorithm, group), list }));
  for (const other of others) ids.push(...idsOf(shelf, other));
  for (const picture of [{ ...withdrawal, list }, ...others]) {
    ids.push(...onList(shelf, shelf.idsOfGroup(picture), picture.list));
  }
  return ids;
}

/** A function that removes what these withdrawals name, which cannot fail. */
export function prepareAll(shelf: Shelf, withdrawals: readonly Withdrawn[]): () => number {
  const ids = new Set(withdrawals.flatMap((withdrawal) => idsTaken(shelf, withdrawal)));
  return shelf.prepareRemoval([...ids]);
}

/**
 * Withdrawals by a hash, each with the pictures that entries of this hash are parts of. Those of
 * which there are none are left out.
 */
export function widenedBy(
  shelves: readonly Shelf[],
  withdrawals: readonly Withdrawn[],
): Withdrawn[] {
  return withdrawals.flatMap((withdrawal) => {
    if ('id' in withdrawal) return [];
    const groups = shelves.flatMap((shelf) =>
      idsOf(shelf, withdrawal).flatMap((id) => {
        const { hash, group, list = '' } = shelf.entryAt(id);
        return group === undefined || group === hashToHex(hash) ? [] : [{ group, list }];
      }),
    );
    return groups.length > 0 ? [copyOf({ ...withdrawal, groups })] : [];
  });
}

export const kindOf = (algorithm: Algorithm, bits: Bits) => `${algorithm}-${bits}`;
