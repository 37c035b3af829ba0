import { expect, test } from 'vitest';
import { LANGUAGES } from '../../src/demo/language.js';
import { describeEngine, ENGINES } from '../browser/engines.js';
import { buildDemo, focusedLabel, speak, testFolder } from './demo-page.js';

const demo = buildDemo(testFolder());

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('each language has its words and its direction, and fits a phone', async () => {
      const page = await open.page();
      await page.resize(360, 740);
      await page.goto(demo.url);
      for (const [tag, strings] of Object.entries(LANGUAGES)) {
        await speak(page, tag);
        const found = await page.evaluate(() => {
          const exit = document.getElementById('exit')!.getBoundingClientRect();
          const root = document.documentElement;
          return {
            lang: root.lang,
            direction: getComputedStyle(document.querySelector('h1')!).direction,
            title: document.title,
            heading: document.querySelector('h1')!.textContent,
            machine: document.querySelector('.machine')?.textContent ?? '',
            exitSide: exit.left + exit.width / 2 < innerWidth / 2 ? 'left' : 'right',
            tooWide: root.scrollWidth > innerWidth,
          };
        });
        expect(found).toEqual({
          lang: tag,
          direction: tag === 'ar' ? 'rtl' : 'ltr',
          title: strings.title,
          heading: strings.welcomeTitle,
          machine: strings.machine,
          exitSide: tag === 'ar' ? 'left' : 'right',
          tooWide: false,
        });
      }
    });

    test('the way out is first in every language', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await speak(page, 'ar');
      await page.evaluate(() => {
        // As a person who has just come: nothing has the focus.
        (document.activeElement as HTMLElement).blur();
        document.body.tabIndex = -1;
        document.body.focus();
      });
      await page.press('Tab');
      expect(await focusedLabel(page)).toBe(LANGUAGES.ar.exit);
    });
  });
}
