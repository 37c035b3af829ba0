import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { onlyhashes, PROGRAM } from '../program.js';

const HEX = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'.repeat(2);
const base = testFolder();
let folder: string;
let list: string;
const inFolder = (name: string) => join(folder, name);
const write = (name: string, text: string) => {
  writeFileSync(inFolder(name), text);
  return inFolder(name);
};
/** The names of half-written files. */
const leftovers = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

beforeEach(() => {
  folder = mkdtempSync(join(base, 'build-'));
  list = write('list.csv', `${HEX},a\n${HEX.toUpperCase()},b\n`);
});

const build = (from: string, to: string, ...more: string[]) =>
  onlyhashes(['index', 'build', from, '-o', to, ...more]);

test('a failed build leaves the existing index unchanged', async () => {
  const file = inFolder('list.ohx');
  expect(await build(list, file)).toMatchObject({ code: 0, out: '', err: '' });
  const before = readFileSync(file);
  const bad = [
    write('error.html', '<!doctype html>\n<title>404</title>\n'),
    write('empty.csv', ''),
    write('plain.csv', `${'0'.repeat(64)}\n`),
    write('two.csv', `${HEX}\nphash ${HEX.slice(0, 16)}\n`),
    inFolder('missing.csv'),
    file,
  ];
  for (const from of bad) {
    const { out, err, code } = await build(from, file);
    expect({ from, out, code }).toEqual({ from, out: '', code: 2 });
    expect(err).toMatch(/^onlyhashes: [^\n]+: [^\n]+\n$/);
    expect(readFileSync(file).equals(before)).toBe(true);
  }
  expect(leftovers()).toEqual([]);
});

test('replaces an index in one step, also behind a link, and keeps its permissions', async () => {
  const file = inFolder('list.ohx');
  await build(list, file);
  chmodSync(file, 0o600);
  const kept = inFolder('kept.ohx');
  linkSync(file, kept);
  const link = inFolder('current.ohx');
  symlinkSync('list.ohx', link);
  expect(await build(list, link)).toMatchObject({ code: 0, err: '' });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const generation = async (path: string) =>
    (JSON.parse((await onlyhashes(['index', 'info', '--json', path])).out) as { generation: 1 })
      .generation;
  expect([await generation(file), await generation(kept)]).toEqual([2, 1]);
});

test('overwrites no other file, whatever its name, without --overwrite', async () => {
  const photo = write('photo.jpg', 'a photo');
  symlinkSync('photo.jpg', inFolder('link-to-photo'));
  linkSync(list, inFolder('list-again.csv'));
  symlinkSync('nowhere', inFolder('dangling'));
  execFileSync('mkfifo', [inFolder('pipe')]);
  const refused = ['list.csv', './list.csv', 'list-again.csv', 'photo.jpg', 'link-to-photo'];
  const before = readFileSync(list);
  for (const name of [...refused, 'dangling', 'pipe', '.', 'no-folder/list.ohx']) {
    const { err, code } = await build(list, `${folder}/${name}`);
    expect({ name, code }).toEqual({ name, code: 2 });
    expect(err).toMatch(/^onlyhashes: [^\n]+: [^\n]+\n$/);
  }
  expect(readFileSync(list).equals(before)).toBe(true);
  expect(readFileSync(photo, 'utf8')).toBe('a photo');
  for (const name of ['dangling', 'pipe', '.']) {
    expect((await build(list, inFolder(name), '--overwrite')).code).toBe(2);
  }
  expect(existsSync(inFolder('nowhere'))).toBe(false);
  expect((await build(list, inFolder('link-to-photo'), '--overwrite')).code).toBe(0);
  expect((await onlyhashes(['index', 'verify', photo])).code).toBe(0);
  expect((await build(list, list, '--overwrite')).code).toBe(0);
  expect((await onlyhashes(['index', 'verify', list])).code).toBe(0);
  expect(leftovers()).toEqual([]);
});

test('two concurrent builds leave one complete index', async () => {
  const file = inFolder('list.ohx');
  const both = await Promise.all([build(list, file), build(list, file)]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect((await onlyhashes(['index', 'verify', file])).code).toBe(0);
  expect(leftovers()).toEqual([]);
});

test('Ctrl-C leaves the existing index unchanged, and no other file', async () => {
  const file = inFolder('list.ohx');
  await build(list, file);
  const before = readFileSync(file);
  const args = ['index', 'build', '-', '-o', file];
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'pipe' });
  // It says that it is waiting for the list.
  child.stderr.once('data', () => child.kill('SIGINT'));
  const how = await new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
  expect(how).toBe('SIGINT');
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(leftovers()).toEqual([]);
});

test('--allow-empty builds an index without entries; --algorithm picks one of several', async () => {
  const file = inFolder('list.ohx');
  const empty = write('empty.csv', '# none\n');
  expect((await build(empty, file, '--allow-empty', '--algorithm', 'blockhash')).code).toBe(0);
  const info = await onlyhashes(['index', 'info', '--json', file]);
  expect(JSON.parse(info.out)).toMatchObject({ algorithm: 'blockhash', bits: 256, size: 0 });
  const flat = write('flat.txt', `${'0'.repeat(64)}\n${'f'.repeat(64)}\n`);
  const made = await build(flat, file, '--allow-empty');
  expect(made).toMatchObject({ code: 0 });
  expect(made.err).toContain('2 degenerate hashes were left out of the index');
  const flatInfo = await onlyhashes(['index', 'info', '--json', file]);
  expect(JSON.parse(flatInfo.out)).toMatchObject({ algorithm: 'pdq', size: 0, degenerate: 2 });
  const two = write('two.csv', `pdq ${HEX}\nphash ${HEX.slice(0, 16)}\n`);
  const built = await build(two, file, '--algorithm', 'phash');
  expect(built.err).toBe(`onlyhashes: ${two}: left out: 1 256-bit pdq\n`);
  const picked = await onlyhashes(['index', 'info', '--json', file]);
  expect(JSON.parse(picked.out)).toMatchObject({ algorithm: 'phash', bits: 64, size: 1 });
  expect((await build(two, file, '--algorithm', 'dhash')).code).toBe(2);
  expect((await build(two, file, '--algorithm', 'pdq', '--bits', '64')).code).toBe(2);
});

test('reads file names that are not UTF-8, and writes none', async () => {
  const file = inFolder('list.ohx');
  await build(list, file);
  const shell = (script: string) =>
    spawnSync('bash', ['-c', script, process.execPath, PROGRAM], { cwd: folder, encoding: 'utf8' });
  const copied = shell("cp list.csv $'\\xff.csv'; cp list.ohx $'\\xff.ohx'");
  expect(copied.status).toBe(0);
  for (const words of ["index info $'\\xff.ohx'", `match ${HEX} -b $'\\xff.ohx'`]) {
    expect(shell(`"$0" "$1" ${words}`)).toMatchObject({ status: 0, stderr: '' });
  }
  expect(shell(`"$0" "$1" match ${HEX} -b $'\\xff.csv'`).status).toBe(0);
  const written = shell('"$0" "$1" index build list.csv -o $\'\\xfe.ohx\'');
  expect(written).toMatchObject({ status: 2, stderr: expect.stringContaining('UTF-8') });
});

test('info describes in plain words what an index contains', async () => {
  const file = inFolder('list.ohx');
  await build(list, file);
  const { size } = statSync(file);
  const { out } = await onlyhashes(['index', 'info', file]);
  expect(out).toBe(
    [
      'hashes       pdq, 256 bits',
      'entries      2, with 1 different hash',
      'degenerate   0',
      'generation   1, incremented each time the file is replaced',
      `file size    ${size} bytes`,
      '',
    ].join('\n'),
  );
  const json = await onlyhashes(['index', 'info', '--json', file]);
  expect(Object.keys(JSON.parse(json.out) as object)).toEqual([
    'algorithm',
    'bits',
    'size',
    'hashes',
    'degenerate',
    'generation',
    'byteLength',
  ]);
  execFileSync('mkfifo', [inFolder('pipe')]);
  for (const name of ['missing.ohx', 'list.csv', 'pipe']) {
    const { err, code } = await onlyhashes(['index', 'info', inFolder(name)]);
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`^onlyhashes: .*${name}: [^\n]+\n$`));
  }
});
