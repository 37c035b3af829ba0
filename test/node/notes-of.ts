import type { HammingIndex } from '../../src/indexing/hamming-index.js';
import { mutableIndex } from '../../src/indexing/mutable-index.js';
import { finish } from '../../src/indexing/segment.js';
import { type EntryNote, noteSteps } from '../../src/node/entry-notes.js';

/** The notes on the entries of an index, as they are in its file. */
export function notesOf(index: HammingIndex, entryAt: (id: number) => EntryNote): Uint8Array {
  const segment = finish(mutableIndex(index).frozenSteps(() => false));
  const { length, pieces } = finish(noteSteps(segment, entryAt));
  return Buffer.concat(pieces).subarray(0, length);
}
