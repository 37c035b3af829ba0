import { expect, test } from 'vitest';
import { describeEngine, ENGINES, type EnginePage } from '../browser/engines.js';
import { serve } from '../browser/serve.js';
import { buildDemo, photo, screen, testFolder, toChoosing } from './demo-page.js';

const demo = buildDemo(testFolder());

/** Shift `presses` times. */
async function shift(page: EnginePage, presses: number): Promise<void> {
  for (let press = 0; press < presses; press++) await page.press('Shift');
}

const dots = (page: EnginePage) =>
  page.evaluate(() => document.getElementById('exit')!.getAttribute('data-presses'));

const left = (page: EnginePage) =>
  expect.poll(() => page.url(), { timeout: 20_000 }).toBe('about:blank');

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('the button leaves from file: to an empty page, and takes its place in the history', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 picture');
      const before = await page.evaluate(() => history.length);
      await page.evaluate(() => document.getElementById('exit')!.focus());
      await page.press('Enter');
      await left(page);
      expect(await page.evaluate(() => history.length)).toBe(before);
      expect(await page.evaluate(() => document.body?.childElementCount ?? 0)).toBe(0);
    });

    test('Shift three times leaves, from anywhere; the dots and a message count', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await shift(page, 1);
      expect(await dots(page)).toBe('1');
      await page.waitFor(() =>
        document.getElementById('status')!.textContent!.includes('2 more times'),
      );
      await shift(page, 1);
      expect(await dots(page)).toBe('2');
      await shift(page, 1);
      await left(page);
    });

    test('Shift for a capital letter does not count, and two presses are forgotten in 5 s', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      for (let press = 0; press < 3; press++) await page.press('A', { shift: true });
      expect(await page.url()).toBe(demo.url);
      expect(await dots(page)).toBeNull();
      if (name !== 'chromium') return;
      // A clock of the page, the same in every engine.
      await shift(page, 2);
      await page.waitFor(
        () => document.getElementById('exit')!.getAttribute('data-presses') === '0',
        [],
        15_000,
      );
      await shift(page, 2);
      expect(await dots(page)).toBe('2');
      expect(await page.url()).toBe(demo.url);
    });
  });
}

describeEngine(
  'chromium',
  (open) => {
    test('from a server it asks for a neutral page, covered and emptied at once', async () => {
      const site = await serve((path) => (path === '/' ? { body: demo.html } : undefined));
      try {
        const page = await open.page();
        await page.goto(site.url);
        // What a person sees from the press until the other page comes.
        const seen = await page.evaluate(() => {
          document.getElementById('exit')!.click();
          const cover = document.querySelector('.exit-cover')!.getBoundingClientRect();
          return {
            text: document.body.textContent,
            children: document.body.childElementCount,
            covers: cover.width >= innerWidth && cover.height >= innerHeight,
          };
        });
        expect(seen).toEqual({ text: 'Loading.', children: 1, covers: true });
        await expect.poll(() => page.url(), { timeout: 20_000 }).not.toContain(site.url);
      } finally {
        await site.close();
      }
    });
  },
  // The neutral page's name is looked up nowhere.
  {
    title: 'chromium, from a server',
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  },
);
