import axe from 'axe-core';
import { expect, vi } from 'vitest';
import type { EnginePage } from './engines/engines.js';

/** Types a text. */
export const type = async (page: EnginePage, text: string) => {
  for (const letter of text) await page.press(letter);
};

/** Waits for a page by its first heading and a text on it, while the window goes from page to page. */
export const shown = (page: EnginePage, heading: string, more = '') =>
  vi.waitFor(
    async () => {
      const [title, text] = await page.evaluate(() => [
        document.readyState === 'complete' && document.querySelector('h1')?.textContent,
        document.querySelector('main')?.textContent,
      ]);
      expect(title).toBe(heading);
      expect(text).toContain(more);
    },
    { timeout: 120_000, interval: 50 },
  );

/** Presses Tab until the focus is on what has this text, and gives all texts on the way. */
export async function tabTo(page: EnginePage, text: string): Promise<string[]> {
  const way: string[] = [];
  while (way.at(-1) !== text && way.length < 30) {
    await page.press('Tab');
    way.push(
      await page.evaluate(() => {
        const at = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        const { top, bottom, left } = at.getBoundingClientRect();
        const isSeen = top >= 0 && bottom <= innerHeight && left >= 0;
        if (outlineStyle !== 'solid' || outlineWidth !== '3px' || !isSeen) return 'unseen focus';
        const named = at.id && document.querySelector(`label[for="${at.id}"]`);
        return (named || at).textContent!;
      }),
    );
  }
  return way;
}

/** True if a page is wider than the window. */
export const isWide = (page: EnginePage) =>
  page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

/** The rules that axe finds broken, and what is wider than the window. */
export async function problems(page: EnginePage): Promise<string[]> {
  await page.evaluate(new Function(axe.source) as () => void);
  const broken = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(document, {
      resultTypes: ['violations'],
      // From WCAG 2.2; axe runs it only on request.
      rules: { 'target-size': { enabled: true } },
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 120)}`);
  });
  return (await isWide(page)) ? [...broken, 'wider than the window'] : broken;
}
