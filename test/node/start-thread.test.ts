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
