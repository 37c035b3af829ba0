import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { readBundle, readWithdrawal } from '../../src/index.js';
import { hash as hashFile } from '../../src/node/index.js';
import { describeEngine, ENGINES, type EnginePage } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import {
  buildDemo,
  choose,
  focusedLabel,
  focusNothing,
  photo,
  screen,
  tabTo,
  toChoosing,
} from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const PHOTOS = ['acanthus-mollis.jpg', 'allium-oreophilum-w500.webp', 'march-pastoral-w700.png'];

/** Records what the page gives the browser to save. */
function keepBlobs(page: EnginePage) {
  return page.evaluate(() => {
    const kept: Record<string, Blob> = {};
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      const url = make(blob);
      kept[url] = blob;
      return url;
    };
    Object.assign(window, { kept });
  });
}

function savedText(page: EnginePage): Promise<string> {
  return page.evaluate(async () => {
    const link = document.querySelector<HTMLAnchorElement>('a[download]')!;
    const { kept } = window as unknown as { kept: Record<string, Blob> };
    return await new Response(kept[link.href]!).text();
  });
}

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('from the first screen to a saved file, by keyboard alone, from file:', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await keepBlobs(page);
      await focusNothing(page);
      await page.press('Tab');
      expect(await focusedLabel(page)).toBe('Exit this page');
      await toChoosing(page);
      await tabTo(page, 'Choose pictures');
      // The device's file chooser is not part of the page, so its result is set.
      await page.setFiles('#files', PHOTOS.map(photo));
      await screen(page, '3 of 3 ready');
      await choose(page, 'Next');
      await screen(page, 'How widely should copies be found?');
      expect(await textOf(page, 'main')).toContain('We cannot recover it.');
      await choose(page, 'Only this picture');
      await screen(page, 'Your code');
      const code = await textOf(page, '#code');
      await choose(page, 'See every byte');
      await screen(page, 'Your file');
      const preview = await textOf(page, '.verbatim');
      await choose(page, 'Back to the code');
      await screen(page, 'Your code');
      // The code comes first.
      await choose(page, 'Save the file');
      await page.waitFor(() => document.activeElement?.id === 'written');
      expect(await textOf(page, '#outcome')).toContain('Write the code down');
      await page.press(' ');
      await choose(page, 'Save the file');
      expect(await textOf(page, '#outcome')).toContain('Look for numbers.json');
      const saved = await savedText(page);

      // The saved text is the text shown, to the last byte.
      expect(saved).toBe(preview);
      expect(saved.length).toBe(16_384);
      const bundle = readBundle(saved);
      const hashes = new Set<string>();
      for (const file of PHOTOS) {
        const image = await hashFile(photo(file), { exact: true });
        hashes.add(hashToHex(image.hash));
        for (const variant of image.variants) hashes.add(hashToHex(variant.hash));
      }
      expect(new Set(bundle.hashes.map(({ hash }) => hash))).toEqual(hashes);
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
      expect(saved).not.toContain(code);
      if (name === 'firefox') {
        await expect.poll(() => savedIn(open.engine.downloads!)).toBe(preview);
      }
      await choose(page, 'Next');
      await screen(page, 'Your file is saved.');
      expect(await textOf(page, 'main')).toContain('Nobody has it yet.');

      // Nothing is stored, and no file name is on the page or in the file.
      expect(await stored(page)).toEqual([]);
      const everything = (await page.evaluate(() => document.documentElement.outerHTML)) + saved;
      for (const file of PHOTOS) expect(everything).not.toContain(file.split('.')[0]);

      // The file is lost: its code alone takes it back. A wrong digit is noticed.
      await choose(page, 'Clear everything');
      await screen(page, 'This is not your fault.');
      await choose(page, 'Take a file back');
      await screen(page, 'Take a file back');
      await tabTo(page, 'Your code');
      const typed = code.toLowerCase().replaceAll('-', '');
      for (const digit of typed.slice(0, -1)) await page.press(digit);
      await page.press(typed.endsWith('0') ? '1' : '0');
      await choose(page, 'Make the take-back file');
      await page.waitFor(() => document.activeElement?.id === 'withdraw-code');
      expect(await textOf(page, '[role=alert]')).toContain('Check each letter.');
      await page.press('Backspace');
      await page.press(typed.at(-1)!);
      await choose(page, 'Make the take-back file');
      await page.waitFor(() => document.querySelector('.verbatim') !== null);
      const back = await savedText(page);
      expect(back).toBe(await textOf(page, '.verbatim'));
      expect(await readWithdrawal(back)).toMatchObject({
        case: bundle.case,
        token: code,
      });
    });
  });
}

function textOf(page: EnginePage, selector: string): Promise<string> {
  return page.evaluate((query: string) => document.querySelector(query)!.textContent!, selector);
}

/** The file that Firefox saved, once complete. */
function savedIn(folder: string): string | undefined {
  const path = join(folder, 'numbers.json');
  const partial = readdirSync(folder).some((file) => file.endsWith('.part'));
  return existsSync(path) && !partial ? readFileSync(path, 'utf8') : undefined;
}

/** Names of everything the page has stored. */
function stored(page: EnginePage): Promise<string[]> {
  return page.evaluate(async () => {
    const names: string[] = [];
    const look = async (what: () => unknown[] | Promise<unknown[]>) => {
      // A browser may forbid a page from a file even to look.
      names.push(
        ...(
          await Promise.resolve()
            .then(what)
            .catch(() => [])
        ).map(String),
      );
    };
    await look(() => Object.keys(localStorage));
    await look(() => Object.keys(sessionStorage));
    await look(() => (document.cookie ? [document.cookie] : []));
    await look(async () => (await indexedDB.databases()).map(({ name }) => name));
    await look(() => caches.keys());
    return names;
  });
}
