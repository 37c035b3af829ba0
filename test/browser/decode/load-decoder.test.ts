import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { tiffHeader } from '../../../src/formats/tiff.js';
import { testFolder } from '../../folder.js';
import { ROOT } from '../../project/package.js';

const folder = testFolder();

/** What a page may get for an optional package. */
const PACKAGES = {
  // A CommonJS file that a development server (Vite) serves unchanged.
  'an empty module': 'export {};',
  // What a bundler inserts for a package that is not installed.
  'a module that throws': 'throw new Error("could not resolve");',
};

/** A file of `browser/decode/` as a page gets it, with `contents` in place of the package `name`. */
async function bundled<T>(file: string, name: string, contents: string): Promise<T> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'src/browser/decode', file)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
    plugins: [
      {
        name: 'optional',
        setup(esbuild) {
          esbuild.onResolve({ filter: new RegExp(`^${name}$`) }, ({ path }) => ({
            path,
            namespace: 'optional',
          }));
          esbuild.onLoad({ filter: /./, namespace: 'optional' }, () => ({ contents }));
        },
      },
    ],
  });
  const path = join(folder, `${name}-${Object.values(PACKAGES).indexOf(contents)}.mjs`);
  writeFileSync(path, outputFiles[0]!.text);
  return (await import(pathToFileURL(path).href)) as T;
}

const bytesOf = (file: string) => new Uint8Array(readFileSync(join(ROOT, 'fixtures', file)));

describe.each(Object.entries(PACKAGES))('if the optional package is %s', (_, contents) => {
  test('TIFF lacks its decoder, and the file does not count as damaged', async () => {
    const { decodeTiff } = await bundled<
      typeof import('../../../src/browser/decode/decode-tiff.js')
    >('decode-tiff.ts', 'utif2', contents);
    const bytes = bytesOf('images/rgb.tiff');
    await expect(decodeTiff(bytes, tiffHeader(bytes))).rejects.toMatchObject({
      code: 'decoder-missing',
      message: expect.stringMatching(/TIFF.*utif2.*save the picture as JPEG or PNG/),
    });
  });

  test('HEIC lacks its decoder, and the file does not count as damaged', async () => {
    const { decode } = await bundled<typeof import('../../../src/browser/decode/decode-heic.js')>(
      'decode-heic.ts',
      'heic-decode',
      contents,
    );
    await expect(decode(bytesOf('heic/photo.heic'))).rejects.toMatchObject({
      code: 'decoder-missing',
      message: expect.stringMatching(/HEIC.*heic-decode.*save the picture as JPEG/),
    });
  });
});
