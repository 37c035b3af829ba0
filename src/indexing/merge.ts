import { inSteps } from './build.js';
import { EntryStore, type Kind } from './entry-store.js';
import type { IdSet } from './id-set.js';

/** Segments beside the delta: a base and three more. */
const MAX_SEGMENTS = 4;
/**
 * A segment joins a merge when it is under this many times what merges into it: so each entry is moved few times, and
 * all that was added to a base is nearly always one segment, which a search goes through at a fixed price each.
 */
const GROWTH = 16;

/** The first of the parts, the newest of which is last, that are to be merged into one. */
export function mergeFrom(parts: readonly EntryStore[]): number {
  let from = parts.length - 1;
  let total = parts[from]!.entries;
  while (from > 0 && (from >= MAX_SEGMENTS || parts[from - 1]!.entries < GROWTH * total)) {
    total += parts[--from]!.entries;
  }
  return from;
}

/** The entries that are not gone (those of `live`, all without it), copied step by step. */
export function* liveEntries(
  kind: Kind,
  parts: readonly EntryStore[],
  live: IdSet | undefined,
): Generator<void, EntryStore> {
  const kept = new EntryStore(
    kind,
    parts.reduce((sum, { entries }) => sum + entries, 0),
  );
  for (const part of parts) {
    const { words, ids } = part;
    yield* inSteps(part.count, (position) => {
      const end = part.startOf(position + 1);
      for (let i = part.startOf(position); i < end; i++) {
        if (!live || live.has(ids[i]!)) kept.push(words, position, ids[i]!);
      }
    });
  }
  return kept;
}
