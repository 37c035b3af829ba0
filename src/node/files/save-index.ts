import { resolve } from 'node:path';
import { indexFile } from '../../blocklist/records/list-bytes.js';
import { replaceFile } from '../../disk/replace-file.js';
import { checkedOptions, type OptionTable, object, SIGNAL } from '../../door.js';
import type { Said } from '../../entry.js';
import { isDegenerate } from '../../hash.js';
import { inTurns } from '../../in-turns.js';
import { checkIndex, type HammingIndex, mutableIndex } from '../../indexing/create-index.js';
import type { SnapshotInfo } from '../../indexing/snapshot.js';
import type { HashType } from '../../packed-words.js';
import { checkPath, generationOf } from './index-file.js';

/** Options for saving an index. */
export interface SaveOptions {
  /**
   * notes on the entries, by the index's ids; written to the file for the entries in the index.
   * They are read while saving, so they must not change until it ends
   */
  entries?: { entryAt(id: number): Said };
  /** aborts the save until the file is in place; the old file stays, and nothing else is left */
  signal?: AbortSignal;
}

export const SAVE_OPTIONS = {
  entries: { is: object, methods: ['entryAt'] },
  signal: SIGNAL,
} as const satisfies OptionTable<SaveOptions>;

/**
 * Writes an index to a file, entirely or not at all. It writes a temporary file beside it, flushes
 * it to disk, gives it the permissions and the name of the old file, and flushes the folder. A
 * process that has the old file open still sees the old content.
 *
 * The file holds the index at the time of the call; the index may change meanwhile. Saving does not
 * block the event loop for more than about 20 ms at a time, however large the index is. A compacted
 * index without degenerate entries is not copied; any other is copied and compacted. An index of
 * another implementation is copied by its `toBuffer`, which blocks. Calls for one path save one
 * after another.
 *
 * Degenerate entries (`isDegenerate`) are left out and counted, since a blocklist matches none of
 * them.
 * @param path the file to write, usually `.ohx`; an older one is replaced
 * @returns the content of the file's header
 * @throws {TypeError} if a note is malformed; no file has been touched then
 */
export async function saveIndex(
  path: string,
  index: HammingIndex,
  options: SaveOptions = {},
): Promise<SnapshotInfo> {
  checkPath(path);
  checkIndex(index);
  const { entries, signal } = checkedOptions(options, SAVE_OPTIONS);
  signal?.throwIfAborted();
  // Before the first await, after which the index may change.
  const own = mutableIndex(index);
  const { size, nextId } = own;
  const steps = own.frozenSteps(degenerateAt(own));
  return afterEarlier(path, async () => {
    const generation = ((await generationOf(path)) ?? 0) + 1;
    if (generation > 0xffffffff) {
      throw new RangeError(`expected a generation of at most ${0xffffffff}`);
    }
    const segment = await inTurns(steps, signal);
    // Hashes missing from the segment are degenerate.
    const degenerate = (segment.shape.degenerate ?? 0) + size - segment.shape.entries;
    const counters = { nextId, generation, degenerate };
    const { pieces, info } = await indexFile(segment, entries, counters, signal);
    await replaceFile(path, pieces, signal);
    return info;
  });
}

/** True if hash number `at` of `words` is degenerate. */
function degenerateAt({ algorithm, bits }: HashType): (words: Int32Array, at: number) => boolean {
  const hash = new Int32Array(bits / 32);
  const { length } = hash;
  const given = { algorithm, bytes: new Uint8Array(hash.buffer) };
  return (words, at) => {
    for (let i = 0; i < length; i++) hash[i] = words[at * length + i]!;
    return isDegenerate(given);
  };
}

/** By path, the end of the last save. Otherwise an older state could be written last. */
const endings = new Map<string, Promise<unknown>>();

/** Runs a save after the earlier ones for the same path. */
export async function afterEarlier<T>(path: string, save: () => Promise<T>): Promise<T> {
  const key = resolve(path);
  const saving = (endings.get(key) ?? Promise.resolve()).then(save);
  const ending = saving.catch(() => {});
  endings.set(key, ending);
  try {
    return await saving;
  } finally {
    if (endings.get(key) === ending) endings.delete(key);
  }
}
