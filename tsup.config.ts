import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { defineConfig } from 'tsup';
import { FONT_FILES } from './bench/robustness/copies/drawing/font.js';

/** Every entry is a file directly in dist, under its own name. */
const entry = Object.fromEntries(
  Object.entries({
    index: 'src/index.ts',
    services: 'src/services/index.ts',
    node: 'src/node/index.ts',
    'index-worker': 'src/node/files/index-worker.ts',
    'heic-worker': 'src/node/decode/heic-worker.ts',
    'hash-process': 'src/node/pool/hash-process.ts',
    server: 'src/server/index.ts',
    // Not exported. As an entry, it stands in chunks of its own: who imports `openStore` alone gets
    // no HTTP.
    store: 'src/store/sql/open-store.ts',
    testing: 'src/services/testing.ts',
    browser: 'src/browser/index.ts',
    'browser-worker': 'src/browser/worker/worker.ts',
    cli: 'src/cli/main.ts',
    bench: 'bench/shipped.ts',
    'bench-worker': 'bench/robustness/worker.ts',
    'bench-server': 'bench/uploads/server.ts',
    tour: 'bench/tour.ts',
    pictures: 'docs/making/pictures.ts',
    'page-build': 'src/page/build.ts',
  }).filter(([, path]) => existsSync(path)),
);

/** What is compiled into dist is third-party code, too: the browser's decoders, HTTP, pages' HEIC and SHA-256. */
const LICENCES = [
  ...['@jsquash/jpeg/LICENSE', '@jsquash/jpeg/codec/LICENSE.codec.md'],
  ...['@jsquash/webp/LICENSE', '@jsquash/webp/codec/LICENSE.codec.md'],
  ...['hono/LICENSE', '@hono/node-server/LICENSE'],
  ...['libheif-js/libheif-wasm/LICENSE', '@noble/hashes/LICENSE'],
  ...['@fontsource/inter/LICENSE', '@fontsource/lora/LICENSE'],
  ...['@fontsource/anton/LICENSE', '@fontsource/caveat/LICENSE'],
];

function writeLicences(): void {
  const texts = LICENCES.map(
    (path) => `${path}\n\n${readFileSync(`node_modules/${path}`, 'utf8')}`,
  );
  writeFileSync('dist/THIRD-PARTY-LICENSES.txt', texts.join('\n\n'));
}

/** Captions of the copies that `bench robustness` makes are drawn from them. */
function copyFonts(): void {
  for (const path of Object.values(FONT_FILES)) {
    copyFileSync(`node_modules/${path}`, `dist/${basename(path)}`);
  }
}

/**
 * The loaders of these decoders name their `.wasm` file by `import.meta.url`. They never fetch it,
 * because it is inlined in their script, but webpack would look for the file and fail.
 */
const withoutAddress: Plugin = {
  name: 'without-address',
  setup(build) {
    build.onLoad({ filter: /@jsquash.+_dec\.js$/ }, ({ path }) => {
      const loader = readFileSync(path, 'utf8')
        .replaceAll('import.meta.url===undefined', 'false')
        .replaceAll('import.meta', 'here');
      return { contents: `const here = { url: '' };\n${loader}` };
    });
  },
};

/** The program's first file, in CommonJS for the reason it gives. */
async function writeProgram(): Promise<void> {
  const outfile = 'dist/cli.cjs';
  await build({ entryPoints: ['src/cli/program.cts'], outfile, format: 'cjs', target: 'es2022' });
  chmodSync(outfile, 0o755);
}

/** What every script of dist is built by. */
const common = {
  target: 'es2022',
  platform: 'neutral',
  // As node-server has it; not all runtimes do.
  define: { global: 'globalThis' },
  external: [
    'sharp',
    'age-encryption',
    'esbuild',
    'heic-decode',
    'utif2',
    '@noble/hashes',
    'saxes',
    'pg',
    '@electric-sql/pglite',
  ],
  // The decoders of the browser's Worker lie in their scripts: a page serves and allows no other file.
  loader: { '.wasm': 'binary' },
} as const;

/**
 * The benchmarks that the package does not have. They share no chunk with it, so two names keep them
 * out.
 */
async function writeBenches(): Promise<void> {
  await build({
    ...common,
    entryPoints: { 'bench-all': 'bench/program.ts', 'bench-all-server': 'bench/server.ts' },
    external: ['node:*', ...common.external],
    mainFields: ['module', 'main'],
    bundle: true,
    format: 'esm',
    outdir: 'dist',
    plugins: [withoutAddress],
    logLevel: 'error',
  });
}

export default defineConfig({
  ...common,
  entry,
  format: 'esm',
  splitting: true,
  clean: true,
  // Prints errors and warnings, and nothing else.
  silent: true,
  // A `node:` import must stay one: bundlers for the browser tell the two apart by it.
  removeNodeProtocol: false,
  external: [/^node:/, ...common.external],
  esbuildPlugins: [withoutAddress],
  onSuccess: async () => {
    writeLicences();
    copyFonts();
    await writeProgram();
    await writeBenches();
    execFileSync(process.execPath, ['dist/page-build.js']);
  },
});
