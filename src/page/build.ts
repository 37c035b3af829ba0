import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';
import { policyOf } from './policy.js';
import { shellWords } from './shell-words.js';

const DIST = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(DIST, '../src/page');

const SETTINGS = {
  bundle: true,
  write: false,
  minify: true,
  format: 'iife',
  target: 'es2022',
  platform: 'browser',
  charset: 'ascii',
  legalComments: 'none',
  // Excluded from the page, which states that it cannot read these formats.
  external: ['heic-decode', 'utif2', 'age-encryption'],
  // Used only by the default address of the Worker, which the page does not need.
  define: { 'import.meta.url': '"about:blank"' },
  logLevel: 'error',
} satisfies BuildOptions;

/** Takes library entries from `dist`, so that the page uses the library as published. */
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
const source = (file: string) => readFileSync(join(SOURCE, file), 'utf8');

/**
 * Escapes a script for HTML. The escaped sequences occur only in strings, where the escape means
 * the same.
 */
const escaped = (script: string) =>
  script.replaceAll('<!--', '\\x3c!--').replaceAll(/<(\/?(?:script|style))/gi, '\\x3c$1');

/**
 * The page in one file: the shell, and inside it the page for the frame. The same sources give the
 * same bytes.
 */
async function demoOf(): Promise<string> {
  const style = await transform(source('page.css'), { loader: 'css', minify: true });
  const css = style.code.trim();
  const page = escaped(
    await scriptOf(join(SOURCE, 'page.ts'), {
      HASHER_SCRIPT: JSON.stringify(await scriptOf(join(DIST, 'browser-worker.js'))),
      COPIES_SCRIPT: JSON.stringify(await scriptOf(join(SOURCE, 'copies-worker.ts'))),
    }),
  );
  const shell = escaped(
    await scriptOf(join(SOURCE, 'shell.ts'), {
      PAGE_HTML: JSON.stringify(source('page.html').replace('/*SCRIPT*/', () => page)),
      SHELL_WORDS: JSON.stringify(shellWords()),
    }),
  );
  const parts: Record<string, string> = {
    POLICY: policyOf([shell, page].map(digest), digest(css)),
    '/*STYLE*/': css,
    '/*SCRIPT*/': shell,
  };
  return source('shell.html').replace(
    /POLICY|\/\*STYLE\*\/|\/\*SCRIPT\*\//g,
    (place) => parts[place]!,
  );
}

const to = resolve(argv[2] ?? join(DIST, 'demo/onlyhashes.html'));
const page = await demoOf();
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, page);
console.log(`${createHash('sha256').update(page).digest('hex')}  ${to}`);
console.log(`${Buffer.byteLength(page)} bytes`);
