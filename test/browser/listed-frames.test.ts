import sharp from 'sharp';
import { expect, test } from 'vitest';
import { MAKERS, type MadeFrame, photoFilm, webpAnimation } from '../node/decode/animations.js';
import { riff } from '../node/decode/costly-files.js';
import { bundledWorker } from './bundle.js';
import { describeEngine, ENGINES } from './engines/engines.js';
import { hashInPage, hashingSite } from './hashing-page.js';
import { difference, inNode } from './node-hash.js';

const SIDES = { width: 240, height: 200 };
const OPTIONS = { inner: true, exact: true } as const;
const film = await photoFilm(SIDES);
const whole = film.filter(({ width }) => width === SIDES.width);
const squares = await photoFilm({ width: 240, height: 240 });

const gif = await MAKERS.gif(whole, SIDES);
/** Larger than the pixels that PDQ samples. */
const large = await sharp(gif, { animated: true }).resize(800).gif().toBuffer();
const lossy = await sharp(gif, { animated: true }).webp({ quality: 80 }).toBuffer();
const png = MAKERS.png(film, SIDES);
const broken = Buffer.from(png).fill(0xff, png.length - 6000, png.length - 3000);
const screen = Buffer.from(gif).fill(0xff, 6, 10);
const webp = await webpAnimation(squares, { width: 240, height: 240 });
const exif = riff(
  'EXIF',
  Buffer.from('II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0', 'latin1'),
);
const turned = Buffer.concat([webp, exif]);
turned.writeUInt32LE(turned.length - 8, 4);
turned[20]! |= 8;

/** Animations by their path, with the number of frames to list beside the picture. */
const FILES: Readonly<Record<string, readonly [bytes: Buffer, frames: number]>> = {
  '/film.gif': [gif, 2],
  '/large.gif': [large, 2],
  '/film.webp': [webp, 5],
  '/lossy.webp': [lossy, 2],
  '/turned.webp': [turned, 5],
  '/film.png': [png, 5],
  '/beside.png': [MAKERS.png(whole.slice(1), SIDES, { beside: whole[0]! }), 2],
  '/broken.png': [broken, 4],
  '/cut-off.gif': [gif.subarray(0, -5000), 1],
};
const tiny = (at: number): MadeFrame => ({
  ...{ x: 0, y: 0, width: 16, height: 16 },
  ...{ milliseconds: 100, over: false, after: 'kept' },
  data: Uint8Array.from({ length: 1024 }, (_, i) => ((i & 3) === 3 ? 255 : (i * (at + 3)) & 255)),
});
const tinies = [tiny(0), tiny(1)];
const many = await webpAnimation(
  Array.from({ length: 10_000 }, (_, at) => tinies[at % 2]!),
  tinies[0]!,
);
const worker = await bundledWorker();
/** Its clock gains half a minute at each look. */
const slow = `let now = 0; performance.now = () => (now += 30_000);\n${worker}`;
/** Its canvas is read truly so many times; then every read is altered. */
const altered = (reads: number) => `
  let left = ${reads};
  const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
  OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...at) {
    const image = getImageData.apply(this, at);
    if (left-- <= 0) for (let i = 0; i < image.data.length; i += 7) image.data[i] ^= 8;
    return image;
  };
  ${worker}`;

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    const more: Record<string, Buffer | string> = {
      '/many.webp': many,
      '/screen.gif': screen,
      '/slow-worker.js': slow,
    };
    const opened = hashingSite(open, (path) => {
      const [, reads] = /^\/altered-(\d)\.js$/.exec(path) ?? [];
      const script = reads === undefined ? undefined : altered(Number(reads));
      const body = script ?? more[path] ?? FILES[path]?.[0];
      return body === undefined ? undefined : { body };
    });

    test('the frames of an animation that a list takes are those of Node', async () => {
      const { page, workerUrl } = await opened();
      const paths = Object.keys(FILES);
      const results = await hashInPage(page, paths, { ...OPTIONS, workerUrl });
      const problems = paths.map(async (path, i) => {
        const [bytes, count] = FILES[path]!;
        const node = await inNode(bytes, OPTIONS);
        const frames = (node.variants ?? []).filter(([variant]) => variant === 'frame');
        expect([path, frames.length]).toEqual([path, count]);
        return difference(path, node, results[i]!);
      });
      expect((await Promise.all(problems)).flat()).toEqual([]);
      const still = await hashInPage(page, paths, { exact: true, workerUrl });
      expect(still.map(({ hash }) => hash)).toEqual(results.map(({ hash }) => hash));
      expect(still.flatMap(({ variants }) => variants!.map(([variant]) => variant))).not.toContain(
        'frame',
      );
    });

    test('no frame is of altered pixels: our own decoders read them, or they are left out', async () => {
      const { page, workerUrl } = await opened();
      const [png, gif] = await Promise.all(
        ['/film.png', '/film.gif'].map((path) => inNode(FILES[path]![0], OPTIONS)),
      );
      const counts = new Set<number>();
      for (let reads = 0; reads < 6; reads++) {
        const options = {
          ...OPTIONS,
          workerUrl: workerUrl.replace('bundled-worker', `altered-${reads}`),
        };
        const [ownPng] = await hashInPage(page, ['/film.png'], options);
        expect(difference('/film.png', png!, ownPng!)).toEqual([]);
        await page.evaluate(() => window.onlyhashes.endWorkers());
        const [ownGif] = await hashInPage(page, ['/film.gif'], options);
        await page.evaluate(() => window.onlyhashes.endWorkers());
        if (ownGif!.error !== 'poisoned') {
          counts.add(ownGif!.variants!.length);
          const seen = gif!.variants!.slice(0, ownGif!.variants!.length);
          expect(difference('/film.gif', { ...gif!, variants: seen }, ownGif!)).toEqual([]);
        }
      }
      expect(counts.size).toBeGreaterThan(0);
    });

    test.each([
      ['too many frames', '/many.webp', 'bundled'],
      ['those of a screen that is too large', '/screen.gif', 'bundled'],
      ['those for which there is no time', '/film.gif', 'slow'],
    ])('%s are left out, and the picture has its hash', async (_, path, kind) => {
      const { page, workerUrl } = await opened();
      const own = workerUrl.replace('bundled', kind);
      const [listed] = await hashInPage(page, [path], { ...OPTIONS, workerUrl: own });
      const [still] = await hashInPage(page, [path], { exact: true, workerUrl });
      expect(listed!.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(listed).toEqual(still);
    });
  });
}
