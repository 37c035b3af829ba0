import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { shown } from '../../src/cli/output.js';
import { hashToHex } from '../../src/hash.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { ON_TERMINAL, onlyhashes, PHOTOS } from './program.js';

const PHOTO = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
/** A title for the window, a cleared screen by the byte of C1, and letters from right to left. */
const NAME = '\x1b]0;owned\x07\u009b2J\u202egpj.a';
const SHOWN = '\\x1b]0;owned\\x07\\x9b2J\\u202egpj.a';
/** The same byte in a name that is not UTF-8. */
const BYTES = Buffer.concat([Buffer.from('a'), Buffer.of(0x9b, 0xff), Buffer.from('2J')]);

const CLEAR = '\r\x1b[2K';
const STEERING = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\udc80-\udc9f]/u;

const folder = testFolder();
const list = join(folder, 'list.csv');
let pictures: string;
let broken: string;
beforeAll(async () => {
  [pictures, broken] = ['pictures', 'broken'].map((name) => join(folder, name)) as [string, string];
  for (const each of [pictures, broken]) mkdirSync(each);
  copyFileSync(PHOTO, join(pictures, NAME));
  for (const name of [Buffer.from(`${NAME}\nmatch,0`), BYTES]) {
    writeFileSync(Buffer.concat([Buffer.from(`${broken}/`), name]), 'no picture');
  }
  writeFileSync(list, `${hashToHex((await hashFile(PHOTO)).hash)},"label ${NAME}"\n`);
});

test('control characters of a terminal are shown, and nothing else changes', () => {
  expect(shown(NAME)).toBe(SHOWN);
  expect(shown('\udc9b\udcff\x7f\r\u2066\u2029')).toBe('\\x9b\udcff\\x7f\\x0d\\u2066\\u2029');
  expect(shown('a\tb\nc é 日本 \u05d0 💀\u200d')).toBe('a\tb\nc é 日本 \u05d0 💀\u200d');
  const steering = fc.constantFrom(...'\x1b\x07\x9b\x9d\x90\u061c\u200f\u202a\u2069\udc80\0');
  fc.assert(
    fc.property(fc.array(fc.oneof(steering, fc.string({ unit: 'grapheme' }))), (parts) => {
      const text = shown(parts.join(''));
      expect(text).not.toMatch(STEERING);
      expect(shown(text)).toBe(text);
    }),
  );
});

test('standard error has no control characters; a script gets the bytes of results, a terminal does not', async () => {
  const errors = await onlyhashes(['hash', broken]);
  expect(errors.err).not.toMatch(STEERING);
  // One line of each file, whatever its name has.
  expect(errors.err.trimEnd().split('\n')).toHaveLength(2);
  expect(errors.err).toContain(`${SHOWN}\\nmatch,0: `);
  expect(errors.err).toMatch(/\/a\\x9b\ufffd2J: /);
  for (const words of [
    ['hash', pictures],
    ['match', pictures, '-b', list],
  ]) {
    const script = await onlyhashes(words);
    expect(script.out).toContain(NAME);
    const terminal = await onlyhashes(words, { ...ON_TERMINAL, env: { NO_COLOR: '1' } });
    expect(terminal.out.replaceAll(CLEAR, '')).toContain(SHOWN);
    expect(terminal.out.replaceAll(CLEAR, '')).not.toMatch(STEERING);
    expect(terminal.err.replaceAll(CLEAR, '')).not.toMatch(STEERING);
  }
  const matched = await onlyhashes(['match', PHOTO, '-b', list, '--json'], ON_TERMINAL);
  expect(matched.out).toContain('\\x9b2J\\u202e');
  expect(matched.out).not.toMatch(STEERING);
  const refused = await onlyhashes(['hash', `--${NAME}`]);
  expect(refused.err).toContain(SHOWN);
  expect(refused.err).not.toMatch(STEERING);
});

test('only one source file writes to the terminal', () => {
  const cli = join(ROOT, 'src/cli');
  const files = readdirSync(cli, { recursive: true, encoding: 'utf8' });
  const writes = files
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /console\.|std(out|err)\.write/.test(readFileSync(join(cli, file), 'utf8')));
  // The other has a text of its own.
  expect(writes).toEqual(['interrupt.ts', 'output.ts']);
});
