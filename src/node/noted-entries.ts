import type { Columns } from '../blocklist/columns.js';
import { checkInteger } from '../door.js';
import type { BlocklistEntry, Said } from '../entry.js';
import { inSteps } from '../in-turns.js';

/** What a list says about an entry besides its hash. */
export type EntryNote = Said;

/** Entries by the ids of their index. */
export interface NotedEntries {
  /** one more than the highest id */
  readonly size: number;
  /** The entry whose hash has this id in the index. */
  entryAt(id: number): BlocklistEntry;
  /** The source's identifier of that entry, if it has one. */
  idAt(id: number): string | undefined;
  /** the existing ids; removed ids are gaps */
  rows(): Iterable<number>;
}

/** The entries of an index, made step by step. */
export function* notedEntriesSteps(columns: Columns): Generator<void, NotedEntries> {
  const { ids, shape, entries } = columns.searched;
  const numberOf = ids ? yield* numberSteps(ids) : (id: number) => (id < entries ? id : -1);
  return {
    size: shape.nextId,
    rows: () => (ids ? ids.values() : below(entries)),
    idAt(id) {
      checkInteger('id', id, 0);
      const entry = numberOf(id);
      return entry < 0 ? undefined : columns.data.ids?.at(entry);
    },
    entryAt(id) {
      checkInteger('id', id, 0);
      const entry = numberOf(id);
      if (entry < 0) throw new RangeError('expected the id of an entry');
      return columns.entryAt(entry);
    },
  };
}

function* below(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}

/**
 * Makes a function that finds the place of an id in `ids`, or -1: by a table of the ids by their
 * leading bits, in at most as many buckets as there are ids. A bucket has few ids, or about 2^16 if
 * they were chosen to fill it. The table is a counting sort of the places.
 */
function* numberSteps(ids: Uint32Array): Generator<void, (id: number) => number> {
  const { length } = ids;
  let highest = 0;
  yield* inSteps(length, (i) => {
    highest = Math.max(highest, ids[i]!);
  });
  let width = 1;
  while (highest >= Math.max(1, length) * width) width *= 2;
  // `ends` holds first the sizes of the buckets, then their starts; placing the ids advances each
  // start to its end.
  const ends = new Uint32Array(Math.floor(highest / width) + 1);
  yield* inSteps(length, (i) => {
    ends[Math.floor(ids[i]! / width)]!++;
  });
  let place = 0;
  yield* inSteps(ends.length, (bucket) => {
    const size = ends[bucket]!;
    ends[bucket] = place;
    place += size;
  });
  const places = new Uint32Array(length);
  yield* inSteps(length, (i) => {
    places[ends[Math.floor(ids[i]! / width)]!++] = i;
  });
  return (id) => {
    const bucket = Math.floor(id / width);
    for (let i = ends[bucket - 1] ?? 0; i < ends[bucket]!; i++) {
      if (ids[places[i]!] === id) return places[i]!;
    }
    return -1;
  };
}
