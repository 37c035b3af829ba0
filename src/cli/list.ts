import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { stdin } from 'node:process';
import { addAbortSignal, type Readable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import { type PackedEntries, readPackedEntries } from '../exchange/index.js';
import { type Algorithm, FormatError } from '../index.js';
import { snapshotInfo } from '../indexing/index.js';
import { type OpenedIndex, openIndex } from '../node/index.js';
import { Failure } from './command.js';
import { encoded } from './file-name.js';
import type { Output } from './output.js';
import type { Progress } from './progress.js';

/** How a list is read: what its bare hashes are, and who is told of its problems. */
export interface ListOptions {
  /** of hashes on a text list that name none; `pdq` where absent */
  readonly algorithm: Algorithm | undefined;
  readonly signal: AbortSignal;
  readonly out: Output;
  readonly bar: Progress;
}

/** Problems of a list that are printed one by one; the rest are counted. */
const PROBLEMS_SHOWN = 20;

/** After this long without a byte from a pipe, a line says that the program waits. */
const WAIT_MILLISECONDS = 2000;

/** How many bytes tell an index file from a text: its magic number. */
const MAGIC_BYTES = 8;

/** What the user knows a list by. */
export const listName = (path: string) => (path === '-' ? 'standard input' : path);

/**
 * A list, told by its content: the tables of a text, or an index file. It may be a file, a pipe, or `-` for standard
 * input; it is opened and read once.
 * @throws {Failure} if it cannot be read, or holds lines of which none is a hash
 */
export async function readList(
  path: string,
  options: ListOptions,
): Promise<PackedEntries[] | OpenedIndex> {
  const { signal, bar } = options;
  try {
    const { source, isFile } = await opened(path, signal);
    const chunks = counted(source, isFile, path, options);
    const head: Uint8Array[] = [];
    let length = 0;
    while (length < MAGIC_BYTES) {
      const { done, value } = await chunks.next();
      if (done) break;
      head.push(value);
      length += value.length;
    }
    if (!beginsAsIndex(Buffer.concat(head))) return await readText(path, head, chunks, options);
    if (isFile) {
      source.destroy();
      return await openIndex(path);
    }
    for await (const chunk of chunks) head.push(chunk);
    return await openIndex(Buffer.concat(head));
  } catch (error) {
    throw signal.aborted ? error : failureOf(path, error);
  } finally {
    bar.clear();
  }
}

/** What goes wrong with a list or an index file, as one line that names it. */
export function failureOf(path: string, error: unknown): unknown {
  const { errno } = ((error as Error)?.cause ?? error) as NodeJS.ErrnoException;
  const system = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (system !== undefined) return new Failure(`${listName(path)}: ${system}`);
  if (!(error instanceof FormatError)) return error;
  const line = error.line === undefined ? '' : `:${error.line}`;
  return new Failure(`${listName(path)}${line}: ${error.message}`);
}

async function opened(
  path: string,
  signal: AbortSignal,
): Promise<{ source: Readable; isFile: boolean }> {
  if (path === '-') return { source: addAbortSignal(signal, stdin), isFile: false };
  const name = encoded(path);
  const about = await stat(name);
  if (!about.isFIFO()) {
    // An index file of a name that is no UTF-8 is read as a stream.
    const isFile = about.isFile() && name === path;
    return { source: createReadStream(name, { signal }), isFile };
  }
  // As a socket: a pipe that nobody writes into yet holds no thread, and can be given up.
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const source = new Socket({ fd, readable: true, writable: false });
  return { source: addAbortSignal(signal, source), isFile: false };
}

async function* counted(
  source: Readable,
  isFile: boolean,
  path: string,
  { out, bar }: ListOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const waits = () => out.say(listName(path), 'nothing has come from it yet, waiting');
  const timer = isFile ? undefined : setTimeout(waits, WAIT_MILLISECONDS);
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      bytes += chunk.length;
      bar.update(Math.round(bytes / 1e6));
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

function beginsAsIndex(bytes: Uint8Array): boolean {
  try {
    snapshotInfo(bytes);
  } catch (error) {
    return !(error instanceof FormatError && error.code === 'bad-magic');
  }
  return true;
}

async function readText(
  path: string,
  head: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
  { algorithm, out, bar }: ListOptions,
): Promise<PackedEntries[]> {
  async function* text() {
    yield* head;
    yield* rest;
  }
  // Printed at the end: where no line is a hash, one message says more than twenty.
  const shown: FormatError[] = [];
  let problems = 0;
  const onProblem = (problem: FormatError) => {
    if (problems++ < PROBLEMS_SHOWN) shown.push(problem);
  };
  const tables = await readPackedEntries(text(), {
    onProblem,
    ...(algorithm !== undefined && { algorithm }),
  });
  bar.clear();
  const [first] = shown;
  const name = listName(path);
  if (first !== undefined && tables.length === 0) {
    throw new Failure(
      `${name}: no hash could be read from it (line ${first.line}: ${first.message})`,
    );
  }
  for (const { line, message } of shown) out.error(`${name}:${line}`, message);
  for (let more = problems - shown.length; more > 0; more--) out.count();
  if (problems > shown.length) out.say(name, `${problems} lines with problems in all`);
  return tables;
}
