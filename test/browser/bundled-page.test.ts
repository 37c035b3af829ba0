import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import type { Stats } from 'webpack';
import { installedPackage, ROOT } from '../project/package.js';
import { isDeep } from '../seed.js';
import type { EnginePage } from './engines/engine.js';
import { describeEngine, ENGINES, testIn } from './engines/engines.js';
import { serve } from './engines/serve.js';
import { inNode } from './node-hash.js';

/*
 * The page of examples/vite-page, built by each bundler from the packed tarball, and served as it
 * was built.
 */

const FIXTURES = join(ROOT, 'fixtures');
const FORMATS = [
  'photos/locomotion-house-cat.jpg',
  'images/rgb.png',
  'images/rgb.tiff',
  'heic/photo.heic',
];

/** Builds the page of `folder` into its `dist`. */
const BUNDLERS: Record<string, (folder: string) => Promise<void>> = {
  async Vite(folder) {
    const program = join(folder, '../node_modules/vite/bin/vite.js');
    await promisify(execFile)(process.execPath, [program, 'build'], { cwd: folder });
  },

  async webpack(folder) {
    await withoutTypes(folder);
    const { default: webpack } = await import('webpack');
    const stats = await new Promise<Stats>((resolve, reject) => {
      webpack(
        {
          mode: 'production',
          context: folder,
          entry: './main.js',
          output: { path: join(folder, 'dist/assets'), filename: 'main.js' },
        },
        (error, stats) => (error ? reject(error) : resolve(stats!)),
      );
    });
    expect(stats.compilation.errors).toEqual([]);
  },

  async esbuild(folder) {
    await withoutTypes(folder);
    await esbuild.build({
      absWorkingDir: folder,
      entryPoints: {
        main: 'main.js',
        'browser-worker': '../node_modules/onlyhashes/dist/browser-worker.js',
      },
      bundle: true,
      minify: true,
      format: 'esm',
      splitting: true,
      outdir: 'dist/assets',
      logLevel: 'error',
    });
  },

  async 'esbuild, with dist beside it'(folder) {
    await withoutTypes(folder, (code) =>
      code.replace('exact: true', `workerUrl: '/assets/onlyhashes/browser-worker.js', $&`),
    );
    await esbuild.build({
      absWorkingDir: folder,
      entryPoints: ['main.js'],
      bundle: true,
      minify: true,
      format: 'esm',
      outdir: 'dist/assets',
      logLevel: 'error',
    });
    const from = join(folder, '../node_modules/onlyhashes/dist');
    cpSync(from, join(folder, 'dist/assets/onlyhashes'), { recursive: true });
  },
};
type Bundler = keyof typeof BUNDLERS;

/** Makes `main.js` and the page for it, where no bundler does. */
async function withoutTypes(folder: string, change = (code: string) => code): Promise<void> {
  const { code } = await esbuild.transform(readFileSync(join(folder, 'main.ts'), 'utf8'), {
    loader: 'ts',
  });
  writeFileSync(join(folder, 'main.js'), change(code));
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  cpSync(join(folder, 'index.html'), join(folder, 'dist/index.html'));
  writeFileSync(join(folder, 'dist/index.html'), html.replace('./main.ts', './assets/main.js'));
}

/** The site of a built page. */
interface Built {
  asked: string[];
  address: string;
  close(): Promise<void>;
}

/** Builds the page in the project and serves it. */
async function built(bundler: Bundler, project: { folder: string }): Promise<Built> {
  const folder = join(project.folder, bundler.replace(/\W+/g, '-'));
  cpSync(join(ROOT, 'examples/vite-page'), folder, { recursive: true });
  await BUNDLERS[bundler]!(folder);
  const dist = join(folder, 'dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const asked: string[] = [];
  const site = await serve((path, { method, url }) => {
    if (path === '/favicon.ico') return undefined;
    asked.push(`${method} ${url}`);
    const file = path === '/' ? 'index.html' : path.slice(1);
    return files.includes(file) ? { body: readFileSync(join(dist, file)) } : undefined;
  });
  return { asked, address: `${site.url}/`, close: () => site.close() };
}

const equipped = installedPackage({ decoders: true });
const bare = installedPackage({ decoders: false });
for (const [project, beside] of [
  [equipped, ['vite', 'utif2']],
  [bare, ['vite']],
] as const) {
  for (const name of beside) {
    symlinkSync(join(ROOT, 'node_modules', name), join(project.folder, 'node_modules', name));
  }
}

/** The pages built so far: each is built for the first test that opens it. */
const pages = new Map<string, Promise<Built>>();
function builtOnce(bundler: Bundler, project: typeof equipped): Promise<Built> {
  const key = `${project.folder} ${bundler}`;
  const page = pages.get(key) ?? built(bundler, project);
  pages.set(key, page);
  return page;
}
afterAll(async () => {
  for (const page of pages.values()) await page.then((site) => site.close());
});

/** The page's answer to a file that is chosen. */
async function answerTo(page: EnginePage, path: string): Promise<string> {
  await page.evaluate(() => {
    document.querySelector('output')!.textContent = 'Nothing yet';
  });
  await page.setFiles('input', [join(FIXTURES, path)]);
  const answer = () => {
    const { textContent } = document.querySelector('output')!;
    return /^(Hashing|Nothing)/.test(textContent) ? '' : textContent;
  };
  return await page.waitFor(answer).catch(async (cause: unknown) => {
    const shown = await page.evaluate(() => document.querySelector('output')!.textContent);
    throw new Error(`the page still shows: ${shown}`, { cause });
  });
}

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    // What differs between engines is the library's part, which one bundler shows.
    const bundlers = isDeep && name === 'chromium' ? Object.keys(BUNDLERS) : ['Vite'];
    describe.each(bundlers)('%s', (bundler) => {
      test('the page shows the same hash as Node or the reason for none, and sends nothing', async () => {
        const { asked, address } = await builtOnce(bundler, equipped);
        const page = await open.page();
        asked.length = 0;
        await page.goto(address);
        for (const path of /beside/.test(bundler) ? FORMATS.slice(0, 2) : FORMATS) {
          const { hash, quality } = await inNode(join(FIXTURES, path), { exact: true });
          const expected = new RegExp(`^${hash}, quality ${quality}(:|$)`);
          expect(await answerTo(page, path), path).toMatch(expected);
        }
        expect(await answerTo(page, 'images/half.jpg')).toMatch(/^No hash \(corrupt\): /);
        const [first, ...others] = asked;
        expect(first).toBe('GET /');
        // The scripts of the page and of its Worker, and nothing in their addresses.
        expect(others.length).toBeGreaterThan(1);
        for (const each of others) expect(each).toMatch(/^GET \/assets\/[\w./-]+$/);
      });

      testIn('chromium', name)('the page names the package that it was built without', async () => {
        const { address } = await builtOnce(bundler, bare);
        const page = await open.page();
        await page.goto(address);
        for (const path of ['images/rgb.tiff', 'heic/photo.heic']) {
          const names = /^No hash \(decoder-missing\): .*(utif2|heic-decode)/;
          expect(await answerTo(page, path)).toMatch(names);
        }
      });
    });
  });
}
