import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { stdin } from 'node:process';
import type { Readable } from 'node:stream';
import {
  type BlocklistEntry,
  type ListFormat,
  PackedEntries,
  readVpdq,
  type VpdqFrame,
  writeHashList,
  writeVpdqJson,
  writeVpdqText,
} from '../exchange/index.js';
import type { Algorithm, FormatError } from '../index.js';
import { createBlocklist } from '../matching/index.js';
import { isBlocklistFile, isIndexFile, openBlocklist, saveBlocklist } from '../node/index.js';
import type { Call, Command } from './command.js';
import { Failure, failureOf, shownName, UsageError } from './failure.js';
import { encoded } from './file-name.js';
import { kindName, kindOf, type ListPart, readAll } from './lists.js';
import { exitCode, type Output, output, type Progress, progress } from './output.js';
import { outputPath, writeWhole } from './output-file.js';
import { writeIndex } from './write-index.js';

const LIST_FORMATS = ['plain', 'csv', 'jsonl', 'dataset', 'dataset-csv', 'local-file'] as const;
const FORMATS = [...LIST_FORMATS, 'vpdq', 'vpdq-json', 'index', 'blocklist'] as const;
type Format = (typeof FORMATS)[number];

/** What a name's end says of a format. */
const ENDINGS: Readonly<Record<string, Format>> = {
  '.txt': 'plain',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.vpdq': 'vpdq',
  '.ohx': 'index',
  '.ohb': 'blocklist',
};

/** `onlyhashes convert`: a hash list in another format. */
export const convertCommand: Command = {
  name: 'convert',
  usage: 'FROM TO',
  about: `Write a hash list, an index file or the frames of a video in another format.
FROM is told by its content: plain, CSV, JSONL, a file of python-threatexchange (dataset or \
local file), an index file; with --vpdq, frames as text or JSON. TO is told by the end of \
its name or by --format; - is standard input or output. A text list does not say which list \
an entry is on, whether it was confirmed, its cases and opinions. A blocklist (.ohb) is what \
openBlocklist opens; with --overwrite, FROM takes the place of its entries, and what was withdrawn \
stays out. Prints a line ENTRIES,FORMAT,TO unless TO is standard output.`,
  options: {
    format: {
      about: `of TO: ${FORMATS.join(', ')}`,
      value: 'FORMAT',
      choices: FORMATS,
      short: 'f',
    },
    vpdq: { about: 'FROM has the frames of a video, which become a list or vPDQ again' },
    algorithm: {
      about: 'of hashes in FROM that name none',
      choices: ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'],
      default: 'pdq',
    },
    overwrite: { about: 'let TO replace a file' },
  },
  examples: [
    ['onlyhashes convert list.txt list.csv', 'a plain list as CSV'],
    ['onlyhashes convert list.csv - --format dataset', 'for python-threatexchange'],
    ['onlyhashes convert video.vpdq frames.csv --vpdq', 'the frames of a video as a list'],
  ],
  minWords: 2,
  maxWords: 2,
  async run(call, signal) {
    const [from, to] = call.words as [string, string];
    const format = formatOf(to, call);
    const isFrames = format === 'vpdq' || format === 'vpdq-json';
    if (isFrames && !call.on('vpdq')) throw new UsageError('expected --vpdq: a list has no times');
    const isBinary = format === 'index' || format === 'blocklist';
    if (isBinary && to === '-') throw new UsageError(`expected a file, as TO is ${format}`);
    const overwrite = call.on('overwrite');
    const writable = { overwrite, ...(format === 'index' && { replaces: isIndexFile }) };
    if (to !== '-') await outputPath(to, writable);
    const bar = progress('reading', ' MB');
    const out = output(bar);
    const write = (pieces: Iterable<string>) =>
      to === '-' ? print(pieces, out) : writeWhole(to, pieces, { overwrite, signal });
    let count: number;
    if (isFrames) {
      const frames = await framesOf(from, out);
      await write([format === 'vpdq' ? writeVpdqText(frames) : `${writeVpdqJson(frames)}\n`]);
      count = frames.length;
    } else {
      const parts = await partsOf(from, call, { out, bar, signal });
      count = parts.reduce((sum, part) => sum + sizeOf(part), 0);
      if (format === 'index') {
        const [part, ...others] = parts;
        if (!part || others.length > 0) {
          const kinds = parts.map((each) => kindName(kindOf(each))).join(', ') || 'no hash';
          throw new Failure(`${shownName(from)}: an index has one kind of hash: ${kinds}`);
        }
        const options = { from: shownName(from), to, writable, bar, out, signal };
        await writeIndex(tableOf(part), kindOf(part), options);
      } else if (format === 'blocklist') {
        count = await writeBlocklist(parts, { from: shownName(from), to, overwrite, out, signal });
      } else await write(linesOf(parts, format, from));
    }
    if (to === '-') return exitCode(out.errors, count);
    await out.line([count, format, to].join(','));
    return exitCode(out.errors, 1);
  },
};

/** @throws {UsageError} if neither the command line nor the name tells it */
function formatOf(to: string, call: Call): Format {
  const format = (call.text('format') as Format | undefined) ?? ENDINGS[extname(to).toLowerCase()];
  if (format === undefined) throw new UsageError('expected --format, or a name that tells it');
  return format;
}

async function print(pieces: Iterable<string>, out: Output): Promise<void> {
  // `line` ends it, and waits for a slow reader.
  for (const piece of pieces) await out.line(piece.replace(/\n$/, ''));
}

interface ReadingOptions {
  readonly out: Output;
  readonly bar: Progress;
  readonly signal: AbortSignal;
}

async function partsOf(from: string, call: Call, options: ReadingOptions): Promise<ListPart[]> {
  if (!call.on('vpdq')) return readAll(from, call.text('algorithm') as Algorithm, options);
  const table = new PackedEntries('pdq', 256);
  for (const { hash, quality } of await framesOf(from, options.out)) {
    table.push({ hash, quality, labels: [] });
  }
  return [table];
}

async function framesOf(from: string, out: Output): Promise<VpdqFrame[]> {
  const onProblem = ({ line, record, message }: FormatError) =>
    out.error(`${shownName(from)}:${line ?? record}`, message);
  const source: Readable = from === '-' ? stdin : createReadStream(encoded(from));
  try {
    const frames = await readVpdq(source, { onProblem });
    if (frames.length > 0) return frames;
  } catch (error) {
    throw failureOf(from, error);
  }
  throw new Failure(`${shownName(from)}: no frame in it could be read`);
}

const sizeOf = (part: ListPart) => (part instanceof PackedEntries ? part.size : part.index.size);

function* entriesOf(parts: readonly ListPart[]): Generator<BlocklistEntry> {
  for (const part of parts) {
    if (part instanceof PackedEntries) {
      for (let row = 0; row < part.size; row++) yield part.entryAt(row);
    } else yield* entriesOfIndex(part);
  }
}

function* entriesOfIndex({ index, entries }: Exclude<ListPart, PackedEntries>) {
  // Ids have gaps. A search at the full distance lists them, in 25 MB a million.
  const any = { algorithm: index.algorithm, bytes: new Uint8Array(index.bits / 8) };
  const hits = new Uint32Array(2 * index.size);
  index.searchInto(any, index.bits, hits);
  const ids = hits.filter((_, at) => at % 2 === 0).sort();
  for (const id of ids) yield entries.entryAt(id);
}

function tableOf(part: ListPart): PackedEntries {
  if (part instanceof PackedEntries) return part;
  const { algorithm, bits } = kindOf(part);
  const table = new PackedEntries(algorithm, bits);
  for (const entry of entriesOf([part])) table.push(entry);
  return table;
}

interface WriteBlocklistOptions {
  readonly from: string;
  readonly to: string;
  readonly overwrite: boolean;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/**
 * Writes a blocklist of the parts, or puts them in place of the entries of the one that is there.
 * @returns how many entries are in it
 * @throws {Failure} if nothing can be matched, or a file may not be replaced or cannot be written
 */
async function writeBlocklist(
  parts: readonly ListPart[],
  { from, to, overwrite, out, signal }: WriteBlocklistOptions,
): Promise<number> {
  const blocklist = createBlocklist(parts);
  const { degenerate } = blocklist.keptOut;
  if (blocklist.size === 0) throw new Failure(`${from}: no hash in it that can match`);
  if (degenerate > 0) out.say(from, `${degenerate} degenerate hashes were kept out of it`);
  try {
    // Checked again: reading took its time.
    const path = await outputPath(to, { overwrite });
    if (await isBlocklistFile(path)) {
      const saved = await openBlocklist(path);
      saved.replaceWith(blocklist);
      await saveBlocklist(path, saved, { signal });
      const { withdrawn } = saved.keptOut;
      if (withdrawn > 0) out.say(from, `${withdrawn} withdrawn entries were kept out of it`);
      return saved.size;
    }
    await saveBlocklist(path, blocklist, { signal });
    return blocklist.size;
  } catch (error) {
    throw signal.aborted ? error : failureOf(to, error);
  }
}

/** @throws {Failure} if an entry has what the format cannot hold */
function* linesOf(parts: readonly ListPart[], format: ListFormat, from: string): Generator<string> {
  try {
    yield* writeHashList(entriesOf(parts), { format });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(`${shownName(from)}: ${error.message}`);
  }
}
