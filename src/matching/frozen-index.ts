import type { HammingIndex } from '../indexing/hamming-index.js';
import { mutableIndex } from '../indexing/mutable-index.js';
import type { Segment } from '../indexing/segment.js';
import type { HashType } from '../packed-words.js';
import { isDegenerate } from './degenerate.js';

/** What an index holds at one moment. */
export interface FrozenIndex {
  /** entries, degenerate ones too */
  readonly size: number;
  /** ids given so far */
  readonly nextId: number;
  /** the entries without the degenerate ones, step by step; the index may change meanwhile */
  readonly steps: Generator<void, Segment>;
}

/** Freezes an index; one of another implementation is copied, which blocks. */
export function frozenIndex(index: HammingIndex): FrozenIndex {
  const own = mutableIndex(index);
  const { size, nextId } = own;
  return { size, nextId, steps: own.frozenSteps(degenerateAt(own)) };
}

/** Whether hash number `at` of `words` is degenerate. */
function degenerateAt({ algorithm, bits }: HashType): (words: Int32Array, at: number) => boolean {
  const hash = new Int32Array(bits / 32);
  const { length } = hash;
  const given = { algorithm, bytes: new Uint8Array(hash.buffer) };
  return (words, at) => {
    for (let i = 0; i < length; i++) hash[i] = words[at * length + i]!;
    return isDegenerate(given);
  };
}
