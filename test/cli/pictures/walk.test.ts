import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { output } from '../../../src/cli/output.js';
import { picturesIn } from '../../../src/cli/pictures/walk.js';
import { testFolder } from '../../folder.js';
import { onlyhashes, PHOTOS } from '../program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');

const folder = testFolder();

/** A folder with pictures and empty folders of these names. A name ending in `/` is a folder. */
function folderOf(name: string, ...entries: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const entry of entries) {
    if (entry.endsWith('/')) mkdirSync(join(path, entry), { recursive: true });
    else copyFileSync(CAT, join(path, entry));
  }
  return path;
}

/** The files that `hash` printed a line for, relative to `path`. */
const filesOf = (lines: readonly string[], path: string) =>
  lines.map((line) => line.slice(line.indexOf(path) + path.length + 1));

test('hashes hidden pictures; leaves out and counts hidden folders and other hidden files', async () => {
  const path = folderOf('hidden', 'a.jpg', '.b.jpg', '.git/', '.git/c.jpg', '.Trash/');
  writeFileSync(join(path, '.DS_Store'), '\0\0\0\x01Bud1');
  writeFileSync(join(path, '._a.jpg'), '\0\x05\x16\x07\0\x02\0\0Mac OS X');
  writeFileSync(join(path, '.empty'), '');
  symlinkSync('nowhere', join(path, '.#lock'));
  const { lines, err, code } = await onlyhashes(['hash', path]);
  expect(filesOf(lines, path)).toEqual(['.b.jpg', 'a.jpg']);
  expect(err).toBe(
    'onlyhashes: left out: 2 hidden folders, 4 hidden files that are not pictures\n',
  );
  expect(code).toBe(0);
  const named = await onlyhashes(['hash', join(path, '.git')]);
  expect(named).toMatchObject({ code: 0, err: '' });
  expect(named.lines).toHaveLength(1);
});

test('a visible file that is no picture is an error, and so is a hidden one that begins as one', async () => {
  const path = folderOf('plain', 'a.jpg');
  writeFileSync(join(path, 'notes.txt'), 'notes');
  writeFileSync(join(path, '.half.jpg'), readFileSync(CAT).subarray(0, 3000));
  const { lines, err, code } = await onlyhashes(['hash', path]);
  expect(filesOf(lines, path)).toEqual(['a.jpg']);
  expect(err).toMatch(/\.half\.jpg: .*cut off/);
  expect(err).toMatch(/notes\.txt: expected a picture, got a file of another kind/);
  expect(err.trim().split('\n')).toHaveLength(2);
  expect(code).toBe(2);
});

test('follows a link to a folder once, and reports a loop', async () => {
  const path = folderOf('links', 'deep/', 'deep/a.jpg');
  const elsewhere = folderOf('elsewhere', 'b.jpg');
  symlinkSync('..', join(path, 'deep/up'));
  symlinkSync(elsewhere, join(path, 'one'));
  symlinkSync(elsewhere, join(path, 'two'));
  symlinkSync(join(elsewhere, 'b.jpg'), join(path, 'picture.jpg'));
  const { lines, err, code } = await onlyhashes(['hash', path]);
  expect(filesOf(lines, path)).toEqual(['deep/a.jpg', 'one/b.jpg', 'picture.jpg']);
  expect(err.split('\n')).toEqual([
    `onlyhashes: ${join(path, 'deep/up')}: a link to a folder that contains it; not followed`,
    'onlyhashes: left out: 1 link to a folder already followed',
    '',
  ]);
  expect(code).toBe(0);
});

test('ends a loop that does not pass through its first folder, too', async () => {
  const path = folderOf('around', 'in/', 'in/a.jpg');
  symlinkSync(path, join(path, 'in/out'));
  const { lines, err, code } = await onlyhashes(['hash', join(path, 'in')]);
  expect(filesOf(lines, path)).toEqual(['in/a.jpg']);
  expect(err).toContain(join(path, 'in/out/in'));
  expect(code).toBe(0);
});

test('.. behind a link is the parent of its target', async () => {
  const path = folderOf('behind', 'in/', 'a.jpg');
  const link = join(folder, 'behind-link');
  symlinkSync(join(path, 'in'), link);
  const { lines, code } = await onlyhashes(['hash', `${link}/..`]);
  expect(filesOf(lines, link)).toEqual(['../a.jpg']);
  expect(code).toBe(0);
});

test('leaves out pipes, sockets and devices, without waiting', async () => {
  const path = folderOf('others', 'a.jpg');
  execFileSync('mkfifo', [join(path, 'pipe.jpg'), join(path, '.pipe.jpg')]);
  symlinkSync('/dev/zero', join(path, 'zero.jpg'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(path, 'socket.jpg'), resolve));
  const { lines, err, code } = await onlyhashes(['hash', path]);
  server.close();
  expect(filesOf(lines, path)).toEqual(['a.jpg']);
  expect(err).toBe('onlyhashes: left out: 4 pipes, sockets or devices\n');
  expect(code).toBe(0);
});

test('an unreadable folder or hidden file is an error in its place', async () => {
  const path = folderOf('closed', 'a.jpg', '.b.jpg', 'deep/', 'deep/c.jpg', 'z.jpg');
  // Root may read anything, but not without these capabilities. Another user might not reach the
  // program: root's clones are often private.
  const by = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
  const other = process.getuid?.() === 0 ? { by } : {};
  for (const name of ['.b.jpg', 'deep']) chmodSync(join(path, name), 0);
  const { lines, err, code } = await onlyhashes(['hash', '--json', path], other);
  for (const name of ['.b.jpg', 'deep']) chmodSync(join(path, name), 0o700);
  const objects = lines.map((line) => JSON.parse(line) as { file: string; error?: object });
  expect(objects.map(({ file, error }) => [file.slice(path.length + 1), error])).toEqual([
    ['.b.jpg', { code: 'unreadable', message: 'the file cannot be read (EACCES)' }],
    ['a.jpg', undefined],
    ['deep', { code: 'unreadable', message: 'the file cannot be read (EACCES)' }],
    ['z.jpg', undefined],
  ]);
  expect(err.trim().split('\n')).toHaveLength(2);
  expect(code).toBe(2);
});

describe.runIf(process.platform === 'linux')('names that are not UTF-8', () => {
  const NAMES = ['caf\xe8.jpg', 'caf\xe9.jpg'].map((name) => Buffer.from(name, 'latin1'));
  let path: string;
  beforeAll(() => {
    path = folderOf('latin1');
    for (const name of NAMES) copyFileSync(CAT, Buffer.concat([Buffer.from(`${path}/`), name]));
  });

  test('are walked, hashed, and printed with their bytes', async () => {
    const { bytes, err, code } = await onlyhashes(['hash', path]);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    const lines = bytes.toString('latin1').trim().split('\n');
    expect(filesOf(lines, path)).toEqual(['caf\xe8.jpg', 'caf\xe9.jpg']);
  });

  test('are in JSON with U+FFFD, and as bytes in hex', async () => {
    const hash = (await onlyhashes(['hash', CAT])).out.slice(0, 64);
    const json = { input: `${hash},cat\n` };
    for (const args of [['hash'], ['match', '-b', '-']]) {
      const { lines } = await onlyhashes([...args, '--json', path], json);
      const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(objects.map(({ file }) => file)).toEqual(Array(2).fill(`${path}/caf\ufffd.jpg`));
      expect(objects.map(({ fileBytes }) => Buffer.from(String(fileBytes), 'hex'))).toEqual(
        NAMES.map((name) => Buffer.concat([Buffer.from(`${path}/`), name])),
      );
    }
  });

  test('may be arguments on the command line', () => {
    // A shell, because Node can pass only text as arguments.
    const script = `"$0" dist/cli.cjs hash "$1"/caf*.jpg "$1"/nothing$(printf '\\351').jpg 2>&1`;
    const run = ['-c', `${script}; true`, process.execPath, path];
    const out = execFileSync('sh', run, { encoding: 'latin1', stdio: 'pipe' });
    const lines = out.trim().split('\n');
    expect(filesOf(lines, path)).toEqual([
      'caf\xe8.jpg',
      'caf\xe9.jpg',
      expect.stringMatching(/^nothing\xe9\.jpg: .*ENOENT/),
    ]);
  });
});

test('a file named like a hash is read as a file, even while others like it are deleted', async () => {
  const names = Array.from({ length: 60 }, (_, i) => i.toString(16).padStart(64, '0'));
  const path = folderOf('hex', ...names);
  const hash = (await onlyhashes(['hash', CAT])).out.slice(0, 64);
  const list = join(folder, 'hex.csv');
  writeFileSync(list, `${hash},cat\n`);
  // Another program might delete the last one once the first is answered: about 48 are read ahead.
  const preload = join(folder, 'delete.cjs');
  writeFileSync(
    preload,
    `const { write } = process.stdout;
process.stdout.write = function (...args) {
  require('node:fs').rmSync(${JSON.stringify(names[59])}, { force: true });
  return write.apply(this, args);
};`,
  );
  const run = { cwd: path, node: ['--require', preload] };
  const { lines, code } = await onlyhashes(['match', '.', '-b', list, '--json'], run);
  expect(lines.map((line) => (JSON.parse(line) as { file: string }).file)).toEqual(names);
  expect(code).toBe(2);
});

test('a report written into the folder is not read as a picture', async () => {
  const path = folderOf('page', 'a.jpg', 'deep/', 'deep/b.jpg');
  const list = join(folder, 'page.csv');
  writeFileSync(list, `${(await onlyhashes(['hash', CAT])).out.slice(0, 64)},cat\n`);
  const page = ['--explain', '--out', join(path, 'deep/report.html')];
  const { lines, code } = await onlyhashes(['match', path, '-b', list, ...page]);
  expect(filesOf(lines, path)).toEqual(['a.jpg', 'deep/b.jpg']);
  expect(code).toBe(0);
});

describe('a tree of folders', () => {
  const FOLDERS = 60;
  let tree: string;
  /** its files, in the order of names at every level */
  const sorted: string[] = [];
  beforeAll(() => {
    tree = folderOf('tree');
    // Empty files are quickly reported, each as an object with its error.
    for (let wide = 0; wide < FOLDERS; wide++) {
      let path = join(tree, String(wide).padStart(2, '0'));
      for (let deep = 0; deep < 5; deep++) {
        mkdirSync(path);
        for (const name of ['A.jpg', 'Z.jpg']) writeFileSync(join(path, name), '');
        path = join(path, 'M');
      }
      const levels = ['', 'M/', 'M/M/', 'M/M/M/', 'M/M/M/M/'].map(
        (level) => `${String(wide).padStart(2, '0')}/${level}`,
      );
      sorted.push(...levels.map((level) => `${level}A.jpg`));
      sorted.push(...levels.map((level) => `${level}Z.jpg`).reverse());
    }
  });

  /** Arguments for Node that fake a machine of two cores and run `code` with `opendir` in scope. */
  function preloaded(name: string, code: string): string[] {
    const path = join(folder, name);
    writeFileSync(
      path,
      `require('node:os').availableParallelism = () => 2;
const promises = require('node:fs/promises');
const { opendir } = promises;
${code}
require('node:module').syncBuiltinESMExports();`,
    );
    return ['--require', path];
  }

  test('is read while its files are hashed, in the order of names', async () => {
    const node = preloaded(
      'count.cjs',
      `let opened = 0;
promises.opendir = (...args) => { opened++; return opendir(...args); };
const { write } = process.stdout;
process.stdout.write = function (...args) {
  process.stdout.write = write;
  process.stderr.write('opened ' + opened + '\\n');
  return write.apply(this, args);
};`,
    );
    const { lines, err } = await onlyhashes(['hash', '--json', tree], { node });
    const files = lines.map((line) => (JSON.parse(line) as { file: string }).file);
    expect(files).toEqual(sorted.map((name) => join(tree, name)));
    // Of 300: 16 files for each of three at work are begun before the first line is printed.
    expect(Number(/^opened (\d+)$/m.exec(err)![1])).toBeLessThan(50);
  });

  test('that hangs in a folder shows the earlier results, and Ctrl-C ends it at once', async () => {
    const node = preloaded(
      'hang.cjs',
      `promises.opendir = (path, ...rest) =>
  path.endsWith('50') ? new Promise(() => setInterval(() => {}, 1e6)) : opendir(path, ...rest);
// Without the timer that ends the program whatever it does.
const { setTimeout } = globalThis;
globalThis.setTimeout = (f, ms, ...rest) => setTimeout(f, ms === 1000 ? 1e9 : ms, ...rest);`,
    );
    const run = { node, signalAfterLines: 500 };
    const { lines, err, code } = await onlyhashes(['hash', '--json', tree], run);
    expect(lines).toHaveLength(500);
    expect(err).toContain('onlyhashes: interrupted\n');
    expect(code).toBe(130);
  });

  test('has a total once it is walked; plain files have one at once', async () => {
    const out = output(new AbortController().signal);
    const said: (string | number)[] = [];
    const all = async (words: string[]) => {
      const onTotal = (total: number) => said.push(total);
      for await (const file of picturesIn(words, out, onTotal)) said.push(basename(file));
      return said.splice(0);
    };
    const inside = join(tree, '00/M/M/M');
    expect(await all([inside, CAT])).toEqual([
      ...['A.jpg', 'A.jpg', 'Z.jpg', 'Z.jpg'],
      basename(CAT),
      5,
    ]);
    expect((await all([CAT, '-', 'missing'])).slice(0, 3)).toEqual([3, basename(CAT), '-']);
  });
});
