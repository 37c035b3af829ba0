import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { ListedPart } from '../../blocklist/list-state.js';
import { type Columns, checkGeneration, notesOf } from '../../blocklist/records/list-bytes.js';
import { boolean, checkedOptions, checkInteger, integer, type OptionTable } from '../../door.js';
import type { BlocklistEntry } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { inSteps, inTurns } from '../../in-turns.js';
import { type HammingIndex, indexSteps } from '../../indexing/create-index.js';
import {
  attachedSegment,
  generationIn,
  infoOf,
  isSnapshot,
  type Read,
  readSegment,
  type SnapshotInfo,
} from '../../indexing/snapshot.js';

/** An open index file: the index, its header and its entries by id. */
export interface OpenedIndex {
  readonly index: HammingIndex;
  readonly info: SnapshotInfo;
  readonly entries: NotedEntries;
  /** number of degenerate entries left out on saving; undefined if they were not counted */
  readonly degenerate: number | undefined;
  /** the same as part of a blocklist, which searches it in place */
  readonly listed: ListedPart;
}

/** Options for opening an index file. */
export interface OpenOptions {
  /**
   * verifies the checksum and the content, default true; use false for a file that was verified
   * before
   */
  verify?: boolean;
  /** the last generation seen: an older file would restore what was withdrawn since */
  minGeneration?: number;
}

export const OPEN_OPTIONS = {
  verify: { is: boolean, default: true },
  minGeneration: { is: integer, default: 0 },
} as const satisfies OptionTable<OpenOptions>;

/** Size of an index file's header in bytes. */
const HEAD_BYTES = 64;

/**
 * Reads an index that `saveIndex` wrote into memory, and verifies it in turns of the event loop. A
 * file is searched by SIMD if the platform has it and the list is large enough.
 * @param source a path to a regular file, or its bytes. The index keeps the bytes, so do not change
 *   them; they are searched by JavaScript
 * @throws {TypeError | RangeError} if `source` or an option is invalid
 * @throws {FormatError} `unreadable`, `bad-magic`, `bad-version`, `bad-header`, `bad-length`,
 *   `bad-checksum`, `bad-notes` or `old-generation`
 */
export async function openIndex(
  source: string | Uint8Array,
  options: OpenOptions = {},
): Promise<OpenedIndex> {
  const { verify, minGeneration } = checkedOptions(options, OPEN_OPTIONS);
  if (!(source instanceof Uint8Array)) checkPath(source);
  const check = ({ generation }: { generation: number }) =>
    checkGeneration(generation, minGeneration);
  const segment =
    typeof source === 'string'
      ? await reading(source, async (file) =>
          readSegment(readOf(file), (await file.stat()).size, check),
        )
      : attachedSegment(source, check);
  const index = await inTurns(indexSteps(segment, verify), undefined);
  const { columns, listed } = await notesOf(segment);
  const info = infoOf(segment.shape);
  return {
    index,
    info,
    entries: await inTurns(notedEntriesSteps(columns), undefined),
    degenerate: info.degenerate,
    listed,
  };
}

export const readOf =
  (file: FileHandle): Read =>
  async (into, at) =>
    (await file.read(into, 0, into.length, at)).bytesRead;

/** @throws {TypeError} unless `path` is a string */
export function checkPath(path: unknown): void {
  if (typeof path !== 'string') throw new TypeError('expected a path to be a string');
}

/** True if a file starts like an index file; false if it cannot be read. */
export const isIndexFile = async (path: string): Promise<boolean> =>
  isSnapshot(await readHeader(path));

/** The generation of the index file at `path`; undefined if there is no such file. */
export const generationOf = async (path: string): Promise<number | undefined> =>
  generationIn(await readHeader(path));

/** The header of a file, perhaps truncated; empty if it cannot be read. */
const readHeader = (path: string): Promise<Uint8Array> =>
  reading(path, (file) => headerOf(file)).catch(() => new Uint8Array());

/** The name of such files in messages, and how to make one. */
export interface FileKind {
  readonly kind: string;
  readonly makers: string;
}

const INDEX_FILE: FileKind = {
  kind: 'index',
  makers: 'saveIndex and `npx onlyhashes index build list.csv -o list.ohx`',
};

/**
 * Opens a regular file for reading. A pipe is not opened: that would wait for a writer and lose
 * what it wrote. The system's errors name the file, so they are kept as causes.
 */
export async function reading<T>(
  path: string | Buffer,
  read: (file: FileHandle) => Promise<T>,
  { kind, makers }: FileKind = INDEX_FILE,
): Promise<T> {
  let file: FileHandle | undefined;
  try {
    file = await openRegular(path, constants.O_RDONLY);
    return await read(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof FormatError || code === undefined) throw cause;
    const message =
      code === 'ENOENT'
        ? `the ${kind} file does not exist (${code}): ${makers} create one`
        : `the ${kind} file cannot be read (${code})`;
    throw new FormatError('unreadable', message, { cause });
  } finally {
    await file?.close();
  }
}

/** @throws {FormatError} `unreadable` if it is no regular file */
export async function openRegular(
  path: string | Buffer,
  access = constants.O_RDWR,
): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) {
    throw new FormatError('unreadable', 'expected a regular file');
  }
  // Without O_NONBLOCK (Windows has none) this would wait if a pipe replaced the file.
  return open(path, access | (constants.O_NONBLOCK ?? 0));
}

export async function headerOf(file: FileHandle, size = HEAD_BYTES): Promise<Uint8Array> {
  const header = new Uint8Array(size);
  const { bytesRead } = await file.read(header, 0, size, 0);
  return header.subarray(0, bytesRead);
}

/** Entries by the ids of their index. */
export interface NotedEntries {
  /** The entry whose hash has this id in the index. */
  entryAt(id: number): BlocklistEntry;
  /** the ids in use; removed ids are gaps */
  rows(): Iterable<number>;
}

/** The entries of an index, built step by step. */
function* notedEntriesSteps(columns: Columns): Generator<void, NotedEntries> {
  const { ids, entries } = columns.searched;
  const numberOf = ids ? yield* numberSteps(ids) : (id: number) => (id < entries ? id : -1);
  return {
    rows: () => (ids ? ids.values() : below(entries)),
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
 * Makes a function that finds the position of an id in `ids`, or -1, in a table of the ids by their
 * leading bits. It has at most as many buckets as ids. A bucket has few ids, or about 2^16 if they
 * were chosen to fill it. The table is a counting sort of the positions.
 */
function* numberSteps(ids: Uint32Array): Generator<void, (id: number) => number> {
  const { length } = ids;
  let highest = 0;
  yield* inSteps(length, (i) => {
    highest = Math.max(highest, ids[i]!);
  });
  let width = 1;
  while (highest >= Math.max(1, length) * width) width *= 2;
  // `ends` first holds the sizes of the buckets, then their starts; placing the ids moves each
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
