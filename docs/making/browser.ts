import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { type Chromium, startChromium } from '../../bench/hash/chromium.js';
import { systemFontIn } from './system-font.js';

/** The input of each maker of pictures. */
export interface Studio {
  /** the folder of the checkout, with `dist` built */
  readonly root: string;
  /** @throws {Error} if there is none */
  browser(): Browser;
}

export const SCHEMES = ['light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Files of a picture by name, one for each scheme. */
export type Pictures = Record<string, Uint8Array | string>;

/**
 * Starts Chromium with Inter for the font of the system, so that pictures made on two machines have
 * the same letters. Shades do not depend on a screen either.
 */
export async function startBrowser(): Promise<Chromium | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-fonts-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const chromium = await startChromium(
      ['--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb'],
      { FONTCONFIG_FILE: systemFontIn(folder) },
    );
    if (!chromium) remove();
    return (
      chromium && {
        browser: chromium.browser,
        async close() {
          await chromium.close();
          remove();
        },
      }
    );
  } catch (error) {
    remove();
    throw error;
  }
}

/** The size of a window, and its scale: pixels of the picture for each of the window. */
export interface Window {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  /** a phone has a touch screen, and no hover */
  readonly phone?: boolean;
  /** the whole page, and not only what the window shows of it */
  readonly whole?: boolean;
}

/** Opens a window on an address. It is light. */
export async function openWindow(
  browser: Browser,
  url: string,
  { width, height, scale, phone = false }: Window,
): Promise<Page> {
  const page = await browser.newPage();
  await page.setViewport({
    width,
    height,
    deviceScaleFactor: scale,
    isMobile: phone,
    hasTouch: phone,
  });
  await choose(page, 'light');
  await page.goto(url);
  return page;
}

/** Pictures of a window in both schemes, as PNG. */
export async function shoot(
  page: Page,
  { whole = false }: Window,
): Promise<Record<Scheme, Uint8Array>> {
  const shots: Partial<Record<Scheme, Uint8Array>> = {};
  for (const scheme of SCHEMES) {
    await choose(page, scheme);
    shots[scheme] = await page.screenshot({ fullPage: whole });
  }
  return shots as Record<Scheme, Uint8Array>;
}

const choose = (page: Page, scheme: Scheme) =>
  page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
