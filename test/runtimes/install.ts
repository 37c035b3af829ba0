import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../project/package.js';

/** The runtimes, as the table of docs/runtimes.md has them. */
export const RUNTIMES = ['Node 20', 'Node 22', 'Node 24', 'Bun', 'Deno', 'workerd'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

const LISTED = import.meta.dirname;
const CACHE = join(ROOT, 'node_modules/.cache/runtimes');
const PLATFORM = `${process.platform}-${process.arch}`;
const MINUTES = 60_000;

/** The variable that names a program of one's own, where npm has none: `NODE_20`, `BUN` … */
const variableOf = (name: RuntimeName) => name.toUpperCase().replace(' ', '_');

/** Installed once for each lock file: close to a gigabyte, which no other test needs. */
function install(): string {
  const lock = readFileSync(join(LISTED, 'package-lock.json'));
  const name = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const folder = join(CACHE, name);
  const whole = join(folder, 'whole');
  if (existsSync(whole)) return folder;
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    cpSync(join(LISTED, file), join(folder, file));
  }
  process.stderr.write('installing Node, Bun, Deno and workerd for the tests\n');
  // Their programs are in their packages; scripts would only copy them.
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 10 * MINUTES,
  });
  // All packages for one platform are optional: npm passes over those that it cannot get.
  const isWhole = RUNTIMES.every((runtime) => programIn(folder, runtime) !== undefined);
  if (isWhole || process.platform !== 'linux') writeFileSync(whole, '');
  return folder;
}

let installation: { folder: string } | { failure: string } | undefined;

/** The folder of the installation, or why there is none; it is tried once. */
function installed() {
  if (installation) return installation;
  try {
    installation = { folder: install() };
  } catch (error) {
    const [failure] = String((error as { stderr?: Buffer }).stderr ?? error).split('\n');
    installation = { failure: failure! };
  }
  return installation;
}

/** The program that a package of this platform has, in the folder of an installation. */
function programIn(folder: string, name: RuntimeName): string | undefined {
  const modules = join(folder, 'node_modules');
  const [kind, version] = name.toLowerCase().split(' ');
  if (kind === 'node') {
    const path = join(modules, `node-${version}-${PLATFORM}`, 'bin/node');
    return existsSync(path) ? path : undefined;
  }
  const places: Record<string, [scope: string, program: string]> = {
    bun: ['@oven', 'bin/bun'],
    deno: ['@deno', 'deno'],
    workerd: ['@cloudflare', 'bin/workerd'],
  };
  const [scope, program] = places[kind!]!;
  const folders = existsSync(join(modules, scope)) ? readdirSync(join(modules, scope)) : [];
  return folders.map((each) => join(modules, scope, each, program)).find(existsSync);
}

/** The program of a runtime, or one line on what is missing. */
export function runtimeProgram(name: RuntimeName): { path: string } | { missing: string } {
  const own = process.env[variableOf(name)];
  if (own !== undefined) return { path: own };
  const says = `set ${variableOf(name)} to the path of ${name}`;
  const there = installed();
  if ('failure' in there) return { missing: `npm ci failed (${there.failure}): ${says}` };
  const path = programIn(there.folder, name);
  if (path !== undefined) return { path };
  return { missing: `npm gave no ${name} for ${PLATFORM}: ${says}` };
}
