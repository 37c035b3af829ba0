import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { describeEngine, ENGINES, testIn } from '../browser/engines/engines.js';
import { serve } from '../browser/engines/serve.js';
import { testFolder } from '../folder.js';
import { buildDemo, copiesOf, manyPictures, photo, screen, toChoosing } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const MANY = 300;
/** One in so many is corrupt: 20. */
const CORRUPT = 15;
const many = manyPictures(folder, MANY, CORRUPT);
/** A photo reduced to soft light: it has a hash, of low quality. */
const weak = join(folder, 'weak.png');
await sharp(await sharp(photo('acanthus-mollis.jpg')).resize(12, 9).png().toBuffer())
  .resize(640, 480, { kernel: 'cubic' })
  .linear(0.3, 90)
  .toFile(weak);

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    const inOne = testIn('firefox', name);

    test(`of ${MANY} pictures, the corrupt ones alone are reported, first`, async () => {
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
      await screen(page, `${MANY - MANY / CORRUPT} of ${MANY} ready`);
      // Those that are ready are folded.
      expect(await page.evaluate(() => document.querySelectorAll('details[open]').length)).toBe(0);
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
      const numbers = Array.from({ length: MANY }, (_, i) => i + 1);
      const [bad, good] = [0, 1].map((rest) =>
        numbers.filter((n) => (n % CORRUPT === 0 ? 0 : 1) === rest).map((n) => `Picture ${n}`),
      );
      expect(found.titles).toEqual([...bad!, ...good!]);
      expect(found.failed).toEqual(bad);
      expect(found.progress).toBeGreaterThan(MANY / 10);
      expect(found.names).toBe(false);
      // Views and copies are made only for what is looked at.
      expect(await page.evaluate(() => document.querySelectorAll('canvas, table').length)).toBe(0);
    });

    inOne(
      'stopping midway keeps the finished pictures, drops the rest, and leaves the page usable',
      async () => {
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
        expect(sorted(before)).toEqual(Array.from({ length: kept }, (_, i) => i + 1));
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
        await page.waitFor(
          (total: string) => document.querySelector('h1')?.textContent?.endsWith(total),
          [` of ${kept + 1} ready`],
        );
        expect(sorted(await numbers())).toEqual([...sorted(before), kept + 1]);
      },
    );

    inOne('the page keeps working after its server is gone', async () => {
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
      await screen(page, '2 of 3 ready');
      for (const number of [1, 2]) {
        const found = await copiesOf(page, number);
        // Any decoder gives this for these photos.
        expect(found).toMatchObject({ smaller: ['match', 'match'], again: ['match', 'match'] });
        for (const copy of ['mirrored', 'screenshot', 'collage', 'story']) {
          expect(found[copy]).toEqual(['none', 'match']);
        }
      }
      // Copies of a weak picture never match by themselves.
      const ofWeak = Object.values(await copiesOf(page, 3)).flat();
      expect(ofWeak).not.toContain('match');
      expect(ofWeak).toContain('review');
    });

    inOne('the file reloads offline and starts over', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 of 1 ready');
      await page.goto(demo.url);
      await page.waitFor(
        () => document.querySelector('h1')?.textContent === 'This is not your fault.',
      );
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 of 1 ready');
      // Copies are also tested when the page is a file.
      expect(Object.keys(await copiesOf(page, 1))).toHaveLength(8);
    });
  });
}
