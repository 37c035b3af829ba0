import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { createIndex } from '../../../src/indexing/create-index.js';
import { saveIndex } from '../../../src/node/files/save-index.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { testFolder } from '../../folder.js';
import { onlyhashes, PHOTOS, PROGRAM } from '../program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const BOATS = join(PHOTOS, 'nagasaki-boats-q40.jpg');

const folder = testFolder();
let cat: string;
let catPhash: string;
const inFolder = (name: string) => join(folder, name);
function write(name: string, text: string): string {
  writeFileSync(inFolder(name), text);
  return inFolder(name);
}

beforeAll(async () => {
  const pdq = (await hashFile(CAT)).hash;
  const phash = (await hashFile(CAT, { algorithm: 'phash' })).hash;
  cat = hashToHex(pdq);
  catPhash = hashToHex(phash);
  const zeros = { algorithm: 'pdq', bytes: new Uint8Array(32) } as const;
  write('good.csv', `${cat},cat\n`);
  write('empty.csv', '# nobody yet\n\n');
  write('unreadable.csv', '<!doctype html>\n<title>502 Bad Gateway</title>\n<p>Sorry, later.\n');
  write('other.csv', `phash ${catPhash},cat\n`);
  write('degenerate.csv', `${hashToHex(zeros)},black\n${'f'.repeat(64)},white\n`);
  write('withdrawn.csv', `hash,category\n${cat},NEGATIVE_CLASS\n`);
  await saveIndex(inFolder('good.ohx'), createIndex([pdq]), {
    entries: { entryAt: () => ({ labels: ['cat'] }) },
  });
  await saveIndex(inFolder('empty.ohx'), createIndex([], { algorithm: 'pdq' }));
  await saveIndex(inFolder('other.ohx'), createIndex([phash]));
  await saveIndex(inFolder('degenerate.ohx'), createIndex([zeros]));
  const withdrawn = createIndex([pdq, pdq]);
  withdrawn.remove(pdq);
  await saveIndex(inFolder('withdrawn.ohx'), withdrawn);
  // A truncated index file.
  execFileSync('sh', ['-c', 'head -c 100 good.ohx > unreadable.ohx'], { cwd: folder });
});

/**
 * Ways to give the program a list, as a shell makes them: the program is "$@", the list "$LIST".
 */
const ROADS = {
  file: '"$@" -b "$LIST"',
  'standard input': 'cat "$LIST" | "$@" -b -',
  'redirected file': '"$@" -b - < "$LIST"',
  FIFO: `mkfifo "$FIFO"; cat "$LIST" > "$FIFO" 2> /dev/null &
         until test -p "$FIFO"; do :; done; "$@" -b "$FIFO"; code=$?; kill $! 2> /dev/null; exit $code`,
  '<(…)': '"$@" -b <(cat "$LIST")',
} as const;
type Road = keyof typeof ROADS;
const ROAD_NAMES = Object.keys(ROADS) as Road[];

const IS_WHOLE = process.env.LIST_CASES === 'all';

let runs = 0;
/**
 * Runs `onlyhashes match` on a list that is given in one of these ways. A run that hangs is killed
 * and has no code.
 */
function match(road: Road, list: string, words: readonly string[]) {
  const FIFO = inFolder(`fifo-${runs++}`);
  const args = ['-c', ROADS[road], 'bash', process.execPath, PROGRAM, 'match', ...words];
  const env = { ...process.env, LIST: inFolder(list), FIFO };
  return new Promise<{ out: string; err: string; code: unknown }>((resolve) => {
    execFile('bash', args, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ out, err, code: error ? error.code : 0 }),
    );
  });
}

const MODES = {
  match: () => [],
  '--json': () => ['--json'],
  '--explain': (page: string) => ['--explain', '--out', page],
} as const;

/** How a list can have nothing to compare with. */
const STATES = ['empty', 'unreadable', 'other', 'degenerate', 'withdrawn'];

/**
 * Every state in one of the modes, which take turns; with `LIST_CASES=all`, in every mode. Each case
 * is a process.
 */
function casesOf(turn: number) {
  const modes = Object.keys(MODES) as (keyof typeof MODES)[];
  return STATES.flatMap((state, at) =>
    (IS_WHOLE ? modes : [modes[(at + turn) % modes.length]!]).map((mode) => ({ state, mode })),
  );
}

/** Both formats of a list for a file; on the other roads one of them, unless all cases are wanted. */
const formatsOf = (road: Road) =>
  IS_WHOLE || road === 'file' ? ['csv', 'ohx'] : [ROAD_NAMES.indexOf(road) % 2 ? 'ohx' : 'csv'];

describe.each(ROAD_NAMES)('a list from a %s', (road) => {
  test.each(formatsOf(road))('as %s: is never silently empty', async (format) => {
    const cases = casesOf(ROAD_NAMES.indexOf(road) + Number(format === 'ohx'));
    for (let at = 0; at < cases.length; at += 3) {
      const ran = cases.slice(at, at + 3).map(async ({ state, mode }) => {
        const page = inFolder(`${road}-${format}-${state}.html`.replace('<(…)', 'process'));
        const words = [CAT, ...MODES[mode](page)];
        if (state === 'other') words.push('--algorithm', 'pdq');
        const { out, err, code } = await match(road, `${state}.${format}`, words);
        expect({ state, mode, out, code }).toEqual({ state, mode, out: '', code: 2 });
        expect(err).toMatch(/^onlyhashes: [^\n]+: [^\n]+\n$/);
        expect(err).not.toContain('    at ');
        expect(existsSync(page)).toBe(false);
      });
      await Promise.all(ran);
    }
  });

  test.each(formatsOf(road))('as %s: matches exactly what is on it', async (format) => {
    const [found, none, other] = await Promise.all([
      match(road, `good.${format}`, [CAT]),
      match(road, `good.${format}`, [BOATS, '--variants', 'none']),
      match(road, `other.${format}`, [CAT]),
    ]);
    expect(found).toEqual({ out: `match,0,original,${cat},cat,${CAT}\n`, err: '', code: 0 });
    expect(none).toEqual({ out: '', err: '', code: 1 });
    expect(other).toMatchObject({ err: '', code: 0 });
    expect(other.out).toContain(`match,0,original,${catPhash},`);
  });
});

test('waits for a FIFO without a writer, and reports it', async () => {
  const fifo = inFolder('nobody');
  execFileSync('mkfifo', [fifo]);
  const child = spawn(process.execPath, [PROGRAM, 'match', CAT, '-b', fifo], { stdio: 'pipe' });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const [err] = await child.stderr.setEncoding('utf8').take(1).toArray();
  expect(err).toBe(`onlyhashes: ${fifo}: waiting for input\n`);
  execFileSync('sh', ['-c', 'cat "$0" > "$1"', inFolder('good.csv'), fifo]);
  expect(await ended).toBe(0);
  expect(out).toContain(`,${cat},`);
});

test('Ctrl-C ends the waiting', async () => {
  const fifo = inFolder('interrupted');
  execFileSync('mkfifo', [fifo]);
  const child = spawn(process.execPath, [PROGRAM, 'match', CAT, '-b', fifo], { stdio: 'pipe' });
  child.stderr.setEncoding('utf8').once('data', () => child.kill('SIGINT'));
  const how = await new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
  expect(how).toBe('SIGINT');
});

describe('hashes are compared', () => {
  test('of all algorithms in the list, in one decision for each picture', async () => {
    const list = write(
      'mixed.csv',
      `${'0f1e2d3c4b5a69788796a5b4c3d2e1f0'.repeat(2)},a\nphash ${catPhash},b\n`,
    );
    const { lines, err, code } = await onlyhashes(['match', '--json', CAT, '-b', list]);
    expect({ lines: lines.length, err, code }).toEqual({ lines: 1, err: '', code: 0 });
    const decision = JSON.parse(lines[0]!) as Record<string, unknown>;
    const phash = { matchDistance: 6, reviewDistance: 10, minQuality: 0 };
    expect(decision).toMatchObject({
      verdict: 'match',
      reason: 'within-match-distance',
      matches: [{ algorithm: 'phash', distance: 0, hash: catPhash, labels: ['b'] }],
      policy: phash,
      policies: [
        { algorithm: 'pdq', bits: 256, matchDistance: 31, reviewDistance: 60, minQuality: 50 },
        { algorithm: 'phash', bits: 64, ...phash },
      ],
    });
    const stated = await onlyhashes(['match', CAT, '-b', list, '--algorithm', 'pdq']);
    expect(stated).toMatchObject({ out: '', code: 1 });
    expect(stated.err).toBe(`onlyhashes: ${list}: left out: 1 64-bit phash\n`);
    const distance = await onlyhashes(['match', CAT, '-b', list, '--max-distance', '31']);
    expect(distance).toMatchObject({ out: '', code: 2 });
    expect(distance.err).toContain('--algorithm');
  });

  test('of several algorithms: every match of each, with its own review distance', async () => {
    const near = catPhash.replace(/^../, (byte) => flipped(byte, 0xff));
    const list = write('both.csv', `${cat},a\nphash ${catPhash},b\n`);
    const all = await onlyhashes(['match', CAT, '-b', list, '--all', '--variants', 'none']);
    expect(all.lines.map((line) => line.split(',')[4])).toEqual(['a', 'b']);
    const far = write(
      'far.csv',
      `${'0f1e2d3c4b5a69788796a5b4c3d2e1f0'.repeat(2)},a\nphash ${near},b\n`,
    );
    const { lines } = await onlyhashes(['match', CAT, '-b', far, '--variants', 'none']);
    expect(lines).toEqual([`review,8,original,${near},b,${CAT}`]);
  });

  test('an algorithm that the list lacks is refused', async () => {
    const tool = write('tool.csv', `${cat},100,cat.jpg\n`);
    for (const algorithm of ['phash', 'dhash', 'ahash', 'blockhash']) {
      const { out, err, code } = await onlyhashes([
        'match',
        CAT,
        '-b',
        tool,
        '--algorithm',
        algorithm,
      ]);
      expect({ out, code }).toEqual({ out: '', code: 2 });
      expect(err).toMatch(new RegExp(`expected (\\d+-bit )?${algorithm} hashes`));
    }
    const bare = write('bare.txt', `${cat}\n`);
    for (const [command, ...more] of [
      ['match', '--algorithm', 'blockhash'],
      ['match', '--algorithm', 'dhash', '--bits', '256'],
      ['check', '--algorithm', 'phash', '--bits', '256'],
      ['match', '--algorithm', 'phash'],
    ]) {
      const { out, err, code } = await onlyhashes([command!, CAT, '-b', bare, ...more]);
      expect({ command, more, out, code }).toEqual({ command, more, out: '', code: 2 });
      expect(err).toContain('nothing comparable: expected');
      expect(err).toContain('got 256-bit pdq');
      expect(err).not.toContain('256-bit phash hashes, got 256-bit phash');
    }
    const kinds = await onlyhashes(['compare', CAT, cat, '--algorithm', 'phash']);
    expect(kinds).toMatchObject({ out: '', code: 2 });
    const width = await onlyhashes(['match', CAT, '-b', inFolder('other.csv'), '--bits', '256']);
    expect(width).toMatchObject({ code: 2, err: expect.stringContaining('64-bit phash') });
  });

  test('the output of hash --json is a list of its own algorithm', async () => {
    for (const more of [['blockhash'], ['phash'], ['phash', '--bits', '256']]) {
      const { out } = await onlyhashes(['hash', '--json', CAT, '--algorithm', ...more]);
      const list = write('printed.jsonl', out);
      for (const words of [[], ['--algorithm', ...more]]) {
        const matched = await onlyhashes(['match', CAT, '-b', list, ...words]);
        expect(matched).toMatchObject({ err: '', code: 0 });
      }
    }
  });

  test('a picture without a hash is reported by the policy of the list', async () => {
    const bad = write('bad.jpg', 'no picture');
    const { out } = await onlyhashes(['match', '--json', bad, '-b', inFolder('other.csv')]);
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'unhashable',
      policy: { matchDistance: 6, reviewDistance: 10, minQuality: 0 },
    });
  });

  test('bad hashes in hex are reported in their places, and the others go on', async () => {
    const words = ['0'.repeat(16), cat, 'abc'.repeat(21), CAT];
    const { lines, err, code } = await onlyhashes([
      'match',
      '--json',
      ...words,
      '-b',
      inFolder('good.csv'),
    ]);
    expect(lines.map((line) => (JSON.parse(line) as { verdict: string }).verdict)).toEqual([
      'unhashable',
      'match',
      'unhashable',
      'match',
    ]);
    expect(err.match(/expected 64 hex digits/g)).toHaveLength(2);
    expect(code).toBe(2);
    const list = write('ambiguous.csv', `${cat}\nblockhash ${cat}\n`);
    const twice = await onlyhashes(['match', cat, '-b', list]);
    expect(twice).toMatchObject({ out: '', code: 2, err: expect.stringContaining('--algorithm') });
  });
});

test('--allow-empty accepts an empty list and reports it, but not an unreadable one', async () => {
  const allowed = (list: string) =>
    onlyhashes([
      'match',
      '--json',
      CAT,
      '--allow-empty',
      '--variants',
      'none',
      '-b',
      inFolder(list),
    ]);
  for (const list of ['empty.csv', 'empty.ohx', 'degenerate.csv', 'withdrawn.ohx']) {
    const { out, err, code } = await allowed(list);
    expect(JSON.parse(out)).toMatchObject({ verdict: 'none', reason: 'nothing-comparable' });
    expect(err).toMatch(/^onlyhashes: [^\n]+\n$/);
    expect(code).toBe(1);
  }
  expect(await allowed('unreadable.csv')).toMatchObject({ out: '', code: 2 });
});

test('degenerate hashes are left out of an index file, counted and reported as in a text', async () => {
  const list = write('mixed.csv', `${cat},cat\n${'0'.repeat(64)},black\n${'f'.repeat(64)},white\n`);
  const file = inFolder('mixed.ohx');
  const built = await onlyhashes(['index', 'build', list, '-o', file]);
  const left = `onlyhashes: ${list}: 2 degenerate hashes were left out of the index\n`;
  expect(built).toMatchObject({ out: '', err: left, code: 0 });
  const info = await onlyhashes(['index', 'info', file, '--json']);
  expect(JSON.parse(info.out)).toMatchObject({ size: 1, degenerate: 2 });
  const [asText, asFile] = await Promise.all(
    [list, file].map((each) => onlyhashes(['match', cat, '0'.repeat(64), '-b', each])),
  );
  expect(asText!.err).toBe(
    `onlyhashes: ${list}: 2 degenerate hashes were excluded from matching\n`,
  );
  expect(asFile!.err).toBe(asText!.err.replace(list, file));
  expect([asFile!.out, asFile!.code]).toEqual([asText!.out, 0]);
  expect(asFile!.out).toContain(',cat,');
});

test('a folder without pictures is an error: nothing was compared', async () => {
  const nothing = mkdtempSync(inFolder('nothing-'));
  const { out, err, code } = await onlyhashes(['match', nothing, '-b', inFolder('good.csv')]);
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(err).toMatch(/^onlyhashes: [^\n]+\n$/);
  expect(readdirSync(nothing)).toEqual([]);
});

/** A byte in hex with the bits of `mask` flipped. */
const flipped = (byte: string, mask: number) =>
  (Number.parseInt(byte, 16) ^ mask).toString(16).padStart(2, '0');
