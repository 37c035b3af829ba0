import type { Page } from 'puppeteer-core';
import type { Sharp } from 'sharp';
import { type Bench, type BenchContext, NotRun } from '../harness.js';
import { median, quantile, timingOf } from '../race.js';
import { photoFiles, rival } from '../rivals.js';
import { browserMemory } from './browser-memory.js';
import { type BrowserScope, browserSite } from './browser-site.js';
import { startChromium } from './chromium.js';

const ROUNDS = 15;
const BATCH = 50;

/**
 * A 12-megapixel photo from file to hash in Chromium, against the engine's own decoding; and what a
 * batch of them does to the page.
 */
export const browserBench: Bench = {
  name: 'browser',
  about:
    'a 12 MP JPEG in Chromium: from file to hash, a batch of 50, and memory, also for other formats',
  async run(context) {
    const photo = await twelveMegapixels();
    const chromium = await startChromium();
    if (!photo || !chromium) {
      await chromium?.close();
      throw new NotRun('needs Chromium, the packages puppeteer-core and sharp, and the photos');
    }
    const { browser } = chromium;
    const site = await browserSite();
    site.add('photo.jpg', await photo.clone().jpeg({ quality: 88 }).toBuffer());
    try {
      context.note(await browser.version());
      const page = await browser.newPage();
      await page.goto(site.url);
      await page.waitForFunction(() => 'onlyhashes' in window, { timeout: 30_000 });
      await page.evaluate(async () => {
        const scope = window as unknown as BrowserScope;
        scope.photo = await (await fetch('./photo.jpg')).blob();
      });
      await race(context, page);
      await batch(context, page);
      await page.close();
      await browserMemory(context, browser, site, photo);
    } finally {
      await chromium.close();
      site.close();
    }
  },
};

async function race({ report, figure }: BenchContext, page: Page): Promise<void> {
  const times = await page.evaluate(async (rounds) => {
    const { onlyhashes, photo } = window as unknown as BrowserScope;
    const timed = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return 1000 * (performance.now() - start);
    };
    const decode = async () =>
      (await createImageBitmap(photo, { colorSpaceConversion: 'none' })).close();
    const hash = () => onlyhashes.hash(photo);
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
  const timing = (name: string, values: number[]) => timingOf(name, values, times.ours);
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

/** Fifty photos: whether the page's thread stays free, and whether progress continues. */
async function batch({ figure }: BenchContext, page: Page): Promise<void> {
  const outcome = await page.evaluate(async (count) => {
    const { onlyhashes, photo } = window as unknown as BrowserScope;
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
    for await (const { error } of onlyhashes.hashAll(files, { onProgress })) {
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

async function twelveMegapixels(): Promise<Sharp | undefined> {
  const sharp = await rival<typeof import('sharp').default>('sharp');
  const photo = photoFiles()[0];
  if (sharp === undefined || photo === undefined) return undefined;
  const { data, info } = await sharp(photo.path)
    .resize(4032, 3024, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } });
}
