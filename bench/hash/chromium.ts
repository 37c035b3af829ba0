import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { rival } from '../rivals.js';

/** Chromium, and how to end it. */
export interface Chromium {
  readonly browser: Browser;
  close(): Promise<void>;
}

/**
 * Starts Chromium with a fresh profile, or gives `undefined` if it or puppeteer-core is not
 * installed. It ends with this process.
 */
export async function startChromium(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Chromium | undefined> {
  const puppeteer = await rival<typeof import('puppeteer-core')>('puppeteer-core');
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (!puppeteer || executablePath === undefined) return undefined;
  const profile = mkdtempSync(join(tmpdir(), 'onlyhashes-bench-'));
  const remove = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  // puppeteer kills the browser when this process exits, and exits at SIGINT. At the other
  // signals nothing would end the process, and the browser would live on.
  const end = (_: NodeJS.Signals, number: number) => process.exit(128 + number);
  const forget = () => process.off('exit', remove).off('SIGTERM', end).off('SIGHUP', end);
  process.on('exit', remove).on('SIGTERM', end).on('SIGHUP', end);
  try {
    const browser = await puppeteer.launch({
      executablePath,
      userDataDir: profile,
      env: { ...process.env, TMPDIR: profile, ...env },
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...args],
    });
    return {
      browser,
      async close() {
        await browser.close();
        forget();
        remove();
      },
    };
  } catch (error) {
    forget();
    remove();
    throw error;
  }
}
