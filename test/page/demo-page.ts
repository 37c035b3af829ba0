import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EnginePage } from '../browser/engines/engines.js';
import { ROOT } from '../project/package.js';

/** Copies the built page into `folder`. */
export function buildDemo(folder: string): { path: string; url: string; html: string } {
  const path = join(folder, 'onlyhashes.html');
  copyFileSync(join(ROOT, 'dist/page.html'), path);
  return { path, url: pathToFileURL(path).href, html: readFileSync(path, 'utf8') };
}

/** Writes `count` pictures to `folder`; the one at `corrupt` is truncated. */
export function manyPictures(folder: string, count: number, corrupt: number): string[] {
  const from = join(ROOT, 'fixtures/photos/locomotion-house-cat-w301.jpg');
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, `private-${i}.jpg`);
    copyFileSync(from, path);
    if (i === corrupt) truncateSync(path, 2000);
    return path;
  });
}

/** A photo of the fixtures. */
export const photo = (name: string): string => join(ROOT, 'fixtures/photos', name);

/** Presses Tab until the element labelled `label` has the focus, as a keyboard user does. */
export async function tabTo(page: EnginePage, label: string): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 80; presses++) {
    await page.press('Tab');
    const focused = await focusedLabel(page);
    if (focused === label) return;
    seen.push(focused);
  }
  throw new Error(`Tab never reached "${label}", only ${seen.join(' | ')}`);
}

/** The label of the focused element, as a screen reader reads it; of a row, its title. */
export async function focusedLabel(page: EnginePage): Promise<string> {
  const label = () => {
    const element = document.activeElement as HTMLInputElement | null;
    if (element?.id === 'page') return undefined;
    const label = element?.labels?.[0] ?? element?.querySelector('strong') ?? element;
    return (element?.ariaLabel ?? label?.textContent ?? '').trim();
  };
  return (await page.top.evaluate(label)) ?? (await page.evaluate(label))!;
}

/** Removes the focus, as for a person who has just arrived. */
export function focusNothing(page: EnginePage): Promise<void> {
  return page.top.evaluate(() => {
    (document.activeElement as HTMLElement).blur();
    document.body.tabIndex = -1;
    document.body.focus();
  });
}

/** Presses Tab to the element labelled `label`, then Enter. */
export async function choose(page: EnginePage, label: string): Promise<void> {
  await tabTo(page, label);
  await page.press('Enter');
}

/** Waits for a screen by its heading, which must have the focus. */
export async function screen(page: EnginePage, heading: string, milliseconds = 120_000) {
  await page.waitFor(
    (text: string) => {
      const h1 = document.querySelector('h1');
      return h1?.textContent === text && document.activeElement === h1;
    },
    [heading],
    milliseconds,
  );
}

/** Goes from the first screen to the one for choosing pictures, by keyboard. */
export async function toChoosing(page: EnginePage): Promise<void> {
  await choose(page, 'I want to make the numbers');
  await screen(page, 'Were you under 18 in it?');
  await choose(page, 'No, I was 18 or older');
  await screen(page, 'Choose your pictures');
}

/** Clicks the button labelled `label` by script, without keyboard or pointer. */
export function press(page: EnginePage, label: string): Promise<void> {
  return page.evaluate((text: string) => {
    const buttons = [...document.querySelectorAll<HTMLElement>('.button, .row strong')];
    buttons.find((button) => button.textContent === text)!.click();
  }, label);
}

/** Switches the page to a language. */
export async function speak(page: EnginePage, tag: string): Promise<void> {
  await page.evaluate((language: string) => {
    const select = document.querySelector<HTMLSelectElement>('#language')!;
    select.value = language;
    select.dispatchEvent(new Event('change'));
  }, tag);
}
