import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Output } from '../../src/cli/output.js';
import { printTable, table } from '../../src/cli/table.js';
import { testFolder } from '../folder.js';
import { EMBEDDED, ON_TERMINAL, onlyhashes, PHOTOS } from './program.js';

const CAT = 'locomotion-house-cat.jpg';
const BOATS = 'nagasaki-boats-q40.jpg';
const CLEAR = '\r\x1b[2K';
const LABELS = '"cat, sleeping",reported';

const folder = testFolder();
let hex: string;
beforeAll(async () => {
  for (const name of [CAT, BOATS]) copyFileSync(join(PHOTOS, name), join(folder, name));
  writeFileSync(join(folder, 'bad.jpg'), 'no picture');
  hex = (await onlyhashes(['hash', join(folder, CAT)])).out.slice(0, 64);
  // The second is 40 bits away, for review.
  const near = Buffer.from(hex, 'hex');
  for (let at = 0; at < 5; at++) near[at]! ^= 255;
  writeFileSync(join(folder, 'list.csv'), `${hex},${LABELS}\n`);
  writeFileSync(join(folder, 'near.csv'), `${near.toString('hex')}\n`);
});

/** What a command prints on a pipe, and on a terminal without its progress. */
async function both(words: readonly string[], env: NodeJS.ProcessEnv = { NO_COLOR: '' }) {
  const pipe = await onlyhashes(words, { cwd: folder, node: EMBEDDED, env });
  const node = [...ON_TERMINAL.node, ...EMBEDDED];
  const terminal = await onlyhashes(words, { cwd: folder, node, env });
  return {
    pipe: pipe.out,
    terminal: terminal.out.replaceAll(CLEAR, ''),
    codes: [pipe.code, terminal.code],
    err: [pipe.err, terminal.err],
  };
}

/** An output that keeps the lines. */
function kept() {
  const lines: string[] = [];
  const line = async (text: string, before = '') => {
    lines.push(before + text);
  };
  return { lines, out: { line } as unknown as Output };
}

test('rows are aligned, also below wide characters, and a longer cell widens its column', async () => {
  const { lines, out } = kept();
  const row = table(['NAME  ', 'SIZE', 'FILE'], out);
  expect(lines).toEqual([]);
  await row(['a', 1, 'x y.jpg']);
  await row(['日本', undefined, 'b\n\x1b.jpg']);
  await row(['much longer', 22, '']);
  await row(['b', 333, 'c']);
  expect(lines).toEqual([
    'NAME    SIZE  FILE',
    'a       1     x y.jpg',
    '日本    -     b\\n\\x1b.jpg',
    'much longer  22    -',
    'b            333   c',
  ]);
});

test('a table of known rows has no empty column, and no header alone', async () => {
  const { lines, out } = kept();
  await printTable(['NAME', 'NEXT', 'ON'], [], out);
  expect(lines).toEqual([]);
  await printTable(
    ['NAME', 'NEXT', 'ON'],
    [
      ['none', '', true],
      ['constructor', undefined, false],
    ],
    out,
  );
  expect(lines).toEqual(['NAME         ON', 'none         true', 'constructor  false']);
});

test('match prints a table of best matches and a summary on a terminal, and CSV on a pipe', async () => {
  const words = ['match', CAT, 'bad.jpg', BOATS, '-b', 'list.csv'];
  const { pipe, terminal, codes, err } = await both(words);
  expect(pipe).toBe(`match,0,original,${hex},"cat, sleeping;reported",${CAT}\n`);
  expect(err[0]).toMatch(/^onlyhashes: bad\.jpg: [^\n]*\n$/);
  expect(codes).toEqual([2, 2]);
  const shown = terminal.replaceAll('\x1b', '^');
  const [header, match, unhashable, none, summary, ...others] = shown.split('\n');
  expect(header).toBe('VERDICT     DISTANCE  VARIANT       LABELS                    FILE');
  expect(match).toBe(
    `^[31mmatch       ^[39m0         original      cat, sleeping; reported   ${CAT}`,
  );
  expect(unhashable).toMatch(/^\^\[35munhashable {2}\^\[39m- {9}- {13}- {25}bad\.jpg$/);
  expect(none).toMatch(/^\^\[32mnone {8}\^\[39m- .* nagasaki-boats-q40\.jpg$/);
  expect(summary).toMatch(
    /^3 files: 1 match, 1 none, 1 unhashable, list\.csv 1 entry, \d+(\.\d)? s$/,
  );
  expect(others).toEqual(['']);
});

test('match has one row for each file, and with --all one for each match', async () => {
  const review = await both(['match', CAT, hex, '-b', 'near.csv'], { NO_COLOR: '1' });
  expect(review.terminal).toMatch(
    /^VERDICT .*\nreview {6}\d\d {8}unletterbox .*\nreview {6}40 {8}original .*\n2 items: 2 review, near\.csv /,
  );
  writeFileSync(join(folder, 'twice.csv'), `${hex},first\n${hex},second\n`);
  const best = await both(['match', CAT, '-b', 'twice.csv'], { NO_COLOR: '1' });
  expect(best.pipe.split('\n')).toHaveLength(3);
  expect(best.terminal).toMatch(
    /^VERDICT .*\nmatch .*\n1 file: 1 match, 1 more match with --all, twice\.csv 2 entries, /,
  );
  const all = await both(['match', CAT, '-b', 'twice.csv', '--all'], { NO_COLOR: '1' });
  const rows = all.terminal.split('\n').filter((line) => line.startsWith('match '));
  expect(rows).toHaveLength(all.pipe.trim().split('\n').length);
  expect(all.terminal).toMatch(/\n1 file: 1 match, twice\.csv 2 entries, \d+(\.\d)? s\n$/);
  expect([review.codes, best.codes, all.codes]).toEqual(Array(3).fill([0, 0]));
});

test('--json is the same on a terminal, and nothing found is exit code 1 on both', async () => {
  const json = await both(['match', CAT, BOATS, '-b', 'list.csv', '--json']);
  expect(json.terminal).toBe(json.pipe);
  const none = await both(['match', BOATS, '-b', 'list.csv']);
  expect(none.pipe).toBe('');
  expect(none.terminal).toContain('1 file: 1 none, ');
  expect(none.codes).toEqual([1, 1]);
});

test('check prints a table and a summary on a terminal, with the same exit code', async () => {
  const { pipe, terminal, codes } = await both(['check', CAT, BOATS, '-b', 'list.csv'], {
    NO_COLOR: '1',
  });
  expect(pipe).toBe(`match,within-match-distance,${CAT}\nnone,nothing-near,${BOATS}\n`);
  expect(terminal.replace(/[\d.]+ s\n$/, 'TIME')).toBe(
    [
      'VERDICT     REASON                 FILE',
      `match       within-match-distance  ${CAT}`,
      `none        nothing-near           ${BOATS}`,
      '2 files: 1 match, 1 none, list.csv 1 entry, TIME',
    ].join('\n'),
  );
  expect(codes).toEqual([1, 1]);
});

test('lists and store status have headers on a terminal, and not on a pipe', {
  timeout: 180_000,
}, async () => {
  const made = await onlyhashes(['convert', 'list.csv', 'list.ohb'], { cwd: folder });
  expect(made.code).toBe(0);
  const lists = await both(['lists', 'list.ohb']);
  expect(lists.pipe).toBe(',,1,1,,,0,,60,0.000016,0.0044\n');
  expect(lists.terminal.split('\n')).toEqual([
    'ENTRIES  GENERATION  UNKNOWN  DISTANCE  MIXED     KIND',
    '1        1           0        60        0.000016  0.0044',
    '',
  ]);
  expect(lists.codes).toEqual([0, 0]);
  const helpOf = async (command: string) =>
    (await onlyhashes([command, '--help'], { cwd: folder })).out.replace(/\s+/g, ' ');
  const header = /Prints a line ([A-Z,]+) for each list/.exec(await helpOf('lists'))![1]!;
  expect(header.split(',')).toHaveLength(lists.pipe.split(',').length);
  for (const column of header.split(',').slice(2)) expect(await helpOf('lists')).toContain(column);

  const store = ['--store', join(folder, 'store')];
  const words = ['store', 'import', 'list.csv', '--list', 'ours', ...store];
  await onlyhashes(words, { cwd: folder, node: EMBEDDED });
  const status = await both(['store', 'status', ...store]);
  expect(status.pipe).toMatch(/^engine,pglite\n/m);
  expect(status.pipe).toMatch(/\nlist,1,0,ours\nreviews,60,0\.000016,0\.0044,ours\n$/);
  expect(status.pipe).not.toContain('VALUE');
  const forms = await helpOf('store');
  for (const [, name, more] of status.pipe.matchAll(/^(list|reviews),(.+)$/gm)) {
    const [form] = new RegExp(`\\b${name},[A-Z,]+\\b`).exec(forms)!;
    expect(form.split(',')).toHaveLength(1 + more!.split(',').length);
  }
  expect(status.terminal).toMatch(/^NAME +VALUE\n/);
  expect(status.terminal).toMatch(/\nengine +pglite\n/);
  expect(status.terminal).toMatch(
    /\n\nLIST {2}ENTRIES {2}PAUSED {2}DISTANCE {2}MIXED {5}KIND\nours {2}1 {8}0 {7}60 {8}0\.000016 {2}0\.0044\n$/,
  );
  expect(status.codes).toEqual([0, 0]);
});
