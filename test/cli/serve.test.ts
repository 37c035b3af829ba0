import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onlyhashes, PROGRAM } from './program.js';

const HEX = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22';

let folder: string;
let list: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-serve-'));
  list = join(folder, 'list.csv');
  writeFileSync(list, `${HEX}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts `serve` on a free port, asks it, and ends it by a signal. */
async function served(args: readonly string[], ask: (url: string) => Promise<void>) {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', ...args], {
    stdio: 'pipe',
  });
  let out = '';
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        const [, found] = /^(http:\/\/\S+): /.exec(out) ?? [];
        if (found) resolve(found);
      });
      void closed.then(() => reject(new Error('it ended')));
    });
    await ask(url);
  } finally {
    child.kill('SIGTERM');
  }
  return { code: await closed, out };
}

test.each([
  ['a list', () => ['-b', list], 'lists: 1, entries: 1'],
  ['a store', () => ['--store', join(folder, 'store')], 'lists: 0, entries: 0, revision: 0'],
])('%s is served until a signal, and ends with 0', async (_, args, size) => {
  const { code, out } = await served(args(), async (url) => {
    expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ready' });
  });
  expect(out.split('\n')[0]).toContain(size);
  expect(code).toBe(0);
});

test('who has a token of the file may ask, and nobody else', async () => {
  const [token, rule] = (await onlyhashes(['serve', '--new-token', 'match'])).lines;
  const tokens = join(folder, 'tokens.json');
  writeFileSync(tokens, `[${rule}]`);
  await served(['-b', list, '--tokens', tokens], async (url) => {
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${url}/v1/status`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
  });
});

test.each([
  [['-b', 'nowhere', '--host', '0.0.0.0'], '--tokens FILE'],
  [['-b', 'nowhere', '--trust-network', '10.0.0.0/8'], 'CIDR=ROLE'],
  [['-b', 'nowhere', '--clamd', 'here'], '--clamd: expected HOST:PORT'],
  [['-b', 'nowhere', '--clamd', '0.0.0.0:3310'], '--clamd: others than this machine'],
  [['-b', 'nowhere', '--clamd', '[::]:3310', '--host', '::1'], '--clamd: others than'],
  [['-b', 'nowhere', '--host-name', 'hashes.example.org:80'], 'hostNames'],
  [['-b', 'nowhere', '--store', 'nowhere'], 'not both'],
])('%j is refused before anything is opened', async (args, message) => {
  const { err, code } = await onlyhashes(['serve', ...args]);
  expect(err).toContain(message);
  expect(code).toBe(2);
});
