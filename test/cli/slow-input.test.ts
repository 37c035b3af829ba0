import { readFileSync } from 'node:fs';
import { stdin } from 'node:process';
import type { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { readCall } from '../../src/cli/command.js';
import { output } from '../../src/cli/output.js';
import { hashCommand } from '../../src/cli/pictures/hash.js';
import { photoPath } from '../node/fixtures.js';

/** For reading and hashing, on a busy machine too. */
const SECONDS = vi.hoisted(() => 5);
vi.mock('../../src/picture/options.js', async (original) => ({
  ...(await original<typeof import('../../src/picture/options.js')>()),
  TIMEOUT_SECONDS: SECONDS,
}));
vi.mock('node:process', async (original) => {
  const { PassThrough } = await import('node:stream');
  return { ...(await original<typeof import('node:process')>()), stdin: new PassThrough() };
});

test('a picture on standard input may arrive slowly', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const out = output(new AbortController().signal);
  const run = hashCommand.run(readCall(hashCommand, ['-']), out);
  await setTimeout(1000 * SECONDS + 300);
  (stdin as unknown as PassThrough).end(readFileSync(photoPath('acanthus-mollis.jpg')));
  await run;
  written.mockRestore();
  expect([out.lines, out.errors]).toEqual([1, 0]);
});
