import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinLabels, type Row, readRow, splitLabels, writeCell } from '../../src/text/csv.js';
import { naiveCsv } from '../oracles/csv.js';
import { runs } from '../seed.js';
import { awkwardText } from '../services/lists.js';

/** The rows of a text, read line by line, or where reading failed. */
function rowsOf(text: string): string[][] | 'stray' | 'open' {
  const rows: string[][] = [];
  let row: Row = { cells: [], open: undefined };
  let state: ReturnType<typeof readRow> = 'closed';
  for (const line of text.split('\n').slice(0, -1)) {
    state = readRow(line, row);
    if (state === 'stray') return state;
    if (state === 'closed') {
      rows.push(row.cells);
      row = { cells: [], open: undefined };
    }
  }
  return state === 'open' ? state : rows;
}

test('cells with and without quotes', () => {
  expect(rowsOf('a, b ,"c,""d""" , \n')).toEqual([['a', 'b', 'c,"d"', '']]);
  expect(rowsOf('a"b,c" d\n')).toEqual([['a"b', 'c" d']]);
  expect(rowsOf('"a\r\nb"\r\n')).toEqual([['a\r\nb']]);
  expect(rowsOf('"a"b\n')).toBe('stray');
  expect(rowsOf('"a\n')).toBe('open');
});

test('written cells are read as the naive reader reads them', () => {
  fc.assert(
    fc.property(fc.array(fc.array(awkwardText, { minLength: 1 })), (rows) => {
      const quote = (cell: string) => `"${cell.replaceAll("'", '_').replaceAll('"', '""')}"`;
      const text = rows.map((cells) => `${cells.map(quote).join(',')}\n`).join('');
      expect(rowsOf(text)).toEqual(naiveCsv(text));
    }),
  );
});

test('cells round-trip', () => {
  fc.assert(
    fc.property(fc.array(awkwardText, { minLength: 1 }), (cells) => {
      expect(rowsOf(`${cells.map(writeCell).join(',')}\n`)).toEqual([cells]);
    }),
    { numRuns: runs(2000) },
  );
});

test('no cell can start a formula, whichever character a spreadsheet splits cells at', () => {
  const dangerous = fc
    .array(fc.constantFrom(...',;\t\r\n =+-@＝\'"a0'.split('')), { maxLength: 12 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(dangerous, (text) => {
      const cell = writeCell(text);
      // A spreadsheet whose separator is not the comma reads quotes differently.
      for (const part of [naiveCsv(`${cell}\n`)[0]!.join(','), ...cell.split(/[,;\t\r\n]/)]) {
        expect(part).not.toMatch(/^ *[=+\-@＝]/);
      }
      expect(naiveCsv(`${cell}\n`)[0]![0]).not.toMatch(/^ *[=+\-@＝\t\r\0]/);
    }),
    { numRuns: runs(2000) },
  );
  expect(writeCell('=1+1')).toBe("'=1+1");
  expect(writeCell("'=1")).toBe("''=1");
  expect(writeCell('a;=1')).toBe('"a;\'=1"');
  expect(writeCell('a-b')).toBe('a-b');
});

test('labels in one cell', () => {
  expect(splitLabels('a; b ;;c')).toEqual(['a', 'b', 'c']);
  expect(splitLabels('C:\\new')).toEqual(['C:\\new']);
  expect(splitLabels('a\\')).toEqual(['a\\']);
  expect(joinLabels(['a;b', 'c\\', ' '])).toBe('a\\;b;c\\\\;\\ ');
  fc.assert(
    fc.property(fc.array(awkwardText.filter((text) => text !== '')), (labels) => {
      expect(splitLabels(joinLabels(labels))).toEqual(labels);
    }),
    { numRuns: runs(2000) },
  );
});
