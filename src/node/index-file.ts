import { randomUUID } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { FormatError } from '../errors.js';
import type { HammingIndex } from '../indexing/hamming-index.js';
import { SegmentedIndex } from '../indexing/segmented.js';
import {
  copyOf,
  type SnapshotInfo,
  segmentOf,
  snapshotInfo,
  snapshotNotes,
} from '../indexing/snapshot.js';
import { type EntryNote, type NotedEntries, notedEntries, notesOf } from './entry-notes.js';

export interface SaveOptions {
  /** what is known of each entry, by the index's ids; it goes into the file, for entries that are in the index */
  entries?: { entryAt(id: number): EntryNote };
  /** counts up with each saved state; one more than that of the file in place, unless told */
  generation?: number;
  /** write over a file of a higher generation */
  force?: boolean;
  /** until the file has its name: an abort leaves the old file and nothing beside it */
  signal?: AbortSignal;
}

/** Bytes read or written at a time. */
const CHUNK = 64 * 2 ** 20;

/**
 * Writes an index to a file, all or nothing: to a temporary file beside it, which is flushed to the disk and then takes
 * the name and permissions, and the folder is flushed too. Whoever has the old file open keeps it as it was.
 * @throws {FormatError} `old-generation` if the file in place has a higher generation
 */
export async function saveIndex(
  path: string,
  index: HammingIndex,
  { entries, generation, force = false, signal }: SaveOptions = {},
): Promise<void> {
  const before = await generationOf(path);
  const next = generation ?? (before ?? 0) + 1;
  if (!Number.isInteger(next) || next < 0 || next > 0xffffffff) {
    throw new RangeError(`expected generation to be an integer 0 to 2^32 - 1, got ${next}`);
  }
  if (before !== undefined && next < before && !force) {
    throw new FormatError(
      'old-generation',
      `expected generation ${before} or more, as in the file in place, got ${next}: force writes over it`,
    );
  }
  let buffer = index.toBuffer({ generation: next });
  if (entries) {
    const segment = segmentOf(buffer, { verify: false });
    const notes = notesOf(segment, (id) => entries.entryAt(id));
    buffer = copyOf(segment, segment.shape.nextId, { notes, generation: next });
  }
  const mode = (await stat(path).catch(() => undefined))?.mode;
  const temporary = `${path}.${randomUUID()}.tmp`;
  const remove = () => rmSync(temporary, { force: true });
  // A program that a signal ends leaves it no more than one that a full disk does.
  process.once('exit', remove);
  try {
    const file = await open(temporary, 'w', mode);
    try {
      if (mode !== undefined) await file.chmod(mode);
      const bytes = new Uint8Array(buffer);
      for (let at = 0; at < bytes.length; ) {
        signal?.throwIfAborted();
        const { bytesWritten } = await file.write(bytes, at, Math.min(CHUNK, bytes.length - at));
        at += bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
    await rename(temporary, path);
  } catch (error) {
    remove();
    throw error;
  } finally {
    process.off('exit', remove);
  }
  await syncFolder(dirname(path));
}

/** An index file that is open: the index, what its header says, and its entries by id. */
export interface OpenedIndex {
  readonly index: HammingIndex;
  readonly info: SnapshotInfo;
  readonly entries: NotedEntries;
}

/**
 * The index that `saveIndex` wrote, read into memory and checked.
 * @param source a path (a regular file), or the bytes of such a file: they are kept, leave them to the index
 * @param options.verify false skips the checksum, for a file that was verified before
 * @param options.minGeneration the generation that was seen last: an older file, put back by whatever cause, would bring
 *   back what was withdrawn since
 * @throws {FormatError} `unreadable`, `bad-magic`, `bad-version`, `bad-header`, `bad-length`, `bad-checksum` or
 *   `old-generation`
 */
export async function openIndex(
  source: string | Uint8Array,
  { verify = true, minGeneration = 0 }: { verify?: boolean; minGeneration?: number } = {},
): Promise<OpenedIndex> {
  const bytes = typeof source === 'string' ? await readAll(source) : source;
  const segment = segmentOf(bytes, { verify });
  const info = snapshotInfo(bytes);
  if (info.generation < minGeneration) {
    throw new FormatError(
      'old-generation',
      `expected generation ${minGeneration} or more, got ${info.generation}`,
    );
  }
  return {
    index: new SegmentedIndex(segment),
    info,
    entries: notedEntries(segment, snapshotNotes(bytes)),
  };
}

/** Whether a file begins as an index file does; false if it cannot be read. */
export async function isIndexFile(path: string): Promise<boolean> {
  const header = await headerOf(path);
  if (header === undefined) return false;
  try {
    snapshotInfo(header);
  } catch (error) {
    return !(error instanceof FormatError && error.code === 'bad-magic');
  }
  return true;
}

/** The generation of the index file at `path`; undefined where there is none that has one. */
async function generationOf(path: string): Promise<number | undefined> {
  const header = await headerOf(path);
  if (header === undefined || header.length < 64 || !(await isIndexFile(path))) return undefined;
  return new DataView(header.buffer, header.byteOffset).getUint32(40, true);
}

async function headerOf(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await openRegular(path);
    try {
      const header = new Uint8Array(64);
      const { bytesRead } = await file.read(header, 0, 64, 0);
      return header.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** The whole file in one buffer of its size; `readFile` ends at 2 GiB. The system's errors name the file: they are causes. */
async function readAll(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await openRegular(path);
    const { size } = await file.stat();
    const bytes = new Uint8Array(new ArrayBuffer(size));
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, size - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof FormatError || code === undefined) throw cause;
    throw new FormatError('unreadable', `the index file cannot be read (${code})`, { cause });
  } finally {
    await file?.close();
  }
}

/** A pipe is not opened at all: that waits for who writes into it, and who does would lose what it wrote. */
async function openRegular(path: string): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) throw new FormatError('unreadable', 'expected a regular file');
  // Without O_NONBLOCK (Windows has none) it would wait for a pipe that came meanwhile.
  return open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
}

/** A rename is on the disk once its folder is. Where a folder cannot be opened (Windows), the system sees to it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    return;
  }
}
