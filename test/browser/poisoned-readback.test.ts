import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../project/package.js';
import { isDeep } from '../seed.js';
import { bundledWorker } from './bundle.js';
import {
  describeEngine,
  ENGINES,
  type EngineName,
  type EnginePage,
  type Running,
} from './engines/engines.js';
import type { Site } from './engines/serve.js';
import {
  hashInPage,
  hashingSite,
  openHashing,
  type PageHash,
  serveHashing,
} from './hashing-page.js';
import { difference, FILES, inNode } from './node-hash.js';

/**
 * Files whose pixels come only from a canvas. They must be refused if that lies. HEIC and TIFF
 * never need one.
 */
const REFUSED = /\.gif$|\.avif$|cmyk\.jpg$|animated\.webp$/;

/**
 * The problems of a file if the canvas lies. It must give the hash or error of Node, or a refusal,
 * never another hash.
 */
function problemsOf(file: string, node: PageHash, page: PageHash): string[] {
  if (REFUSED.test(file) && page.error === 'poisoned') return [];
  // A truncated file may be found out before or after.
  return difference(file, node, page);
}

const PICTURES = [
  'fixtures/photos/locomotion-house-cat.jpg',
  'fixtures/images/palette.png',
  'fixtures/images/cut-out.webp',
  'fixtures/images/animated.gif',
  'fixtures/images/lossless.avif',
];

const node = new Map<string, PageHash>();
/** By default those that are refused, and each fourth of the others. */
const TRIED = FILES.filter((file, i) => isDeep || REFUSED.test(file) || i % 4 === 0);
for (const file of new Set([...TRIED, ...PICTURES])) node.set(file, await inNode(join(ROOT, file)));

/** Firefox's own ways to alter what a canvas returns. Decoding and the page try the first, too. */
const FIREFOX = {
  ...(isDeep && { 'firefox, resistFingerprinting': { 'privacy.resistFingerprinting': true } }),
  'firefox, canvas randomization as in private windows': {
    'privacy.fingerprintingProtection': true,
    'privacy.fingerprintingProtection.overrides': '-AllTargets,+CanvasRandomization',
  },
};

for (const [title, preferences] of Object.entries(FIREFOX)) {
  describeEngine(
    'firefox',
    (open) => {
      const opened = hashingSite(open);

      test('a file has the right hash or is refused', async () => {
        const { page, workerUrl } = await opened();
        const readback = await page.evaluate(() => window.onlyhashes.checkPixelReadback());
        expect(readback).toBe('altered');
        const results = await hashInPage(page, TRIED, { workerUrl });
        const problems = TRIED.flatMap((file, i) => problemsOf(file, node.get(file)!, results[i]!));
        expect(problems).toEqual([]);
        const refused = results.filter(({ error }) => error === 'poisoned').length;
        expect(refused).toBeGreaterThan(5);
      });
    },
    { title, preferences },
  );
}

/** Ways for an extension to change a canvas from its own script, run in the Worker before ours. */
const PATCHES: Record<string, string> = {
  'one sample in 1000 is off by one': `
    alter((data) => { for (let i = 0; i < data.length; i += 1000) data[i] ^= 1; });`,
  'twenty samples of a picture are off by one': `
    alter((data) => { for (let k = 0; k < 20; k++) data[Math.floor(random() * data.length)] ^= 1; });`,
  'all is random': `
    alter((data) => { for (let i = 0; i < data.length; i++) data[i] = random() * 256; });`,
  'all is white': `alter((data) => data.fill(255));`,
  'all is white from the second read on': `
    let reads = 0; alter((data) => { if (++reads > 1) data.fill(255); });`,
  'large pictures are white': `
    alter((data) => { if (data.length > 100000) data.fill(255); });`,
  'what is drawn is shifted by a pixel': `
    const { drawImage } = OffscreenCanvasRenderingContext2D.prototype;
    OffscreenCanvasRenderingContext2D.prototype.drawImage = function (image, ...at) {
      if (at.length === 2) at[0] += 1; else at[4] += 1;
      return drawImage.call(this, image, ...at);
    };`,
  'files are decoded as another picture': `
    const decode = createImageBitmap;
    globalThis.createImageBitmap = async (source, ...rest) => {
      const bitmap = await decode(source, ...rest);
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext('2d');
      context.filter = 'invert(1)';
      context.drawImage(bitmap, 0, 0);
      context.filter = 'none';
      context.fillStyle = 'rgba(255, 0, 0, 0.2)';
      context.fillRect(0, 0, bitmap.width, bitmap.height);
      return canvas.transferToImageBitmap();
    };`,
};

/**
 * The same numbers in each Worker, but new ones at each read, as if an extension drew them at
 * random.
 */
const ALTER = `
  let drawn = 1;
  const random = () => {
    drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0;
    return drawn / 2 ** 32;
  };
  const alter = (change) => {
    const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
    OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...at) {
      const image = getImageData.apply(this, at);
      change(image.data);
      return image;
    };
  };`;

/** Reads a picture like a page without a guard, and posts the sum of its samples. */
const UNGUARDED = `
  addEventListener('message', async ({ data }) => {
    const bitmap = await createImageBitmap(new Blob([data]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    context.getImageData(0, 0, 1, 1);
    const samples = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    postMessage(samples.reduce((sum, sample, i) => (sum * 31 + sample + i) % 1000003, 0));
  });
  postMessage('ready');`;

const unguardedSum = (page: EnginePage, worker: string) =>
  page.evaluate(
    async (script: string, url: string) => {
      const bytes = await (await fetch(url)).arrayBuffer();
      return await new Promise<number>((resolve, reject) => {
        const running = new Worker(script, { type: 'module' });
        running.onerror = () => reject(new Error('the Worker failed'));
        running.onmessage = ({ data }) => {
          if (data === 'ready') return running.postMessage(bytes);
          running.terminate();
          resolve(data);
        };
      });
    },
    worker,
    PICTURES[0]!,
  );

const patchedCanvas = (name: EngineName, open: Running) => {
  let site: Site;
  beforeAll(async () => {
    const worker = await bundledWorker();
    const scripts = new Map<string, string>([['/unguarded/none.js', UNGUARDED]]);
    for (const [i, patch] of Object.values(PATCHES).entries()) {
      scripts.set(`/guarded/${i}.js`, `${ALTER}${patch}\n${worker}`);
      scripts.set(`/unguarded/${i}.js`, `${ALTER}${patch}\n${UNGUARDED}`);
    }
    site = await serveHashing((path) => {
      const body = scripts.get(path);
      return body === undefined ? undefined : { body };
    });
  });
  afterAll(() => site.close());

  // The guard is the library's: by default each patch is tried in one engine.
  const patches = Object.keys(PATCHES)
    .map((patch, i) => [patch, i] as const)
    .filter(([, i]) => isDeep || i % ENGINES.length === ENGINES.indexOf(name));
  test.each(patches)('%s', async (_, i) => {
    const page = await open.page();
    await openHashing(page, site);
    // Without the guard the picture is another one.
    const sums = [
      await unguardedSum(page, `${site.url}/unguarded/none.js`),
      await unguardedSum(page, `${site.url}/unguarded/${i}.js`),
    ];
    expect(sums[1]).not.toBe(sums[0]);
    const options = { workerUrl: `${site.url}/guarded/${i}.js`, concurrency: 1 };
    const results = await hashInPage(page, PICTURES, options);
    const problems = PICTURES.flatMap((file, k) => problemsOf(file, node.get(file)!, results[k]!));
    expect(problems).toEqual([]);
    // The last ones came after the lie was found out.
    expect(results.slice(-2).map(({ error }) => error)).toEqual(['poisoned', 'poisoned']);
  });
};

for (const name of ENGINES) {
  describeEngine(name, (open) =>
    describe('a canvas patched in the Worker', () => patchedCanvas(name, open)),
  );
}
