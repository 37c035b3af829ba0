import { expect, test } from 'vitest';
import { LANGUAGES } from '../../src/page/parts/language.js';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { buildDemo, speak } from './demo-page.js';

const demo = buildDemo(testFolder());

/** Clicks by script, since the words differ by language. */
const click = (page: EnginePage, selector: string) =>
  page.evaluate((which: string) => document.querySelector<HTMLElement>(which)!.click(), selector);

/** Where things of the screen are in the frame, and whether the window shows all of each. */
const placed = (page: EnginePage, selector: string) =>
  page.evaluate(
    (which: string) =>
      [...document.querySelectorAll(which)].map((element) => {
        const { top, bottom, left, right } = element.getBoundingClientRect();
        const inView = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
        return { top, bottom, left, right, inView };
      }),
    selector,
  );

for (const name of enginesFor('webkit')) {
  describeEngine(name, (open) => {
    // WebKitGTK's window is never narrower than 447 pixels.
    test.each(Object.keys(LANGUAGES))(
      'in %s the smallest phone shows both answers, side by side, and the tool for minors',
      async (tag) => {
        const page = await open.page();
        await page.resize(320, 568);
        await page.goto(demo.url);
        await speak(page, tag);
        await click(page, '.row:nth-of-type(3)');
        const answers = await placed(page, 'main .answers .button');
        expect(answers.map(({ inView }) => inView)).toEqual([true, true]);
        const [minor, adult] = answers as [(typeof answers)[0], (typeof answers)[0]];
        expect({ top: adult.top, bottom: adult.bottom }).toEqual({
          top: minor.top,
          bottom: minor.bottom,
        });
        expect(adult.right - adult.left).toBeCloseTo(minor.right - minor.left, 0);
        if (tag === 'ar') expect(adult.right).toBeLessThan(minor.left);
        else expect(minor.right).toBeLessThan(adult.left);
        // Only the question stands above them.
        const above = await page.evaluate(
          () => document.querySelector('.answers')!.previousElementSibling!.tagName,
        );
        expect(above).toBe('H1');

        await click(page, 'main .answers .button');
        expect(await placed(page, 'main .primary')).toMatchObject([{ inView: true }]);
        const links = await page.evaluate(() =>
          [...document.querySelectorAll<HTMLAnchorElement>('main a')].map(({ href }) => href),
        );
        expect(links).toEqual([
          'https://www.iwf.org.uk/what-we-do/why-we-exist/report-remove',
          'https://www.childline.org.uk/',
          'https://report.cybertip.org/',
          'https://www.incibe.es/linea-de-ayuda-en-ciberseguridad',
          'https://3018.fr/',
          'https://cybercrime.gov.in/',
          'https://takeitdown.ncmec.org/',
        ]);
      },
    );
  });
}
