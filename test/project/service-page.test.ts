import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EMBEDDED, PROGRAM } from '../cli/program.js';
import { ServingProgram } from '../cli/serve/serving-program.js';
import { testFolder } from '../folder.js';
import { pages } from './markdown.js';
import { ROOT } from './package.js';

/* Each command of docs/service.md is run, in its order, and prints what the page shows. */
const { blocks, code } = pages().find(({ path }) => path === 'docs/service.md')!;
const shown = blocks.filter(({ language }) => language === 'console');

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const folder = testFolder();
const KEY = { ONLYHASHES_KEY: 'ab'.repeat(32) };
let serving: ServingProgram;
let url: string;

beforeAll(async () => {
  const photo = join(ROOT, 'fixtures/photos/locomotion-house-cat.jpg');
  copyFileSync(photo, join(folder, 'photo.jpg'));
  await sharp(photo)
    .extend({ top: 300, bottom: 260, left: 40, right: 40, background: '#202226' })
    .png()
    .toFile(join(folder, 'screenshot.png'));
  writeFileSync(join(folder, 'routes.json'), blocks.find((it) => it.language === 'json')!.text);
  const onlyhashes = (...args: string[]) =>
    execFileSync(process.execPath, [...EMBEDDED, PROGRAM, ...args], { cwd: folder });
  writeFileSync(join(folder, 'list.csv'), onlyhashes('hash', 'photo.jpg'));
  onlyhashes('store', 'import', 'list.csv', '--list', 'OWN', '--store', 'hashes');
  const at = (name: string) => join(folder, name);
  const args = ['--store', at('hashes'), '--review-days', '180', '--routes', at('routes.json')];
  serving = new ServingProgram(args, { node: EMBEDDED, env: KEY });
  url = await serving.ready();
});
afterAll(async () => {
  serving?.child.kill('SIGTERM');
  await serving?.ended;
});

/** What is left out of a reply may be anything. */
const patternOf = (reply: string) =>
  new RegExp(
    `^${reply
      .split('…')
      .map((part) => part.replaceAll(/[\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('[^]*')}$`,
  );

// In CI, a missing curl is a failure.
test.runIf(hasCurl || process.env.CI)(
  'each command prints what the page shows (needs curl)',
  async () => {
    let variables = `U=${url}\nJ='content-type: application/json'\n`;
    const wrong: string[] = [];
    for (const step of shown.flatMap(({ text }) => text.split(/^\$ /m).slice(1))) {
      const [line = '', ...reply] = step.trimEnd().split('\n');
      if (/^\w=/.test(line)) {
        variables += `${line}\n`;
        continue;
      }
      const words = `${variables}${line.replace('curl ', 'curl -sS ')}`;
      const { stdout } = await promisify(execFile)('sh', ['-c', words], { cwd: folder });
      if (!patternOf(reply.join('\n')).test(stdout.trimEnd())) wrong.push(`${line}\n${stdout}`);
    }
    expect(wrong).toEqual([]);
  },
);

test('the page has every route of the service', async () => {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const lines = shown.flatMap(({ text }) => text.match(/^\$ curl .*$/gm) ?? []);
  const called = lines.map((line) => {
    const path = /\$U([^\s"?]*)/.exec(line)![1]!;
    const sent = / -T /.test(line) ? 'put' : / -[dF] /.test(line) ? 'post' : 'get';
    return [(/ -X (\w+)/.exec(line)?.[1] ?? sent).toLowerCase(), path] as const;
  });
  const missing = Object.entries(paths).flatMap(([path, methods]) => {
    // Pages are for a browser, and only named.
    if (path.startsWith('/review')) return code.includes(path) ? [] : [path];
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return Object.keys(methods)
      .filter((method) => !called.some(([way, to]) => way === method && pattern.test(to)))
      .map((method) => `${method} ${path}`);
  });
  // By `PUT`, as `curl -T` sends, or by `POST`: the same.
  expect(missing).toEqual(['post /v1/scan']);
});
