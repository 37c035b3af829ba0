import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SANDBOX } from '../../src/page/policy.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { buildDemo } from './demo-page.js';

const demo = buildDemo(testFolder());
const server = spawn(process.execPath, [join(ROOT, 'dist/cli.cjs'), 'page'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
afterAll(() => void server.kill());
const [line] = await once(server.stdout, 'data');
const url = String(line).trim();

test('the page is served with its policy as a header, and may not be stored or framed', async () => {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer()).equals(readFileSync(demo.path))).toBe(true);
  const policy = /content="(default-src[^"]+)"/.exec(demo.html)![1];
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `${policy}; frame-ancestors 'none'; sandbox ${SANDBOX}`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
});

test('nothing else is served', async () => {
  for (const path of ['favicon.ico', '..%2Fpackage.json', 'index.html']) {
    expect((await fetch(url + path)).status).toBe(404);
  }
});
