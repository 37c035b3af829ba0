import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { walk } from '../../docs/making/walk.js';
import type { EnginePage } from '../browser/engines/engines.js';
import { ROOT } from '../project/package.js';

/** Copies the built page into `folder`. */
export function buildDemo(folder: string): { path: string; url: string; html: string } {
  const path = join(folder, 'onlyhashes.html');
  copyFileSync(join(ROOT, 'dist/page.html'), path);
  return { path, url: pathToFileURL(path).href, html: readFileSync(path, 'utf8') };
}

/** Writes `count` pictures to `folder`; the last of every `corrupt` is truncated. */
export function manyPictures(folder: string, count: number, corrupt: number): string[] {
  const from = join(ROOT, 'fixtures/photos/locomotion-house-cat-w301.jpg');
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, `private-${i}.jpg`);
    copyFileSync(from, path);
    if (i % corrupt === corrupt - 1) truncateSync(path, 2000);
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
    const buttons = [
      ...document.querySelectorAll<HTMLElement>('.button, .row strong, .tick label'),
    ];
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

/**
 * Goes on from the pictures, by keyboard, to the code of a file that has one number for each. A
 * picture in a screenshot has no numbers for shapes, and so no question about them.
 */
export async function toCode(page: EnginePage): Promise<string> {
  await choose(page, 'Next');
  const heading = await page.waitFor(() => {
    const text = document.querySelector('h1')!.textContent!;
    return text.endsWith('ready') ? undefined : text;
  });
  if (heading !== 'Your code') await choose(page, 'Only this picture');
  await screen(page, 'Your code');
  return await page.evaluate(() => document.querySelector('#code')!.textContent!);
}

/** Opens a row and has its copies tested: for each, what simple services and ours would say. */
export async function copiesOf(
  page: EnginePage,
  number: number,
): Promise<Record<string, string[]>> {
  await page.evaluate((id: string) => {
    const details = document.getElementById(id)!.closest('article')!.querySelector('details')!;
    details.open = true;
  }, `picture-${number}`);
  const at = { id: `picture-${number}` };
  await page.waitFor(
    ({ id }: { id: string }) => {
      const button = document
        .getElementById(id)!
        .closest('article')!
        .querySelector<HTMLElement>('.copies .button');
      button?.click();
      return button !== null;
    },
    [at],
  );
  await page.waitFor(
    ({ id }: { id: string }) =>
      document.getElementById(id)!.closest('article')!.querySelector('table') !== null,
    [at],
  );
  return await page.evaluate(({ id }: { id: string }) => {
    const rows = document.getElementById(id)!.closest('article')!.querySelectorAll('tr');
    return Object.fromEntries(
      [...rows]
        .slice(1)
        .map((row) => [
          row.dataset.copy!,
          [...row.querySelectorAll('td')].map(({ dataset }) => dataset.verdict!),
        ]),
    );
  }, at);
}

/** Waits for a screen by its heading; nothing need have the focus. */
export const shown = (page: EnginePage, heading: string) =>
  page.waitFor((text: string) => document.querySelector('h1')?.textContent === text, [heading]);

/** Visits every screen and state, as `walk` does. */
export const walkThrough = (page: EnginePage, chat: string, at: (name: string) => Promise<void>) =>
  walk(
    {
      evaluate: (run) => page.evaluate(run),
      waitFor: (until) => page.waitFor(until),
      setFiles: (input, paths) => page.setFiles(input, paths),
      press: (label) => press(page, label),
    },
    ROOT,
    chat,
    at,
  );
