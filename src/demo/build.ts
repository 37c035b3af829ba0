import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';
import { policyOf } from './policy.js';

const DIST = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(DIST, '../src/demo');

const SETTINGS = {
  bundle: true,
  write: false,
  minify: true,
  format: 'iife',
  target: 'es2022',
  platform: 'browser',
  charset: 'ascii',
  legalComments: 'none',
  // Left out of the page: it is told that these formats cannot be read.
  external: ['heic-decode', 'utif2', 'age-encryption'],
  // Only for the Worker's default address, which the page does not use.
  define: { 'import.meta.url': '"about:blank"' },
  logLevel: 'error',
} satisfies BuildOptions;

/** The library as it is published: the page's imports of an entry take it from `dist`. */
const published: Plugin = {
  name: 'published',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^(\.\.\/)+([a-z]+\/)?index\.js$/ }, ({ path }) => {
      const room = path.replace(/^(\.\.\/)+/, '').replace(/\/?index\.js$/, '');
      return { path: join(DIST, `${room || 'index'}.js`) };
    });
  },
};

async function scriptOf(file: string, define: Record<string, string> = {}): Promise<string> {
  const { outputFiles } = await build({
    ...SETTINGS,
    entryPoints: [file],
    plugins: [published],
    define: { ...SETTINGS.define, ...define },
  });
  return outputFiles[0]!.text.trim();
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64');

/** The page in one file. The same sources give the same bytes. */
async function pageOf(): Promise<string> {
  const style = await transform(readFileSync(join(SOURCE, 'page.css'), 'utf8'), {
    loader: 'css',
    minify: true,
  });
  const hasher = await scriptOf(join(DIST, 'browser-worker.js'));
  const copies = await scriptOf(join(SOURCE, 'copies-worker.ts'));
  const page = await scriptOf(join(SOURCE, 'page.ts'), {
    HASHER_SCRIPT: JSON.stringify(hasher),
    COPIES_SCRIPT: JSON.stringify(copies),
  });
  // Such a character sequence stands in a string, where an escape means the same, or nowhere.
  const script = page.replaceAll('<!--', '\\x3c!--').replaceAll(/<(\/?script)/gi, '\\x3c$1');
  const css = style.code.trim();
  const parts: Record<string, string> = {
    POLICY: policyOf(digest(script), digest(css)),
    '/*STYLE*/': css,
    '/*SCRIPT*/': script,
  };
  return readFileSync(join(SOURCE, 'page.html'), 'utf8').replace(
    /POLICY|\/\*STYLE\*\/|\/\*SCRIPT\*\//g,
    (place) => parts[place]!,
  );
}

const to = resolve(argv[2] ?? join(DIST, 'demo/onlyhashes.html'));
const page = await pageOf();
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, page);
console.log(`${createHash('sha256').update(page).digest('hex')}  ${to}`);
console.log(`${Buffer.byteLength(page)} bytes`);
