import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { openWindow, type Pictures, SCHEMES, type Studio, shoot, type Window } from './browser.js';

const WINDOWS: Readonly<Record<string, Window>> = {
  phone: { width: 390, height: 844, scale: 2, phone: true },
  desktop: { width: 1100, height: 860, scale: 1.5 },
};

/**
 * The built page for a person at risk, on a phone and on a desktop. It has hashed a photo and
 * altered copies of it, and shows which copies would be found.
 */
export async function pagePictures({ root, browser }: Studio): Promise<Pictures> {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-page-'));
  const pictures: Pictures = {};
  try {
    const file = join(folder, 'onlyhashes.html');
    copyFileSync(join(root, 'dist/page.html'), file);
    for (const [name, window] of Object.entries(WINDOWS)) {
      const page = await openWindow(browser(), pathToFileURL(file).href, window);
      const frame = await (await page.waitForSelector('iframe#page'))!.contentFrame();
      const press = async (label: string) => {
        const button = await frame.waitForSelector(`xpath///*[text()="${label}"]`);
        await button!.click();
      };
      await press('I want to make the numbers');
      await press('No, I was 18 or older');
      const files = await frame.waitForSelector('input[type=file]');
      await files!.uploadFile(join(root, 'fixtures/photos/allium-oreophilum.jpg'));
      const more = await frame.waitForSelector('article summary');
      await more!.click();
      await press('Test copies of this picture');
      await frame.waitForSelector('table');
      // A phone shows less at a time: it is scrolled to a little above the heading.
      if (window.phone) {
        await frame.evaluate(() => {
          scrollBy(0, document.querySelector('h1')!.getBoundingClientRect().top - 16);
        });
      }
      const shots = await shoot(page, window);
      for (const scheme of SCHEMES) {
        pictures[`page-${name}-${scheme}.png`] = await sharp(shots[scheme])
          .png({ palette: true, colours: 64, dither: 0, effort: 10 })
          .toBuffer();
      }
      await page.close();
    }
    return pictures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
