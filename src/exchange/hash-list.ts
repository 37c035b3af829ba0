import { checkInteger, checkOptions, checkTypeOf } from '../door.js';
import type { BlocklistEntry } from '../entry.js';
import { FormatError } from '../errors.js';
import { type Algorithm, isAlgorithm } from '../hash.js';
import { LineSplitter } from './lines.js';
import { ListRecords } from './list-records.js';
import { type TextSource, textPieces } from './text.js';

/** How a hash list is read. */
export interface ReadOptions {
  /** the algorithm of hashes whose record names none; `pdq` where absent, so 16 digits then need a name */
  algorithm?: Algorithm;
  /** gets each problem, in the order of the list, and reading goes on; without it the first one is thrown */
  onProblem?: (error: FormatError) => void;
  /** characters, 65,536 unless told; a longer line is a problem and is not kept in memory */
  maxLineLength?: number;
  /** lines, 100 million unless told; one more ends the reading with an error, with `onProblem` too */
  maxLines?: number;
}

/**
 * Entries of a hash list, in its order. Each line says by its content what it is:
 * - plain: `hash[,label…]`, where the hash is hex digits, `hash=HEX` or `pdq HEX` (python-threatexchange). From the PDQ
 *   tool, `HASH,QUALITY,FILE`: a second cell that is empty or an integer 0…100, with a third after it, is the quality.
 *   Its detailed form `hash=HEX,norm=…,delta=…,quality=…,filename=…` is read too. File names become labels.
 * - CSV under a header that names `hash` (or `signal_str`) and any of `algorithm` (`signal_type`), `label`, `labels`
 *   (`;` between them), `tags` (blanks between them), `file`, `quality`, `source` (`collab`), `id`, `resample`,
 *   `category` (entries of NEGATIVE_CLASS are a problem: not for a blocklist). Other columns are left aside.
 *   Quoted cells may span up to 32 lines; a stray quote costs its own line alone.
 * - JSONL: a line that starts with `{` is an object with members of the same names. What `onlyhashes hash --json` prints
 *   is read so: the picture's own hash, not those of its variants.
 *
 * Hex may be in either case. Blank lines and lines that start with `#` are skipped; CRLF and a byte order mark are fine.
 * A field that cannot be read is a problem and is left out, but its entry is kept. How the text is cut into chunks
 * changes nothing. Time is linear; memory is one piece of text and its entries.
 * @throws {TypeError | RangeError} at the first entry, if the text or an option is invalid
 * @throws {FormatError} the first problem, when there is no `onProblem`: `bad-hash`, `bad-line` or `line-too-long`,
 *   with its `line`; after `maxLines`, `too-many-lines`. Its message holds nothing of the list.
 * @example
 * for await (const entry of readHashList(createReadStream('list.csv'))) blocklist.add(entry);
 */
export async function* readHashList(
  text: TextSource,
  options: ReadOptions = {},
): AsyncGenerator<BlocklistEntry, void, undefined> {
  const { algorithm, onProblem, maxLineLength, maxLines } = checkedOptions(options);
  let found: (BlocklistEntry | FormatError)[] = [];
  const add = (item: BlocklistEntry | FormatError) => {
    found.push(item);
  };
  const records = new ListRecords({ entry: add, problem: add }, algorithm, maxLineLength);
  const splitter = new LineSplitter(records, maxLineLength, maxLines);
  const pieces = textPieces(text);
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

/** @throws {TypeError | RangeError} if an option is not what it should be */
export function checkedOptions(options: ReadOptions) {
  checkOptions(options);
  const { algorithm, onProblem, maxLineLength = 1 << 16, maxLines = 100_000_000 } = options;
  if (algorithm !== undefined && !isAlgorithm(algorithm)) {
    throw new TypeError('expected a known algorithm');
  }
  checkTypeOf('onProblem', onProblem, 'function');
  checkInteger('maxLineLength', maxLineLength, 1);
  checkInteger('maxLines', maxLines, 1);
  return { algorithm, onProblem, maxLineLength, maxLines };
}
