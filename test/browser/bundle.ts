import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../package.js';

/**
 * The Worker of dist as one script that needs nothing else, with its own decoders in it, as a page in one file carries it.
 * @param optional also with the optional packages for HEIC and TIFF, as a bundler takes them in where they are installed
 */
export async function bundledWorker({ optional = false } = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'dist/browser-worker.js')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'error',
    external: optional ? [] : ['heic-decode', 'utif2'],
  });
  return outputFiles[0]!.text;
}
