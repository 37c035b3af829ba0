import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../project/package.js';

/**
 * The built Worker as one self-contained script, with its own decoders, as a single-file page
 * carries it.
 * @param optional also includes the optional HEIC and TIFF packages, as a bundler does if they are
 *   installed
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
