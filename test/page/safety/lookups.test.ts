import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import {
  describeEngine,
  ENGINES,
  type EngineName,
  type EnginePage,
} from '../../browser/engines/engines.js';
import { openNameserver, skipUnwatched } from '../../browser/engines/nameserver.js';
import { serve } from '../../browser/engines/serve.js';
import { testFolder } from '../../folder.js';
import { buildDemo, photo, press } from '../demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const nameserver = await openNameserver();
afterAll(() => {
  if (typeof nameserver !== 'string') nameserver.close();
});

/**
 * The sites that the page links to. The exit's site is left out: Firefox itself looks it up for new
 * tabs.
 */
const LINKED = [
  ...new Set([...demo.html.matchAll(/https:\/\/([a-z0-9.-]+)/g)].map(([, to]) => to!)),
]
  .filter((to) => to !== 'www.wikipedia.org')
  .sort();
const META = '<meta http-equiv="x-dns-prefetch-control" content="off">\n';

/**
 * The page without the meta element, and with its sites under names that no other page has. Its
 * policy is removed too: it pins the script that is changed here, and does not govern name lookups.
 */
function controlPage(suffix: string): string {
  let page = demo.html
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]+>/, '')
    .replaceAll(/<meta http-equiv=\\?"x-dns-prefetch-control\\?" content=\\?"off\\?">/g, '');
  for (const site of LINKED) page = page.replaceAll(`//${site}/`, `//${site}.${suffix}/`);
  return page;
}

/** Visits every screen that has links. */
async function walk(page: EnginePage): Promise<void> {
  const shown = (heading: string) =>
    page.waitFor((text: string) => document.querySelector('h1')?.textContent === text, [heading]);
  await press(page, 'Someone is threatening me now');
  await press(page, 'I want to make the numbers');
  await press(page, 'Yes, or I am not sure');
  await press(page, 'Back');
  await press(page, 'No, I was 18 or older');
  await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
  await shown('1 of 1 ready');
  await press(page, 'Next');
  await press(page, 'Only this picture');
  await shown('Your code');
  await press(page, 'Next');
  await page.waitFor(() => document.querySelectorAll('a[target]').length > 1);
}

/** Engines that look up the names of visible links if nothing forbids it. */
const LOOKS_UP: readonly EngineName[] = ['firefox'];

const suite =
  (name: EngineName, asked: readonly string[]) => (open: { page(): Promise<EnginePage> }) => {
    test.each(['file', 'http'])(
      'from %s without our headers: the meta element alone prevents name lookups',
      async (from) => {
        const suffix = `${name}.${from}.leak.test`;
        const pages: Record<string, string> = { page: demo.html, control: controlPage(suffix) };
        const site = await serve((path) => {
          const body = pages[path.slice(1, -1)];
          return body === undefined
            ? undefined
            : { body, headers: { 'content-type': 'text/html' } };
        });
        const address = (which: string) => {
          if (from === 'http') return `${site.url}/${which}/`;
          const path = join(folder, `${which}.html`);
          writeFileSync(path, pages[which]!);
          return pathToFileURL(path).href;
        };
        try {
          const page = await open.page();
          await page.goto(address('page'));
          await walk(page);
          // Opened after the page: once the control's names are heard, the page's would have been
          // too.
          const control = await open.page();
          await control.goto(address('control'));
          await control.waitFor(() => document.querySelectorAll('a[target]').length > 1);
          // Every engine looks this one up, which shows that the name server listens.
          await control.evaluate((to: string) => {
            const hint = document.createElement('link');
            hint.rel = 'preconnect';
            hint.href = to;
            document.head.append(hint);
          }, `https://hint.${suffix}`);
          const heard = async (names: readonly string[]) =>
            await expect.poll(() => names.filter((to) => !asked.includes(to))).toEqual([]);
          await heard([`hint.${suffix}`]);
          if (LOOKS_UP.includes(name)) {
            const shown = async () => {
              const sites = await control.evaluate(() =>
                [...document.querySelectorAll<HTMLAnchorElement>('a[target]')].map(
                  ({ host }) => host,
                ),
              );
              await heard(sites);
              return sites;
            };
            const sites = await shown();
            await press(control, 'I was under 18 in it');
            sites.push(...(await shown()));
            expect([...new Set(sites)].sort()).toEqual(LINKED.map((to) => `${to}.${suffix}`));
          }
          // Also with a prefix (_443._https.) or a suffix (a search domain).
          const told = asked.filter(
            (to) => !to.endsWith('.leak.test') && LINKED.some((site) => to.includes(site)),
          );
          expect([...new Set(told)]).toEqual([]);
        } finally {
          await site.close();
        }
      },
    );
  };

test('the page links to the known sites only', () => {
  expect(LINKED).toContain('stopncii.org');
  expect(LINKED).toContain('takeitdown.ncmec.org');
  expect(demo.html).toContain(META);
});

if (typeof nameserver === 'string') {
  skipUnwatched(nameserver);
} else {
  for (const name of ENGINES) {
    // As people have it, which is not sure of one that forgets.
    describeEngine(name, suite(name, nameserver.asked), {
      nameserver: nameserver.address,
      isOwn: true,
    });
  }
}
