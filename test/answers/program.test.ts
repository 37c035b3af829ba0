import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleText } from '../../src/bundle/bundle.js';
import { createBundle, hashFromHex, hashToHex, writeHashList } from '../../src/index.js';
import { onlyhashes, type RunOptions } from '../cli/program.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { ALL, type Answers, differences, digest } from './answer-record.js';
import { FIXTURES, filesBelow, photoEntries, photos, REFERENCE_DATA } from './asked.js';

describe('the program', () => {
  const folder = testFolder();
  const TOKEN = 'ABCD-EFGH-JKMN-PQRS-TVWX-YZ2W';
  /** The start of the SHA-256 of `onlyhashes case 1` and the token, a line each. */
  const CASE = '4684c903b6c8ec8a119e1ec1c01a5f20';
  const STATE = '5a'.repeat(32);
  /** The calls have the cores among themselves. */
  const ONE_CORE = join(ROOT, 'test/cli/one-core.cjs');
  const HEX = photos[0]!.pdq;
  const FAR = 'f0'.repeat(32);

  /** A working folder, so that printed names are the same on every machine. */
  beforeAll(async () => {
    const copies = {
      'cat.jpg': 'photos/locomotion-house-cat.jpg',
      'small cat.jpg': 'photos/locomotion-house-cat-w301.jpg',
      'mollis.jpg': 'photos/acanthus-mollis-q40.jpg',
      'turned.jpg': 'images/orientation-6.jpg',
      'cut-out.png': 'images/cut-out.png',
      'phone.heic': 'heic/photo.heic',
      'album/grey.png': 'images/grey.png',
      'album/b.webp': 'photos/march-pastoral-w500.webp',
      'album/inner/animated.gif': 'images/animated.gif',
      'album/inner/.hidden.png': 'images/rgb.png',
      'album/.away/rgb.png': 'images/rgb.png',
      'half.jpg': 'images/half.jpg',
      'album/half.png': 'images/half.png',
      'bomb.png': 'images/bomb.png',
      'empty.jpg': 'images/empty.jpg',
      'python.csv': 'lists/python.csv',
      'python.jsonl': 'lists/python.jsonl',
    };
    for (const inner of ['album/inner', 'album/.away', 'nothing']) {
      mkdirSync(join(folder, inner), { recursive: true });
    }
    for (const [name, from] of Object.entries(copies)) {
      copyFileSync(join(FIXTURES, from), join(folder, name));
    }
    const write = (name: string, content: string | Uint8Array) =>
      writeFile(join(folder, name), content);
    const entries = await photoEntries();
    const pdqs = entries.filter(({ hash }) => hash.algorithm === 'pdq');
    await write('notes.txt', 'no picture');
    await write('album/.notes', 'no picture');
    await write('none.csv', '');
    await write('list.csv', [...writeHashList(pdqs)].join(''));
    await write('plain.txt', `${HEX},one,two\n# a comment\n\n${FAR}\n${'0'.repeat(64)},plain\n`);
    await write('faulty.csv', `hash,quality,label\n${HEX},90,x\nno hash,1,y\n${FAR},999,"z, q"\n`);
    await write('all.jsonl', [...writeHashList(entries, { format: 'jsonl' })].join(''));
    const phashes = entries.filter(({ hash }) => hash.algorithm === 'phash');
    await write('phash.txt', phashes.map(({ hash }) => `${hashToHex(hash)}\n`).join(''));
    await onlyhashes(['index', 'build', 'list.csv', '-o', 'list.ohx'], { cwd: folder });
    const bytes = readFileSync(join(folder, 'list.ohx'));
    await write('cut.ohx', bytes.subarray(0, -1));
    await write('header.ohx', bytes.subarray(0, 40));
    bytes[200]! ^= 1;
    await write('changed.ohx', bytes);
    const { bundle } = await createBundle([{ hash: hashFromHex('pdq', HEX), variants: [] }], {
      day: '2026-01-31',
    });
    await write('bundle.json', bundleText({ ...bundle, case: CASE, state: STATE }));
    await write('no-bundle.json', '{"format":"onlyhashes-bundle","version":1}');
  });

  /** A line of its output; in JSON, without the messages for people. */
  const lineOf = (text: string) =>
    text.startsWith('{')
      ? JSON.stringify(JSON.parse(text), (key, value) => (key === 'message' ? undefined : value))
      : text;

  /** The exit code, and a digest of each line on standard output. */
  async function answersOfCall(args: readonly string[], options: RunOptions = {}) {
    const node = ['--require', ONE_CORE];
    const { code, out } = await onlyhashes(args, { cwd: folder, node, ...options });
    const json = args.includes('--json');
    const lines = out.split('\n').map((line) => (json ? lineOf(line) : line));
    return {
      code: `${code}`,
      lines: `${lines.length - 1}`,
      ...Object.fromEntries(lines.map((line, at) => [`line ${at + 1}`, digest(line)])),
    };
  }

  /** Runs jobs, one per core at a time. */
  async function inTurns(jobs: readonly (() => Promise<void>)[]): Promise<void> {
    const waiting = jobs.values();
    const turn = async () => {
      for (const job of waiting) await job();
    };
    await Promise.all(Array.from({ length: availableParallelism() }, turn));
  }

  const PICTURES = ['small cat.jpg', 'turned.jpg', 'cut-out.png'];
  const MATCHED = [...PICTURES, 'mollis.jpg', 'half.jpg', 'missing.jpg', 'empty.jpg'];

  const HASH_CALLS: readonly (readonly string[])[] = [
    ['hash', ...PICTURES, 'phone.heic'],
    ['hash', '--json', ...PICTURES, 'phone.heic'],
    ['hash', '--json', '--variants', 'thorough', '--resample', 'none', ...PICTURES],
    ['hash', '--json', '--variants', 'dihedral', ...PICTURES],
    ['hash', '--json', '--variants', 'none', ...PICTURES],
    ['hash', '--resample', 'none', ...PICTURES],
    ['hash', '--exact', ...PICTURES],
    ['hash', '--orientation', 'stored', ...PICTURES],
    ['hash', '--json', '--orientation', 'stored', ...PICTURES],
    ['hash', '--crops', '--json', ...PICTURES],
    ['hash', '--algorithm', 'phash', ...PICTURES],
    ['hash', '--algorithm', 'phash', '--bits', '256', '--json', ...PICTURES],
    ['hash', '--algorithm', 'blockhash', ...PICTURES],
    ['hash', '--algorithm', 'blockhash', '--bits', '64', ...PICTURES],
    ['hash', '--algorithm', 'dhash', '--json', ...PICTURES],
    ['hash', '--algorithm', 'ahash', ...PICTURES],
    ['hash', 'album'],
    ['hash', '--json', 'album', 'cat.jpg', 'album/inner'],
    ['hash', 'nothing'],
    ['hash', 'half.jpg'],
    ['hash', 'half.jpg', '--lenient'],
    ['hash', '--json', 'half.jpg', 'empty.jpg', 'notes.txt', 'missing.jpg', 'bomb.png', 'cat.jpg'],
    ['hash', 'empty.jpg', 'missing.jpg', 'cat.jpg'],
    ['hash', 'missing.jpg'],
    ['hash', '--max-megapixels', '1', 'cat.jpg', '--json'],
    ['hash', '--json', '-'],
    ['hash', '-', 'cut-out.png'],
  ];
  const MATCH_CALLS: readonly (readonly string[])[] = [
    ['match', ...MATCHED, '--blocklist', 'list.csv'],
    ['match', '--json', ...MATCHED, '--blocklist', 'list.csv'],
    ['match', '--json', '--all', ...MATCHED, '--blocklist', 'list.csv'],
    ['match', '--all', ...MATCHED, '--blocklist', 'list.ohx'],
    ['match', '--json', ...MATCHED, '--blocklist', 'list.ohx'],
    ['match', '--json', 'small cat.jpg', 'turned.jpg', 'phone.heic', '--blocklist', 'all.jsonl'],
    ['match', '--json', '--all', '--variants', 'none', ...PICTURES, '-b', 'all.jsonl'],
    ['match', '--algorithm', 'phash', 'cat.jpg', 'mollis.jpg', '-b', 'all.jsonl'],
    [
      'match',
      '--algorithm',
      'blockhash',
      '--bits',
      '64',
      '--json',
      'small cat.jpg',
      '-b',
      'all.jsonl',
    ],
    ['match', '--algorithm', 'phash', '--json', 'small cat.jpg', '-b', 'phash.txt'],
    ['match', '--json', '--orientation', 'stored', 'turned.jpg', 'cat.jpg', '-b', 'list.csv'],
    ['match', '--json', '--exact', '--resample', 'none', 'mollis.jpg', '-b', 'list.csv'],
    ['match', 'album', '-b', 'list.csv'],
    ['match', '--json', 'cat.jpg', '-b', 'plain.txt'],
    ['match', HEX, FAR, '-b', 'plain.txt'],
    ['match', '--json', HEX, FAR, 'cat.jpg', '--blocklist', 'list.csv'],
    ['match', '--json', 'abcdef0123456789', HEX, '-b', 'list.csv'],
    ['match', FAR, '-b', 'list.csv'],
    ['match', HEX, '-b', 'faulty.csv'],
    ['match', '--max-distance', '0', '--review-distance', '10', 'small cat.jpg', '-b', 'list.csv'],
    ['match', '--max-distance', '0', '--json', ...PICTURES, '-b', 'list.csv'],
    ['match', '--max-distance', '130', '--json', ...PICTURES, '-b', 'list.csv'],
    ['match', '--review-distance', '120', '--json', ...PICTURES, '-b', 'list.csv'],
    ['match', '--min-quality', '100', '--json', ...PICTURES, HEX, '-b', 'list.csv'],
    ['match', '--max-distance', '3', 'cat.jpg', '-b', 'all.jsonl'],
    ['match', 'cat.jpg', '-b', 'none.csv'],
    ['match', 'cat.jpg', '--json', '-b', 'none.csv', '--allow-empty'],
    ['match', 'cat.jpg', '-b', 'changed.ohx'],
    ['match', 'cat.jpg', '-b', 'missing.csv'],
    ['match', 'cat.jpg', '-b', 'list.csv', '--algorithm', 'phash'],
    ['match', '-', '--json', '-b', 'list.csv'],
  ];
  const OTHER_CALLS: readonly (readonly string[])[] = [
    ['compare', 'cat.jpg', 'small cat.jpg'],
    ['compare', 'cat.jpg', HEX],
    ['compare', HEX, FAR],
    ['compare', '--algorithm', 'phash', 'cat.jpg', 'mollis.jpg'],
    ['compare', '--algorithm', 'dhash', '--bits', '256', 'cat.jpg', 'small cat.jpg'],
    ['compare', 'turned.jpg', 'cut-out.png', '--orientation', 'stored'],
    ['compare', 'cat.jpg', 'half.jpg'],
    ['compare', HEX, 'abcdef0123456789'],
    ['compare', 'cat.jpg'],
    ['index', 'info', 'list.ohx'],
    ['index', 'verify', '--json', 'list.ohx'],
    ...['list.ohx', 'cut.ohx', 'changed.ohx', 'header.ohx', 'list.csv', 'no.ohx'].flatMap(
      (file) => [
        ['index', 'info', '--json', file],
        ['index', 'verify', file],
      ],
    ),
    ['index', 'build', 'list.ohx', '-o', 'twice.ohx'],
    ['index', 'build', 'none.csv', '-o', 'none.ohx'],
    ['index', 'build', 'all.jsonl', '-o', 'mixed.ohx'],
    ['index', 'build', 'list.csv'],
    ['bundle', 'show', 'bundle.json'],
    ['bundle', 'verify', 'bundle.json'],
    ['bundle', 'withdraw', 'bundle.json', '--token', TOKEN],
    ['bundle', 'withdraw', 'bundle.json', '--token', TOKEN.toLowerCase().replaceAll('-', ' ')],
    ['bundle', 'withdraw', 'bundle.json', '--token', 'AAAA'],
    ['bundle', 'withdraw', 'bundle.json', '--token', TOKEN.replace('A', 'B')],
    ['bundle', 'show', 'no-bundle.json'],
    ['bundle', 'verify', 'missing.json'],
    ['bundle', 'create', 'half.jpg', 'cat.jpg'],
    ['bundle', 'tell', 'bundle.json'],
    ['hash'],
    ['hash', '--no-such-option', 'cat.jpg'],
    ['hash', '--bits', '32', 'cat.jpg'],
    ['hash', '--bits', '64', 'cat.jpg'],
    ['hash', '--crops', 'cat.jpg'],
    ['hash', '--exact', '--exact', 'cat.jpg'],
    ['hash', '--algorithm', 'phash', '--resample', 'none', 'cat.jpg'],
    ['hash', '--variants', 'thorough', '--orientation', 'stored', 'cat.jpg'],
    ['match', 'cat.jpg'],
    ['match', '--max-distance', '257', 'cat.jpg', '-b', 'list.csv'],
    ['match', '-', '-b', '-'],
    ['match', '--explain', 'cat.jpg', '-b', 'list.csv'],
    ['index', 'tell', 'list.ohx'],
    ['nonsense'],
    ['--nonsense'],
  ];

  test.each([
    ['hash', HASH_CALLS],
    ['match', MATCH_CALLS],
    ['the other commands', OTHER_CALLS],
  ])('%s', async (section, calls) => {
    const answers: Answers = {};
    const input = readFileSync(join(folder, 'cat.jpg'));
    const jobs = calls.map((args) => async () => {
      const piped = args.includes('-') ? { input } : {};
      answers[args.join(' ')] = await answersOfCall(args, piped);
    });
    await inTurns(jobs);
    expect(Object.keys(answers)).toHaveLength(calls.length);
    expect(differences(`program: ${section}`, answers)).toEqual([]);
  });

  test('files it writes, lists on standard input', async () => {
    const answers: Answers = {};
    const written = async (args: readonly string[], file: string, options?: RunOptions) => {
      const ended = await answersOfCall([...args, '-o', file], options);
      answers[args.join(' ')] = { ...ended, file: digest(readFileSync(join(folder, file))) };
    };
    const list = { input: readFileSync(join(folder, 'list.csv')) };
    const index = { input: readFileSync(join(folder, 'list.ohx')) };
    await inTurns([
      () => written(['index', 'build', 'list.csv'], '1.ohx'),
      () => written(['index', 'build', 'plain.txt'], '2.ohx'),
      () => written(['index', 'build', 'faulty.csv'], '3.ohx'),
      () => written(['index', 'build', 'python.csv'], '4.ohx'),
      () => written(['index', 'build', 'python.jsonl'], '5.ohx'),
      () => written(['index', 'build', 'none.csv', '--allow-empty'], '6.ohx'),
      () => written(['index', 'build', 'phash.txt', '--algorithm', 'phash'], '7.ohx'),
      () =>
        written(['index', 'build', 'all.jsonl', '--algorithm', 'dhash', '--bits', '256'], '8.ohx'),
      () => written(['index', 'build', '-'], '9.ohx', list),
      () => written(['bundle', 'show', 'bundle.json'], 'shown.json'),
      () => written(['bundle', 'withdraw', 'bundle.json', '--token', TOKEN], 'back.json'),
      async () => {
        answers['match, list from a pipe'] = await answersOfCall(
          ['match', 'cat.jpg', '-b', '-'],
          list,
        );
      },
      async () => {
        answers['match, index from a pipe'] = await answersOfCall(
          ['match', 'cat.jpg', '-b', '-'],
          index,
        );
      },
    ]);
    await written(['index', 'build', 'phash.txt', '--algorithm', 'phash', '--bits', '64'], '7.ohx');
    expect(differences('program: files', answers)).toEqual([]);
  });

  test.each([[[]], [['--resample', 'none']], [['--crops']]])(
    'bundle create %j: its hashes, which are in random order',
    async (options) => {
      const args = ['bundle', 'create', ...options, 'cat.jpg', 'turned.jpg', 'cut-out.png'];
      const { out, code } = await onlyhashes(args, { cwd: folder });
      const { hashes, format, version } = JSON.parse(out) as { hashes: object[] } & Record<
        string,
        unknown
      >;
      const sorted = hashes.map((hash) => digest(hash)).sort();
      const answers = {
        [args.join(' ')]: {
          code: `${code}`,
          length: `${out.length}`,
          hashes: digest({ format, version, sorted }),
        },
      };
      expect(differences(`program: ${args.slice(0, -3).join(' ')}`, answers)).toEqual([]);
    },
  );

  const everyFile = REFERENCE_DATA
    ? ([
        ['fixtures', FIXTURES, ['photos', 'images', 'heic']],
        ['the reference', REFERENCE_DATA, ['images/pdq-data']],
      ] as const)
    : ([['fixtures', FIXTURES, ['photos', 'images', 'heic']]] as const);
  test.runIf(ALL).each(everyFile)('every file of %s, as JSON', async (section, cwd, folders) => {
    const files = folders.flatMap((name) =>
      filesBelow(join(cwd, name)).map((file) => `${name}/${file}`),
    );
    const calls = {
      'hash --variants thorough --crops': ['hash', '--variants', 'thorough', '--crops'],
      'hash --orientation stored --exact': ['hash', '--orientation', 'stored', '--exact'],
      match: ['match', '--blocklist', join(folder, 'list.csv')],
      'match --all': ['match', '--all', '--blocklist', join(folder, 'list.ohx')],
    };
    const none = Object.fromEntries(Object.keys(calls).map((what) => [what, '']));
    const answers: Answers = Object.fromEntries(files.map((file) => [file, { ...none }]));
    const jobs = Object.entries(calls).map(([what, args]) => async () => {
      const { lines, code } = await onlyhashes([...args, '--json', ...files], { cwd });
      expect([lines.length, code]).toEqual([files.length, expect.any(Number)]);
      for (const [at, line] of lines.entries()) answers[files[at]!]![what] = digest(lineOf(line));
    });
    await inTurns(jobs);
    expect(differences(`program: every file of ${section}`, answers)).toEqual([]);
  });
});
