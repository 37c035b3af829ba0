import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Command, readCall } from '../../../src/cli/command.js';
import { readRoutes } from '../../../src/cli/serve/more-routes.js';
import { serveCommand } from '../../../src/cli/serve/serve.js';
import { storeCommand } from '../../../src/cli/store/store-command.js';
import { INTAKE_OPTIONS } from '../../../src/server/intake/routes.js';
import { pageOf } from '../../project/markdown.js';
import { installedPackage, ROOT } from '../../project/package.js';
import { PHOTOS } from '../program.js';

/*
 * The commands of the walk-through are run as they are, from the packed tarball. No container is
 * started: of compose.yaml, what it says is checked.
 */

const EXAMPLE = join(ROOT, 'examples/helpline');
const textOf = (name: string) => readFileSync(join(EXAMPLE, name), 'utf8');
const readme = textOf('README.md');
const [walk, containers] = readme.split('## In containers') as [string, string];
const shellOf = (text: string) =>
  pageOf('examples/helpline/README.md', text)
    .blocks.filter(({ language }) => language === 'sh')
    .map((block) => block.text);

const project = installedPackage({ decoders: true });

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

test('the walk-through: from a person to a platform, and back', async () => {
  const folder = join(project.folder, 'helpline');
  cpSync(EXAMPLE, folder, { recursive: true });
  copyFileSync(join(PHOTOS, 'acanthus-mollis-q40.jpg'), join(folder, 'photo.jpg'));
  const programs = join(project.folder, 'node_modules/.bin');
  mkdirSync(programs);
  symlinkSync('../onlyhashes/dist/cli.cjs', join(programs, 'onlyhashes'));
  symlinkSync('../node_modules', join(folder, 'node_modules'));

  const [one, two] = await freePorts(2);
  const promised: string[] = [];
  const lines = shellOf(walk)
    .filter((block) => !block.startsWith('npm install'))
    .flatMap((block) => block.replaceAll('8080', `${one}`).replaceAll('8081', `${two}`).split('\n'))
    .map((line) => {
      // A comment behind a command says what it prints.
      const [, command, words] = /^(.*\S) # (.+)$/.exec(line) ?? [];
      if (words === undefined) return line;
      const number = promised.push(words);
      return `echo '<${number}>'; ${command}; echo '</${number}>'`;
    });
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', lines.join('\n')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let [out, err] = ['', ''];
  shell.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  shell.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const [code] = await once(shell, 'exit');
  try {
    // After a failure, its servers would go on.
    process.kill(-shell.pid!, 'SIGKILL');
  } catch {}
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(promised.length).toBeGreaterThan(10);
  for (const [at, words] of promised.entries()) {
    const printed = out
      .split(`<${at + 1}>`)[1]!
      .split(`</${at + 1}>`)[0]!
      .trim();
    if (words === 'nothing') expect(printed).toBe('');
    else expect(printed).toContain(words.replace(/ …$/, ''));
  }

  const log = readFileSync(join(folder, 'helpline/log.txt'), 'utf8');
  expect(log).toContain('/v1/cases');
  const secrets = ['code.txt', 'desk.txt', 'feed.txt'].map(
    (name) => readFileSync(join(folder, name), 'utf8').split('\n')[0]!,
  );
  const { case: number } = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8'));
  for (const secret of [...secrets, number]) expect(log).not.toContain(secret);
});

const compose = parse(textOf('compose.yaml'), { merge: true });

test('compose.yaml is a Compose file, and so is that of the other example', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'fixtures/compose/compose-spec.json'), 'utf8'));
  // Ajv knows the dialect by its older address.
  delete schema.$schema;
  const isCompose = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  const problemsIn = (file: unknown) => (isCompose(file) ? [] : isCompose.errors);
  expect(problemsIn(compose)).toEqual([]);
  const other = readFileSync(join(ROOT, 'examples/docker/compose.yaml'), 'utf8');
  expect(problemsIn(parse(other, { merge: true }))).toEqual([]);
  const { serve } = compose.services;
  for (const wrong of [{ comand: [] }, { depends_on: { migrate: { condition: 'soon' } } }]) {
    const services = { ...compose.services, serve: { ...serve, ...wrong } };
    expect(problemsIn({ ...compose, services })).not.toEqual([]);
  }
});

test('everything that compose.yaml names is there, and the program accepts its commands', async () => {
  const { services, networks } = compose;
  const commands: Record<string, Command> = { serve: serveCommand, store: storeCommand };
  for (const { command } of [services.migrate, services.serve]) {
    const [name, ...words] = command;
    expect(readCall(commands[name]!, words)).toBeDefined();
  }
  for (const kind of ['configs', 'secrets', 'networks', 'volumes'] as const) {
    const used = Object.values(services as Record<string, Record<string, object>>)
      .flatMap((service) => {
        const own = service[kind] ?? [];
        return Array.isArray(own) ? own : Object.keys(own);
      })
      .map((one) => (typeof one === 'string' ? one.split(':')[0] : one.source));
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose[kind]).sort());
  }
  for (const { file } of Object.values<{ file: string }>(compose.configs)) textOf(file);
  for (const { file } of Object.values<{ file: string }>(compose.secrets)) {
    expect(containers).toContain(file.replace('./secrets/', ''));
  }
  expect(textOf('compose.yaml')).not.toMatch(/PASSWORD:|KEY:|:\/\/\w+:/);

  const call = readCall(serveCommand, services.serve.command.slice(1));
  expect(services.serve.configs[0].target).toBe(call.text('routes'));
  expect(textOf('Caddyfile')).toContain(`reverse_proxy serve:${call.text('port')}\n`);
  const { intake } = await readRoutes(join(EXAMPLE, 'routes.json'));
  expect(Object.keys(intake!).every((name) => name in INTAKE_OPTIONS)).toBe(true);
  const { cidr, header } = intake!.proxy!;
  expect(services.proxy.networks.front.ipv4_address).toBe(cidr);
  expect(header).toBe('x-forwarded-for');
  expect(readme).toContain(cidr);
  const { subnet } = networks.front.ipam.config[0];
  expect(cidr.startsWith(subnet.replace(/\d+\/28$/, ''))).toBe(true);
});

test('only the proxy reaches the internet, and it logs no request', () => {
  const { services, networks } = compose;
  const open = Object.keys(networks).filter((name) => !networks[name]?.internal);
  expect(open).toEqual(['outside']);
  for (const [name, { networks: own, ports }] of Object.entries<Record<string, object>>(services)) {
    const isOut = (Array.isArray(own) ? own : Object.keys(own!)).includes('outside');
    expect([name, isOut, ports !== undefined]).toEqual([name, name === 'proxy', name === 'proxy']);
  }
  const caddyfile = textOf('Caddyfile').replace(/#.*$/gm, '');
  // One log, of the program itself; none of the site.
  expect(caddyfile.match(/\blog\b/g)).toHaveLength(1);
  expect(caddyfile).toMatch(/^\{\s+admin off\s+log \{\s+exclude http\s+\}\s+\}/);
  const { gracePeriod } = { gracePeriod: Number.parseInt(services.serve.stop_grace_period, 10) };
  expect(gracePeriod).toBeGreaterThan(serveCommand.graceSeconds!);
});

test('package.json requires the versions that are tested here', () => {
  const manifest = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
  const { version, devDependencies } = manifest('package.json');
  const { dependencies } = manifest('examples/helpline/package.json');
  expect({ ...devDependencies, onlyhashes: `^${version}` }).toMatchObject(dependencies);
});
