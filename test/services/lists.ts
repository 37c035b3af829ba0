import fc from 'fast-check';
import type { BlocklistEntry } from '../../src/entry.js';
import type { FormatError } from '../../src/errors.js';
import type { Bits, Hash } from '../../src/hash.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { type ReadListOptions, readHashList } from '../../src/text/hash-list.js';
import type { TextSource } from '../../src/text/text.js';
import { hashOf } from '../arbitraries.js';

/** Every entry and every problem of a list. */
export async function readAll(
  text: TextSource,
  options: ReadListOptions = {},
): Promise<{ entries: BlocklistEntry[]; problems: string[] }> {
  const entries: BlocklistEntry[] = [];
  const problems: string[] = [];
  const onProblem = ({ code, line }: FormatError) => problems.push(`${line} ${code}`);
  for await (const entry of readHashList(text, { onProblem, ...options })) entries.push(entry);
  return { entries, problems };
}

/** The entries of a list as tables, one for each kind of hash. Problems are passed over. */
export async function tablesOf(text: TextSource): Promise<PackedEntries[]> {
  const tables = new Map<string, PackedEntries>();
  for (const entry of (await readAll(text)).entries) {
    const { algorithm, bytes } = entry.hash;
    const table =
      tables.get(`${algorithm}-${bytes.length}`) ??
      new PackedEntries(algorithm, (8 * bytes.length) as Bits);
    tables.set(`${algorithm}-${bytes.length}`, table);
    table.push(entry);
  }
  return [...tables.values()];
}

/** Any hash of any algorithm and width. */
export const anyHash: fc.Arbitrary<Hash> = fc.oneof(
  hashOf('pdq', 256),
  hashOf('dhash', 64),
  hashOf('blockhash', 256),
  hashOf('md5', 128),
  hashOf('sha1', 160),
  hashOf('sha256', 256),
);

/** Text with every character that matters to a reader of lists. */
export const awkwardText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...',;"\\\'=+-@# \t\r\n{}\u0000\u2028\ufeff'.split(''), '""', '\r\n', '95'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** Any entry with the given hash. */
export const entryOf = (hash: fc.Arbitrary<Hash>): fc.Arbitrary<BlocklistEntry> =>
  fc
    .record(
      {
        hash,
        labels: fc.array(
          awkwardText.filter((text) => text !== ''),
          { maxLength: 3 },
        ),
        quality: fc.integer({ min: 0, max: 100 }),
        source: awkwardText.filter((text) => text !== ''),
        id: awkwardText.filter((text) => text !== ''),
        resample: fc.constantFrom<512 | 'none'>(512, 'none'),
        variant: fc.constantFrom('window1x1', 'stored', 'of a later version'),
        seconds: fc.integer({ min: 0, max: 10 ** 12 }).map((milliseconds) => milliseconds / 1000),
        still: fc.boolean(),
        group: fc.string({
          unit: fc.constantFrom(...'0123456789abcdef'),
          minLength: 64,
          maxLength: 64,
        }),
      },
      { requiredKeys: ['hash', 'labels'] },
    )
    .map(({ group, seconds, ...entry }) => ({
      ...entry,
      ...(seconds !== undefined && entry.hash.algorithm === 'pdq' && { seconds }),
      ...(group !== undefined && { group: group.slice(0, 2 * entry.hash.bytes.length) }),
    }));

/** `text` cut at `cuts`, taken modulo its length. */
export function cut(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.map((c) => c % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => text.slice(at[i]!, end));
}
