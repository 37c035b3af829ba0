import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { type Bench, type BenchContext, median, quantile } from './harness.js';
import { photoFiles, rival } from './rivals.js';

const ROUNDS = 15;
const BATCH = 50;

const PAGE = `<!doctype html><title>bench</title><script type="module">
  import * as onlyhashes from './browser.js';
  window.onlyhashes = onlyhashes;
  window.photo = await (await fetch('./photo.jpg')).blob();
</script>`;

/** What the page has once it is ready. */
interface Scope {
  onlyhashes: typeof import('../src/browser/index.js');
  photo: Blob;
}

/** A 12-megapixel photo from file to hash in Chromium, beside the engine's own decoding; and what many do to the page. */
export const browserBench: Bench = {
  name: 'browser',
  about: 'a 12 MP JPEG in Chromium: from file to hash, memory, and 50 of them',
  async run(context) {
    const puppeteer = await rival<typeof import('puppeteer-core')>('puppeteer-core');
    const executablePath = [
      process.env.CHROMIUM,
      '/usr/bin/chromium',
      '/usr/bin/google-chrome',
    ].find((path) => path !== undefined && existsSync(path));
    const photo = await twelveMegapixels();
    if (!puppeteer || executablePath === undefined || photo === undefined) {
      context.note('needs Chromium, and the packages puppeteer-core, sharp and the photos');
      return;
    }
    const site = await serve(photo);
    const browser = await puppeteer.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    try {
      context.note(await browser.version());
      const page = await browser.newPage();
      await page.goto(site.url);
      await page.waitForFunction(() => 'photo' in window, { timeout: 30_000 });
      await memory(context, browser, page);
      await race(context, page);
      await batch(context, page);
    } finally {
      await browser.close();
      site.close();
    }
  },
};

async function race({ report, figure }: BenchContext, page: Page): Promise<void> {
  const times = await page.evaluate(async (rounds) => {
    const { onlyhashes, photo } = window as unknown as Scope;
    const timed = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return 1000 * (performance.now() - start);
    };
    const decode = async () =>
      (await createImageBitmap(photo, { colorSpaceConversion: 'none' })).close();
    const hash = () => onlyhashes.hashImageFile(photo);
    for (let i = 0; i < 3; i++) {
      await decode();
      await hash();
    }
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let i = 0; i < rounds; i++) {
      if (i & 1) theirs.push(await timed(decode));
      ours.push(await timed(hash));
      if (!(i & 1)) theirs.push(await timed(decode));
    }
    return { ours, theirs };
  }, ROUNDS);
  const timing = (name: string, values: number[]) => ({
    name,
    microseconds: median(values),
    range: [Math.min(...values), Math.max(...values)] as const,
    ratio: median(values.map((time, i) => time / times.ours[i]!)),
  });
  report({
    title: '12 MP JPEG',
    timings: [
      timing('onlyhashes, file to hash', times.ours),
      timing('createImageBitmap, decoding alone', times.theirs),
    ],
    notes: [],
  });
  const ratios = times.ours.map((time, i) => time / times.theirs[i]!);
  figure('file to hash / decoding', median(ratios));
}

/** Fifty photos: whether the page's thread stays free, and whether progress goes on. */
async function batch({ figure }: BenchContext, page: Page): Promise<void> {
  const outcome = await page.evaluate(async (count) => {
    const { onlyhashes, photo } = window as unknown as Scope;
    const longTasks: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longTasks.push(duration);
    });
    observer.observe({ entryTypes: ['longtask'] });
    const ticks: number[] = [];
    const timer = setInterval(() => ticks.push(performance.now()), 10);
    const steps: number[] = [performance.now()];
    const start = performance.now();
    const files = Array.from({ length: count }, () => photo);
    const onProgress = () => steps.push(performance.now());
    for await (const { error } of onlyhashes.hashImageFiles(files, { onProgress })) {
      if (error) throw error;
    }
    const milliseconds = performance.now() - start;
    clearInterval(timer);
    await new Promise((resolve) => setTimeout(resolve, 100));
    observer.disconnect();
    const gaps = (times: number[]) => times.slice(1).map((time, i) => time - times[i]!);
    return { milliseconds, longTasks, ticks: gaps(ticks), steps: gaps(steps) };
  }, BATCH);
  figure(`${BATCH} photos, ms each`, outcome.milliseconds / BATCH);
  figure('tasks over 50 ms on the page', outcome.longTasks.length);
  figure('longest pause of the page, ms', Math.max(...outcome.ticks));
  figure('longest time without progress, ms', Math.max(...outcome.steps));
  figure('time without progress, 90 %, ms', quantile(outcome.steps, 0.9));
}

/** How much more memory the engine's processes hold while one photo is hashed than before, where /proc tells. */
async function memory({ figure, note }: BenchContext, browser: Browser, page: Page): Promise<void> {
  const pid = browser.process()?.pid;
  if (pid === undefined || !existsSync('/proc/self/smaps_rollup')) {
    note('memory: no /proc');
    return;
  }
  // Started, and with nothing of a picture left in them.
  await page.evaluate(() => (window as unknown as Scope).onlyhashes.checkPixelReadback());
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const idle = megabytesOf(pid);
  let most = idle;
  let done = false;
  const hashing = page
    .evaluate(() =>
      (window as unknown as Scope).onlyhashes
        .hashImageFile((window as unknown as Scope).photo)
        .then(() => true),
    )
    .finally(() => {
      done = true;
    });
  while (!done) {
    most = Math.max(most, megabytesOf(pid));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await hashing;
  figure('memory over the idle page with its Worker, MB', most - idle);
}

/** Proportional share of memory of a process and all that it started. */
function megabytesOf(root: number): number {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]));
    } catch {
      // It has ended.
    }
  }
  let kilobytes = 0;
  for (const pid of parents.keys()) {
    let at: number | undefined = pid;
    while (at !== undefined && at !== root) at = parents.get(at);
    if (at !== root) continue;
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    } catch {
      // It has ended.
    }
  }
  return kilobytes / 1024;
}

async function twelveMegapixels(): Promise<Buffer | undefined> {
  const sharp = await rival<typeof import('sharp').default>('sharp');
  const photo = photoFiles()[0];
  if (sharp === undefined || photo === undefined) return undefined;
  return await sharp(photo.path)
    .resize(4032, 3024, { fit: 'fill' })
    .jpeg({ quality: 88 })
    .toBuffer();
}

async function serve(photo: Buffer): Promise<{ url: string; close(): void }> {
  const dist = dirname(fileURLToPath(import.meta.url));
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://site').pathname);
    try {
      if (path === '/') response.setHeader('content-type', 'text/html').end(PAGE);
      else if (path === '/photo.jpg') response.setHeader('content-type', 'image/jpeg').end(photo);
      else
        response.setHeader('content-type', 'text/javascript').end(readFileSync(join(dist, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
