import { type BlocklistEntry, textOfEntry } from '../entry.js';
import { type Hash, hashToHex } from '../hash.js';
import { kindOf, typeOf } from '../packed-words.js';
import type { Kind } from './kind.js';

/** Entries that a step looks up: about 0.3 ms. */
const STEP = 64;

/** Numbers of equal entries, by their text. */
export type Counts = Map<string, number>;

/** Entries by kind and hash. */
export class EntriesByHash {
  readonly #kinds = new Map<string, Map<string, BlocklistEntry[]>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(entry: BlocklistEntry): void {
    const name = nameOf(entry.hash);
    const ofKind = this.#kinds.get(name) ?? new Map<string, BlocklistEntry[]>();
    this.#kinds.set(name, ofKind);
    const hex = hashToHex(entry.hash);
    const known = ofKind.get(hex);
    if (known) known.push(entry);
    else ofKind.set(hex, [entry]);
    this.#size++;
  }

  /** Entries of a kind, each array of one hash. */
  of({ algorithm, bits }: Kind): Iterable<readonly BlocklistEntry[]> {
    return this.#kinds.get(kindOf(algorithm, bits))?.values() ?? [];
  }

  /** Number of entries equal to this one. */
  countOf(entry: BlocklistEntry): number {
    const same = this.#kinds.get(nameOf(entry.hash))?.get(hashToHex(entry.hash)) ?? [];
    const text = textOfEntry(entry);
    return same.filter((each) => textOfEntry(each) === text).length;
  }
}

const nameOf = (hash: Hash) => {
  const { algorithm, bits } = typeOf(hash);
  return kindOf(algorithm, bits);
};

/**
 * Finds an equal entry for each of some of a kind, a different one each time, step by step.
 * @returns their numbers, each once; and the counts of those not found, by their text
 */
export function* equalSteps(
  kind: Kind,
  entries: EntriesByHash,
): Generator<void, { readonly found: number[]; readonly missing: Counts }> {
  const found: number[] = [];
  const missing: Counts = new Map();
  let at = 0;
  for (const wanted of entries.of(kind)) {
    if (++at % STEP === 0) yield;
    const counts: Counts = new Map();
    for (const text of wanted.map(textOfEntry)) counts.set(text, (counts.get(text) ?? 0) + 1);
    let left = wanted.length;
    for (const number of kind.ofHash(wanted[0]!.hash)) {
      if (left === 0) break;
      if (++at % STEP === 0) yield;
      const text = textOfEntry(kind.entryAt(number));
      const count = counts.get(text) ?? 0;
      if (count === 0) continue;
      counts.set(text, count - 1);
      found.push(number);
      left--;
    }
    for (const [text, count] of left > 0 ? counts : []) if (count > 0) missing.set(text, count);
  }
  return { found, missing };
}
