import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installedPackage, ROOT } from '../package.js';
import type { EnginePage } from './engine.js';
import { describeEngine, ENGINES } from './engines.js';
import { inNode } from './node-hash.js';
import { type Site, serve } from './serve.js';

/* The example with Vite, built from the packed tarball, and served as it was built. */

const FIXTURES = join(ROOT, 'fixtures');

let project: ReturnType<typeof installedPackage>;
let site: Site;
let asked: string[] = [];
beforeAll(async () => {
  project = installedPackage({ decoders: true });
  const modules = join(project.folder, 'node_modules');
  for (const name of ['vite', 'utif2']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  const folder = join(project.folder, 'vite-page');
  cpSync(join(ROOT, 'examples/vite-page'), folder, { recursive: true });
  execFileSync(process.execPath, [join(modules, 'vite/bin/vite.js'), 'build'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const dist = join(folder, 'dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  site = await serve((path, { method, url }) => {
    if (path === '/favicon.ico') return undefined;
    asked.push(`${method} ${url}`);
    const file = path === '/' ? 'index.html' : path.slice(1);
    return files.includes(file) ? { body: readFileSync(join(dist, file)) } : undefined;
  });
  return () => site.close();
});
afterAll(() => project.remove());

/** What the page says of a file that was chosen. */
async function said(page: EnginePage, path: string): Promise<string> {
  await page.setFiles('input', [join(FIXTURES, path)]);
  return await page.waitFor(
    () => {
      const { textContent } = document.querySelector('output')!;
      return /^(Hashing|Nothing)/.test(textContent) ? '' : textContent;
    },
    [],
    60_000,
  );
}

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test.each([
      'photos/locomotion-house-cat.jpg',
      'images/rgb.png',
      'images/rgb.tiff',
      'heic/photo.heic',
    ])('%s: the page shows the hash of Node, and sends nothing', async (path) => {
      const { hash, quality } = await inNode(join(FIXTURES, path), { exact: true });
      const page = await open.page();
      asked = [];
      await page.goto(`${site.url}/`);
      expect(await said(page, path)).toMatch(new RegExp(`^${hash}, quality ${quality}(:|$)`));
      expect(asked[0]).toBe('GET /');
      // The scripts of the page and of its Worker, and nothing in their addresses.
      expect(asked.length).toBeGreaterThan(2);
      for (const each of asked.slice(1)) expect(each).toMatch(/^GET \/assets\/[\w.-]+$/);
    });

    test('a file without a hash shows why', async () => {
      const page = await open.page();
      await page.goto(`${site.url}/`);
      expect(await said(page, 'images/half.jpg')).toMatch(/^No hash \(corrupt\): /);
    });
  });
}
