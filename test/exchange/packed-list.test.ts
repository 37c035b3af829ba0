import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlocklistEntry } from '../../src/entry.js';
import type { FormatError } from '../../src/errors.js';
import type { ReadOptions } from '../../src/exchange/hash-list.js';
import { readPackedEntries } from '../../src/exchange/packed-list.js';
import { hashFromHex } from '../../src/hash.js';
import type { PackedEntries } from '../../src/packed-entries.js';
import { awkwardText, cut, readAll } from './lists.js';

const HEX = '0123456789abcdef'.repeat(4);
const rowsOf = (packed: PackedEntries) =>
  Array.from({ length: packed.size }, (_, row) => packed.entryAt(row));

test('one table per algorithm and width, in the order of appearance', async () => {
  const tables = await readPackedEntries(
    `${HEX}\ndhash ${HEX.slice(48)}\n${HEX.toUpperCase()},a\n`,
  );
  expect(tables.map(rowsOf)).toEqual([
    [
      { hash: hashFromHex('pdq', HEX), labels: [] },
      { hash: hashFromHex('pdq', HEX), labels: ['a'] },
    ],
    [{ hash: hashFromHex('dhash', HEX.slice(48)), labels: [] }],
  ]);
  expect(await readPackedEntries('# nothing\n')).toEqual([]);
});

test('without onProblem, the first problem is thrown', async () => {
  await expect(() => readPackedEntries(`${HEX}\n\nx\ny`)).rejects.toMatchObject({
    code: 'bad-hash',
    line: 3,
  });
  await expect(() => readPackedEntries(`\n\n${HEX}\n`, { maxLines: 2 })).rejects.toMatchObject({
    code: 'too-many-lines',
    line: 3,
  });
});

test('gives the entries and problems of readHashList, in any chunks', async () => {
  const bare = fc.constantFrom(HEX, HEX.toUpperCase(), HEX.slice(48), `${HEX}0`, `${HEX}\r`, '');
  const other = fc.constantFrom(
    `${HEX.slice(1)}g`,
    `${HEX},a`,
    `pdq ${HEX}`,
    'label,hash',
    `{"hash":"${HEX}"}`,
    `{"hash":"${HEX}","variant":"onBlack","variants":[{"name":"window4x5","hash":"${HEX}"}]}`,
    `a,"b`,
    ` ${HEX}`,
  );
  const text = fc
    .array(fc.oneof({ weight: 3, arbitrary: bare }, other, awkwardText), { maxLength: 30 })
    .map((lines) => lines.join('\n'));
  const options = fc.constantFrom<ReadOptions>(
    {},
    { algorithm: 'phash' },
    { algorithm: 'pdq', maxLineLength: 63 },
    { algorithm: 'phash', maxLineLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat()), options, async (whole, cuts, chosen) => {
      const expected = await readAll(whole, chosen);
      const problems: string[] = [];
      const onProblem = ({ code, line }: FormatError) => problems.push(`${line} ${code}`);
      const tables = await readPackedEntries(cut(whole, cuts), { ...chosen, onProblem });
      expect(problems).toEqual(expected.problems);
      const kinds = new Map<string, BlocklistEntry[]>();
      for (const entry of expected.entries) {
        const kind = `${entry.hash.algorithm}${entry.hash.bytes.length}`;
        kinds.set(kind, [...(kinds.get(kind) ?? []), entry]);
      }
      expect(tables.map(rowsOf)).toEqual([...kinds.values()]);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
