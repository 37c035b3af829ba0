import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { isDeep } from '../../seed.js';
import type { Engine, EngineOptions, EnginePage } from './engine.js';
import { ENGINES, type EngineName, programsOf } from './install.js';
import { startPuppeteer } from './puppeteer-engine.js';
import { startWebKit } from './webkit-engine.js';

export type { Engine, EngineOptions, EnginePage } from './engine.js';
export { ENGINES, type EngineName } from './install.js';

/**
 * The engines of a suite about what is the same in all of them: one, and all in the deep run. What
 * the page and the browser entry leave to an engine is tried in all of them each time.
 */
export const enginesFor = (usual: EngineName): readonly EngineName[] =>
  isDeep ? ENGINES : [usual];

/** Defines a test of what is the same in all engines in the suite of one; of all in the deep run. */
export const testIn =
  (usual: EngineName, name: EngineName) =>
  (title: string, body: () => Promise<void>): void => {
    if (enginesFor(usual).includes(name)) test(title, body);
  };

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

/**
 * The engines of this process, by name and settings: a worker of the project `engines` runs many
 * files, whose suites share them. They end with it.
 */
const shared = new Map<string, Engine>();

const RENEWAL_MILLISECONDS = 30_000;

/**
 * The shared engine, as good as new; another one if it is gone. At most one with special settings
 * runs at a time of each name.
 */
async function sharedEngine(name: EngineName, options: EngineOptions): Promise<Engine> {
  const settings = settingsOf(name, options);
  const key = name + settings;
  const running = shared.get(key);
  if (running) {
    try {
      await renewed(running);
      return running;
    } catch {
      await retire(running);
    }
  }
  if (settings !== '') {
    for (const [other, engine] of shared) {
      if (engine.name === name && other !== name) await retire(engine);
    }
  }
  const engine = await startEngine(name, options);
  shared.set(key, engine);
  await renewed(engine);
  return engine;
}

async function renewed(engine: Engine): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const over = () => reject(new Error(`${engine.name} does not answer`));
    timer = setTimeout(over, RENEWAL_MILLISECONDS);
  });
  await Promise.race([engine.renew(), late]).finally(() => clearTimeout(timer));
}

/** Has the next suite start another one. */
async function retire(engine: Engine): Promise<void> {
  for (const [key, one] of shared) if (one === engine) shared.delete(key);
  await engine.close().catch(() => {});
}

/** The options with which the engine starts differently: each reads only its own ones. */
function settingsOf(name: EngineName, { preferences, args, ...others }: EngineOptions): string {
  const settings = { ...others, ...(name === 'firefox' ? preferences : args && { args }) };
  return Object.keys(settings).length > 0 ? JSON.stringify(settings) : '';
}

/** What a suite in one engine is given. */
export interface Running {
  /** the engine, after the suite has begun */
  readonly engine: Engine;
  /** a new window, closed when the test ends */
  page(): Promise<EnginePage>;
}

/**
 * A suite that runs in one engine: one that suites with the same options had before, unless a test
 * of theirs failed. If the engine is missing and cannot be installed, the suite is skipped and its
 * name says how to get it; with `CI` set it fails.
 * @param options `isOwn`: an engine of its own, which starts before it and closes after it
 */
export function describeEngine(
  name: EngineName,
  body: (running: Running) => void,
  {
    title = name,
    isOwn = false,
    ...options
  }: EngineOptions & { title?: string; isOwn?: boolean } = {},
): void {
  const paths = programs.get(name)!;
  if (typeof paths === 'string' && !process.env.CI) {
    describe.skip(`${title} (${paths})`, () => body({} as Running));
    return;
  }
  describe(title, () => {
    let engine: Engine | undefined;
    let pages: EnginePage[] = [];
    let hasFailed = false;
    beforeAll(async () => {
      engine = await (isOwn ? startEngine : sharedEngine)(name, options);
    });
    afterEach(async ({ task }) => {
      // Nobody knows what it did to the engine.
      if (task.result?.state === 'fail') hasFailed = true;
      const open = pages;
      pages = [];
      await Promise.all(open.map((page) => page.close().catch(() => {})));
    });
    afterAll(async () => {
      if (isOwn) await engine?.close();
      else if (engine && hasFailed) await retire(engine);
    });
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
