import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';

/** A script of the thread that decodes HEIC, and how to take it away again. */
export interface HeicWorker {
  url: URL;
  remove(): void;
}

/**
 * The thread's script, built as the package builds it: threads run JavaScript.
 * @param decoder whether heic-decode is in it; without, it lies where no package can be resolved
 */
export function buildHeicWorker({ decoder }: { decoder: boolean }): HeicWorker {
  const folder = mkdtempSync(join(tmpdir(), 'heic-worker-'));
  const outfile = join(folder, 'heic-worker.mjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, '../../src/node/heic-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    // What CommonJS inside of a module asks for.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;",
    },
    external: decoder ? [] : ['heic-decode'],
    outfile,
  });
  return { url: pathToFileURL(outfile), remove: () => rmSync(folder, { recursive: true }) };
}

/** As above, for one test. */
export function heicWorkerUrl(options: { decoder: boolean }): URL {
  const { url, remove } = buildHeicWorker(options);
  onTestFinished(remove);
  return url;
}
