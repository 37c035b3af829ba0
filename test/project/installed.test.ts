import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { distance, hashFromHex } from '../../src/hash.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { testFolder } from '../folder.js';
import { packedInto, ROOT } from './package.js';

/*
 * The packed tarball, installed by npm with what it depends on. npm asks the registry for versions,
 * and takes from its cache what `npm ci` has left there.
 */

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  optionalDependencies: Record<string, string>;
};
const LOWEST_SHARP = manifest.optionalDependencies.sharp!.replace('^', '');

const fixture = (path: string) => join(ROOT, 'fixtures', path);
const PHOTO = fixture('photos/locomotion-house-cat-w301.jpg');
const HEIC = fixture('heic/photo.heic');
/** By the reference in C++. */
const PHOTO_HASH = (
  JSON.parse(readFileSync(fixture('photos/expected.json'), 'utf8')) as {
    file: string;
    pdq: string;
  }[]
).find(({ file }) => PHOTO.endsWith(`/${file}`))!.pdq;

const base = testFolder();
let tarball: string;
let cache: string | undefined;
beforeAll(() => {
  tarball = packedInto(base);
  const { out } = run('npm', ['config', 'get', 'cache'], base);
  // What npx installs is beside the cache's contents, and goes with this folder.
  const own = join(base, 'cache');
  mkdirSync(own);
  symlinkSync(join(out.trim(), '_cacache'), join(own, '_cacache'));
  cache = own;
});

function run(program: string, args: readonly string[], cwd: string) {
  const env = { ...process.env, ...(cache !== undefined && { npm_config_cache: cache }) };
  const { stdout, stderr, status } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  return { out: stdout, err: stderr, code: status };
}

/** A project, in which npm has installed `packages`. */
class Project {
  readonly folder = mkdtempSync(join(base, 'project-'));

  constructor(...packages: string[]) {
    this.write('package.json', '{ "type": "module", "private": true }\n');
    this.install(...packages);
  }

  install(...words: string[]): void {
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const { err, code } = run('npm', ['install', ...quiet, ...words], this.folder);
    expect({ err, code }).toMatchObject({ code: 0 });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** What a module prints. */
  node(code: string): string {
    this.write('module.mjs', code);
    const { out, err } = run(process.execPath, ['module.mjs'], this.folder);
    return (out + err).trim();
  }

  onlyhashes(...args: string[]) {
    return run(join(this.folder, 'node_modules/.bin/onlyhashes'), args, this.folder);
  }
}

/** Every package of a folder, at any depth, with what its package.json says. */
function packagesIn(folder: string): { name: string; license: string | undefined }[] {
  const found: { name: string; license: string | undefined }[] = [];
  const look = (modules: string, scope = '') => {
    for (const entry of readdirSync(modules)) {
      if (entry.startsWith('.')) continue;
      const path = join(modules, entry);
      if (entry.startsWith('@')) {
        look(path, `${entry}/`);
        continue;
      }
      const { license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
      found.push({ name: scope + entry, license });
      if (readdirSync(path).includes('node_modules')) look(join(path, 'node_modules'));
    }
  };
  look(join(folder, 'node_modules'));
  return found;
}

/** The sharps and libvipses of a folder. */
const ofSharp = (folder: string) =>
  packagesIn(folder)
    .map(({ name }) => name)
    .filter((name) => /^sharp$|^@img\/sharp-(libvips|win32|wasm32)/.test(name));

const ONE_SHARP = [expect.stringMatching(/^@img\/sharp-/), 'sharp'];

/** Prints the hash of each file, or its error. */
const hashing = (...paths: string[]) => `import { hashToHex } from 'onlyhashes';
import { hash as hashFile } from 'onlyhashes/node';
for (const path of ${JSON.stringify(paths)}) {
  await hashFile(path, { exact: true }).then(
    ({ hash }) => console.log(hashToHex(hash)),
    ({ name, code, message }) => console.log(name, code, message),
  );
}`;

/** Expects a hash of the HEIC file: its decoder may differ from libheif's own by two bits. */
async function expectOfHeic(hex: string): Promise<void> {
  const { hash } = await hashFile(fixture('heic/photo.png'));
  expect(distance(hashFromHex('pdq', hex), hash)).toBeLessThanOrEqual(2);
}

/** Rows of the page: the pattern of a package's name, and its licence. */
const told = readFileSync(join(ROOT, 'docs/licences.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, packages, license] = /^\| (`.+?`) +\| ([^|]+?) +\|/.exec(line) ?? [];
    return packages === undefined
      ? []
      : [...packages.matchAll(/`([^`]+)`/g)].map(([, name]) => ({
          name: name!,
          license: license!,
        }));
  });

const isOf = (pattern: string, name: string) =>
  pattern === name || (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1)));

/** A package, as the lock file has it. */
interface Locked {
  license?: string;
  dependencies?: object;
  optionalDependencies?: object;
}

const namesIn = ({ dependencies, optionalDependencies }: Locked) =>
  Object.keys({ ...dependencies, ...optionalDependencies });

/** Whether the page has this licence of a package, in the longest pattern that it has for it. */
function isTold({ name, license }: { name: string; license: string | undefined }): boolean {
  const rows = told.filter((row) => isOf(row.name, name));
  const [row] = rows.sort((a, b) => b.name.length - a.name.length);
  return row !== undefined && row.license === license?.replace(/^\((.*)\)$/, '$1');
}

test('docs/licences.md lists the licences for every system, and nothing else', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const found = new Map<string, Locked>();
  /** Adds what `name` is when it is imported from `folder`, and all that it brings. */
  const add = (name: string, folder: string): void => {
    const path = `${folder}node_modules/${name}`;
    const locked = packages[path];
    if (locked === undefined) {
      const outer = /^(.*\/)?node_modules\//.exec(folder)?.[1] ?? '';
      expect(folder, `${name} is in the lock file`).not.toBe('');
      add(name, outer);
    } else if (!found.has(path)) {
      found.set(path, locked);
      for (const next of namesIn(locked)) add(next, `${path}/`);
    }
  };
  for (const name of Object.keys(manifest.optionalDependencies)) add(name, '');

  const all = [...found].map(([path, { license }]) => ({
    name: path.slice(path.lastIndexOf('node_modules/') + 13),
    license,
  }));
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter((each) => !isTold(each))).toEqual([]);
  expect(told.filter((row) => !all.some(({ name }) => isOf(row.name, name)))).toEqual([]);
});

/** `npm test` without a network leaves these out; CI never does. */
const answers =
  Boolean(process.env.CI) ||
  spawnSync('npm', ['view', `sharp@${LOWEST_SHARP}`, 'version', '--fetch-retries=0']).status === 0;
const title = answers ? 'installed by npm' : 'installed by npm (the registry does not answer)';

describe.skipIf(!answers)(title, () => {
  test('npx hashes a HEIC file at once, in an empty folder', async () => {
    const folder = mkdtempSync(join(base, 'empty-'));
    const words = ['--package', tarball, 'onlyhashes', 'hash', HEIC];
    const { out, err, code } = run('npx', ['--yes', '--prefer-offline', ...words], folder);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    const [hex, quality, path] = out.trim().split(',') as [string, string, string];
    expect([quality, path]).toEqual(['100', HEIC]);
    await expectOfHeic(hex);
    expect(readdirSync(folder)).toEqual([]);
  });

  describe(`in an application that has sharp ${LOWEST_SHARP}`, () => {
    let project: Project;
    beforeAll(() => {
      project = new Project(`sharp@${LOWEST_SHARP}`);
      project.install(tarball);
    });

    test('that sharp is used, and its libvips is the only one', () => {
      expect(ofSharp(project.folder).sort()).toEqual(ONE_SHARP);
      const found = project.node(
        `import { decoders } from 'onlyhashes/node'; console.log((await decoders()).sharp);`,
      );
      expect(found).toBe(LOWEST_SHARP);
    });

    test('a JPEG has the hash of the reference, and a HEIC file that of its pixels', async () => {
      const [jpeg, heic] = project.node(hashing(PHOTO, HEIC)).split('\n') as [string, string];
      expect(jpeg).toBe(PHOTO_HASH);
      await expectOfHeic(heic);
    });

    test('each package has the licence that docs/licences.md names', () => {
      const packages = packagesIn(project.folder).filter(({ name }) => name !== 'onlyhashes');
      expect(packages.length).toBeGreaterThan(10);
      expect(packages.filter((each) => !isTold(each))).toEqual([]);
    });

    test('without the decoder of HEVC, only HEIC is refused', () => {
      for (const name of ['heic-decode', 'libheif-js']) {
        rmSync(join(project.folder, 'node_modules', name), { recursive: true });
      }
      const [jpeg, heic] = project.node(hashing(PHOTO, HEIC)).split('\n');
      expect(jpeg).toBe(PHOTO_HASH);
      expect(heic).toMatch(/^DecodeError decoder-missing .* npm install heic-decode/);
    });
  });

  describe('without optional packages', () => {
    let project: Project;
    beforeAll(() => {
      project = new Project('--omit=optional', tarball);
    });

    test('only the package is installed', () => {
      expect(packagesIn(project.folder).map(({ name }) => name)).toEqual(['onlyhashes']);
    });

    test('the core hashes pixels', () => {
      const said = project.node(`import { pdq } from 'onlyhashes';
const data = new Uint8Array(64 * 64).map((_, at) => (at * at) >> 4);
console.log(pdq({ data, width: 64, height: 64 }).hash.bytes.length);`);
      expect(said).toBe('32');
    });

    test('the program matches hashes against a list', () => {
      project.write('list.csv', `${PHOTO_HASH},reported\n`);
      const near = `${PHOTO_HASH.slice(0, -1)}0`;
      const matched = project.onlyhashes('match', near, '--blocklist', 'list.csv');
      expect(matched).toMatchObject({ err: '', code: 0 });
      const bits = distance(hashFromHex('pdq', near), hashFromHex('pdq', PHOTO_HASH));
      expect(bits).toBeGreaterThan(0);
      expect(matched.out).toMatch(new RegExp(`^match,${bits},.*,reported,`));
    });

    test.each([
      ['a JPEG', PHOTO, /needs the optional package sharp: npm install sharp$/],
      ['a HEIC file', HEIC, /needs the optional package heic-decode: npm install heic-decode/],
    ])('for %s, one line names the package to install', (_, path, said) => {
      expect(project.node(hashing(path))).toMatch(said);
      expect(project.node(hashing(path))).toMatch(/^DecodeError decoder-missing .*$/);
      const { out, err, code } = project.onlyhashes('hash', path);
      expect({ out, code }).toEqual({ out: '', code: 2 });
      expect(err).toMatch(/^onlyhashes: .*\n$/);
      expect(err.trim()).toMatch(said);
    });

    test('a sharp that is installed without its native part is reported as such', () => {
      project.install('--omit=optional', 'sharp');
      const said = /^DecodeError decoder-missing .*: (npm install --include=optional sharp)$/;
      const [, advice] = said.exec(project.node(hashing(PHOTO)))!;
      project.install(...advice!.split(' ').slice(2));
      expect(project.node(hashing(PHOTO))).toBe(PHOTO_HASH);
      expect(ofSharp(project.folder).sort()).toEqual(ONE_SHARP);
    });
  });
});
