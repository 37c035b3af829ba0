import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { onlyhashes } from './program.js';

const folder = testFolder();

test.each([
  ['page.html', []],
  ['page-heic.html', ['--heic']],
])('page writes %s, and prints its digest as sha256sum does', async (name, more) => {
  const path = join(folder, name);
  const { out, code } = await onlyhashes(['page', '--out', path, ...more]);
  const page = readFileSync(path);
  expect(page.equals(readFileSync(join(ROOT, 'dist', name)))).toBe(true);
  expect(out).toBe(`${createHash('sha256').update(page).digest('hex')}  ${path}\n`);
  expect(code).toBe(0);
  // A web server may read it, as far as the system's mask allows.
  expect(statSync(path).mode & 0o777 & ~process.umask()).toBe(0o666 & ~process.umask());
});

test('page replaces no file unasked', async () => {
  const path = join(folder, 'mine.html');
  writeFileSync(path, 'mine');
  expect(await onlyhashes(['page', '--out', path])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--overwrite'),
  });
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect((await onlyhashes(['page', '--out', path, '--overwrite'])).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toMatch(/^\ufeff<!doctype html>/);
  expect(await onlyhashes(['page', '--overwrite'])).toMatchObject({ code: 2 });
});

test('page serves on loopback until Ctrl-C', async () => {
  const { lines, code, err } = await onlyhashes(['page'], { signalAfterLines: 1 });
  expect(lines).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/)]);
  expect([code, err]).toEqual([0, '']);
});

test('a port in use is an error', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { code, err } = await onlyhashes(['page', '--port', `${port}`]);
  server.close();
  expect(code).toBe(2);
  expect(err).toContain('EADDRINUSE');
});
