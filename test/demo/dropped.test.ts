import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Place } from '../browser/engine.js';
import { describeEngine, ENGINES } from '../browser/engines.js';
import { buildDemo, choose, photo, screen, testFolder, toChoosing } from './demo-page.js';

const demo = buildDemo(testFolder());

/** Drags a file over the middle of the window and drops it, or pastes it: whether the browser would have opened it. */
function offered(place: Place, how: 'dropped' | 'pasted', base64: string): Promise<boolean> {
  return place.evaluate(
    (kind: string, text: string) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], 'private.jpg', { type: 'image/jpeg' }));
      const target = document.elementFromPoint(innerWidth / 2, innerHeight / 2) ?? document.body;
      const bubbles = { bubbles: true, cancelable: true };
      if (kind === 'pasted') {
        const event = new Event('paste', bubbles);
        // Firefox takes no files into a clipboard event that a script makes.
        Object.defineProperty(event, 'clipboardData', { value: data });
        return target.dispatchEvent(event);
      }
      const opened = ['dragenter', 'dragover', 'drop'].map((type) =>
        target.dispatchEvent(new DragEvent(type, { dataTransfer: data, ...bubbles })),
      );
      return opened.some((open) => open);
    },
    how,
    base64,
  );
}

const picture = readFileSync(photo('locomotion-house-cat-w301.jpg')).toString('base64');

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('a picture that is dropped or pasted opens nowhere, and is taken where pictures are chosen', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await page.waitFor(() => document.querySelector('h1') !== null);
      for (const how of ['dropped', 'pasted'] as const) {
        expect(await offered(page.top, how, picture)).toBe(false);
        expect(await offered(page, how, picture)).toBe(false);
      }
      // Nobody takes it here, and that is told.
      await page.waitFor(() => document.getElementById('told')?.textContent);
      expect(await page.evaluate(() => document.querySelector('h1')!.textContent)).toBe(
        'This is not your fault.',
      );
      await toChoosing(page);
      expect(await offered(page, 'dropped', picture)).toBe(false);
      await screen(page, '1 picture');
      expect(await offered(page, 'dropped', picture)).toBe(false);
      await screen(page, '1 picture');
      await choose(page, 'Add more pictures');
      await screen(page, 'Choose your pictures');
      expect(await offered(page, 'pasted', picture)).toBe(false);
      await screen(page, '2 pictures');
      expect(await page.url()).toBe(demo.url);
    });
  });
}
