import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DecodeError, type DecodeErrorCode } from '../../src/errors.js';
import { createBlocklist } from '../../src/index.js';
import { hmaRoute } from '../../src/server/hma/reply.js';
import { type Call, Refusal, type RefusalCode } from '../../src/server/http/route.js';
import { Scanner, statusOf } from '../../src/server/uploads/scanner.js';
import { StoreError, type StoreErrorCode } from '../../src/store/sql/store-error.js';
import { ROOT } from './package.js';

/** Text without comments, in which quotes may stand. */
const codeOf = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '');

const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => codeOf(readFileSync(join(ROOT, 'src', path), 'utf8')));

/** The codes of each class of errors in src that has any, by the name of the class. */
function codesInSource(): Map<string, string[]> {
  const codes = new Map<string, string[]>();
  for (const text of sources) {
    for (const [, name, members] of text.matchAll(
      /^export class (\w+) extends Error \{([\s\S]*?)^\}/gm,
    )) {
      const [, type] = /^ {2}readonly code: (\w+);/m.exec(members!) ?? [];
      if (type === undefined) continue;
      const union = sources
        .map((each) => new RegExp(`^export type ${type} =([^;]+);`, 'm').exec(each)?.[1])
        .find((found) => found !== undefined);
      codes.set(name!, [...union!.matchAll(/'([^']+)'/g)].map(([, code]) => code!).sort());
    }
  }
  return codes;
}

/** One row of a table. */
interface Row {
  readonly code: string;
  /** the cells after the code */
  readonly cells: readonly string[];
}

/** The pages of errors, as one. */
const PAGES = ['docs/errors.md', 'docs/service-errors.md'];

/** The tables of the pages whose first cells are codes, by their headings. */
function tablesOfPages(): Map<string, Row[]> {
  const tables = new Map<string, Row[]>();
  let heading = '';
  const lines = PAGES.flatMap((page) => readFileSync(join(ROOT, page), 'utf8').split('\n'));
  for (const line of lines) {
    heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
    const [, code, rest] = /^\| `([^`]+)` *\|(.+)\|$/.exec(line) ?? [];
    if (code === undefined) continue;
    const cells = rest!.split('|').map((cell) => cell.trim());
    tables.set(heading, [...(tables.get(heading) ?? []), { code, cells }]);
  }
  return tables;
}

const inSource = codesInSource();
const onPages = tablesOfPages();
const rowsOf = (name: string) => onPages.get(name)!;

test('the pages have a table for each class of errors with codes, and no other', () => {
  expect([...inSource.keys()].sort()).toEqual(
    ['DecodeError', 'FormatError', 'Refusal', 'ServiceError', 'StoreError'].sort(),
  );
  expect([...onPages.keys()].sort()).toEqual([...inSource.keys()].sort());
});

test.each([...inSource])('a page lists each code of %s once, and no other', (name, codes) => {
  expect(codes.length).toBeGreaterThan(5);
  expect(
    rowsOf(name)
      .map(({ code }) => code)
      .sort(),
  ).toEqual(codes);
});

test('each code has a cause and something to do', () => {
  const all = [...onPages.values()].flat();
  expect(all.filter(({ cells }) => cells.some((cell) => cell === ''))).toEqual([]);
});

/** What HMA's routes answer where this is thrown. */
async function statusByHma(error: Error): Promise<number> {
  const route = hmaRoute({
    method: 'GET',
    path: '/h/hash',
    role: 'match',
    about: '',
    replies: {},
    answer: () => {
      throw error;
    },
  });
  try {
    await route.answer({} as Call, undefined);
  } catch (refusal) {
    return (refusal as Refusal).status;
  }
  throw new Error('expected a refusal');
}

describe('the pages list the statuses that are answered', () => {
  test.each(rowsOf('DecodeError'))('$code of a DecodeError', async ({ code, cells }) => {
    const [, status, star] = /^(\d{3})( \*)?$/.exec(cells[0]!)!;
    expect(statusOf(code)).toBe(Number(status));
    const scanner = new Scanner({ blocklist: createBlocklist([]), onError: 'accept' });
    const error = new DecodeError(code as DecodeErrorCode, '');
    const { keep } = await scanner.notChecked(error, undefined);
    expect(keep).toBe(star === undefined);
    const missing = code === 'decoder-missing';
    expect(await statusByHma(error)).toBe(missing ? 501 : Number(status));
  });

  test.each(rowsOf('StoreError'))('$code of a StoreError', async ({ code }) => {
    const error = new StoreError(code as StoreErrorCode, '');
    expect(await statusByHma(error)).toBe(code === 'key-used' ? 409 : 503);
  });

  test.each(rowsOf('Refusal'))('$code of a Refusal', ({ code, cells }) => {
    expect(new Refusal(code as RefusalCode, '').status).toBe(Number(cells[0]));
  });
});
