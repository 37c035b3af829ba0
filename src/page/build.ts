import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';
import { ANY_SERVICE, policyOf } from './policy.js';
import { isOfShell } from './shell-words.js';

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

/** Leaves the shell its own texts of each language. */
const wordsOfShell = (sends: boolean): Plugin => ({
  name: 'words-of-shell',
  setup(esbuild) {
    esbuild.onLoad({ filter: /strings\/\w+\.json$/ }, ({ path }) => {
      const all: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
      const own = Object.entries(all).filter(([key]) => isOfShell(key, sends));
      return { contents: JSON.stringify(Object.fromEntries(own)), loader: 'json' };
    });
  },
});

async function scriptOf(
  file: string,
  define: Record<string, string> = {},
  { external = ['heic-decode'], plugins = [] }: Pick<BuildOptions, 'external' | 'plugins'> = {},
): Promise<string> {
  const { outputFiles } = await build({
    ...SETTINGS,
    entryPoints: [file],
    plugins: [published, ...plugins],
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

const metaOf = (policy: string) =>
  `\n<meta http-equiv="Content-Security-Policy" content="${policy}">`;

const HEIC_LICENCE =
  ' HEIC decoder: libheif and libde265, LGPL-3.0, github.com/catdad-experiments/libheif-js.';
const WORK_LICENCE = ' SHA-256: @noble/hashes, MIT licence.';

/** The files of a build. The shell of one that sends does so to the service that serves it. */
const KINDS: Record<string, { readsHeic?: boolean; sends?: boolean }> = {
  'page.html': {},
  'page-heic.html': { readsHeic: true },
  'page-joined.html': { sends: true },
};

/**
 * The page in one file: the shell, and inside it the page for the frame. The same sources give the
 * same bytes. The script in the frame does not depend on `sends`. But if the shell may send, the
 * frame gets a policy of its own.
 */
async function pageOf({ readsHeic = false, sends = false }): Promise<string> {
  const style = await transform(source('page.css'), { loader: 'css', minify: true });
  const css = style.code.trim();
  const hasher = join(DIST, 'browser-worker.js');
  const hasherScript = await scriptOf(hasher, {}, readsHeic ? { external: HEIC_EXTERNAL } : {});
  const page = escaped(
    await scriptOf(join(SOURCE, 'page.ts'), {
      HASHER_SCRIPT: JSON.stringify(hasherScript),
      COPIES_SCRIPT: JSON.stringify(await scriptOf(join(SOURCE, 'copies-worker.ts'))),
    }),
  );
  const own = sends ? metaOf(policyOf([digest(page)], digest(css))) : '';
  const frame = source('page.html')
    .replace('POLICY', own)
    .replace('/*SCRIPT*/', () => page);
  const work = sends ? await scriptOf(join(SOURCE, 'sending/work-worker.ts')) : '';
  const shell = escaped(
    await scriptOf(
      join(SOURCE, 'shell.ts'),
      { PAGE_HTML: JSON.stringify(frame), SENDS: `${sends}`, WORK_SCRIPT: JSON.stringify(work) },
      { plugins: [wordsOfShell(sends)] },
    ),
  );
  const policy = policyOf([shell, page].map(digest), digest(css), sends ? ANY_SERVICE : undefined);
  const parts: Record<string, string> = {
    POLICY: metaOf(policy),
    MORE_LICENCES: (readsHeic ? HEIC_LICENCE : '') + (sends ? WORK_LICENCE : ''),
    '/*STYLE*/': css,
    '/*SCRIPT*/': shell,
  };
  const html = source('shell.html').replace(
    /POLICY|MORE_LICENCES|\/\*STYLE\*\/|\/\*SCRIPT\*\//g,
    (place) => parts[place]!,
  );
  return BYTE_ORDER_MARK + html;
}

const folder = resolve(argv[2] ?? DIST);
mkdirSync(folder, { recursive: true });
for (const [name, kind] of Object.entries(KINDS)) {
  writeFileSync(join(folder, name), await pageOf(kind));
}
