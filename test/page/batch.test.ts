import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { describeEngine, enginesFor } from '../browser/engines/engines.js';
import { serve } from '../browser/engines/serve.js';
import { testFolder } from '../folder.js';
import { runs } from '../seed.js';
import { buildDemo, manyPictures, photo, screen, toChoosing } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const MANY = Math.max(40, runs(200));
const CORRUPT = 26;
const many = manyPictures(folder, MANY, CORRUPT);
/** A photo reduced to soft light: it has a hash, of low quality. */
const weak = join(folder, 'weak.png');
await sharp(await sharp(photo('acanthus-mollis.jpg')).resize(12, 9).png().toBuffer())
  .resize(640, 480, { kernel: 'cubic' })
  .linear(0.3, 90)
  .toFile(weak);

for (const name of enginesFor('firefox')) {
  describeEngine(name, (open) => {
    test(`of ${MANY} pictures, the corrupt one alone is reported, in its place`, async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.evaluate(() => {
        const words = new Set<string>();
        new MutationObserver(() => {
          words.add(document.getElementById('working-words')?.textContent ?? '');
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
        Object.assign(window, { words });
      });
      await page.setFiles('#files', many);
      await screen(page, `${MANY} pictures`);
      const found = await page.evaluate((many: number) => {
        const cards = [...document.querySelectorAll('article')];
        const { words } = window as unknown as { words: Set<string> };
        return {
          cards: cards.length,
          titles: cards.map((card) => card.querySelector('h2')!.textContent),
          failed: cards
            .filter((card) => card.textContent!.includes('damaged'))
            .map((card) => card.querySelector('h2')!.textContent),
          progress: [...words].filter((text) => text.endsWith(` out of ${many} are done.`)).length,
          names: document.documentElement.outerHTML.includes('private-'),
        };
      }, MANY);
      expect(found.titles).toEqual(Array.from({ length: MANY }, (_, i) => `Picture ${i + 1}`));
      expect(found.failed).toEqual([`Picture ${CORRUPT + 1}`]);
      expect(found.progress).toBeGreaterThan(MANY / 10);
      expect(found.names).toBe(false);
      // With many pictures, copies are tested only on request.
      expect(await page.evaluate(() => document.querySelectorAll('.copies ul').length)).toBe(0);
    });

    test('stopping midway keeps the finished pictures, drops the rest, and leaves the page usable', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      // Stops from within, after some: pictures finish fast.
      await page.evaluate(() => {
        const watch = new MutationObserver(() => {
          const words = document.getElementById('working-words')?.textContent ?? '';
          if (Number.parseInt(words, 10) < 10 || !words) return;
          watch.disconnect();
          [...document.querySelectorAll<HTMLElement>('.button')]
            .find((button) => button.textContent === 'Stop')!
            .click();
        });
        watch.observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      await page.setFiles('#files', many);
      await page.waitFor(() => document.querySelector('.pictures') !== null);
      const numbers = () =>
        page.evaluate(() =>
          [...document.querySelectorAll('article h2')].map((h2) =>
            Number(h2.textContent!.slice(8)),
          ),
        );
      const before = await numbers();
      const kept = before.length;
      // Two Workers finish in any order, yet the numbers have no gaps.
      expect(before).toEqual(Array.from({ length: kept }, (_, i) => i + 1));
      expect(kept).toBeGreaterThanOrEqual(10);
      expect(kept).toBeLessThan(MANY);
      expect(await page.evaluate(() => document.getElementById('status')!.textContent)).toMatch(
        /^Stopped\./,
      );
      await page.evaluate(() => {
        [...document.querySelectorAll<HTMLElement>('.button')]
          .find((button) => button.textContent === 'Add more pictures')!
          .click();
      });
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, `${kept + 1} pictures`);
      expect(await numbers()).toEqual([...before, before.at(-1)! + 1]);
    });

    test('the page keeps working after its server is gone', async () => {
      const site = await serve((path) => (path === '/' ? { body: demo.html } : undefined));
      const page = await open.page();
      await page.goto(site.url);
      await site.close();
      await toChoosing(page);
      await page.setFiles('#files', [
        photo('acanthus-mollis.jpg'),
        photo('nagasaki-boats-q40.jpg'),
        weak,
      ]);
      await screen(page, '3 pictures');
      await page.waitFor(() => document.querySelectorAll('[data-copy]').length === 24);
      const copiesUnder = (tier: string) =>
        page.evaluate(
          (query: string) =>
            [...document.querySelectorAll<HTMLElement>(query)].map(({ dataset }) => dataset.copy),
          `${tier} + ul [data-copy]`,
        );
      const found = await copiesUnder('.good');
      // Any decoder gives this for these photos: a poorer JPEG and half the size match.
      expect(found.filter((copy) => copy === 'jpeg30')).toHaveLength(2);
      expect(found.filter((copy) => copy === 'half')).toHaveLength(2);
      expect(found).not.toContain('mirror');
      expect(found).not.toContain('square');
      expect(found).not.toContain('crop20');
      // Copies of a weak picture never match by themselves.
      expect(await copiesUnder('li:nth-child(3) .maybe')).toContain('half');
      expect(await copiesUnder('li:nth-child(3) .good')).toEqual([]);
    });

    test('the file reloads offline and starts over', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 picture');
      await page.goto(demo.url);
      await page.waitFor(
        () => document.querySelector('h1')?.textContent === 'This is not your fault.',
      );
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 picture');
      // Copies are also tested when the page is a file.
      await page.waitFor(() => document.querySelectorAll('[data-copy]').length >= 7);
      expect(await page.evaluate(() => document.querySelectorAll('[data-copy]').length)).toBe(8);
    });
  });
}
