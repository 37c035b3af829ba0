import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../project/package.js';

const bundled = new Map<boolean, Promise<string>>();

/**
 * The built Worker as one self-contained script, with its own decoders, as a single-file page
 * carries it.
 * @param optional also includes the optional HEIC and TIFF packages, as a bundler does if they are
 *   installed
 */
export function bundledWorker({ optional = false } = {}): Promise<string> {
  const known = bundled.get(optional) ?? bundle(optional);
  bundled.set(optional, known);
  return known;
}

async function bundle(optional: boolean): Promise<string> {
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
