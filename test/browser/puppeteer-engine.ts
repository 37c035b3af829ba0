import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, {
  type Browser,
  type ElementHandle,
  type KeyInput,
  type Page,
} from 'puppeteer-core';
import { type Engine, type EngineOptions, type EnginePage, poll } from './engine.js';
import { askingNameserver } from './nameserver.js';
import { watch } from './watchdog.js';

/**
 * Chromium's own traffic, which a listener would count as the page's. Not `--disable-background-networking`: it hides
 * the DNS hints of pages too.
 */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-component-update',
  '--disable-sync',
  '--no-default-browser-check',
];

/** Starts Chromium by the DevTools protocol, or Firefox by WebDriver BiDi, in a home of its own. */
export async function startPuppeteer(
  name: 'chromium' | 'firefox',
  executablePath: string,
  { preferences = {}, args = [], nameserver }: EngineOptions,
): Promise<Engine> {
  const home = mkdtempSync(join(tmpdir(), 'onlyhashes-browser-'));
  const browser = await puppeteer
    .launch({
      browser: name === 'chromium' ? 'chrome' : 'firefox',
      executablePath: nameserver
        ? askingNameserver(executablePath, nameserver, home)
        : executablePath,
      headless: true,
      timeout: 60_000,
      protocolTimeout: 120_000,
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      userDataDir: join(home, 'profile'),
      ...(name === 'chromium'
        ? {
            args: [...CHROMIUM_ARGS, ...args],
            ignoreDefaultArgs: ['--disable-background-networking'],
          }
        : { extraPrefsFirefox: preferences }),
    })
    .catch((error: unknown) => {
      rmSync(home, { recursive: true, force: true });
      throw error;
    });
  // It leads a process group of its own.
  const end = watch(browser.process()!.pid!);
  return {
    name,
    version: await browser.version(),
    page: async () => pageOf(await browser.newPage()),
    async close() {
      await closeWithin(browser, 10_000);
      end();
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

async function closeWithin(browser: Browser, milliseconds: number): Promise<void> {
  const child = browser.process();
  const ended = new Promise<void>((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  const timer = setTimeout(() => child?.kill('SIGKILL'), milliseconds);
  await browser.close().catch(() => child?.kill('SIGKILL'));
  await ended;
  clearTimeout(timer);
}

function pageOf(page: Page): EnginePage {
  return {
    goto: async (url) => void (await page.goto(url, { timeout: 60_000 })),
    url: async () => page.url(),
    evaluate: (work, ...args) => page.evaluate(work as never, ...args),
    waitFor: (work, args, milliseconds = 30_000) =>
      poll(() => page.evaluate(work as never, ...(args ?? [])), milliseconds),
    async press(key, { shift = false } = {}) {
      if (shift) await page.keyboard.down('Shift');
      await page.keyboard.press(key as KeyInput);
      if (shift) await page.keyboard.up('Shift');
    },
    async setFiles(selector, paths) {
      const input = (await page.$(selector)) as ElementHandle<HTMLInputElement> | null;
      if (!input) throw new Error(`no ${selector} on the page`);
      await input.uploadFile(...paths);
    },
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: () => page.screenshot(),
    // One that is leaving for another page may never say that it is closed: it ends with its browser.
    close: () => Promise.race([page.close(), new Promise<void>((done) => setTimeout(done, 5000))]),
  };
}
