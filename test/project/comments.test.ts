import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '../../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(ts|cts|css|html)$/.test(path))
  .sort();

/** The lines of src that are wrong, with their places. */
const linesThat = (isWrong: (line: string) => boolean) =>
  files.flatMap((path) =>
    readFileSync(join(src, path), 'utf8')
      .split('\n')
      .flatMap((line, at) => (isWrong(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );

/** A line of a comment, or a line of code that ends in one, of more than 100 columns. */
const isLong = (line: string) => line.length > 100 && /^\s*(\/\/|\/\*|\*)|\s\/\/ /.test(line);

/** Phrases that no native writes: "if an option is invalid" and "default 31" say the same. */
const STALE = /\bthat (is|are) none\b|\bunless told\b|\bif (?!there )\S+( \S+){0,2} is none\b/;

test('no comment line has more than 100 columns', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(linesThat(isLong)).toEqual([]);
});

test('no comment or message has a stale phrase', () => {
  expect(linesThat((line) => STALE.test(line))).toEqual([]);
});

/** The comments of a file, without their marks. */
const commentsIn = (text: string) =>
  [...text.matchAll(/\/\*\*?([\s\S]*?)\*\/|(?:^|\s)\/\/ ?(.*(?:\n\s*\/\/.*)*)/gm)]
    .map(([, block, line]) => (block ?? line)!.replace(/^\s*(\*|\/\/) ?/gm, '').trim())
    .filter((comment) => comment !== '' && !/@__PURE__|biome-ignore/.test(comment));

/** A clause used as a noun: "What a router stands on". One with a comma is a sentence. */
const isClause = (comment: string) =>
  /^(What|How|Whether|Where|Who|Whom|Whose|Of|When|Which|Why)\b(?!.*,)/.test(comment);

/** Words by which the comments read like a translation. */
const FOREIGN = /\b(told|tells?|telling|nobody|anew|kept out|parted)\b/gi;

const comments = files
  .filter((path) => /\.(ts|cts)$/.test(path))
  .flatMap((path) => commentsIn(readFileSync(join(src, path), 'utf8')));

test("comments name the thing first, in the field's words", () => {
  expect(comments.length).toBeGreaterThan(5000);
  expect(comments.filter(isClause)).toEqual([]);
});

test('messages and names have none of these words', () => {
  // A moderator who cannot tell is idiomatic.
  const isForeign = (line: string) => line.replace('Cannot tell', '').match(FOREIGN) !== null;
  expect(linesThat(isForeign)).toEqual([]);
});

test('a sixth of all lines are comments', () => {
  const code = files.filter((path) => /\.(ts|cts)$/.test(path));
  const texts = code.map((path) => readFileSync(join(src, path), 'utf8').split('\n'));
  const share =
    texts.flatMap((lines) => lines.filter((line) => /^\s*(\/\/|\/\*|\*)/.test(line))).length /
    texts.flat().length;
  expect(share).toBeGreaterThan(0.15);
  expect(share).toBeLessThan(0.19);
});

test.each([
  ['What a router stands on', true],
  ['Whether it is a list', true],
  ['Where the canvas is altered, decoders of our own are used', false],
  ['The dependencies of a router', false],
])('a clause cannot begin a comment: %s', (comment, isWrong) => {
  expect(isClause(comment)).toBe(isWrong);
});

test('comments are found', () => {
  expect(commentsIn('/** a\n * b */\nlet x; // c\n// d\n// e\n')).toEqual(['a\nb', 'c\nd\ne']);
});

test.each([
  `  // ${'x'.repeat(96)}`,
  `   * ${'x'.repeat(96)}`,
  `/** ${'x'.repeat(94)} */`,
  `const a = 1; // ${'x'.repeat(85)}`,
])('is long: %s', (line) => {
  expect(isLong(line)).toBe(true);
  expect(isLong(line.replace('x', ''))).toBe(false);
});

test.each([
  '@throws {TypeError} for options that are none',
  'for a source or an option that is none',
  'threads; one a core unless told',
  '@throws {TypeError} if `pixels` is none',
  '@throws {TypeError} if `pixels` or `options` is none',
])('is stale: %s', (line) => {
  expect(line).toMatch(STALE);
});

test.each(['undefined if there is none', 'default 31', 'if an option is invalid'])(
  'is not stale: %s',
  (line) => {
    expect(line).not.toMatch(STALE);
  },
);
