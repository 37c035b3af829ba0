import { type Bits, bitsOf, hasBits } from '../hash.js';
import { PackedEntries } from '../packed-entries.js';
import { checkedOptions, type ReadOptions } from './hash-list.js';
import { LineSplitter } from './lines.js';
import { ListRecords } from './list-records.js';
import { listPieces } from './list-text.js';
import type { TextSource } from './text.js';

const NEWLINE = 10;
const RETURN = 13;

/**
 * Reads a hash list into tables: one for each algorithm and width in it, in the order of their
 * first entries. An empty list gives no table. It reads the same lists as `readHashList`, and
 * faster where a line is a bare hash.
 * @throws {TypeError | RangeError | FormatError} as `readHashList`
 * @example
 * const [entries] = await readPackedEntries(text, { onProblem });
 * const index = createIndex(entries.hashes);
 */
export async function readPackedEntries(
  text: TextSource,
  options: ReadOptions = {},
): Promise<PackedEntries[]> {
  const { unnamed, onProblem, maxLineLength, maxLines } = checkedOptions(options);
  const tables = new Map<string, PackedEntries>();
  const table = (name: PackedEntries['algorithm'], bits: Bits): PackedEntries => {
    const key = `${name}-${bits}`;
    const found = tables.get(key) ?? new PackedEntries(name, bits);
    tables.set(key, found);
    return found;
  };
  const records = new ListRecords(
    {
      entry: (entry) => table(entry.hash.algorithm, bitsOf(entry.hash)).push(entry),
      problem: (error) => {
        if (onProblem === undefined) throw error;
        onProblem(error);
      },
    },
    unnamed,
    maxLineLength,
  );
  // Possible widths of a bare hash. Each has a table that is part of the result once it has a row.
  const bare: { digits: number; key: string; rows: PackedEntries }[] = [];
  for (const bits of [256, 64] as const) {
    const assumed = unnamed[bits];
    if (!hasBits(assumed, bits) || bits / 4 > maxLineLength) continue;
    bare.push({
      digits: bits / 4,
      key: `${assumed}-${bits}`,
      rows: new PackedEntries(assumed, bits),
    });
  }
  const splitter = new LineSplitter(
    {
      line: (line, number) => records.line(line, number),
      tooLong: (number) => records.tooLong(number),
      end: (number) => records.end(number),
      take: (chunk, at) => {
        if (!records.plain) return -1;
        for (const kind of bare) {
          let end = at + kind.digits;
          if (chunk.charCodeAt(end) === RETURN) end++;
          if (chunk.charCodeAt(end) !== NEWLINE) continue;
          const rows = tables.get(kind.key) ?? kind.rows;
          if (!rows.pushHex(chunk, at)) return -1;
          tables.set(kind.key, rows);
          records.taken();
          return end + 1;
        }
        return -1;
      },
    },
    maxLineLength,
    maxLines,
  );
  for await (const piece of listPieces(text)) splitter.push(piece);
  splitter.end();
  return [...tables.values()];
}
