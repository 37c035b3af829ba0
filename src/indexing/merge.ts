import type { Algorithm, Bits } from '../hash.js';
import { SMALL_STEP } from './build.js';
import { EntryStore } from './entry-store.js';
import type { IdSet } from './id-set.js';
import { forEachId, type Segment } from './segment.js';

/** Segments beside the delta: a base and three more. */
const MAX_SEGMENTS = 4;
/** A segment joins a merge when it is under this many times what merges into it, so each entry is moved few times. */
const GROWTH = 4;

/** The first of the segments, the newest of which is last, that are to be merged into one. */
export function mergeFrom(segments: readonly Segment[]): number {
  let from = Math.max(0, segments.length - 1);
  let total = segments[from]?.entries ?? 0;
  while (from > 0 && (from >= MAX_SEGMENTS || segments[from - 1]!.entries < GROWTH * total)) {
    from--;
    total += segments[from]!.entries;
  }
  return from;
}

/** The entries that are not gone (those of `live`, all without it), copied step by step. */
export function* liveEntries(
  kind: { algorithm: Algorithm; bits: Bits },
  segments: readonly Segment[],
  delta: EntryStore | undefined,
  live: IdSet | undefined,
): Generator<void, EntryStore> {
  const total = segments.reduce((sum, { entries }) => sum + entries, delta?.count ?? 0);
  const entries = new EntryStore(kind, total);
  for (const segment of segments) {
    const { words, count } = segment;
    const keep = (id: number, position: number) => {
      if (!live || live.has(id)) entries.push(words, position, id);
    };
    for (let from = 0; from < count; from += SMALL_STEP) {
      forEachId(segment, keep, from, Math.min(from + SMALL_STEP, count));
      yield;
    }
  }
  if (delta) {
    for (let i = 0; i < delta.count; i++) {
      const id = delta.ids[i]!;
      if (!live || live.has(id)) entries.push(delta.words, i, id);
    }
  }
  return entries;
}

/** Runs steps to their end. */
export function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
