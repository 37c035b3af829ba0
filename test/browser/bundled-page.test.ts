import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import webpack from 'webpack';
import { installedPackage, ROOT } from '../project/package.js';
import type { EnginePage } from './engines/engine.js';
import { describeEngine, ENGINES } from './engines/engines.js';
import { type Site, serve } from './engines/serve.js';
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
    execFileSync(process.execPath, [program, 'build'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  },

  async webpack(folder) {
    await withoutTypes(folder);
    const stats = await new Promise<webpack.Stats>((resolve, reject) => {
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

type Installed = ReturnType<typeof installedPackage>;

/** The built pages of all bundlers. */
interface Built {
  asked: string[];
  address(bundler: Bundler): string;
  end(): Promise<void>;
}

async function built(project: Installed, beside: readonly string[]): Promise<Built> {
  const modules = join(project.folder, 'node_modules');
  for (const name of beside) {
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  const sites = new Map<Bundler, Site>();
  const asked: string[] = [];
  for (const [bundler, build] of Object.entries(BUNDLERS)) {
    const folder = join(project.folder, bundler.replace(/\W+/g, '-'));
    cpSync(join(ROOT, 'examples/vite-page'), folder, { recursive: true });
    await build(folder);
    const dist = join(folder, 'dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    const site = await serve((path, { method, url }) => {
      if (path === '/favicon.ico') return undefined;
      asked.push(`${method} ${url}`);
      const file = path === '/' ? 'index.html' : path.slice(1);
      return files.includes(file) ? { body: readFileSync(join(dist, file)) } : undefined;
    });
    sites.set(bundler, site);
  }
  return {
    asked,
    address: (bundler) => `${sites.get(bundler)!.url}/`,
    async end() {
      for (const site of sites.values()) await site.close();
    },
  };
}

/** What the page says of a file that was chosen. */
async function said(page: EnginePage, path: string): Promise<string> {
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

const equipped = installedPackage({ decoders: true });
const bare = installedPackage({ decoders: false });
let pages: Built;
let pagesWithoutDecoders: Built;
beforeAll(async () => {
  pages = await built(equipped, ['vite', 'utif2']);
  pagesWithoutDecoders = await built(bare, ['vite']);
});
afterAll(async () => {
  await pages.end();
  await pagesWithoutDecoders.end();
});

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    // What differs between engines is the library's part, which one bundler shows.
    describe.each(name === 'chromium' ? Object.keys(BUNDLERS) : ['Vite'])('%s', (bundler) => {
      const formats = /beside/.test(bundler) ? FORMATS.slice(0, 2) : FORMATS;
      test.each(formats)('%s: the page shows the hash of Node, and sends nothing', async (path) => {
        const { hash, quality } = await inNode(join(FIXTURES, path), { exact: true });
        const page = await open.page();
        pages.asked.length = 0;
        await page.goto(pages.address(bundler));
        expect(await said(page, path)).toMatch(new RegExp(`^${hash}, quality ${quality}(:|$)`));
        const [first, ...others] = pages.asked;
        expect(first).toBe('GET /');
        // The scripts of the page and of its Worker, and nothing in their addresses.
        expect(others.length).toBeGreaterThan(1);
        for (const each of others) expect(each).toMatch(/^GET \/assets\/[\w./-]+$/);
      });

      test('a file without a hash shows why', async () => {
        const page = await open.page();
        await page.goto(pages.address(bundler));
        expect(await said(page, 'images/half.jpg')).toMatch(/^No hash \(corrupt\): /);
      });

      test.each(['images/rgb.tiff', 'heic/photo.heic'])(
        '%s: the page names the package that it was built without',
        async (path) => {
          const page = await open.page();
          await page.goto(pagesWithoutDecoders.address(bundler));
          const names = /^No hash \(decoder-missing\): .*(utif2|heic-decode)/;
          expect(await said(page, path)).toMatch(names);
        },
      );
    });
  });
}
