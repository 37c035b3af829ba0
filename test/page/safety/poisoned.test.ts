import { expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/index.js';
import { describeEngine } from '../../browser/engines/engines.js';
import { testFolder } from '../../folder.js';
import { buildDemo, photo, screen, toChoosing } from '../demo-page.js';

const demo = buildDemo(testFolder());
const PHOTOS = ['acanthus-mollis.jpg', 'march-pastoral-w500.webp', 'allium-oreophilum-w700.png'];

describeEngine(
  'firefox',
  (open) => {
    test('if the browser alters pixels read back, hashes are right and copies are not tested', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', PHOTOS.map(photo));
      await screen(page, '3 of 3 ready');
      const hashes = await page.evaluate(async () => {
        for (const details of document.querySelectorAll('details')) details.open = true;
        while (document.querySelectorAll('.hash').length < 3) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        for (const button of document.querySelectorAll<HTMLElement>('.copies .button')) {
          button.click();
        }
        return [...document.querySelectorAll('.hash')].map((hash) => hash.textContent);
      });
      await page.waitFor(() =>
        [...document.querySelectorAll('.copies')].every((part) =>
          part.textContent!.includes('could not be tested in this browser'),
        ),
      );
      // Pixels that are only shown are visible all the same.
      await page.waitFor(() => {
        for (const row of document.querySelectorAll('article')) row.scrollIntoView();
        return document.querySelectorAll('canvas.blurred').length === 3;
      });
      const expected = await Promise.all(
        PHOTOS.map(async (file) => hashToHex((await hashFile(photo(file), { exact: true })).hash)),
      );
      expect(hashes).toEqual(expected);
    });
  },
  { title: 'firefox, against tracking', preferences: { 'privacy.resistFingerprinting': true } },
);
