import { newTarget } from '../indexing/mutable-index.js';
import { inSteps, orderedSegmentSteps, roomFor } from '../indexing/segment.js';
import { PackedEntries } from '../packed-entries.js';
import type { HashType } from '../packed-words.js';
import { policyUnder } from '../policy.js';
import { type Columns, ColumnsBuilder, positionOf } from './columns.js';
import type { Part } from './kind.js';
import { Living } from './living.js';

/** Some entries of a table, in the order in which they are taken. */
export interface Source {
  readonly table: PackedEntries | Columns;
  readonly entries: readonly number[] | Uint32Array;
}

/** A part that was built. */
export interface Built {
  readonly part: Part<Columns>;
  /** the place of each entry among those taken; absent where that is its number */
  readonly order: Uint32Array | undefined;
}

/** Builds a part of some entries step by step. The tables must not lose rows meanwhile. */
export function* builtSteps(
  { algorithm, bits }: HashType,
  sources: readonly Source[],
): Generator<void, Built> {
  const perHash = bits / 32;
  const count = sources.reduce((sum, { entries }) => sum + entries.length, 0);
  const words = new Int32Array(count * perHash);
  yield;
  const columns = new ColumnsBuilder(bits, count);
  let row = 0;
  for (const { table, entries } of sources) {
    const take =
      table instanceof PackedEntries ? columns.fromRows(table) : columns.fromColumns(table);
    const hashes = table instanceof PackedEntries ? wordsOf(table) : table.searched.words;
    const placeOf =
      table instanceof PackedEntries
        ? (entry: number) => entry
        : (entry: number) => positionOf(table.searched, entry);
    yield* inSteps(entries.length, (at) => {
      const entry = entries[at]!;
      take(entry);
      const from = placeOf(entry) * perHash;
      for (let word = 0; word < perHash; word++) words[row * perHash + word] = hashes[from + word]!;
      row++;
    });
  }
  const { reviewDistance: maxDistance } = policyUnder({}, algorithm, bits);
  const purpose = { kind: undefined, maxDistance, sketchBits: 32 } as const;
  const { segment, order } = yield* orderedSegmentSteps(
    { count, words },
    newTarget({ algorithm, bits, count }, purpose, 'auto'),
    (shape) => roomFor(shape, 'auto'),
    false,
  );
  const table = yield* columns.steps(segment, order);
  return { part: { table, living: new Living() }, order };
}

function wordsOf(table: PackedEntries): Int32Array {
  const { buffer, byteOffset } = table.hashes.bytes;
  return new Int32Array(buffer, byteOffset, (table.size * table.bits) / 32);
}
