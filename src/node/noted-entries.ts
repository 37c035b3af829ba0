import { checkInteger } from '../door.js';
import { FormatError } from '../errors.js';
import { type Hash, newHash } from '../hash.js';
import { inSteps, type Segment } from '../indexing/segment.js';
import type { EntryNote, Notes } from './entry-notes.js';

/** Entries by the ids of their index. */
export interface NotedEntries {
  /** one more than the highest id */
  readonly size: number;
  /** The entry whose hash has this id in the index. */
  entryAt(id: number): EntryNote & { hash: Hash };
  /** The source's identifier of that entry, if it has one. */
  idAt(id: number): string | undefined;
  /** the existing ids; removed ids are gaps */
  rows(): Iterable<number>;
  /** the ids of the entries whose own id is this; absent if the file has no table of them */
  rowsOf?(name: string): Iterable<number>;
  /** the ids of the entries that are parts of this picture, as they name it */
  rowsOfGroup(group: string): Iterable<number>;
}

/**
 * The entries of a segment and their notes, made step by step. A malformed field of a note is left
 * out.
 * @param onProblem called when a malformed note is first read
 */
export function* notedEntriesSteps(
  segment: Segment,
  notes: Notes,
  onProblem?: (problem: FormatError) => void,
): Generator<void, NotedEntries> {
  const { shape, words, ids } = segment;
  const { algorithm, bits, nextId, entries } = shape;
  const hashes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const numberOf = ids ? yield* numberSteps(ids) : (id: number) => (id < entries ? id : -1);
  const told = new Set<number>();
  const tell = (wrong: string, offset: number) => {
    if (!onProblem || told.has(offset)) return;
    onProblem(new FormatError('bad-notes', `${wrong}: left out, the entry is kept`, { offset }));
    told.add(offset);
  };
  return {
    size: nextId,
    rows: () => (ids ? ids.values() : below(entries)),
    ...(notes.areByIds && {
      rowsOf(name: string) {
        if (typeof name !== 'string') throw new TypeError('expected an id to be a string');
        return notes.entriesOf(name).map((entry) => segment.idAt(entry));
      },
    }),
    rowsOfGroup(group) {
      if (typeof group !== 'string') throw new TypeError('expected a group to be a string');
      return notes.entriesOfGroup(group).map((entry) => segment.idAt(entry));
    },
    idAt(id) {
      checkInteger('id', id, 0);
      const entry = numberOf(id);
      return entry < 0 ? undefined : notes.at(entry, tell).id;
    },
    entryAt(id) {
      checkInteger('id', id, 0);
      const entry = numberOf(id);
      if (entry < 0) throw new RangeError('expected the id of an entry');
      const at = (positionOf(segment, entry) * bits) / 8;
      const hash = newHash(algorithm, hashes.slice(at, at + bits / 8));
      return { hash, ...notes.at(entry, tell) };
    },
  };
}

function* below(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}

/** The position of the hash that has entry number `entry`. */
function positionOf({ shape, starts }: Segment, entry: number): number {
  const { groups, count, entries } = shape;
  if (entry >= groups + entries - count) return entry - entries + count;
  let [from, to] = [0, groups];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (starts[middle]! <= entry) from = middle;
    else to = middle;
  }
  return from;
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
