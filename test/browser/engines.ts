import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Engine, EngineOptions, EnginePage } from './engine.js';
import { ENGINES, type EngineName, programsOf } from './install.js';
import { startPuppeteer } from './puppeteer-engine.js';
import { startWebKit } from './webkit-engine.js';

export type { Engine, EngineOptions, EnginePage } from './engine.js';
export { ENGINES, type EngineName } from './install.js';

// Before the tests are collected, so that their list names what is missing. The first run may take
// minutes.
const programs = new Map<EngineName, string[] | string>();
for (const name of ENGINES) programs.set(name, await programsOf(name));

const STARTS = 3;

/**
 * Starts an engine, and retries if a busy machine fails to.
 * @throws {Error} if it is missing, saying how to install it
 */
export async function startEngine(name: EngineName, options: EngineOptions = {}): Promise<Engine> {
  const paths = programs.get(name)!;
  if (typeof paths === 'string') throw new Error(paths);
  for (let attempt = 1; ; attempt++) {
    try {
      if (name === 'webkit') return await startWebKit(paths[0]!, paths[1]!, paths[2]!, options);
      return await startPuppeteer(name, paths[0]!, options);
    } catch (error) {
      if (attempt === STARTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
    }
  }
}

/** What a suite in one engine is given. */
export interface Running {
  /** the engine, after the suite has begun */
  readonly engine: Engine;
  /** a new window, closed when the test ends */
  page(): Promise<EnginePage>;
}

/**
 * A suite that runs in one engine, which starts before it and closes after it. If the engine is
 * missing and cannot be installed, the suite is skipped and its name says how to get it; with `CI`
 * set it fails.
 */
export function describeEngine(
  name: EngineName,
  body: (running: Running) => void,
  { title = name, ...options }: EngineOptions & { title?: string } = {},
): void {
  const paths = programs.get(name)!;
  if (typeof paths === 'string' && !process.env.CI) {
    describe.skip(`${title} (${paths})`, () => body({} as Running));
    return;
  }
  describe(title, () => {
    let engine: Engine | undefined;
    let pages: EnginePage[] = [];
    beforeAll(async () => {
      engine = await startEngine(name, options);
    }, 240_000);
    afterEach(async () => {
      const open = pages;
      pages = [];
      await Promise.all(open.map((page) => page.close().catch(() => {})));
    });
    afterAll(async () => {
      await engine?.close();
    }, 60_000);
    body({
      get engine() {
        return engine!;
      },
      async page() {
        const page = await engine!.page();
        pages.push(page);
        return page;
      },
    });
  });
}
