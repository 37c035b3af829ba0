import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { scriptOf, setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { testFolder } from '../../folder.js';

const folder = testFolder();

test('a thread runs its script with its data, from a program in a file or in text', () => {
  const thread = join(folder, 'thread.mjs');
  const say = `import { parentPort, workerData } from 'node:worker_threads';
parentPort.postMessage(workerData);`;
  writeFileSync(thread, say);
  const contents = `import { startThread } from './start-thread.js';
startThread(new URL('${pathToFileURL(thread)}'), 'data').once('message', console.log);`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../../../src/node/pool') },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const program = outputFiles[0]!.text;
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program);
  for (const args of [[file], ['--input-type=module', '-e', program]]) {
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['data\n', '']);
  }
});

test('a bundle without an address of its own loads; a missing script names the option to set', () => {
  const contents = `import { createHashPool } from './create-hash-pool.js';
import { createSearchThreads } from '../files/search-threads.js';
import { createBlocklist } from '../../blocklist/blocklist.js';
const list = createBlocklist([]);
const messages = [];
try { createSearchThreads(list); } catch ({ message }) { messages.push(message); }
const pool = createHashPool();
const hashed = pool.hash(new Uint8Array(9)).catch(({ code, message }) => [code, message]);
Promise.all([hashed, pool.check(new Uint8Array(9), list)]).then(([error, { verdict, reason }]) =>
  console.log(JSON.stringify([...messages, ...error, verdict, reason])));`;
  const file = join(folder, 'bundle.cjs');
  buildSync({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../../../src/node/pool') },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    external: ['sharp', 'heic-decode', 'utif2'],
    outfile: file,
    logLevel: 'error',
  });
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    expect.stringContaining('index-worker.js with setWorkerScripts'),
    'decoder-missing',
    expect.stringContaining('hash-process.js with setWorkerScripts'),
    'unhashable',
    'decoder-missing',
  ]);
});

test('the folder of all scripts is a path or the URL of a file, with or without its slash', () => {
  const own = scriptOf('heic-worker')?.href;
  onTestFinished(() => setWorkerScripts(undefined));
  const url = pathToFileURL(join(tmpdir(), 'of scripts'));
  for (const folder of [join(tmpdir(), 'of scripts'), url.href, url]) {
    for (const one of [folder, folder instanceof URL ? new URL(`${folder}/`) : `${folder}/`]) {
      setWorkerScripts(one);
      expect(scriptOf('index-worker')?.href).toBe(`${url}/index-worker.js`);
    }
  }
  for (const one of ['https://a.test/', new URL('https://a.test/'), null, 7, {}] as never[]) {
    expect(() => setWorkerScripts(one)).toThrow(/^expected the folder of the scripts to be a path/);
  }
  expect(scriptOf('heic-worker')?.href).toBe(`${url}/heic-worker.js`);
  setWorkerScripts(undefined);
  expect(scriptOf('heic-worker')?.href).toBe(own);
});
