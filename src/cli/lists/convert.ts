import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { extname } from 'node:path';
import { stdin } from 'node:process';
import type { Readable } from 'node:stream';
import {
  type Algorithm,
  type Blocklist,
  createBlocklist,
  type FormatError,
  type ListFormat,
  type ListInfo,
  PackedEntries,
  readVpdq,
  writeHashList,
  writeVpdq,
} from '../../index.js';
import { openBlocklist } from '../../node/index.js';
import type { Call, Command } from '../command.js';
import { Failure, failureOf, shownName, UsageError } from '../failure.js';
import { encoded } from '../file-name.js';
import { counted, exitCode, type Output } from '../output.js';
import { isOfKind, outputPath, writeWhole } from '../output-file.js';
import { PICTURE_OPTIONS } from '../pictures/picture-options.js';
import { LeftOut } from './left-out.js';
import {
  entriesOf,
  kindName,
  kindOf,
  type ListPart,
  noteDegenerate,
  readAll,
  sizeOf,
  tablesOf,
} from './lists.js';
import { savedBlocklist } from './saved-blocklist.js';
import { writeIndex } from './write-index.js';

const LIST_FORMATS = ['plain', 'csv', 'jsonl', 'dataset', 'dataset-csv', 'local-file'] as const;
const FORMATS = [...LIST_FORMATS, 'vpdq', 'vpdq-json', 'index', 'blocklist'] as const;
type Format = (typeof FORMATS)[number];

/** Formats by the ending of a name. */
const ENDINGS: Readonly<Record<string, Format>> = {
  '.txt': 'plain',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.vpdq': 'vpdq',
  '.ohx': 'index',
  '.ohb': 'blocklist',
};

const ANY = { algorithm: undefined, bits: undefined, allowEmpty: true };

/** `onlyhashes convert`: a hash list in another format. */
export const convertCommand: Command = {
  name: 'convert',
  usage: 'FROM TO',
  about: `Convert a hash list, an index or blocklist file, or the frames of a video.
The content of FROM decides its format: plain, CSV, JSONL, a file of python-threatexchange \
(dataset or local file), an index file, a blocklist file (no pipe), or a CONFIG of fetch; with \
--vpdq, frames as text or JSON. TO has the format of its extension or of --format; - is standard \
input or output. A text list does not hold the list of an entry, its confirmation, cases and \
opinions; a note counts what TO cannot hold. A blocklist file (.ohb), which openBlocklist opens, \
also holds withdrawals and settings of lists, as no other format does. With --overwrite, the \
entries of FROM replace its entries, and withdrawn entries stay out. Prints a line \
ENTRIES,FORMAT,TO unless TO is standard output.`,
  options: {
    format: {
      about: `format of TO: ${FORMATS.join(', ')}`,
      value: 'FORMAT',
      choices: FORMATS,
      short: 'f',
    },
    vpdq: { about: 'FROM has the frames of a video; they become a list, or vPDQ again' },
    algorithm: {
      ...PICTURE_OPTIONS.algorithm,
      about: 'algorithm of hashes in FROM that name none',
    },
    overwrite: { about: 'let TO replace a file' },
  },
  examples: [
    ['onlyhashes convert list.txt list.csv', 'a plain list as CSV'],
    ['onlyhashes convert list.csv - --format dataset', 'for python-threatexchange'],
    ['onlyhashes convert list.ohb list.csv', 'the entries of a blocklist file that can match'],
    ['onlyhashes convert video.vpdq frames.csv --vpdq', 'the frames of a video as a list'],
  ],
  minWords: 2,
  maxWords: 2,
  async run(call, out) {
    const [from, to] = call.words as [string, string];
    const format = formatOf(to, call);
    const isFrames = format === 'vpdq' || format === 'vpdq-json';
    if (isFrames && !call.on('vpdq'))
      throw new UsageError('expected --vpdq: a list has no timestamps');
    const isBinary = format === 'index' || format === 'blocklist';
    if (isBinary && to === '-') throw new UsageError(`expected a file, as TO is ${format}`);
    const overwrite = call.on('overwrite');
    const writable = { overwrite, ...(format === 'index' && { replaces: 'index' as const }) };
    if (to !== '-') await outputPath(to, writable);
    const { signal } = out;
    const write = (pieces: Iterable<string>) =>
      to === '-' ? print(pieces, out) : writeWhole(to, pieces, { overwrite, signal });
    let count: number;
    if (isFrames) {
      const frames = await framesOf(from, out);
      await write([writeVpdq(frames, { format: format === 'vpdq' ? 'text' : 'json' })]);
      count = frames.length;
    } else {
      const saved = call.on('vpdq') ? undefined : (await savedBlocklist(from, ANY))?.blocklist;
      const parts = async () =>
        saved ? await tablesIn(saved, from, out) : await partsOf(from, call, out);
      if (format === 'blocklist') {
        const blocklist = saved ?? blocklistOf(await parts(), from, out);
        count = await writeBlocklist(blocklist, { from, to, overwrite }, out);
      } else {
        const read = await parts();
        count = read.reduce((sum, part) => sum + sizeOf(part), 0);
        if (format === 'index') {
          const options = { from: shownName(from), to, writable, out };
          const part = onlyPart(read, from);
          await writeIndex(tableOf(part), kindOf(part), options);
        } else await write(linesOf(read, format, from, out));
      }
    }
    if (to === '-') return exitCode(out, count);
    await out.line([count, format, to].join(','));
    return undefined;
  },
};

/** @throws {UsageError} if neither the command line nor the name states it */
function formatOf(to: string, call: Call): Format {
  const format = (call.text('format') as Format | undefined) ?? ENDINGS[extname(to).toLowerCase()];
  if (format === undefined)
    throw new UsageError('expected --format, or a name with a known extension');
  return format;
}

async function print(pieces: Iterable<string>, out: Output): Promise<void> {
  // `line` adds the line break, and waits for a slow reader.
  for (const piece of pieces) await out.line(piece.replace(/\n$/, ''));
}

async function partsOf(from: string, call: Call, out: Output): Promise<ListPart[]> {
  if (!call.on('vpdq')) return readAll(from, call.text('algorithm') as Algorithm, out);
  const table = new PackedEntries('pdq', 256);
  for (const { hash, quality } of await framesOf(from, out)) {
    table.push({ hash, quality, labels: [] });
  }
  return [table];
}

async function framesOf(from: string, out: Output) {
  const onProblem = ({ line, record, message }: FormatError) =>
    out.error(`${shownName(from)}:${line ?? record}`, message);
  const source: Readable = from === '-' ? stdin : createReadStream(encoded(from));
  try {
    const frames = await readVpdq(source, { onProblem });
    if (frames.length > 0) return frames;
  } catch (error) {
    throw failureOf(from, error);
  }
  throw new Failure(`${shownName(from)}: no readable frame`);
}

function tableOf(part: ListPart): PackedEntries {
  if (part instanceof PackedEntries) return part;
  const { algorithm, bits } = kindOf(part);
  const table = new PackedEntries(algorithm, bits);
  for (const entry of entriesOf(part)) table.push(entry);
  return table;
}

/** @throws {Failure} unless there is exactly one, since an index has one kind of hash */
function onlyPart(parts: readonly ListPart[], from: string): ListPart {
  const [part, ...others] = parts;
  if (part && others.length === 0) return part;
  const kinds = parts.map((each) => kindName(kindOf(each))).join(', ') || 'no hash';
  throw new Failure(`${shownName(from)}: expected one kind of hash for an index, got ${kinds}`);
}

function blocklistOf(parts: readonly ListPart[], from: string, out: Output): Blocklist {
  const blocklist = createBlocklist(parts);
  if (blocklist.size > 0)
    noteDegenerate(from, blocklist.rejected.degenerate, 'left out of it', out);
  return blocklist;
}

/**
 * Writes a blocklist, or replaces the entries of an existing one.
 * @returns the number of entries in it
 * @throws {Failure} if it is empty, or a file may not be replaced or cannot be written
 */
async function writeBlocklist(
  blocklist: Blocklist,
  { from, to, overwrite }: { from: string; to: string; overwrite: boolean },
  out: Output,
): Promise<number> {
  const { signal } = out;
  if (blocklist.size === 0 && blocklist.withdrawals.length === 0) {
    throw new Failure(`${shownName(from)}: no hash to match`);
  }
  try {
    // Checked again, since reading took a while.
    const path = await outputPath(to, { overwrite });
    if (!(await isOfKind(path, 'blocklist'))) {
      const made = `${path}.${randomUUID()}.tmp`;
      await openBlocklist(made, { create: blocklist });
      signal.throwIfAborted();
      await rename(made, path);
      return blocklist.size;
    }
    const list = await openBlocklist(path);
    const [replace, withdraw] = [{ all: blocklist.entries() }, blocklist.withdrawals];
    await list.apply(
      ({ lists, generation }) => {
        // A fetched list now has other entries than its checkpoint implies.
        const own = lists.refetched(undefined, generation).entries();
        return { replace, withdraw, settings: Object.fromEntries([...blocklist.settings, ...own]) };
      },
      { signal },
    );
    const withdrawn = blocklist.size - list.size;
    if (withdrawn > 0) {
      out.say(
        shownName(from),
        `${counted(withdrawn, 'withdrawn entry was', 'withdrawn entries were')} left out`,
      );
    }
    return list.size;
  } catch (error) {
    throw signal.aborted ? error : failureOf(to, error);
  }
}

/** The entries that a blocklist can match, a table for each kind of hash. Notes those left out. */
function tablesIn(blocklist: Blocklist, from: string, out: Output): Promise<PackedEntries[]> {
  const withdrawals = blocklist.withdrawals.length;
  const lists = blocklist.lists().filter(hasSettings).length;
  const left = [
    ...(withdrawals > 0 ? [counted(withdrawals, 'withdrawal')] : []),
    ...(lists > 0 ? [`the settings of ${counted(lists, 'list')}`] : []),
  ];
  if (left.length > 0) {
    out.say(shownName(from), `left out: ${left.join(', ')}; only a blocklist file can hold them`);
  }
  return tablesOf(blocklist.entries());
}

const hasSettings = ({ name, trust, tier, enabled, policy }: ListInfo) =>
  policy !== undefined || !enabled || tier !== 'match' || (trust === 'own') !== (name === '');

/**
 * The lines of a text list. A note at the end reports what it cannot hold.
 * @throws {Failure} if an entry cannot be written at all
 */
function* linesOf(
  parts: readonly ListPart[],
  format: ListFormat,
  from: string,
  out: Output,
): Generator<string> {
  const left = new LeftOut(format);
  try {
    yield* writeHashList(left.counting(entriesOf(...parts)), { format });
    const note = left.note();
    if (note !== undefined) out.say(shownName(from), note);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(`${shownName(from)}: ${error.message}`);
  }
}
