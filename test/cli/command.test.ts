import { copyFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../folder.js';
import { onlyhashes, PHOTOS } from './program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');

const folder = testFolder();

test.each([
  [['hash'], 'expected FILE…'],
  [['hash', '--resample', '7', CAT], '--resample: expected 512 or none, got 7'],
  [['hash', '--no-such', CAT], "Unknown option '--no-such'"],
  [['paint'], 'expected a command, got paint\n'],
  [['hash', '--json', '--json', CAT], '--json: expected once'],
  [['hash', '--algorithm', 'pdq', '--algorithm=phash', CAT], '--algorithm: expected once'],
  [['match', '-b', 'a', '--blocklist', 'b', CAT], '--blocklist: expected once'],
  [['match', CAT, '--blocklist'], '--blocklist'],
  [['match', CAT, '--blocklist', ''], '--blocklist: expected a value'],
  [['match', CAT, '--blocklist', '--json'], '--blocklist'],
  [['hash', '--json=yes', CAT], '--json'],
  [['hash', '--no-json', CAT], '--no-json'],
  [['hash', '--max-megapixels', '1e3', CAT], '--max-megapixels: expected a whole number'],
  [['hash', '--max-megapixels', '-1', CAT], '--max-megapixels'],
  [['compare', CAT], 'expected A B'],
  [['compare', CAT, CAT, CAT], `expected A B, not ${CAT}`],
  [['doctor', 'what'], 'expected options only, not what'],
  [['bench', 'pdq', '--smallest', 'x'], '--smallest: expected a whole number'],
  [['bench', 'index', '--smallest', '0'], '--smallest: expected a whole number from 1'],
  [['bench', 'index', '--smallest', '9', '--largest', '8'], '--smallest: expected no more'],
  [['bench', 'index', '--distance', '257'], '--distance: expected a whole number from 0 to 256'],
  [['bench', 'robustness', '--seed', '1.5'], '--seed: expected a whole number'],
  [['bench', 'index', '--part', 'all'], '--part: expected large or figures'],
  [['bench', 'pdq', '--part', 'near'], '--part: expected index'],
  [['bench', '--photos', '.'], '--photos: expected robustness'],
  [
    ['bench', 'robustness', '--set', 'all'],
    '--set: expected tuned or open or checked or opened or sealed',
  ],
  [['bench', 'index', '--rounds', '20'], '--rounds'],
  [['hash', '--algorithm', 'phash', '--exact', CAT], '--exact: only with --algorithm pdq'],
  [['hash', '--resample', '512', '--algorithm', 'ahash', CAT], '--resample: only with --algorithm'],
  [['hash', '--crops', CAT], '--crops: only with --json'],
  [
    ['hash', '--crops', '--json', '--orientation', 'stored', CAT],
    '--crops: only with --orientation display',
  ],
  [['hash', '--variants', 'none', '--orientation', 'stored', CAT], '--variants: only with'],
  [['compare', '--variants', 'none', CAT, CAT], '--variants'],
  [['match', CAT, '-b', 'a', '--show-pictures'], '--show-pictures: only with --explain'],
  [['match', CAT, '-b', 'a', '--overwrite'], '--overwrite: only with --explain'],
  [['check', '-b', 'a'], 'expected FILE… --blocklist LIST'],
  [['check', CAT], 'expected --blocklist LIST'],
  [['check', '-', '-b', '-'], 'expected the list or a picture on standard input'],
  [['check', CAT, '-b', 'a', '--all'], '--all'],
  [['index', 'info', CAT, '-o', 'a'], '--output: only with build'],
  [['index', 'build', CAT, '--json'], '--json: only with info or verify'],
  [['index', 'info', CAT, CAT], 'expected build LIST'],
  [['bundle', 'verify', CAT, '-o', 'a'], '--output: only with create or show or withdraw'],
  [['bundle', 'show', CAT, '--token', 'a'], '--token: only with withdraw'],
  [['bundle', 'create', CAT, '--identity', 'a'], '--identity: only with show'],
  [['bundle', 'create', CAT, '--overwrite'], '--overwrite: only with --output'],
  [['help', 'paint'], 'expected a command, got paint\n'],
])('%j is refused with a hint, exit code 2', async (args, message) => {
  const { out, err, code } = await onlyhashes(args);
  expect(out).toBe('');
  expect(err).toContain(message);
  expect(err).toContain('--help');
  expect(code).toBe(2);
});

test('a range without sizes measures nothing, and is reported', async () => {
  const args = ['bench', 'index', '--smallest', '2', '--largest', '9'];
  const { err, code } = await onlyhashes(args);
  expect(err).toMatch(/^onlyhashes: expected one of the sizes 1000, 10000, /);
  expect(code).toBe(2);
});

test('arguments after -- are files', async () => {
  for (const name of ['-h', '--help', '--json']) copyFileSync(CAT, join(folder, name));
  const { lines, code } = await onlyhashes(['hash', '--', '-h', '--help', '--json'], {
    cwd: folder,
  });
  expect(lines.map((line) => line.split(',')[2])).toEqual(['-h', '--help', '--json']);
  expect(code).toBe(0);
});

test('a folder without pictures is an error', async () => {
  const { out, err, code } = await onlyhashes(['hash', mkdtempSync(join(folder, 'empty-'))]);
  expect({ out, err, code }).toEqual({
    out: '',
    err: 'onlyhashes: expected a picture, found none\n',
    code: 2,
  });
});

test('every number option in the help of every command has a range', async () => {
  const { out } = await onlyhashes(['--help']);
  expect(out).toContain('141 if standard output was closed early');
  let refused = 0;
  for (const [, command] of out.matchAll(/^ {2}([a-z]+) /gm)) {
    const help = await onlyhashes([command!, '--help']);
    // A whole number has a range and so refuses `x`; the commands need no code for it.
    for (const [, option] of help.out.matchAll(/--([a-z-]+) (?:N|BITS)\b/g)) {
      const { err, code } = await onlyhashes([command!, `--${option}`, 'x']);
      expect(err, `${command} --${option}`).toContain(`--${option}: expected a whole number`);
      expect(code).toBe(2);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(5);
});

test('the help of every command that matches against a list names the kinds of list files', async () => {
  for (const command of ['match', 'check', 'serve']) {
    const { out } = await onlyhashes([command, '--help']);
    expect(out.replace(/\s+/g, ' ')).toContain('text, an .ohx or .ohb file, or a CONFIG of fetch');
  }
});

test('every command has help with an example, which fits a terminal of 80 columns', async () => {
  const tooLong = (text: string) => text.split('\n').filter((line) => line.length > 80);
  const { out } = await onlyhashes(['--help']);
  expect(tooLong(out)).toEqual([]);
  const commands = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, command]) => command!);
  expect(commands).toEqual(expect.arrayContaining(['hash', 'match', 'compare', 'bench', 'doctor']));
  for (const command of commands) {
    const help = await onlyhashes([command, '--help']);
    expect(help.code).toBe(0);
    expect(help.out).toMatch(new RegExp(`^onlyhashes ${command}\\b`));
    expect(help.out).toContain('Examples\n  ');
    expect(tooLong(help.out)).toEqual([]);
  }
});
