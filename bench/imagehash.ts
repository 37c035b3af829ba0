import { readFileSync } from 'node:fs';
import { ahash } from '../src/hashing/ahash.js';
import { blockhash } from '../src/hashing/blockhash.js';
import { dhash } from '../src/hashing/dhash.js';
import { phash } from '../src/hashing/phash.js';
import { greyThumbnail } from '../src/hashing/thumbnail.js';
import { lanczosWeights } from '../src/kernels/lanczos.js';
import { checkedPixels, type Pixels } from '../src/pixels.js';
import { type Bench, type Contender, race } from './harness.js';
import { photoFiles, rival, rivalVersion } from './rivals.js';
import { syntheticPixels } from './workloads.js';

/** Resamples one line, sample by sample, with a table of weights. */
function naiveLine(line: number[], weights: Int32Array, count: number): number[] {
  const out: number[] = [];
  for (let at = 0; out.length < count; at += 2 + weights[at + 1]!) {
    let sum = 2 ** 21;
    for (let tap = 0; tap < weights[at + 1]!; tap++) {
      sum += line[weights[at]! + tap]! * weights[at + 2 + tap]!;
    }
    out.push(Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22))));
  }
  return out;
}

/**
 * The thumbnail in three plain steps: make all of it grey, then resample all rows, then all
 * columns.
 */
function naiveThumbnail(pixels: Pixels, columns: number, rows: number): number[] {
  const { data, width, height, channels } = checkedPixels(pixels);
  const across = lanczosWeights(width, columns);
  const narrow = Array.from({ length: height }, (_, y) =>
    naiveLine(
      Array.from({ length: width }, (_, x) => {
        const at = channels * (y * width + x);
        return (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 32768) >> 16;
      }),
      across,
      columns,
    ),
  );
  const down = lanczosWeights(height, rows);
  const turned = Array.from({ length: columns }, (_, x) =>
    naiveLine(
      narrow.map((line) => line[x]!),
      down,
      rows,
    ),
  );
  return Array.from(
    { length: rows * columns },
    (_, i) => turned[i % columns]![Math.floor(i / columns)]!,
  );
}

interface Raw {
  data: Uint8Array;
  info: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}
type Sharp = (file: Uint8Array) => {
  raw(): { toBuffer(options: { resolveWithObject: true }): Promise<Raw> };
};
type SharpPhash = (
  input: Uint8Array,
  options?: { raw: { width: number; height: number; channels: number } },
) => Promise<string>;
interface Imghash {
  hash(file: Uint8Array, side: number, format: 'hex'): Promise<string>;
}

/**
 * phash, dhash and ahash of pixels and of a JPEG file. The rivals define their bits differently, so
 * only the work is compared.
 */
export const imageHashBench: Bench = {
  name: 'imagehash',
  about: "phash, dhash and ahash as in Python's ImageHash, against other packages",
  async run({ report, note }) {
    const sharpPhash = await rival<SharpPhash>('sharp-phash');
    const imghash = await rival<Imghash>('imghash');
    const sharp = await rival<Sharp>('sharp');
    const absent = Object.entries({ 'sharp-phash': sharpPhash, imghash, sharp });
    for (const [name, it] of absent) if (it === undefined) note(`${name} is not installed`);

    for (const [width, height] of [
      [512, 512],
      [4000, 3000],
    ] as const) {
      const pixels = syntheticPixels(width, height, width);
      if (
        naiveThumbnail(pixels, 32, 32).join() !== Array.from(greyThumbnail(pixels, 32, 32)).join()
      ) {
        throw new Error('the thumbnails differ');
      }
      const contenders: Contender[] = [
        { name: 'phash, 64 bits', run: () => phash(pixels).hash.bytes[0] },
        { name: 'phash, 256 bits', run: () => phash(pixels, { bits: 256 }).hash.bytes[0] },
        { name: 'dhash, 64 bits', run: () => dhash(pixels).hash.bytes[0] },
        { name: 'ahash, 64 bits', run: () => ahash(pixels).hash.bytes[0] },
        { name: 'naive thumbnail alone', run: () => naiveThumbnail(pixels, 32, 32)[0] },
      ];
      if (sharpPhash !== undefined) {
        const input = new Uint8Array(pixels.data.buffer);
        const options = { raw: { width, height, channels: 4 } };
        contenders.push({
          name: `sharp-phash ${rivalVersion('sharp-phash')}`,
          run: async () => (await sharpPhash(input, options)).length,
        });
      }
      const rounds = width > 2000 ? 5 : 11;
      report(await race(`hash of ${width} x ${height} RGBA`, contenders, { rounds }));
    }

    const [photo] = photoFiles();
    if (photo === undefined || sharp === undefined) return;
    const file = readFileSync(photo.path);
    const decode = async (): Promise<Pixels> => {
      const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height, channels: info.channels };
    };
    const contenders: Contender[] = [
      { name: 'phash, decoded by sharp', run: async () => phash(await decode()).hash.bytes[0] },
      {
        name: 'blockhash, decoded by sharp',
        run: async () => blockhash(await decode()).hash.bytes[0],
      },
    ];
    if (sharpPhash !== undefined) {
      contenders.push({
        name: `sharp-phash ${rivalVersion('sharp-phash')}`,
        run: async () => (await sharpPhash(file)).length,
      });
    }
    if (imghash !== undefined) {
      contenders.push({
        name: `imghash ${rivalVersion('imghash') ?? ''}, blockhash`,
        run: async () => (await imghash.hash(file, 16, 'hex')).length,
      });
    }
    const { width, height } = await decode();
    const notes = [
      'sharp-phash lets the decoder shrink the picture, which saves time and changes bits',
    ];
    report(
      await race(`hash of a JPEG file of ${width} x ${height}`, contenders, { rounds: 7, notes }),
    );
  },
};
