import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import type { Sharp } from 'sharp';
import type { HashFileOptions } from '../../src/browser/hash-image-file.js';
import { inFolder } from '../folder.js';
import type { BenchContext } from '../harness.js';
import { proportionalBytesOf } from '../programs/usage.js';
import { rival } from '../rivals.js';
import type { BrowserScope, BrowserSite } from './browser-site.js';

/** Memory use depends on when memory is freed, so the largest of this many rounds is reported. */
const REPEATS = 3;

/** A picture of 12 megapixels in one format, and how it is hashed. */
interface Case {
  name: string;
  file: string;
  variants?: 'thorough';
  /** the Worker's script, if it is not the one beside the page's */
  worker?: string;
}

const HEIC_WORKER = 'heic-worker-script.js';

const CASES: readonly Case[] = [
  { name: 'JPEG', file: 'photo.jpg' },
  { name: 'JPEG, thorough', file: 'photo.jpg', variants: 'thorough' },
  { name: 'JPEG by WebAssembly', file: 'photo.jpg', worker: 'altered-worker.js' },
  { name: 'PNG', file: 'photo.png' },
  { name: 'PNG, transparent', file: 'cut-out.png' },
  { name: 'PNG, transparent, thorough', file: 'cut-out.png', variants: 'thorough' },
  { name: 'WebP, transparent', file: 'cut-out.webp' },
  { name: 'HEIC', file: 'photo.heic', worker: HEIC_WORKER },
  { name: 'HEIC, thorough', file: 'photo.heic', variants: 'thorough', worker: HEIC_WORKER },
];

/** A Worker whose canvas returns altered pixels, as some privacy settings make it. */
const ALTERED = `const { prototype } = OffscreenCanvasRenderingContext2D;
const read = prototype.getImageData;
prototype.getImageData = function (...place) {
  const image = read.apply(this, place);
  image.data[0] ^= 1;
  return image;
};
import './browser-worker.js';`;

/**
 * Measures by how much Chromium's memory grows for an idle Worker, and at most while one photo is
 * hashed. Needs /proc.
 */
export async function browserMemory(
  { figure, note }: BenchContext,
  browser: Browser,
  site: BrowserSite,
  photo: Sharp,
): Promise<void> {
  const pid = browser.process()?.pid;
  if (pid === undefined || !existsSync('/proc/self/smaps_rollup')) {
    note('memory: not measured, as there is no /proc');
    return;
  }
  const there = await prepare(site, photo);
  for (const { name, file, variants = 'orientation', worker } of CASES) {
    if (!there.has(file) || (worker !== undefined && !there.has(worker))) {
      note(`memory, ${name}: needs heif-enc and the packages esbuild and heic-decode`);
      continue;
    }
    const options: HashFileOptions = { variants };
    if (worker) options.workerUrl = site.url + worker;
    const rounds: Memory[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const page = await browser.newPage();
      await page.goto(site.url);
      rounds.push(await measure(pid, page, site.url + file, options));
      await page.close();
    }
    const most = (of: keyof Memory) => Math.max(...rounds.map((memory) => memory[of]));
    if (name === CASES[0]!.name) {
      figure('memory of the waiting Worker over the page without one, MB', most('waiting'));
    }
    figure(`memory while hashing over the page without a Worker, ${name}, MB`, most('overBare'));
    figure(`the same over the page whose Worker waits, ${name}, MB`, most('overWaiting'));
  }
}

/** Memory of all of Chromium's processes, in megabytes. */
interface Memory {
  /** the page with an idle Worker, over the page without one */
  waiting: number;
  /** peak while a photo is hashed, over the page that holds the file but has no Worker yet */
  overBare: number;
  /** peak while a photo is hashed, over the page with an idle Worker */
  overWaiting: number;
}

async function measure(
  pid: number,
  page: Page,
  url: string,
  options: HashFileOptions,
): Promise<Memory> {
  await page.waitForFunction(() => 'onlyhashes' in window);
  await page.evaluate(async (address) => {
    (window as unknown as BrowserScope).photo = await (await fetch(address)).blob();
  }, url);
  const bare = await idleMegabytes(pid);
  // Starts the Worker, without any picture in it.
  await page.evaluate(async (given) => {
    await (window as unknown as BrowserScope).onlyhashes.checkPixelReadback(given);
  }, options);
  const idle = await idleMegabytes(pid);
  let most = idle;
  let done = false;
  const hashing = page
    .evaluate(async (given) => {
      const scope = window as unknown as BrowserScope;
      await scope.onlyhashes.hash(scope.photo, given);
    }, options)
    .finally(() => {
      done = true;
    });
  while (!done) {
    most = Math.max(most, proportionalBytesOf(pid) / 2 ** 20);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await hashing;
  return { waiting: idle - bare, overBare: most - bare, overWaiting: most - idle };
}

async function idleMegabytes(pid: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return proportionalBytesOf(pid) / 2 ** 20;
}

/** Adds the files and scripts of the cases, and returns the names of those that could be made. */
async function prepare(site: BrowserSite, photo: Sharp): Promise<Set<string>> {
  const there = new Set<string>();
  const add = (name: string, body: Uint8Array | string) => {
    site.add(name, body);
    there.add(name);
  };
  add('altered-worker.js', ALTERED);
  const jpeg = await photo.clone().jpeg({ quality: 88 }).toBuffer();
  add('photo.jpg', jpeg);
  add('photo.png', await photo.clone().png({ compressionLevel: 3 }).toBuffer());
  const cutOut = photo.clone().ensureAlpha(0.5);
  add('cut-out.png', await cutOut.clone().png({ compressionLevel: 3 }).toBuffer());
  add('cut-out.webp', await cutOut.clone().webp({ quality: 80 }).toBuffer());
  const heic = await heicOf(jpeg);
  if (heic !== undefined) add('photo.heic', heic);
  const esbuild = await rival<typeof import('esbuild')>('esbuild');
  const script = await esbuild
    ?.build({
      entryPoints: [join(dirname(fileURLToPath(import.meta.url)), 'browser-worker.js')],
      bundle: true,
      write: false,
      format: 'esm',
      logLevel: 'silent',
    })
    .catch(() => undefined);
  if (script) add(HEIC_WORKER, script.outputFiles[0]!.text);
  return there;
}

/**
 * An HEIC file as a phone writes it, in tiles of 512; `undefined` if libheif's program is not
 * installed.
 */
async function heicOf(jpeg: Uint8Array): Promise<Uint8Array | undefined> {
  return inFolder((folder) => {
    const [source, target] = [join(folder, 'photo.jpg'), join(folder, 'photo.heic')];
    writeFileSync(source, jpeg);
    const words = ['-q', '50', '--cut-tiles', '512', source, '-o', target];
    const { status } = spawnSync('heif-enc', words, { stdio: 'ignore' });
    return status === 0 ? readFileSync(target) : undefined;
  });
}
