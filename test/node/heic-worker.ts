import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';

/** The script of the thread that decodes HEIC, and a way to remove it. */
export interface HeicWorker {
  url: URL;
  remove(): void;
}

/**
 * Builds the script of the thread as the package does, because threads run JavaScript.
 * @param decoder whether to include heic-decode; without it, the script lies where no package can
 *   be resolved
 */
export function buildHeicWorker({ decoder }: { decoder: boolean }): HeicWorker {
  const folder = mkdtempSync(join(tmpdir(), 'heic-worker-'));
  const outfile = join(folder, 'heic-worker.mjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, '../../src/node/heic-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    // What CommonJS needs inside a module.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;",
    },
    external: decoder ? [] : ['heic-decode'],
    outfile,
  });
  return { url: pathToFileURL(outfile), remove: () => rmSync(folder, { recursive: true }) };
}

/** The same for a single test. */
export function heicWorkerUrl(options: { decoder: boolean }): URL {
  const { url, remove } = buildHeicWorker(options);
  onTestFinished(remove);
  return url;
}
