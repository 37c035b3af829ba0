import { checkIterable, checkOptions } from '../door.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { hashToHex } from '../hash.js';
import { joinLabels, MAX_RECORD_LINES, writeCell } from './csv.js';

/** The text forms of a hash list. */
export type ListFormat = 'plain' | 'csv' | 'jsonl';

const COLUMNS = 'hash,algorithm,quality,source,id,resample,labels\n';

/**
 * A hash list as text, a piece for each entry; `readHashList` gives the same entries back.
 * - `csv`: a header, then every field of each entry. Safe to open in a spreadsheet.
 * - `jsonl`: every field of each entry.
 * - `plain`: `hash[,label…]`, with the quality where known, as the PDQ tool has it: `HASH,QUALITY,FILE`. Algorithm, source,
 *   id and size convention are not in it: give `readHashList` the algorithm of hashes that are not PDQ's. Safe too.
 *
 * Empty labels are left out. Join the pieces, or write them one by one.
 * @throws {TypeError | RangeError} at the first piece, for another format; at an entry's, if it is none
 * @throws {RangeError} if the text of an entry has more than 32 lines: only `jsonl` can hold it
 * @example
 * await writeFile('list.csv', writeHashList(entries, { format: 'csv' }));
 */
export function* writeHashList(
  entries: Iterable<BlocklistEntry>,
  options: { format?: ListFormat } = {},
): Generator<string, void, undefined> {
  checkIterable(entries, 'an iterable of entries');
  checkOptions(options);
  const { format = 'csv' } = options;
  if (format !== 'csv' && format !== 'jsonl' && format !== 'plain') {
    throw new TypeError("expected format to be 'csv', 'jsonl' or 'plain'");
  }
  if (format === 'csv') yield COLUMNS;
  const write = { csv: csvLine, jsonl: jsonLine, plain: plainLine }[format];
  for (const entry of entries) {
    checkEntry(entry);
    yield write(entry);
  }
}

const present = (labels: readonly string[]) => labels.filter((label) => label !== '');

function csvLine({ hash, labels, quality, source, id, resample }: BlocklistEntry): string {
  const joined = joinLabels(present(labels));
  return row([hashToHex(hash), hash.algorithm, quality, source, id, resample, joined]);
}

function plainLine({ hash, labels, quality }: BlocklistEntry): string {
  const kept = present(labels);
  // An empty second cell keeps a first label that looks like a quality from being read as one; a third cell makes
  // the second one a quality.
  if (quality !== undefined && kept.length === 0) return row([hashToHex(hash), quality, '']);
  const looksLikeQuality = /^(?:\d\d?|100)$/.test(kept[0] ?? '');
  return row([
    hashToHex(hash),
    ...(quality !== undefined || looksLikeQuality ? [quality] : []),
    ...kept,
  ]);
}

function row(cells: readonly (string | number | undefined)[]): string {
  const line = cells.map((cell) => writeCell(`${cell ?? ''}`)).join(',');
  if (line.split('\n', MAX_RECORD_LINES + 1).length > MAX_RECORD_LINES) {
    throw new RangeError(
      `expected at most ${MAX_RECORD_LINES} lines of text in an entry: write jsonl`,
    );
  }
  return `${line}\n`;
}

function jsonLine({ hash, labels, quality, source, id, resample }: BlocklistEntry): string {
  const { algorithm } = hash;
  return `${JSON.stringify({ hash: hashToHex(hash), algorithm, labels: present(labels), quality, source, id, resample })}\n`;
}
