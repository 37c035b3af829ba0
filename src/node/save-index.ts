import { resolve } from 'node:path';
import { replaceFile } from '../disk/replace-file.js';
import { checkInteger, checkOptions, checkSignal, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import { inTurns } from '../in-turns.js';
import { checkIndex, type HammingIndex } from '../indexing/hamming-index.js';
import { headerSteps, infoOf, type SnapshotInfo } from '../indexing/snapshot.js';
import { type FrozenIndex, frozenIndex } from '../matching/frozen-index.js';
import { type EntryNote, noteSteps } from './entry-notes.js';
import { checkPath, generationOf } from './index-file.js';

/** What is saved with an index, and how. */
export interface SaveOptions {
  /**
   * notes on the entries, by the index's ids; written to the file for the entries in the index.
   * They are asked for during the saving, so they must not change until it ends
   */
  entries?: { entryAt(id: number): EntryNote };
  /** number of this saved state, which must not go down; default one more than the file in place */
  generation?: number;
  /** overwrite a file of a higher generation; default false */
  force?: boolean;
  /** aborts the saving until the file is in place; the old file stays, and no other is left */
  signal?: AbortSignal;
}

/**
 * Writes an index to a file, entirely or not at all. It writes a temporary file beside it, flushes
 * it to disk, gives it the permissions and the name of the old file, and flushes the folder. A
 * process that has the old file open still sees the old content.
 *
 * The file holds the index as it is at the call; the index may change meanwhile. Saving does not
 * block the event loop for more than about 20 ms at a time, however large the index is. A compacted
 * index without degenerate entries is not copied; of any other a compacted copy is made. An index
 * of another implementation is copied by its `toBuffer`, which blocks. Calls for one path save one
 * after another.
 *
 * Degenerate entries (`isDegenerate`) are left out and counted, since a blocklist matches none of
 * them.
 * @returns the content of the file's header
 * @throws {FormatError} `old-generation` if the file in place has a higher generation
 * @throws {TypeError} if a note is malformed; no file has been touched then
 */
export async function saveIndex(
  path: string,
  index: HammingIndex,
  options: SaveOptions = {},
): Promise<SnapshotInfo> {
  checkPath(path);
  checkIndex(index);
  checkOptions(options);
  const { entries, generation, force = false, signal } = options;
  if (entries !== undefined && typeof entries?.entryAt !== 'function') {
    throw new TypeError('expected entries with a function entryAt');
  }
  if (generation !== undefined) checkInteger('generation', generation, 0, 0xffffffff);
  checkTypeOf('force', force, 'boolean');
  checkSignal(signal);
  signal?.throwIfAborted();
  // Before anything is awaited, since the index may change then.
  const frozen = frozenIndex(index);
  return afterEarlier(path, async () => {
    const before = await generationOf(path);
    const next = nextGeneration(before, generation, { force });
    const { pieces, info } = await indexFile(frozen, entries, { generation: next, signal });
    await replaceFile(path, pieces, signal);
    return info;
  });
}

/**
 * The generation of a file that takes the place of one of generation `before`.
 * @throws {FormatError} `old-generation` if it is lower, unless forced
 */
export function nextGeneration(
  before: number | undefined,
  generation: number | undefined,
  { force, most = 0xffffffff }: { force: boolean; most?: number },
): number {
  const next = generation ?? (before ?? 0) + 1;
  if (next > most) throw new RangeError(`expected a generation of at most ${most}`);
  if (before !== undefined && next < before && !force) {
    throw new FormatError(
      'old-generation',
      `expected generation ${before} or more, as in the file in place, got ${next}: use force to overwrite it`,
    );
  }
  return next;
}

/** The content of an index file, in pieces that are not to be changed. */
export async function indexFile(
  { size, nextId, steps }: FrozenIndex,
  entries: SaveOptions['entries'],
  { generation, signal }: { generation: number; signal: AbortSignal | undefined },
): Promise<{ pieces: Uint8Array[]; info: SnapshotInfo }> {
  const segment = await inTurns(steps, signal);
  const { length: notesLength, pieces } = entries
    ? await inTurns(
        noteSteps(segment, (id) => entries.entryAt(id)),
        signal,
      )
    : { length: 0, pieces: [] };
  const { shape, sections } = segment;
  // What is missing in the segment is degenerate.
  const degenerate = (shape.degenerate ?? 0) + size - shape.entries;
  const saved = { ...shape, nextId, generation, notesLength, degenerate };
  const rest = [sections, ...pieces];
  const header = await inTurns(headerSteps(saved, rest.map(wordsOf)), signal);
  return { pieces: [new Uint8Array(header.buffer), ...rest], info: infoOf(saved) };
}

/** By path: the end of the last saving. An older state would otherwise be able to come last. */
const endings = new Map<string, Promise<unknown>>();

/** Runs a saving after the earlier ones for the same path. */
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

export const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / 4);
