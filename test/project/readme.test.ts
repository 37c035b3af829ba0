import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { loadBlocklist as openBlocklist } from '../../src/node/files/list-records.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { eventually, RawClient, refusal } from '../cli/serve/serving-program.js';
import { type Block, type Page, pages } from './markdown.js';
import { installedPackage, ROOT } from './package.js';

/*
 * What README and these pages show is run, from the packed tarball. What other pages show is for
 * another program, or needs more around it; test/project/docs.test.ts checks its types, commands and options.
 */
const RUN = ['README.md', 'docs/cli.md', 'docs/decisions.md', 'docs/entries.md']
  .concat(['docs/wrong-matches.md', 'docs/migrate.md', 'docs/review.md', 'docs/store.md'])
  .concat(['docs/testing.md', 'docs/thresholds.md', 'docs/start.md'])
  .map((path) => pages().find((page) => page.path === path) as Page);
const [README, CLI] = RUN as [Page, Page];
const START = RUN.at(-1)!;
const BROWSER = pages().find(({ path }) => path === 'docs/browser.md') as Page;

const of = (language: string, ...pages: Page[]): Block[] =>
  pages.flatMap(({ blocks }) => blocks.filter((block) => block.language === language));
const HANDLER = readFileSync(join(ROOT, 'examples/node/server.mjs'), 'utf8');

/** Lines that would fetch this package from a registry that may not have it. */
const ELSEWHERE = /^npm install\b/;

const project = installedPackage({ decoders: true });
beforeAll(async () => {
  const photo = join(ROOT, 'fixtures/photos/locomotion-house-cat.jpg');
  copyFileSync(photo, join(project.folder, 'photo.jpg'));
  await sharp(photo).flop().webp({ quality: 80 }).toFile(join(project.folder, 'upload.webp'));
  // As a gallery shows it: dark, with bars above and below.
  await sharp(photo)
    .extend({ top: 300, bottom: 260, left: 40, right: 40, background: '#202226' })
    .png()
    .toFile(join(project.folder, 'screenshot.png'));
  mkdirSync(join(project.folder, 'uploads'));
  const other = join(ROOT, 'fixtures/photos/nagasaki-boats-q40.jpg');
  copyFileSync(other, join(project.folder, 'uploads/other.jpg'));
  const { hash } = await hashFile(photo);
  project.write('list.csv', `${hashToHex(hash)},reported by its owner\n`);
  await startService();
});
afterAll(() => service?.kill());

let service: ChildProcess | undefined;

/**
 * A StopNCII that lists the photo, in a process of its own: commands are waited for in this one.
 * Its address is added to the CONFIG of docs/cli.md.
 */
async function startService(): Promise<void> {
  const file = project.write(
    'service.mjs',
    `import { hashToHex } from 'onlyhashes';
import { hash } from 'onlyhashes/node';
import { startFake } from 'onlyhashes/testing';
const fake = await startFake('stopncii');
const hashValue = hashToHex((await hash('photo.jpg')).hash);
const record = { signalType: 'ImagePDQ', hashStatus: 'Active', caseNumbers: [], feedbacks: [] };
fake.put({ ...record, hashValue });
console.log(fake.url);
`,
  );
  service = spawn(process.execPath, [file], { cwd: project.folder });
  const [url] = (await once(service.stdout!, 'data')) as [Buffer];
  const config = JSON.parse(of('json', CLI)[0]!.text);
  config.lists[0].baseUrl = `${url}`.trim();
  project.write('lists.json', JSON.stringify(config));
}
const env = {
  ...process.env,
  STOPNCII_SUBSCRIPTION_KEY: 'subscription',
  STOPNCII_FETCH_KEY: 'key',
};

function run(text: string): string {
  const file = project.write('block.mjs', text);
  const options = { cwd: project.folder, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync(process.execPath, [file], options);
}

test.each(of('js', ...RUN))('$page:$line', ({ text }) => {
  // A trailing comment on a console.log line says what it prints.
  const promises = [...text.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, said]) => said!);
  expect(promises.length).toBeGreaterThan(0);
  const out = run(text);
  expect(promises.filter((promise) => !out.includes(promise))).toEqual([]);
});

test.each(of('ts', BROWSER).slice(0, 1))('$page:$line bundles', async ({ text }) => {
  const { errors } = await build({
    entryPoints: [project.write('block.ts', text)],
    bundle: true,
    write: false,
    format: 'esm',
    outdir: project.folder,
  });
  expect(errors).toEqual([]);
});

test('the upload handler accepts, refuses and forgets, and nothing stops it', async () => {
  const folder = join(project.folder, 'handler');
  mkdirSync(folder);
  command('convert list.csv handler/list.ohb');
  const [uploads, curating] = (await Promise.all([freePort(), freePort()])).map(
    (port) => `http://127.0.0.1:${port}`,
  ) as [string, string];
  const text = HANDLER.replace('8080', new URL(uploads).port)
    .replace('8081', new URL(curating).port)
    .replace('idleSeconds: 5', 'idleSeconds: 1');
  const file = project.write('handler/server.mjs', text);
  const started = () => {
    const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 2] });
    children.add(child.on('exit', () => children.delete(child)));
    return child;
  };
  const status = async (body: Uint8Array, method = 'POST') =>
    (await fetch(uploads, { method, body: body as Uint8Array<ArrayBuffer> })).status;
  const change = async (method: string, hex: string) =>
    (await fetch(`${curating}/${hex}`, { method })).status;
  /** As a page would, whose name leads to this machine. */
  const changeBy = (host: string, method: string, hex: string) =>
    new Promise<number>((resolve, reject) => {
      const asking = request(`${curating}/${hex}`, { method, headers: { host } }, (response) => {
        resolve(response.resume().statusCode!);
      });
      asking.once('error', reject).end();
    });
  const isUp = (url: string) => eventually(() => fetch(url));

  const server = started();
  await isUp(curating);
  const other = readFileSync(join(ROOT, 'fixtures/photos/nagasaki-boats-q40.jpg'));
  const mirrored = readFileSync(join(project.folder, 'upload.webp'));
  expect(await status(mirrored)).toBe(451);
  expect(await status(other)).toBe(200);
  expect(await status(other.subarray(0, other.length / 2))).toBe(422);
  expect(await status(Buffer.from('no picture'))).toBe(200);
  // A GIF of a few bytes that says it has 65,535 x 65,535 pixels.
  expect(await status(Buffer.from('474946383961ffffffff000000', 'hex'))).toBe(422);

  const stalled = new RawClient(uploads);
  stalled.socket.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9999\r\n\r\n\xff\xd8');
  await eventually(() => expect(stalled.received).toMatch(/^HTTP\/1.1 408 /));
  stalled.socket.destroy();

  const hex = hashToHex(
    (await hashFile(join(ROOT, 'fixtures/photos/nagasaki-boats-q40.jpg'))).hash,
  );
  expect(await change('PUT', hex)).toBe(204);
  for (const host of ['evil.test', `evil.test:${new URL(curating).port}`, 'localhost.evil.test']) {
    expect([host, await changeBy(host, 'DELETE', hex)]).toEqual([host, 421]);
  }
  expect(await status(other)).toBe(451);
  expect(await changeBy('localhost:8081', 'PUT', hex)).toBe(204);
  expect(await change('DELETE', hex)).toBe(204);
  expect(await status(other)).toBe(200);
  expect([await change('PUT', hex), await change('GET', hex)]).toEqual([409, 405]);
  expect(await change('PUT', '00'.repeat(32))).toBe(409);
  // Twice the same is one entry.
  const listed = readFileSync(join(project.folder, 'list.csv'), 'utf8').slice(0, 64);
  expect(await change('PUT', listed)).toBe(204);
  expect((await openBlocklist(join(folder, 'list.ohb'))).size).toBe(1);
  expect(await change('PUT', 'no-hash')).toBe(400);
  // What another program writes meanwhile is there afterwards, and so are changes at the same time.
  command(`convert list.csv handler/list.ohb --overwrite`);
  const others = ['a', 'b', 'c'].map((digit) => `${hex.slice(0, -1)}${digit}`);
  const changed = await Promise.all(others.map((other) => change('DELETE', other)));
  expect(changed).toEqual([204, 204, 204]);

  const open = [uploads, curating].map((url) => new RawClient(url));
  await Promise.all(open.map(({ socket }) => once(socket, 'connect')));
  server.kill();
  await eventually(async () => expect(await refusal(uploads)).toBe('ECONNREFUSED'));
  for (const { socket } of open) socket.destroy();
  expect(await once(server, 'exit')).toEqual([0, null]);
  expect((await openBlocklist(join(folder, 'list.ohb'))).withdrawals).toHaveLength(4);

  started();
  await isUp(curating);
  expect([await status(other), await status(mirrored)]).toEqual([200, 451]);
});
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const program = () =>
  `${process.execPath} ${join(project.folder, 'node_modules/onlyhashes/dist/cli.cjs')}`;
function command(words: string): void {
  execFileSync('sh', ['-c', `${program()} ${words}`], { cwd: project.folder, env, stdio: 'pipe' });
}

test.each([
  { page: README, commands: 3, label: 'reported by its owner' },
  { page: START, commands: 2, label: 'photo.jpg' },
])('console: each command prints what $page.path shows', ({ page, commands, label }) => {
  const hex = readFileSync(join(project.folder, 'list.csv'), 'utf8').slice(0, 64);
  project.write('list.csv', `${hex},${label}\n`);
  const steps = of('console', page).flatMap(({ text }) => text.trim().split(/^\$ /m).slice(1));
  expect(steps).toHaveLength(commands);
  for (const step of steps) {
    const [line, ...output] = step.trim().split('\n');
    const words = line!.replace('npx onlyhashes', program());
    const options = { cwd: project.folder, encoding: 'utf8', stdio: 'pipe' } as const;
    expect(execFileSync('sh', ['-c', words], options).trim(), line).toBe(output.join('\n'));
  }
});

test('sh: every command, in the order of each page', async () => {
  for (const page of [README, CLI, START]) {
    // The pages write these, and nothing is replaced.
    for (const name of ['report.html', 'bundle.json'])
      rmSync(join(project.folder, name), { force: true });
    const commands = [
      ...page.code.filter((text) => /^npx onlyhashes serve/.test(text)),
      ...of('sh', page).flatMap(({ text }) => text.split('\n')),
    ]
      .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
      .filter((line) => line !== '' && !ELSEWHERE.test(line));
    expect(commands.length).toBeGreaterThan(0);
    for (const line of commands) {
      expect(line).toMatch(/^npx onlyhashes /);
      const words = line.replace('npx onlyhashes ', '');
      if (!/^serve /.test(words)) {
        expect(() => command(words), line).not.toThrow();
        continue;
      }
      // It serves until it is ended.
      const server = spawn('sh', ['-c', `exec ${program()} ${words}`], {
        cwd: project.folder,
        env,
      });
      const ended = once(server, 'exit');
      expect(`${(await once(server.stdout, 'data'))[0]}`, line).toMatch(/^http:.+entries: \d/);
      server.kill('SIGTERM');
      expect(await ended, line).toEqual([0, null]);
    }
  }
});
