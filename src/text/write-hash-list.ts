import { checkedBriefly, checkIterable, choice, type OptionTable, wrongRange } from '../door.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { hashToHex } from '../hash.js';
import { joinLabels, MAX_RECORD_LINES, writeCell } from './csv.js';

/** The formats of a hash list. */
export type ListFormat = 'plain' | 'csv' | 'jsonl' | 'dataset' | 'dataset-csv' | 'local-file';

interface WriteListOptions {
  format?: ListFormat;
}

/** The header of python-threatexchange's `dataset --csv`. */
const DATASET_COLUMNS = 'signal_type,signal_str,collab,category,tags\n';

const COLUMNS = 'hash,algorithm,quality,source,id,resample,variant,group,seconds,still,labels\n';

/**
 * Writes a hash list as text, one piece per entry, so that `readHashList` returns the same entries.
 * - `csv`: a header, then the other fields of each entry. Safe to open in a spreadsheet.
 * - `jsonl`: the same fields.
 * - `plain`: `hash[,label…]`, or `HASH,QUALITY,FILE` as in the PDQ tool if the quality is known. A
 *   hash of another algorithm follows its name. The other fields are omitted. Safe to open in a
 *   spreadsheet.
 * - `dataset`, `dataset-csv` and `local-file`: as python-threatexchange's `dataset -P` and `dataset
 *   -P --csv` print it, and like its local files. The source is the collab, each label a tag, the
 *   category POSITIVE_CLASS; a local file has the hash alone.
 *
 * No format includes what a reader must not take from a text: the list that an entry is on, and
 * whether it was confirmed; nor `caseCount` and `opinions`. Empty labels are omitted. Join the
 * pieces, or write them one by one.
 * @throws {TypeError | RangeError} at the first piece, if the format is invalid; at the piece of an
 *   entry, if the entry is invalid
 * @throws {RangeError} if the text of an entry has more than 32 lines, which only `jsonl` can hold;
 *   if a label has blanks, in `dataset` and `dataset-csv`
 * @example
 * await writeFile('list.csv', writeHashList(entries, { format: 'csv' }));
 */
export function* writeHashList(
  entries: Iterable<BlocklistEntry>,
  options: WriteListOptions = {},
): Generator<string, void, undefined> {
  checkIterable(entries, 'an iterable of entries');
  const { format } = checkedBriefly(options, WRITE_LIST_OPTIONS);
  if (format === 'csv') yield COLUMNS;
  if (format === 'dataset-csv') yield DATASET_COLUMNS;
  const write = WRITERS[format];
  for (const entry of entries) {
    checkEntry(entry);
    yield write(entry);
  }
}

const present = (labels: readonly string[]) => labels.filter((label) => label !== '');

function csvLine({ hash, labels, ...others }: BlocklistEntry): string {
  const { quality, source, id, resample, variant, group, seconds, still } = others;
  const joined = joinLabels(present(labels));
  const values = [quality, source, id, resample, variant, group, seconds, still];
  return row([hashToHex(hash), hash.algorithm, ...values, joined]);
}

function plainLine({ hash, labels, quality }: BlocklistEntry): string {
  const kept = present(labels);
  const hex = hash.algorithm === 'pdq' ? hashToHex(hash) : localLine({ hash }).trim();
  // An empty second cell keeps a first label that looks like a quality from being read as one. Only
  // with a third cell is the second one a quality.
  if (quality !== undefined && kept.length === 0) return row([hex, quality, '']);
  const looksLikeQuality = /^(?:\d\d?|100)$/.test(kept[0] ?? '');
  return row([hex, ...(quality !== undefined || looksLikeQuality ? [quality] : []), ...kept]);
}

function row(cells: readonly (string | number | boolean | undefined)[]): string {
  const line = cells.map((cell) => writeCell(`${cell ?? ''}`)).join(',');
  if (line.split('\n', MAX_RECORD_LINES + 1).length > MAX_RECORD_LINES) {
    wrongRange(`at most ${MAX_RECORD_LINES} lines of text in an entry: use jsonl`);
  }
  return `${line}\n`;
}

function jsonLine({ hash, labels, ...others }: BlocklistEntry): string {
  const { quality, source, id, resample, variant, group, parts, seconds, still } = others;
  const fields = {
    ...{ labels: present(labels), quality, source, id, resample, variant, group, parts },
    ...{ seconds, still },
  };
  return `${JSON.stringify({ hash: hashToHex(hash), algorithm: hash.algorithm, ...fields })}\n`;
}

/** The tags of an entry, which blanks separate. */
function tagsOf(labels: readonly string[]): string {
  const kept = present(labels);
  if (kept.some((label) => /\s/.test(label))) {
    wrongRange('labels without blanks in a dataset: use csv or jsonl');
  }
  return kept.join(' ');
}

function datasetRow({ hash, labels, source }: BlocklistEntry): string {
  return row([hash.algorithm, hashToHex(hash), source, 'POSITIVE_CLASS', tagsOf(labels)]);
}

function datasetLine({ hash, labels, source = '' }: BlocklistEntry): string {
  const parts = [localLine({ hash }).trim(), repr(source), 'POSITIVE_CLASS', tagsOf(labels)];
  return `${parts.join(' ').trimEnd()}\n`;
}

/** Text in quotes, as Python's `repr` writes it. */
function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text.replace(/[\\'\p{Cc}\u2028\u2029]/gu, (one) => {
    if (one === "'") return quote === "'" ? "\\'" : one;
    if (one === '\\') return '\\\\';
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[one];
    const code = one.charCodeAt(0);
    const long = code < 256 ? `x${hexDigits(code, 2)}` : `u${hexDigits(code, 4)}`;
    return short ?? `\\${long}`;
  });
  return `${quote}${inside}${quote}`;
}

const hexDigits = (code: number, digits: number) => code.toString(16).padStart(digits, '0');

function localLine({ hash }: Pick<BlocklistEntry, 'hash'>): string {
  return `${hash.algorithm} ${hashToHex(hash)}\n`;
}

const WRITERS: Readonly<Record<ListFormat, (entry: BlocklistEntry) => string>> = {
  csv: csvLine,
  jsonl: jsonLine,
  plain: plainLine,
  dataset: datasetLine,
  'dataset-csv': datasetRow,
  'local-file': localLine,
};

export const WRITE_LIST_OPTIONS = {
  format: { is: choice, of: /* @__PURE__ */ Object.keys(WRITERS), default: 'csv' },
} as const satisfies OptionTable<WriteListOptions>;
