import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';

test('a thread runs its script with its data, from a program in a file or in text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-thread-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const thread = join(folder, 'thread.mjs');
  const say = `import { parentPort, workerData } from 'node:worker_threads';
parentPort.postMessage(workerData);`;
  writeFileSync(thread, say);
  const contents = `import { startThread } from './start-thread.js';
startThread(new URL('${pathToFileURL(thread)}'), 'data').once('message', console.log);`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../../src/node') },
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

test('a bundle without an address of its own loads, and what needs a script says what to give', () => {
  const folder = mkdtempSync(join(tmpdir(), 'without-address-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const contents = `import { createHashPool } from './create-hash-pool.js';
import { createSearchThreads } from './search-threads.js';
import { createBlocklist } from '../matching/blocklist.js';
const list = createBlocklist([]);
const messages = [];
try { createSearchThreads(list); } catch ({ message }) { messages.push(message); }
const pool = createHashPool();
const hashed = pool.hash(new Uint8Array(9)).catch(({ code, message }) => [code, message]);
Promise.all([hashed, pool.check(new Uint8Array(9), list)]).then(([error, { verdict, reason }]) =>
  console.log(JSON.stringify([...messages, ...error, verdict, reason])));`;
  const file = join(folder, 'bundle.cjs');
  buildSync({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../../src/node') },
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
    expect.stringContaining('index-worker.js as workerUrl'),
    'decoder-missing',
    expect.stringContaining('hash-process.js as workerUrl'),
    'unhashable',
    'decoder-missing',
  ]);
});
