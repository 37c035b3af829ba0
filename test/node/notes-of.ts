import { ColumnsBuilder } from '../../src/blocklist/segments/columns.js';
import { columnsPieces } from '../../src/blocklist/segments/index-bytes.js';
import type { Said } from '../../src/entry.js';
import { finish } from '../../src/in-turns.js';
import { mutableIndex } from '../../src/indexing/create-index.js';
import type { HammingIndex, SnapshotOptions } from '../../src/indexing/hamming-index.js';
import { byteLengthOf, Segment } from '../../src/indexing/segment.js';
import { sealed, shapeOf } from '../../src/indexing/snapshot.js';

/** The notes on the entries of an index, as they are in its file. */
export function notesOf(index: HammingIndex, entryAt: (id: number) => Said): Uint8Array {
  const segment = finish(mutableIndex(index).frozenSteps(() => false));
  const columns = new ColumnsBuilder(index.bits, segment.entries);
  for (let entry = 0; entry < segment.entries; entry++) columns.add(entryAt(segment.idAt(entry)));
  return Buffer.concat(columnsPieces(finish(columns.steps(segment))));
}

/** An index file with these notes, whatever they say. */
export function withNotes(
  index: HammingIndex,
  notes: Uint8Array,
  options: SnapshotOptions = {},
): Uint8Array<ArrayBufferLike> {
  const plain = new Uint8Array(index.toBuffer(options));
  const shape = { ...shapeOf(plain, plain.length), notesLength: notes.length };
  const Memory = options.shared ? SharedArrayBuffer : ArrayBuffer;
  const buffer = new Memory(byteLengthOf(shape));
  new Uint8Array(buffer).set(plain);
  const segment = new Segment(shape, { buffer });
  segment.notes.set(notes);
  return new Uint8Array(sealed(segment));
}
