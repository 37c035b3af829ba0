import { randomUUID } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { checkInteger, checkOptions, checkSignal, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import { checkIndex, type HammingIndex } from '../indexing/hamming-index.js';
import { HEADER_BYTES } from '../indexing/layout.js';
import type { Segment } from '../indexing/segment.js';
import { SegmentedIndex } from '../indexing/segmented.js';
import {
  copyOf,
  headerInfo,
  type SnapshotInfo,
  sealed,
  segmentOf,
  snapshotInfo,
} from '../indexing/snapshot.js';
import { isDegenerate } from '../matching/degenerate.js';
import { type EntryNote, type NotedEntries, notedEntries, notesOf } from './entry-notes.js';

export interface SaveOptions {
  /** notes on the entries, by the index's ids; written to the file for the entries in the index */
  entries?: { entryAt(id: number): EntryNote };
  /** number of this saved state, which must not go down; default one more than the file in place */
  generation?: number;
  /** overwrite a file of a higher generation; default false */
  force?: boolean;
  /** aborts the saving until the file is in place; the old file stays, and no other is left */
  signal?: AbortSignal;
}

/** Bytes read or written at a time. */
const CHUNK = 64 * 2 ** 20;

/**
 * Writes an index to a file, entirely or not at all. It writes a temporary file beside it, flushes
 * it to disk, gives it the permissions and the name of the old file, and flushes the folder. A
 * process that has the old file open still sees the old content.
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
  const before = await generationOf(path);
  const next = generation ?? (before ?? 0) + 1;
  if (next > 0xffffffff) throw new RangeError('expected a generation of at most 2^32 - 1');
  if (before !== undefined && next < before && !force) {
    throw new FormatError(
      'old-generation',
      `expected generation ${before} or more, as in the file in place, got ${next}: use force to overwrite it`,
    );
  }
  const { segment, degenerate } = withoutDegenerate(index, next);
  const { words, shape } = segment;
  const buffer = entries
    ? copyOf(segment, shape.nextId, {
        notes: notesOf(segment, (id) => entries.entryAt(id)),
        generation: next,
        degenerate,
      })
    : sealed({ words, shape: { ...shape, degenerate } });
  const mode = (await stat(path).catch(() => undefined))?.mode;
  const temporary = `${path}.${randomUUID()}.tmp`;
  const remove = () => rmSync(temporary, { force: true });
  // Also removes the temporary file if a signal ends the program.
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
  return snapshotInfo(buffer);
}

/** The entries that can be matched, and the number of degenerate ones left out so far. */
function withoutDegenerate(
  index: HammingIndex,
  generation: number,
): { segment: Segment; degenerate: number } {
  const segment = segmentOf(index.toBuffer({ generation }), { verify: false });
  const { algorithm, bits, words, count, ids, shape } = segment;
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const gone: number[] = [];
  for (let position = 0; position < count; position++) {
    const at = (position * bits) / 8;
    if (!isDegenerate({ algorithm, bytes: bytes.subarray(at, at + bits / 8) })) continue;
    const end = segment.startOf(position + 1);
    for (let i = segment.startOf(position); i < end; i++) gone.push(ids[i]!);
  }
  const degenerate = (shape.degenerate ?? 0) + gone.length;
  if (gone.length === 0) return { segment, degenerate };
  const kept = new SegmentedIndex(segment);
  for (const id of gone) kept.remove(id);
  return { segment: segmentOf(kept.toBuffer({ generation }), { verify: false }), degenerate };
}

/** An open index file: the index, its header and its entries by id. */
export interface OpenedIndex {
  readonly index: HammingIndex;
  readonly info: SnapshotInfo;
  readonly entries: NotedEntries;
  /** number of degenerate entries left out on saving; undefined if they were not counted */
  readonly degenerate: number | undefined;
}

export interface OpenOptions {
  /**
   * check the checksum and the content, default true; false is for a file that was verified before
   */
  verify?: boolean;
  /** the last generation seen: an older file would bring back what was withdrawn since */
  minGeneration?: number;
  /**
   * without `verify`, called when a malformed note is first read; the malformed field is left out,
   * and the entry is still matched
   */
  onProblem?: (problem: FormatError) => void;
}

/**
 * Reads an index that `saveIndex` wrote into memory, and checks it.
 * @param source a path to a regular file, or its bytes; the index keeps the bytes, so do not change
 *   them
 * @throws {FormatError} `unreadable`, `bad-magic`, `bad-version`, `bad-header`, `bad-length`,
 *   `bad-checksum`, `bad-notes` or `old-generation`
 */
export async function openIndex(
  source: string | Uint8Array,
  options: OpenOptions = {},
): Promise<OpenedIndex> {
  checkOptions(options);
  const { verify = true, minGeneration = 0, onProblem } = options;
  checkTypeOf('verify', verify, 'boolean');
  checkTypeOf('onProblem', onProblem, 'function');
  checkInteger('minGeneration', minGeneration, 0);
  if (!(source instanceof Uint8Array)) checkPath(source);
  const check = (info: SnapshotInfo) => {
    if (info.generation >= minGeneration) return;
    throw new FormatError(
      'old-generation',
      `expected generation ${minGeneration} or more, got ${info.generation}`,
    );
  };
  // The header is checked before the rest is read, since another file may be of any size.
  const bytes =
    typeof source === 'string'
      ? await reading(source, async (file) => {
          const found = await infoOf(file);
          check(found);
          return allOf(file, found.byteLength);
        })
      : source;
  const info = snapshotInfo(bytes);
  check(info);
  const segment = segmentOf(bytes, { verify });
  return {
    index: new SegmentedIndex(segment),
    info,
    entries: notedEntries(segment, { version: info.version, verify, onProblem }),
    degenerate: info.degenerate,
  };
}

/**
 * Reads only the header of an index file.
 * @param path as text or as bytes
 * @throws {TypeError} if `path` is neither text nor bytes
 * @throws {FormatError} `unreadable`, `bad-magic`, `bad-version`, `bad-header` or `bad-length`
 */
export async function readIndexInfo(path: string | Buffer): Promise<SnapshotInfo> {
  if (!Buffer.isBuffer(path)) checkPath(path);
  return reading(path, infoOf);
}

/** @throws {TypeError} unless `path` is a string */
function checkPath(path: unknown): void {
  if (typeof path !== 'string') throw new TypeError('expected a path to be a string');
}

/** Whether a file starts like an index file; false if it cannot be read. */
export async function isIndexFile(path: string): Promise<boolean> {
  checkPath(path);
  const header = await readHeader(path);
  if (header === undefined) return false;
  try {
    snapshotInfo(header);
  } catch (error) {
    return !(error instanceof FormatError && error.code === 'bad-magic');
  }
  return true;
}

/** The generation of the index file at `path`; undefined if there is no such file. */
async function generationOf(path: string): Promise<number | undefined> {
  const header = await readHeader(path);
  if (header === undefined || header.length < HEADER_BYTES) return undefined;
  if (!(await isIndexFile(path))) return undefined;
  return new DataView(header.buffer, header.byteOffset).getUint32(40, true);
}

/** The header of a file, perhaps truncated; undefined if it cannot be read. */
async function readHeader(path: string): Promise<Uint8Array | undefined> {
  try {
    return await reading(path, headerOf);
  } catch {
    return undefined;
  }
}

/**
 * Opens a regular file to read from it. A pipe is not opened: that would wait for a writer and lose
 * what it wrote. The system's errors name the file, so they are kept as causes.
 */
async function reading<T>(
  path: string | Buffer,
  read: (file: FileHandle) => Promise<T>,
): Promise<T> {
  let file: FileHandle | undefined;
  try {
    if (!(await stat(path)).isFile()) {
      throw new FormatError('unreadable', 'expected a regular file');
    }
    // Without O_NONBLOCK (Windows has none) this would wait if a pipe took the file's place.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return await read(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof FormatError || code === undefined) throw cause;
    throw new FormatError('unreadable', `the index file cannot be read (${code})`, { cause });
  } finally {
    await file?.close();
  }
}

async function headerOf(file: FileHandle): Promise<Uint8Array> {
  const header = new Uint8Array(HEADER_BYTES);
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
  return header.subarray(0, bytesRead);
}

async function infoOf(file: FileHandle): Promise<SnapshotInfo> {
  const { size } = await file.stat();
  return headerInfo(await headerOf(file), size);
}

/** Reads the whole file into one buffer of its size. `readFile` is limited to 2 GiB. */
async function allOf(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/**
 * Flushes a folder: a rename is on disk once its folder is. Where a folder cannot be opened
 * (Windows), this is left to the system.
 */
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
