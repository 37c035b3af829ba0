import { expect, test } from 'vitest';
import { LANGUAGES } from '../../src/page/parts/language.js';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { serve } from '../browser/engines/serve.js';
import { testFolder } from '../folder.js';
import { buildDemo, choose, photo, screen, speak, toChoosing } from './demo-page.js';

const demo = buildDemo(testFolder());
const PHOTOS = ['acanthus-mollis.jpg', 'march-pastoral-w500.webp'];

/** Fires such an event on the page, with the files of an input that the test fills. */
function fallOf(page: EnginePage, kind: string, target: string): Promise<boolean> {
  return page.evaluate(
    (type: string, selector: string) => {
      const data = new DataTransfer();
      for (const file of document.querySelector<HTMLInputElement>('#device')!.files!) {
        data.items.add(file);
      }
      const init = { bubbles: true, cancelable: true };
      const event =
        type === 'paste'
          ? new ClipboardEvent(type, init)
          : new DragEvent(type, { ...init, dataTransfer: data });
      // In Firefox, an event made by a script has no files.
      if (type === 'paste') Object.defineProperty(event, 'clipboardData', { value: data });
      return !document.querySelector(selector)!.dispatchEvent(event);
    },
    kind,
    target,
  );
}

/** Files as a device provides them, from an input outside the page. */
async function holdFiles(page: EnginePage): Promise<void> {
  await page.evaluate(() => {
    document.getElementById('device')?.remove();
    const input = document.createElement('input');
    Object.assign(input, { type: 'file', id: 'device', multiple: true });
    document.documentElement.append(input);
  });
  await page.setFiles('#device', PHOTOS.map(photo));
}

/** Events whose default action, opening the file, is not prevented. */
async function opening(page: EnginePage): Promise<string[]> {
  const open: string[] = [];
  for (const kind of ['dragenter', 'dragover', 'drop', 'paste']) {
    for (const target of ['main > section > :last-child', 'body', 'html']) {
      if (!(await fallOf(page, kind, target))) open.push(`${kind} on ${target}`);
    }
  }
  return open;
}

const told = (page: EnginePage) =>
  page.evaluate(() => document.getElementById('outcome')?.textContent ?? '');

for (const name of enginesFor('chromium')) {
  describeEngine(name, (open) => {
    test('no screen opens a dropped or pasted picture; the page names the place to add it', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await holdFiles(page);
      const at = async (where: string) => {
        expect(await opening(page), where).toEqual([]);
        expect(await told(page), where).toBe(
          'The file was not opened and not added. You can add pictures on the screen “Choose your pictures”.',
        );
        const html = await page.evaluate(() => document.body.outerHTML.split('<script')[0]!);
        for (const file of PHOTOS) expect(html, where).not.toContain(file);
      };
      await at('welcome');
      await choose(page, 'Someone is threatening me now');
      await at('threat');
      await choose(page, 'I want to make the numbers');
      await at('age');
      await choose(page, 'Yes, or I am not sure');
      await at('child');
      await choose(page, 'Back');
      await choose(page, 'No, I was 18 or older');
      await screen(page, 'Choose your pictures');
      await page.setFiles('#files', [photo(PHOTOS[0]!)]);
      await screen(page, '1 of 1 ready');
      await at('pictures');
      await choose(page, 'Next');
      await at('wide');
      await choose(page, 'Only this picture');
      await screen(page, 'Your code');
      await at('code');
      await choose(page, 'See every byte');
      await at('preview');
      await choose(page, 'Back to the code');
      await choose(page, 'Next');
      await at('done');
      await choose(page, 'Clear everything');
      await at('clear');
      // In another language too, as the screen is redrawn.
      await speak(page, 'fr');
      expect(await opening(page)).toEqual([]);
      expect(await told(page)).toContain(LANGUAGES.fr.chooseTitle);
    });

    test('the screen for choosing pictures accepts them', async () => {
      const page = await open.page();
      const site = await serve((path) => (path === '/' ? { body: demo.html } : undefined));
      try {
        await page.goto(site.url);
        await holdFiles(page);
        for (const [count, kind] of ['drop', 'paste'].entries()) {
          if (count === 0) await toChoosing(page);
          else await choose(page, 'Add more pictures');
          expect(await fallOf(page, kind, 'main')).toBe(true);
          const all = 2 * (count + 1);
          await screen(page, `${all} of ${all} ready`);
        }
      } finally {
        await site.close();
      }
    });

    test('the code can be pasted into its field', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await choose(page, 'Take a file back');
      await screen(page, 'Take a file back');
      const paste = () =>
        page.evaluate(() => {
          const data = new DataTransfer();
          data.setData('text/plain', 'ABCD');
          const init = { bubbles: true, cancelable: true, clipboardData: data };
          return document
            .getElementById('withdraw-code')!
            .dispatchEvent(new ClipboardEvent('paste', init));
        });
      expect(await paste()).toBe(true);
    });

    test('the shell opens no picture either', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      const prevented = await page.top.evaluate(() =>
        ['dragenter', 'dragover', 'drop'].map((type) => {
          const event = new DragEvent(type, { bubbles: true, cancelable: true });
          return !document.getElementById('exit')!.dispatchEvent(event);
        }),
      );
      expect(prevented).toEqual([true, true, true]);
    });

    test('page and shell listen before they draw anything', async () => {
      // The page without its policy, so that a script can precede each of its own. The inner page
      // is a string in the outer one: a script without quotes works in both.
      const early =
        'const make=document.createElement;document.createElement=function(...given){' +
        'const event=new DragEvent(/drop/.source,{cancelable:true});' +
        'document.documentElement.dispatchEvent(event);' +
        'window.guarded??=event.defaultPrevented;return make.apply(this,given)}';
      const html = demo.html
        .replace(/<meta http-equiv="Content-Security-Policy"[^>]+>/, `<script>${early}</script>`)
        .replace('\\x3cscript>', `\\x3cscript>${early}\\x3c/script>\\x3cscript>`);
      const site = await serve((path) => (path === '/' ? { body: html } : undefined));
      try {
        const page = await open.page();
        await page.goto(site.url);
        const guarded = () => (window as unknown as { guarded?: boolean }).guarded;
        expect(await page.top.waitFor(guarded)).toBe(true);
        expect(await page.waitFor(guarded)).toBe(true);
      } finally {
        await site.close();
      }
    });
  });
}

describeEngine(
  'chromium',
  (open) => {
    test('a real drag opens the picture on another page; here only the screen for pictures accepts it', async () => {
      const picture = photo(PHOTOS[0]!);
      const site = await serve((path) =>
        path === '/' ? { body: '<h1>no guard</h1>' } : undefined,
      );
      try {
        const unguarded = await open.page();
        await unguarded.goto(site.url);
        const before = await open.engine.addresses!();
        await unguarded.dropFiles!([picture]);
        const opened = async () =>
          (await open.engine.addresses!()).filter((url) => url.endsWith(PHOTOS[0]!));
        await expect.poll(opened).toHaveLength(1);
        expect(before.filter((url) => url.endsWith(PHOTOS[0]!))).toEqual([]);

        const page = await open.page();
        await page.goto(demo.url);
        await page.dropFiles!([picture]);
        await page.waitFor(() => document.getElementById('outcome') !== null);
        await toChoosing(page);
        await page.dropFiles!([picture]);
        await screen(page, '1 of 1 ready');
        expect(await page.url()).toBe(demo.url);
        expect(await opened()).toHaveLength(1);
      } finally {
        await site.close();
      }
    });
  },
  { title: 'chromium, dragged to' },
);
