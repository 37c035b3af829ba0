import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { expect, test } from 'vitest';
import { walkSending } from '../../docs/making/sending.js';
import { chatScreenshot } from '../../docs/making/walk.js';
import {
  describeEngine,
  type EngineName,
  type EngineOptions,
  type EnginePage,
  enginesFor,
} from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { isDeep } from '../seed.js';
import { buildDemo, photo, speak, walkThrough } from './demo-page.js';
import { sendingWalker } from './sending/over-screen.js';
import { openService } from './sending/service.js';

const folder = testFolder();
const demo = buildDemo(folder);
const chat = await chatScreenshot(photo('acanthus-mollis.jpg'), folder);
const WIDTHS = [320, 360, 768, 1280];
/** The screens with the most words, which are checked in every language; in the deep run all are. */
const TRANSLATED = ['choose', 'pictures', 'code', 'send', 'ask, listed'];

/** What the style sheet of the page changes in the dark. */
const IN_THE_DARK = /@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}/;

/**
 * The rules that axe finds broken, in the page and in the shell, with the first element of each.
 */
async function violations(page: EnginePage): Promise<string[]> {
  // What the main button covers for now comes into view by scrolling, but axe takes it for small.
  const lay = (position: string) =>
    Promise.all(
      [page, page.top].map((place) =>
        place.evaluate((how: string) => {
          for (const foot of document.querySelectorAll<HTMLElement>('.foot')) {
            foot.style.position = how;
          }
        }, position),
      ),
    );
  await lay('static');
  const found = await rulesBroken(page);
  await lay('');
  return found;
}

async function rulesBroken({ top: page }: EnginePage): Promise<string[]> {
  return await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations: found } = await axe.run(document, {
      resultTypes: ['violations'],
      // From WCAG 2.2; axe runs it only on request.
      rules: { 'target-size': { enabled: true } },
    });
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 120)}`);
  });
}

/** Adds axe as code of the test: the page's policy lets no page evaluate a string. */
async function addAxe(page: EnginePage): Promise<void> {
  for (const place of [page, page.top]) {
    await place.evaluate(new Function(axe.source) as () => void);
    // The origin of the frame is opaque and cannot be named.
    await place.evaluate(() => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] });
    });
  }
}

/** Whether anything is wider than the window, or a text wider than its field. */
async function overflows(page: EnginePage): Promise<boolean> {
  const inPlace = () => {
    // A code in letters of twice the size is longer than the width of a phone.
    const isLarge = document.documentElement.style.fontSize !== '';
    const fields = isLarge ? [] : [...document.querySelectorAll('.field')];
    const over = document.querySelector('.over');
    return (
      document.documentElement.scrollWidth > window.innerWidth ||
      (over !== null && over.scrollWidth > over.clientWidth) ||
      fields.some((field) => field.scrollWidth > field.clientWidth)
    );
  };
  return (await page.evaluate(inPlace)) || (await page.top.evaluate(inPlace));
}

/** As a reader's own size of text does, in the page and in the shell. */
async function scaleText(page: EnginePage, factor: number): Promise<void> {
  for (const place of [page, page.top]) {
    await place.evaluate(
      (size: string) => {
        document.documentElement.style.fontSize = size;
      },
      factor === 1 ? '' : `${106.25 * factor}%`,
    );
  }
}

test('in the dark, only colours differ', () => {
  const style = readFileSync(join(ROOT, 'src/page/page.css'), 'utf8');
  const declarations = IN_THE_DARK.exec(style)![1]!
    .split(';')
    .map((each) => each.trim());
  const others = declarations.filter((each) => !/^(--[a-z-]+: #[0-9a-f]{3,6})?$/.test(each));
  expect(others).toEqual([]);
  expect(style.split('prefers-color-scheme')).toHaveLength(2);
});

/**
 * Each engine light, one dark; all dark in the deep run. WebKitGTK's window is never narrower than
 * 447 pixels.
 */
const SUITES: [EngineName, 'light' | 'dark', EngineOptions][] = [
  ['chromium', 'light', {}],
  ['chromium', 'dark', { args: ['--blink-settings=preferredColorScheme=0'] }],
  ['firefox', 'light', {}],
  ['firefox', 'dark', { preferences: { 'layout.css.prefers-color-scheme.content-override': 0 } }],
  ['webkit', 'light', {}],
  ['webkit', 'dark', { args: ['--dark-mode'] }],
];

for (const [engine, scheme, options] of SUITES) {
  const isUsual = enginesFor('chromium').includes(engine);
  if (scheme === 'dark' && !isUsual) continue;
  const tags = scheme === 'light' && isUsual ? ['es', 'fr', 'ar', 'hi'] : ['ar'];
  describeEngine(
    engine,
    (open) => {
      test('no screen breaks an axe rule or overflows the window', async () => {
        const page = await open.page();
        const broken: string[] = [];
        const check = async (name: string) => {
          // In the dark only colours differ, and they are the same at every width.
          for (const width of scheme === 'dark' ? WIDTHS.slice(0, 1) : WIDTHS) {
            await page.resize(width, 800);
            if (await overflows(page)) broken.push(`${name} at ${width}: wider than the window`);
            if (width > WIDTHS[0]! && !isDeep) continue;
            const rules = await violations(page);
            broken.push(...rules.map((rule) => `${name} at ${width}: ${rule}`));
          }
          await page.resize(360, 800);
          await scaleText(page, 2);
          if (await overflows(page)) broken.push(`${name}, text of twice the size: too wide`);
          await scaleText(page, 1);
        };
        await page.goto(demo.url);
        expect(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(
          scheme === 'dark',
        );
        await addAxe(page);
        const at = async (name: string) => {
          await page.evaluate(() => {
            for (const details of document.querySelectorAll('details')) details.open = true;
          });
          await check(name);
          if (!TRANSLATED.includes(name) && !isDeep) return;
          for (const tag of tags) {
            await speak(page, tag);
            await check(`${name} in ${tag}`);
          }
          await speak(page, 'en');
        };
        await walkThrough(page, chat, at);
        const service = await openService();
        try {
          await page.goto(service.url);
          await addAxe(page);
          await walkSending(sendingWalker(page, service), service.host, at);
        } finally {
          await service.close();
        }
        expect(broken).toEqual([]);
      });
    },
    { title: `${engine}, ${scheme}`, ...options },
  );
}
