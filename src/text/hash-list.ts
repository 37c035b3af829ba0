/*
 * Hash lists as text: a stream of chunks becomes lines, a line becomes a record, and a record an
 * entry. `listPieces` cuts the text, `LineSplitter` the lines, and `ListRecords` reads plain lines,
 * datasets, CSV and JSONL. Memory holds one piece of text, whatever the length of the list.
 */

import {
  callback,
  checkedBriefly,
  integer,
  type OptionCheck,
  type OptionTable,
  wrongKind,
} from '../door.js';
import type { BlocklistEntry } from '../entry.js';
import { FormatError } from '../errors.js';
import { type Algorithm, isAlgorithm, PERCEPTUAL, type Perceptual } from '../hash.js';
import { LineSplitter } from './lines.js';
import type { Unnamed } from './list-fields.js';
import { ListRecords } from './list-records.js';
import { listPieces } from './list-text.js';
import type { TextSource } from './text.js';

/** Options of `readHashList`. */
export interface ReadListOptions {
  /**
   * algorithm of records that name none, default `pdq`; a bare hash of 16 digits needs one. It may
   * differ by the width of the hash
   */
  algorithm?: Algorithm | Unnamed;
  /**
   * called with each problem, in the order of the list; reading goes on. Without it, the first
   * problem is thrown
   */
  onProblem?: (error: FormatError) => void;
  /** in characters, default 65,536; a longer line is a problem and is not kept in memory */
  maxLineLength?: number;
  /** default 100 million; one line more is an error that ends the reading, even with `onProblem` */
  maxLines?: number;
}

/** One algorithm, or one of pictures for each width. */
const unnamedAlgorithm: OptionCheck = (name, value) => {
  const { 64: short, 256: long } = Object(value) as Record<keyof Unnamed, unknown>;
  const areOfPictures = [short, long].every((each) => PERCEPTUAL.includes(each as Perceptual));
  if (!isAlgorithm(value) && !areOfPictures) wrongKind(`${name} to be a known algorithm`);
};

export const READ_LIST_OPTIONS = {
  algorithm: { is: unnamedAlgorithm, default: 'pdq' },
  onProblem: { is: callback },
  maxLineLength: { is: integer, least: 1, default: 1 << 16 },
  maxLines: { is: integer, least: 1, default: 100_000_000 },
} as const satisfies OptionTable<ReadListOptions>;

/**
 * Reads the entries of a hash list, in order. The format is decided line by line:
 * - plain: `hash[,label…]`, where the hash is hex digits, `hash=HEX`, `pdq HEX`
 *   (python-threatexchange) or `md5:HEX`. The digest of a file names its algorithm. The PDQ tool's
 *   `HASH,QUALITY,FILE` is recognised by a second cell that is empty or an integer 0…100 and is
 *   followed by a third. Its detailed form `hash=HEX,norm=…,delta=…,quality=…,filename=…` is read
 *   too. File names become labels.
 * - dataset: `pdq HEX 'collab' CATEGORY tag …`, as python-threatexchange's `dataset -P` prints it,
 *   also without the type or the collab. Its category is read as that of CSV.
 * - CSV: rows under a header that names `hash` (or `signal_str`) and any of `algorithm`
 *   (`signal_type`), `label`, `labels` (separated by `;`), `tags` (separated by blanks), `file`,
 *   `quality`, `source` (`collab`), `id`, `resample`, `variant`, `group`, `seconds`, `still` and
 *   `category`. Other columns are ignored. An entry of category NEGATIVE_CLASS is a problem, since
 *   it does not belong on a blocklist. A quoted cell may span up to 32 lines; a stray quote costs
 *   only its own line.
 * - JSONL: a line that starts with `{` is an object with members of the same names. The output of
 *   `onlyhashes hash --json` can be read this way: it gives the hash of each picture and, with
 *   `--crops` or `--crops-anywhere`, those of its list crops, as entries that name their `variant`
 *   and, as their `group`, the picture. Other variants are not listed. Of a video, whose
 *   `algorithm` is `vpdq`, it gives each of its `frames`, in one group. A hash of `decoding`
 *   `draft`, as `hashToJSON` marks it, is a problem.
 *
 * Hex may be in either case. Blank lines and lines that start with `#` are skipped. CRLF line ends
 * and a byte order mark are accepted. A field that cannot be read is a problem and is omitted; its
 * entry is kept. The result does not depend on how the text is cut into chunks. Time is linear;
 * memory holds one piece of text and its entries.
 * @throws {TypeError | RangeError} at the first entry, if the text or an option is invalid
 * @throws {FormatError} the first problem, if there is no `onProblem`: `bad-hash`, `bad-line` or
 *   `line-too-long`, with its `line`; after `maxLines`, `too-many-lines`. Its message quotes
 *   nothing from the list.
 * @throws {FormatError} `not-a-list`, even with `onProblem`, if the text is a bundle, a blocklist
 *   file or an index file, is in UTF-16, or begins with columns that semicolons or tabs separate
 * @example
 * for await (const entry of readHashList(createReadStream('list.csv'))) entries.push(entry);
 */
export async function* readHashList(
  text: TextSource,
  options: ReadListOptions = {},
): AsyncGenerator<BlocklistEntry, void, undefined> {
  const { algorithm, onProblem, maxLineLength, maxLines } = checkedBriefly(
    options,
    READ_LIST_OPTIONS,
  );
  const unnamed: Unnamed =
    typeof algorithm === 'string' ? { 64: algorithm, 256: algorithm } : algorithm;
  let found: (BlocklistEntry | FormatError)[] = [];
  const add = (item: BlocklistEntry | FormatError) => {
    found.push(item);
  };
  const records = new ListRecords({ entry: add, problem: add }, unnamed, maxLineLength);
  const splitter = new LineSplitter(records, maxLineLength, maxLines);
  const pieces = listPieces(text);
  for (let done = false; !done; ) {
    const piece = await pieces.next();
    done = piece.done === true;
    let stop: unknown;
    try {
      if (piece.done) splitter.end();
      else splitter.push(piece.value);
    } catch (error) {
      stop = error;
    }
    for (const item of found) {
      if (!(item instanceof FormatError)) yield item;
      else if (onProblem) onProblem(item);
      else throw item;
    }
    if (stop) throw stop;
    found = [];
  }
}
