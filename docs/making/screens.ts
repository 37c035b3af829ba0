import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ElementHandle, Frame, Page, ResponseForRequest } from 'puppeteer-core';
import sharp, { type OverlayOptions } from 'sharp';
import { openWindow, type Pictures, SCHEMES, type Scheme, type Studio, shoot } from './browser.js';
import { type SendingWalker, walkSending } from './sending.js';
import { chatScreenshot, walk } from './walk.js';

const TAGS = ['en', 'es', 'fr', 'ar', 'hi'] as const;
/** The windows, and how large a picture of one stands on a sheet. */
const WINDOWS = {
  phone: { window: { width: 360, height: 640, scale: 1, phone: true }, across: 288, down: 512 },
  desktop: { window: { width: 1280, height: 800, scale: 1 }, across: 288, down: 180 },
};
/** The service in the pictures. */
const SERVICE = 'numbers.example';
const GAP = 12;
const GROUND: Readonly<Record<Scheme, string>> = { light: '#d7dcd9', dark: '#3a4446' };

/**
 * A sheet for each screen of the page, light and dark: the five languages on a phone and, below, on
 * a desktop. `screens.json` has the digest of the sources that they show.
 */
export async function screenPictures({ root, browser }: Studio): Promise<Pictures> {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-screens-'));
  const shots = new Map<string, OverlayOptions[]>();
  try {
    const file = join(folder, 'onlyhashes.html');
    copyFileSync(join(root, 'dist/page.html'), file);
    const inner = join(root, 'fixtures/photos/acanthus-mollis.jpg');
    const chat = await chatScreenshot(inner, folder);
    let top = GAP;
    for (const { window, across, down } of Object.values(WINDOWS)) {
      const page = await openWindow(browser(), pathToFileURL(file).href, window);
      const frameIn = async () => await (await page.waitForSelector('iframe#page'))!.contentFrame();
      let frame = await frameIn();
      const put = async (name: string) => {
        for (const [at, tag] of TAGS.entries()) {
          // Another language draws the screen again: what a press has shown is seen in English.
          if (tag !== 'en') await speak(page, frame, tag);
          const both = await shoot(page, window);
          for (const scheme of SCHEMES) {
            const key = `${name.replaceAll(/\W+/g, '-')}-${scheme}`;
            const input = await sharp(both[scheme]).resize(across, down).png().toBuffer();
            const placed = { input, left: GAP + at * (across + GAP), top };
            shots.set(key, [...(shots.get(key) ?? []), placed]);
          }
        }
        await speak(page, frame, 'en');
      };
      await walk(walkerOf(page, frame), root, chat, put);
      const answer = await asService(page, join(root, 'dist/page-joined.html'));
      await page.goto(`https://${SERVICE}/`);
      frame = await frameIn();
      await walkSending(sendingWalkerOf(page, frame, answer), SERVICE, put);
      await page.close();
      top += down + GAP;
    }
    const width = GAP + TAGS.length * (WINDOWS.phone.across + GAP);
    const pictures: Pictures = {};
    for (const [key, composed] of shots) {
      const background = GROUND[key.endsWith('dark') ? 'dark' : 'light'];
      pictures[`screens/${key}.webp`] = await sharp({
        create: { width, height: top, channels: 3, background },
      })
        .composite(composed)
        .webp({ quality: 45, effort: 6 })
        .toBuffer();
    }
    pictures['screens/screens.json'] = `${JSON.stringify({ shows: sourcesOf(root) }, null, 2)}\n`;
    return pictures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The SHA-256 of all that decides how a screen looks: `src/page` but for hashing and comments. */
export function sourcesOf(root: string): string {
  const source = join(root, 'src/page');
  const files = ['page.css', 'page.html', 'shell.html', 'page.ts', 'shell.ts'];
  for (const inner of ['parts', 'pictures', 'screens', 'sending', 'strings']) {
    files.push(...readdirSync(join(source, inner)).map((file) => join(inner, file)));
  }
  const digest = createHash('sha256');
  for (const file of files.sort()) {
    const text = readFileSync(join(source, file), 'utf8');
    digest.update(text.replaceAll(/^\s*(\/\/|\/?\*).*\n/gm, ''));
  }
  return digest.digest('hex');
}

const walkerOf = (page: Page, frame: Frame) => ({
  evaluate: (run: () => void) => frame.evaluate(run),
  waitFor: (until: () => unknown) => frame.waitForFunction(until),
  async setFiles(input: string, paths: string[]) {
    const element = await frame.waitForSelector(input);
    await (element as ElementHandle<HTMLInputElement>).uploadFile(...paths);
    await page.bringToFront();
  },
  async press(label: string) {
    await frame.evaluate((text) => {
      const all = document.querySelectorAll<HTMLElement>('.button, .row strong, .tick label');
      [...all].find((button) => button.textContent === text)!.click();
    }, label);
  },
});

async function speak(page: Page, frame: Frame, tag: string): Promise<void> {
  await frame.evaluate((language) => {
    const select = document.querySelector<HTMLSelectElement>('#language')!;
    select.value = language;
    select.dispatchEvent(new Event('change'));
  }, tag);
  await page.waitForFunction((language) => document.documentElement.lang === language, {}, tag);
}

/** Has a window get the page of a service, and its answers, without a network. */
async function asService(page: Page, file: string): Promise<SendingWalker['answer']> {
  let next: Partial<ResponseForRequest> = {};
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const isPage = new URL(request.url()).pathname === '/';
    const body = readFileSync(file, 'utf8');
    void request.respond(isPage ? { contentType: 'text/html; charset=utf-8', body } : next);
  });
  return (status, body, headers = {}) => {
    next = { status, headers, contentType: 'application/json', body: JSON.stringify(body) };
  };
}

/** A press before this is not heard. */
const READING_MILLISECONDS = 600;

const sendingWalkerOf = (
  page: Page,
  frame: Frame,
  answer: SendingWalker['answer'],
): SendingWalker => ({
  post: (message) => frame.evaluate((data) => parent.postMessage(data, '*'), message),
  async over(heading) {
    await page.waitForFunction(
      (text) => document.querySelector('main h1')?.textContent?.includes(text),
      {},
      heading,
    );
    await new Promise((resolve) => setTimeout(resolve, READING_MILLISECONDS));
  },
  click: (label) =>
    page.evaluate((text) => {
      const all = document.querySelectorAll<HTMLElement>('main .button');
      [...all].find((button) => button.textContent === text)!.click();
    }, label),
  type: (code) =>
    page.evaluate((text) => {
      document.querySelector<HTMLInputElement>('main .field')!.value = text;
    }, code),
  answer,
});
