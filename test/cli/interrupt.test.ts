import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';

const folder = testFolder();
beforeAll(async () => {
  await build({
    entryPoints: [join(ROOT, 'src/cli/interrupt.ts')],
    outfile: join(folder, 'interrupt.mjs'),
    format: 'esm',
    platform: 'node',
  });
});

/** Runs `code` and sends SIGINT after its first output. Gives what it printed and how it ended. */
async function interrupted(code: string): Promise<{ out: string; err: string; by: unknown }> {
  const path = join(folder, 'program.mjs');
  writeFileSync(
    path,
    `import { writeSync } from 'node:fs';
import { endingAtOnce, interruptible } from './interrupt.mjs';
${code}`,
  );
  const child = spawn(process.execPath, [path], {
    stdio: 'pipe',
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (out === '') child.kill('SIGINT');
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const by = await new Promise((resolve) => child.on('close', (code, by) => resolve(by ?? code)));
  return { out, err, by };
}

test('the first signal aborts the work, is reported, and ends the program', async () => {
  const ended = await interrupted(`
await interruptible((signal) => new Promise((_, reject) => {
  setInterval(() => {}, 1e6);
  signal.addEventListener('abort', () => { writeSync(1, 'aborted\\n'); reject(signal.reason); });
  writeSync(1, 'begun\\n');
}));`);
  expect(ended).toEqual({
    out: 'begun\naborted\n',
    err: 'onlyhashes: interrupted\n',
    by: 'SIGINT',
  });
});

test('synchronous work is ended by the signal itself', async () => {
  const ended = await interrupted(`
await interruptible(async () => endingAtOnce(() => { writeSync(1, 'begun\\n'); for (;;); }));`);
  expect(ended).toEqual({ out: 'begun\n', err: '', by: 'SIGINT' });
});

test('after synchronous work, a signal aborts as before', async () => {
  const ended = await interrupted(`
await interruptible(async (signal) => {
  writeSync(1, endingAtOnce(() => 'done\\n'));
  setInterval(() => {}, 1e6);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  writeSync(1, 'aborted\\n');
  throw signal.reason;
});`);
  expect(ended.out).toBe('done\naborted\n');
  expect(ended.by).toBe('SIGINT');
});
