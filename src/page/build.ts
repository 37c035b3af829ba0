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
  charset: 'utf8',
  legalComments: 'none',
  external: ['utif2', 'age-encryption'],
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

async function scriptOf(
  file: string,
  define: Record<string, string> = {},
  external: readonly string[] = ['heic-decode'],
): Promise<string> {
  const { outputFiles } = await build({
    ...SETTINGS,
    entryPoints: [file],
    plugins: [published],
    external: [...SETTINGS.external, ...external],
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

/** Modules of Node that libheif names for other platforms. A browser never loads them. */
const HEIC_EXTERNAL = ['fs', 'path', 'crypto'];
/**
 * The digests in the policy are of UTF-8. This mark makes the file UTF-8 to every browser, whatever
 * a host's header says.
 */
const BYTE_ORDER_MARK = '\ufeff';

const HEIC_LICENCE =
  ' HEIC decoder: libheif and libde265, LGPL-3.0, github.com/catdad-experiments/libheif-js.';

/**
 * The page in one file: the shell, and inside it the page for the frame. The same sources give the
 * same bytes.
 */
async function pageOf(readsHeic: boolean): Promise<string> {
  const style = await transform(source('page.css'), { loader: 'css', minify: true });
  const css = style.code.trim();
  const hasher = join(DIST, 'browser-worker.js');
  const hasherScript = await scriptOf(hasher, {}, readsHeic ? HEIC_EXTERNAL : undefined);
  const page = escaped(
    await scriptOf(join(SOURCE, 'page.ts'), {
      HASHER_SCRIPT: JSON.stringify(hasherScript),
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
    HEIC_LICENCE: readsHeic ? HEIC_LICENCE : '',
    '/*STYLE*/': css,
    '/*SCRIPT*/': shell,
  };
  const html = source('shell.html').replace(
    /POLICY|HEIC_LICENCE|\/\*STYLE\*\/|\/\*SCRIPT\*\//g,
    (place) => parts[place]!,
  );
  return BYTE_ORDER_MARK + html;
}

const folder = resolve(argv[2] ?? DIST);
mkdirSync(folder, { recursive: true });
for (const [name, readsHeic] of Object.entries({ 'page.html': false, 'page-heic.html': true })) {
  const page = await pageOf(readsHeic);
  writeFileSync(join(folder, name), page);
}
