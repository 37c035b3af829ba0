import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { stdin } from 'node:process';
import { addAbortSignal, type Readable } from 'node:stream';
import {
  type Algorithm,
  type Bits,
  type BlocklistEntry,
  createBlocklist,
  FormatError,
  type Hash,
  indexFromBuffer,
  PackedEntries,
  type ReadListOptions,
  readHashList,
} from '../../index.js';
import { type OpenedIndex, openIndex } from '../../node/index.js';
import type { Call, Option } from '../command.js';
import { Failure, failureOf, shownName, UsageError } from '../failure.js';
import { encoded } from '../file-name.js';
import { endingAtOnce } from '../interrupt.js';
import { counted, type Output } from '../output.js';
import { isDigest, PICTURE_OPTIONS } from '../pictures/picture-options.js';

/** The kinds of lists to match against. */
export const LIST_KINDS = 'text, an .ohx or .ohb file, or a CONFIG of fetch';

/** The options of every command that takes a list. */
export const LIST_OPTIONS = {
  algorithm: {
    about:
      'use only these hashes of the list; hashes that name no algorithm count as these if they have 16 digits, as pdq if 64',
    choices: PICTURE_OPTIONS.algorithm.choices,
  },
  bits: PICTURE_OPTIONS.bits,
  'allow-empty': { about: 'accept a list with no hash to match' },
} as const satisfies Record<string, Option>;

/** Hashes that can be compared with each other: those of one algorithm and width. */
export interface Kind {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
}

/** The hashes of a list to use: all, or those that the command line selects. */
export interface Wanted {
  readonly algorithm: Algorithm | undefined;
  readonly bits: Bits | undefined;
  readonly allowEmpty: boolean;
}

/** The algorithm of hashes that name none, perhaps by their width. */
type Unnamed = ReadListOptions['algorithm'];

/** The entries of one kind: a table of a text list, or an index file. */
export type ListPart = PackedEntries | OpenedIndex;

/** Problems of a list that are printed. The rest are counted. */
const PROBLEMS_SHOWN = 20;

/** After this long without a byte from a pipe, a note states that the program is waiting. */
const WAIT_MILLISECONDS = 2000;

/** Length of the magic number that distinguishes an index file from a text. */
const MAGIC_BYTES = 8;

/**
 * The selection on the command line.
 * @throws {UsageError} if it selects PDQ of 64 bits
 */
export function wantedOf(call: Call): Wanted {
  const algorithm = call.text('algorithm') as Algorithm | undefined;
  const bits = call.text('bits') === undefined ? undefined : (Number(call.text('bits')) as Bits);
  if (algorithm === 'pdq' && bits === 64) throw new UsageError('--bits: PDQ hashes have 256 bits');
  return { algorithm, bits, allowEmpty: call.on('allow-empty') };
}

/**
 * The wanted parts of a list, one for each kind, each with something to match. A note reports what
 * is left out. Only with `allowEmpty` may there be nothing to match, and then no part or degenerate
 * ones.
 * @param path a file, a pipe, or `-` for standard input; opened and read once
 * @throws {Failure} if the list cannot be read, or has nothing to match or nothing that is wanted
 */
export async function readParts(
  path: string,
  { algorithm, bits, allowEmpty }: Wanted,
  out: Output,
): Promise<ListPart[]> {
  const name = shownName(path);
  // Nearly all PDQ lists are written so. The picture's algorithm does not determine the list's.
  const ofPictures = algorithm && { 64: algorithm, 256: 'pdq' as const };
  const unnamed = isDigest(algorithm) ? algorithm : ofPictures;
  const all = await readAll(path, unnamed, out);
  const parts = all.filter(isComparable);
  const choice = choiceOf({ algorithm, bits });
  const isWanted = (part: ListPart) => choice.takes(kindOf(part));
  if (parts.length === 0) {
    const degenerate = all.some((part) => sizeOf(part) > 0 || leftOutOf(part) > 0);
    const why = degenerate ? 'all hashes are degenerate, too plain to match' : 'it has no hashes';
    if (!allowEmpty) throw new Failure(`${name}: ${why}`);
    out.say(name, why);
    return all.filter(isWanted);
  }
  const wanted = parts.filter(isWanted);
  if (wanted.length === 0) {
    const held = parts.map(kindOf);
    const isUnnamed = choice.bits === 256 && held.every((kind) => kind.algorithm !== algorithm);
    const hint =
      algorithm !== undefined && isUnnamed
        ? ` (64 digits that name no algorithm are PDQ; a line may begin with ${algorithm})`
        : '';
    throw choice.failure(name, held, hint);
  }
  for (const part of all) {
    if (wanted.includes(part)) continue;
    const why = isWanted(part) ? ', all degenerate' : '';
    out.say(name, `left out: ${sizeOf(part)} ${kindName(kindOf(part))}${why}`);
  }
  return wanted;
}

/** The wanted kinds of hashes. An algorithm alone means hashes of its own width. */
export function choiceOf({ algorithm, bits }: Pick<Wanted, 'algorithm' | 'bits'>) {
  const width = bits ?? (algorithm && new PackedEntries(algorithm).bits);
  return {
    bits: width,
    takes: (kind: Kind) =>
      (algorithm ?? kind.algorithm) === kind.algorithm && (width ?? kind.bits) === kind.bits,
    /** The error for a list that has only other kinds. */
    failure(name: string, held: readonly Kind[], hint = ''): Failure {
      const stated = [width && `${width}-bit`, algorithm].filter(Boolean).join(' ');
      const kinds = held.map(kindName).join(', ');
      return new Failure(
        `${name}: nothing comparable: expected ${stated} hashes, got ${kinds}${hint}`,
      );
    },
  };
}

/** The algorithm and width of a part. */
export function kindOf(part: ListPart): Kind {
  const { algorithm, bits } = part instanceof PackedEntries ? part : part.index;
  return { algorithm, bits };
}

/** The kind of an empty list. */
export function kindWithout({ algorithm = 'pdq', bits }: Wanted): Kind {
  return { algorithm, bits: bits ?? new PackedEntries(algorithm).bits };
}

/** The name of a kind in messages. */
export const kindName = ({ algorithm, bits }: Kind) => `${bits}-bit ${algorithm}`;

/**
 * Every part of a list. Its content decides whether it is read as a text or as an index file.
 * @param algorithm of the hashes in a text that name none; default `pdq`
 * @throws {Failure} if it cannot be read
 */
export async function readAll(path: string, algorithm: Unnamed, out: Output): Promise<ListPart[]> {
  try {
    const list = await openList(path, out);
    if ('index' in list) return [list.index];
    const problems = listProblems(path, out);
    const { onProblem } = problems;
    const reading = { onProblem, ...(algorithm !== undefined && { algorithm }) };
    const tables = await tablesOf(readHashList(list.text, reading));
    problems.report(tables.length === 0);
    return tables;
  } catch (error) {
    throw out.signal.aborted ? error : failureOf(path, error);
  } finally {
    out.clear();
  }
}

/**
 * The entries of a list, one after the other: those of a text while it is read, so that a list may
 * be larger than memory. An index file is read whole.
 * @throws {Failure} if it cannot be read, perhaps after some entries
 */
export async function* readEach(
  path: string,
  out: Output,
): AsyncGenerator<BlocklistEntry, void, undefined> {
  try {
    const list = await openList(path, out);
    if ('index' in list) return yield* entriesOf(list.index);
    const problems = listProblems(path, out);
    let isEmpty = true;
    for await (const entry of readHashList(list.text, { onProblem: problems.onProblem })) {
      isEmpty = false;
      yield entry;
    }
    problems.report(isEmpty);
  } catch (error) {
    throw out.signal.aborted ? error : failureOf(path, error);
  } finally {
    out.clear();
  }
}

/** An index file, or a text that is still to be read. */
async function openList(
  path: string,
  out: Output,
): Promise<{ index: OpenedIndex } | { text: AsyncGenerator<Uint8Array> }> {
  const { source, isFile, byteLength } = await opened(path, out.signal);
  const chunks = chunksOf(source, byteLength, path, out);
  const head: Uint8Array[] = [];
  let length = 0;
  while (length < MAGIC_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    head.push(value);
    length += value.length;
  }
  if (!beginsAsIndex(Buffer.concat(head))) {
    async function* text() {
      yield* head;
      yield* chunks;
    }
    return { text: text() };
  }
  if (isFile) {
    source.destroy();
    return { index: await openIndex(path) };
  }
  for await (const chunk of chunks) head.push(chunk);
  return { index: await openIndex(Buffer.concat(head)) };
}

/** The entries of parts, in their order. */
export function* entriesOf(...parts: readonly ListPart[]): Generator<BlocklistEntry> {
  for (const part of parts) {
    if (part instanceof PackedEntries) {
      for (let row = 0; row < part.size; row++) yield part.entryAt(row);
    } else for (const id of idsOf(part.index).sort()) yield part.entries.entryAt(id);
  }
}

/** A list as a stream; its length if it has one, and whether the path can be opened again. */
async function opened(
  path: string,
  signal: AbortSignal,
): Promise<{ source: Readable; isFile: boolean; byteLength?: number }> {
  if (path === '-') return { source: addAbortSignal(signal, stdin), isFile: false };
  const name = encoded(path);
  const about = await stat(name);
  if (!about.isFIFO()) {
    const source = createReadStream(name, { signal });
    if (!about.isFile()) return { source, isFile: false };
    // An index file whose name is not UTF-8 is read as a stream.
    return { source, isFile: name === path, byteLength: about.size };
  }
  // As a socket, a pipe without a writer blocks no thread, and the wait can be aborted.
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const source = new Socket({ fd, readable: true, writable: false });
  return { source: addAbortSignal(signal, source), isFile: false };
}

async function* chunksOf(
  source: Readable,
  byteLength: number | undefined,
  path: string,
  out: Output,
): AsyncGenerator<Uint8Array, void, undefined> {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  const total = byteLength === undefined ? undefined : megabytes(byteLength);
  out.begin('reading the list', ' MB');
  const waits = () => out.say(shownName(path), 'waiting for input');
  const timer = byteLength === undefined ? setTimeout(waits, WAIT_MILLISECONDS) : undefined;
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      bytes += chunk.length;
      out.update(megabytes(bytes), total);
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

function beginsAsIndex(bytes: Uint8Array): boolean {
  try {
    indexFromBuffer(bytes, { verify: false });
  } catch (error) {
    return !(error instanceof FormatError && error.code === 'bad-magic');
  }
  return true;
}

/** Entries as tables: one for each kind of hash, in the order of their first entries. */
export async function tablesOf(
  entries: Iterable<BlocklistEntry> | AsyncIterable<BlocklistEntry>,
): Promise<PackedEntries[]> {
  const tables = new Map<string, PackedEntries>();
  for await (const entry of entries) {
    const { algorithm, bytes } = entry.hash;
    const bits = (8 * bytes.length) as Bits;
    const name = kindName({ algorithm, bits });
    const table = tables.get(name) ?? new PackedEntries(algorithm, bits);
    tables.set(name, table);
    table.push(entry);
  }
  return [...tables.values()];
}

/** The unreadable lines of a text. */
function listProblems(path: string, out: Output) {
  const name = shownName(path);
  const shown: FormatError[] = [];
  let count = 0;
  return {
    onProblem(problem: FormatError): void {
      if (count++ < PROBLEMS_SHOWN) shown.push(problem);
    },
    /**
     * Reports them at the end: if no line is a hash, one message is clearer than twenty.
     * @throws {Failure} in that case
     */
    report(isEmpty: boolean): void {
      const [first] = shown;
      if (first !== undefined && isEmpty) {
        throw new Failure(`${name}: no readable hash (line ${first.line}: ${first.message})`);
      }
      for (const { line, message } of shown) out.error(`${name}:${line}`, message);
      for (let more = count - shown.length; more > 0; more--) out.count();
      if (count > shown.length) out.say(name, `${count} lines with problems in total`);
    },
  };
}

/** Notes the number of hashes in a list that are too plain to match. */
export function noteDegenerate(path: string, degenerate: number, where: string, out: Output): void {
  const hashes = counted(degenerate, 'degenerate hash was', 'degenerate hashes were');
  if (degenerate > 0) out.say(shownName(path), `${hashes} ${where}`);
}

const leftOutOf = (part: ListPart) => ('degenerate' in part && part.degenerate) || 0;

/** The number of entries in a part. */
export const sizeOf = (part: ListPart) =>
  part instanceof PackedEntries ? part.size : part.index.size;

/** True if a search can find anything in a part. */
function isComparable(part: ListPart): boolean {
  const takes = (one: BlocklistEntry | ListPart) => createBlocklist([one]).size > 0;
  // The first entry decides for nearly every table, without an index of them all.
  if (part instanceof PackedEntries && part.size > 0 && takes(part.entryAt(0))) return true;
  return endingAtOnce(() => takes(part));
}

/** The ids of an index. Since they have gaps, a search lists them, in 25 MB a million. */
function idsOf(index: OpenedIndex['index']): Uint32Array {
  const any: Hash = { algorithm: index.algorithm, bytes: new Uint8Array(index.bits / 8) };
  const hits = new Uint32Array(2 * index.size);
  index.searchInto(any, index.bits, hits);
  return hits.filter((_, at) => at % 2 === 0);
}
