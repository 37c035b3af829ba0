import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean } from '../../src/cli/did-you-mean.js';
import { onlyhashes, PHOTOS } from './program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const WORDS = ['match', 'hash', 'check', 'lists', 'fetch', 'store', 'serve', '--blocklist', '-b'];

test('a word that is one edit or a swap from another leads to it', () => {
  const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz');
  const edited = fc
    .record({
      word: fc.constantFrom(...WORDS.filter((word) => word.length > 3)),
      at: fc.nat({ max: 100 }),
      letter,
      kind: fc.constantFrom('insert', 'delete', 'replace', 'swap', 'shout'),
    })
    .map(({ word, at: place, letter: other, kind }) => {
      const dashes = /^-*/.exec(word)![0].length;
      const at = dashes + (place % (word.length - dashes));
      const typed: Record<string, string> = {
        insert: word.slice(0, at) + other + word.slice(at),
        delete: word.slice(0, at) + word.slice(at + 1),
        replace: word.slice(0, at) + other + word.slice(at + 1),
        swap:
          word.slice(0, at) +
          word
            .slice(at, at + 2)
            .split('')
            .reverse()
            .join('') +
          word.slice(at + 2),
        shout: word.toUpperCase(),
      };
      return { word, typed: typed[kind]! };
    });
  fc.assert(
    fc.property(edited, ({ word, typed }) => {
      expect(didYouMean(typed, [word])).toBe(`. Did you mean \`${word}\`?`);
    }),
  );
  // The nearest, not the first.
  expect(didYouMean('hatch', WORDS)).toBe('. Did you mean `match`?');
  expect(didYouMean('hahs', WORDS)).toBe('. Did you mean `hash`?');
});

test('a word that is near none leads to none, nor does one letter to another', () => {
  for (const typed of ['paint', 'x', '-x', '--', '', '--colour', 'onlyhashes']) {
    expect(didYouMean(typed, WORDS)).toBe('');
  }
  expect(didYouMean('-B', WORDS)).toBe('. Did you mean `-b`?');
});

test.each<[string[], string, string | undefined]>([
  [['mathc', CAT], 'got mathc', 'match'],
  [['HASH', CAT], 'got HASH', 'hash'],
  [['srve'], 'got srve', 'serve'],
  [['fakes'], 'got fakes', undefined],
  [['help', 'stor'], 'got stor', 'store'],
  [['--hepl'], 'got --hepl', '--help'],
  [['bundle', 'creat', CAT], 'got creat', 'create'],
  [['bundle', 'creat', CAT, '-o', 'a.json'], 'got creat', 'create'],
  [['bundle', '-o', 'a.json', 'creat', CAT], 'got creat', 'create'],
  [['store', 'statsu', '--json', '--store', 'hashes'], 'got statsu', 'status'],
  [['store', '--store', 'hashes', 'inport', 'list.csv'], 'got inport', 'import'],
  [['index', 'biuld'], 'got biuld', 'build'],
  [['index', 'paint', CAT], 'got paint', undefined],
  [['match', '--blocklst', 'list.csv', CAT], "option '--blocklst'", '--blocklist'],
  [['match', CAT, '--blocklst=list.csv'], "option '--blocklst'", '--blocklist'],
  [['hash', '-json', CAT], "option '-json'", '--json'],
  [['hash', CAT, '--jsn', CAT], "option '--jsn'", '--json'],
  [['bundle', 'create', CAT, '--ouptut', 'a'], "option '--ouptut'", '--output'],
  [['bundle', '--ouptut', 'a', 'create', CAT], "option '--ouptut'", '--output'],
  [['match', CAT, '-B', 'list.csv'], "option '-B'", '-b'],
  [['lists', '--hlep'], "option '--hlep'", '--help'],
  [['hash', CAT, '--colour'], "option '--colour'", undefined],
])(
  '%j is refused with the wrong word, and the one that it could be',
  async (args, wrong, meant) => {
    const { out, err, code } = await onlyhashes(args);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    const [first] = err.split('\n') as [string];
    expect(first).toContain(wrong);
    const question = /Did you mean (.*)\?$/.exec(first)?.[1];
    expect(question).toBe(meant && `\`${meant}\``);
    expect(err).toContain('--help');
  },
);

test('a file whose name begins with a dash is explained', async () => {
  const { err } = await onlyhashes(['hash', '--holiday.jpg']);
  expect(err).toMatch(/^onlyhashes: Unknown option '--holiday.jpg'. .* `--`\n/);
});
