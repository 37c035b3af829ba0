import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Command, readCall } from '../../../src/cli/command.js';
import { serveCommand } from '../../../src/cli/serve/serve.js';
import { storeCommand } from '../../../src/cli/store/store-command.js';
import { testFolder } from '../../folder.js';
import { ROOT } from '../../project/package.js';

/* No container is started here: what is checked is what the files say, and the two scripts. */

const EXAMPLE = join(ROOT, 'examples/docker');
const textOf = (name: string) => readFileSync(join(EXAMPLE, name), 'utf8');
const dockerfile = textOf('Dockerfile');
const compose = textOf('compose.yaml');
const readme = textOf('README.md');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const HEX = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22';

const COMMANDS: Record<string, Command> = { serve: serveCommand, store: storeCommand };

/** The commands of a file: lists in brackets that begin with the name of a command. */
const commandsIn = (text: string): string[][] =>
  [...text.matchAll(/\[\s*"(?:serve|store)"[^\]]*\]/g)].map(([list]) =>
    JSON.parse(list.replace(/,\s*\]$/, ']')),
  );
/** Those that README has behind the name of the image or of a service. */
const commandsOfReadme = [
  ...readme.matchAll(/^docker .*? (?:onlyhashes|migrate) ((?:serve|store) .+)$/gm),
].map(([, words]) => words!.split(' '));
const all = [...commandsIn(dockerfile), ...commandsIn(compose), ...commandsOfReadme];
const served = all.filter((words) => words.includes('--host'));

/** Steps of the Dockerfile, each a line. */
const steps = dockerfile.replaceAll(/\\\n/g, ' ').split('\n');
const stepsOf = (name: string) =>
  steps.filter((step) => step.startsWith(`${name} `)).map((step) => step.slice(name.length + 1));

test('the program accepts every command', () => {
  expect(all.map(([name]) => name)).toEqual([
    ...['serve', 'store', 'serve'],
    ...['serve', 'store', 'store'],
  ]);
  for (const [name, ...words] of all) {
    expect(readCall(COMMANDS[name!]!, words)).toBeDefined();
    const wrong = [...words, '--no-such-option'];
    expect(() => readCall(COMMANDS[name!]!, wrong)).toThrow('--no-such-option');
  }
});

test('the image is of an LTS line of Node that the package runs on, and not of root', () => {
  const images = stepsOf('FROM').map((step) => step.split(' ')[0]);
  expect(new Set(images).size).toBe(1);
  const [, major] = /^node:(\d+)-bookworm-slim$/.exec(images[0]!)!;
  expect(Number(major) % 2).toBe(0);
  const [, least] = /^>=(\d+)\./.exec(manifest.engines.node)!;
  expect(Number(major)).toBeGreaterThanOrEqual(Number(least));
  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM'));
  expect(last).toContain('USER node');
  expect(last).not.toMatch(/^RUN/m);
  expect(stepsOf('STOPSIGNAL')).toEqual(['SIGTERM']);
});

test('nothing but the build needs a network or a shell', () => {
  for (const step of stepsOf('RUN')) expect(step).not.toMatch(/\b(curl|wget|apt|npx)\b/);
  expect(dockerfile).toContain('npm ci --omit=dev');
  // In the form of lists, which no shell reads.
  const last = stepsOf('HEALTHCHECK').map((step) => step.slice(step.indexOf('CMD ') + 4));
  for (const step of [...stepsOf('CMD'), ...stepsOf('ENTRYPOINT'), ...last]) {
    expect(JSON.parse(step)).toBeInstanceOf(Array);
  }
  expect(manifest.devDependencies.pg).toBe(manifest.peerDependencies.pg);
});

test('ports and paths are the same everywhere', () => {
  const port = stepsOf('EXPOSE')[0]!;
  expect(served).toHaveLength(2);
  for (const words of served) {
    const call = readCall(serveCommand, words.slice(1));
    expect([call.text('port'), call.text('host')]).toEqual([port, '0.0.0.0']);
    expect(call.text('tokens')).toBe('/run/secrets/tokens');
  }
  expect(served[0]).toEqual(served[1]);
  expect(textOf('ready.cjs')).toContain(`process.argv[2] ?? ${port};`);
  const [, first, last, inside] = /"127\.0\.0\.1:(\d+)-(\d+):(\d+)"/.exec(compose)!;
  expect(inside).toBe(port);
  const [, replicas] = /replicas: (\d)/.exec(compose)!;
  expect(Number(last) - Number(first) + 1).toBe(Number(replicas));
  for (const each of [first, last]) expect(readme).toContain(`\`127.0.0.1:${each}\``);
  for (const path of dockerfile.matchAll(/\/app\/(\S+\.cjs)/g)) {
    expect(dockerfile).toContain(`examples/docker/${path[1]}`);
  }
  for (const [, path] of compose.matchAll(/dockerfile: (\S+)/g)) {
    expect(join(ROOT, path!)).toBe(join(EXAMPLE, 'Dockerfile'));
  }
});

test('secrets are files, which the README makes, and none has a default', () => {
  const files = [...compose.matchAll(/file: \.\/secrets\/(\S+) /g)].map(([, file]) => file!);
  expect(files).toEqual(['database-password', 'key', 'tokens.json']);
  for (const file of files) expect(readme).toContain(file);
  expect(compose).not.toMatch(/PASSWORD:|KEY:|:\/\/\w+:/);
  for (const [, name] of compose.matchAll(/_FILE: \/run\/secrets\/(\S+)/g)) {
    expect(compose).toMatch(new RegExp(`^ {2}${name}: \\{ file:`, 'm'));
  }
  expect(textOf('Dockerfile.dockerignore').split('\n')).toContain('**/secrets');
});

test('servers may write nowhere, stop in time, and start after the migration', () => {
  for (const line of ['read_only: true', 'cap_drop: [ALL]', 'internal: true']) {
    expect(compose).toContain(line);
  }
  const [, seconds] = /stop_grace_period: (\d+)s/.exec(compose)!;
  expect(Number(seconds)).toBeGreaterThan(serveCommand.graceSeconds!);
  expect(readme).toContain(`up to ${serveCommand.graceSeconds} seconds`);
  expect(compose).toMatch(/migrate: \{ condition: service_completed_successfully \}/);
  expect(readme).toContain('pool_mode = session');
});

describe('the scripts', () => {
  const app = testFolder();
  beforeAll(() => {
    for (const name of ['ready.cjs', 'with-secrets.cjs']) {
      cpSync(join(EXAMPLE, name), join(app, name));
    }
    symlinkSync(join(ROOT, 'dist'), join(app, 'dist'));
  });

  const run = async (words: string[], env: NodeJS.ProcessEnv = {}) => {
    try {
      const all = { ...process.env, ...env };
      const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: app, env: all });
      return { code: 0, stdout, stderr: '' };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };

  test('variables are read from files, and the program gets its arguments', async () => {
    const key = join(app, 'key');
    writeFileSync(key, 'not-a-key\n');
    const words = ['with-secrets.cjs', 'serve', '-b', 'nowhere'];
    const wrong = await run(words, { ONLYHASHES_KEY_FILE: key });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('ONLYHASHES_KEY: ')]);
    writeFileSync(key, `${'5e'.repeat(32)}\n`);
    const right = await run(words, { ONLYHASHES_KEY_FILE: key });
    expect(right.stderr).toContain('nowhere: no such file');
    const absent = await run(words, { PGPASSWORD_FILE: join(app, 'absent') });
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('ENOENT')]);
  });

  test('it serves until a signal, as the one process of its container', async () => {
    writeFileSync(join(app, 'list.csv'), `${HEX}\n`);
    const child = spawn(
      process.execPath,
      ['with-secrets.cjs', 'serve', '-b', 'list.csv', '--port', '0'],
      { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
      const [, port] = /^http:\/\/127\.0\.0\.1:(\d+) /.exec(line)!;
      expect((await run(['ready.cjs', port!])).code).toBe(0);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect((await run(['ready.cjs', port!])).code).toBe(1);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('the exit code shows a server that is not ready', async () => {
    let status = 503;
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/health/ready' ? status : 404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await run(['ready.cjs', `${port}`])).code).toBe(1);
    status = 200;
    expect((await run(['ready.cjs', `${port}`])).code).toBe(0);
    server.close();
  });
});
