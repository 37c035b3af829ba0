/*
 * Removals that are held back. A fetch from the start removes entries that the service does not
 * report. A service that answers wrongly could thus empty a list, and its pictures would no longer
 * be found. So large removals wait until a person confirms them and the service reports the same
 * again.
 */

import type { PendingRemovals } from '../policy.js';

/** An entry to remove. An entry without source and id was not added by a service. */
export interface Removal {
  readonly source?: string | null | undefined;
  readonly id?: string | null | undefined;
}

/** The removals held back on a list, without their keys. */
export interface PendingRemovalsOfList extends Omit<PendingRemovals, 'keys'> {
  readonly list: string;
}

/** Fewest removals that are held back, if they are more than a fifth of the list. */
const FEWEST = 20;
const PART = 5;

/**
 * Holds removals back, if there are too many.
 * @param fetch `size`: of the list when the fetch began; `pendingRemovals`: by the previous fetch;
 * `wasConfirmed`: whether it was confirmed before this fetch began
 */
export function pendingRemovalsOf(
  removals: readonly Removal[],
  fetch: {
    readonly size: number;
    readonly pendingRemovals: PendingRemovals | undefined;
    readonly wasConfirmed: boolean;
    readonly nowSeconds: number;
  },
): PendingRemovals | undefined {
  const { size, pendingRemovals, wasConfirmed, nowSeconds } = fetch;
  if (removals.length < FEWEST || removals.length * PART <= size) return undefined;
  const known = pendingRemovals && KeySet.from(pendingRemovals.keys);
  const isKnown = known !== undefined && removals.every((each) => known.has(each));
  const isConfirmed = isKnown && pendingRemovals!.isConfirmed;
  if (isConfirmed && wasConfirmed) return undefined;
  return {
    removals: removals.length,
    of: size,
    sinceSeconds: pendingRemovals?.sinceSeconds ?? nowSeconds,
    isConfirmed,
    keys: isKnown ? pendingRemovals!.keys : KeySet.of(removals).toText(),
  };
}

/** Drops the keys, which only the next fetch needs. */
export function removalsReport(
  list: string,
  { keys: _, ...pendingRemovals }: PendingRemovals,
): PendingRemovalsOfList {
  return { list, ...pendingRemovals };
}

/** True if JSON has the form that `pendingRemovalsOf` returns. */
export function isPendingRemovals(json: unknown): json is PendingRemovals {
  const { removals, of, sinceSeconds, isConfirmed, keys } = Object(
    json,
  ) as Partial<PendingRemovals>;
  return (
    [removals, of, sinceSeconds].every((each) => Number.isSafeInteger(each) && each! >= 0) &&
    typeof isConfirmed === 'boolean' &&
    typeof keys === 'string' &&
    /^[A-Za-z0-9+/]+=*$/.test(keys)
  );
}

const BITS_PER_KEY = 8;
const BITS_SET = 4;

/**
 * A set of keys, at a byte per key: a million must fit into a state that is read often. It has
 * every key that was added, and one in 40 of all others (Bloom, 1970). This suffices: a fetch may
 * remove a few of them unconfirmed, but 20 will not all be false positives.
 */
class KeySet {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static of(keys: readonly Removal[]): KeySet {
    const set = new KeySet(new Uint8Array(Math.ceil((keys.length * BITS_PER_KEY) / 8)));
    for (const key of keys)
      for (const bit of set.#bitsOf(key)) set.#bytes[bit >> 3]! |= 1 << (bit & 7);
    return set;
  }

  static from(text: string): KeySet {
    return new KeySet(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)));
  }

  has(key: Removal): boolean {
    return this.#bitsOf(key).every((bit) => (this.#bytes[bit >> 3]! & (1 << (bit & 7))) !== 0);
  }

  toText(): string {
    return btoa(Array.from(this.#bytes, (byte) => String.fromCharCode(byte)).join(''));
  }

  #bitsOf({ source, id }: Removal): number[] {
    const text = `${source?.length ?? -1} ${source ?? ''}${id ?? ''}`;
    const [first, step] = [hashOf(text, 0x811c9dc5), hashOf(text, 0x9747b28c) | 1];
    const bits = this.#bytes.length * 8;
    return Array.from({ length: BITS_SET }, (_, at) => (first + at * (step >>> 0)) % bits);
  }
}

/**
 * FNV-1a of the UTF-16 units, with the last step of MurmurHash3: consecutive ids would otherwise
 * share most of their low bits.
 */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
