import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  describeEngine,
  ENGINES,
  type EngineName,
  type Running,
  testIn,
} from '../../browser/engines/engines.js';
import { serveHttps } from '../../browser/engines/https-site.js';
import { openNameserver, skipUnwatched } from '../../browser/engines/nameserver.js';
import { serve } from '../../browser/engines/serve.js';
import { testFolder } from '../../folder.js';
import { ROOT } from '../../project/package.js';
import {
  buildDemo,
  choose,
  copiesOf,
  focusNothing,
  photo,
  press,
  screen,
  tabTo,
  toChoosing,
  toCode,
} from '../demo-page.js';

const demo = buildDemo(testFolder());

/** The sites of others, here on loopback. Each redirects, as real ones may. */
const SITES_ADDRESS = '127.53.53.54';
const NEUTRAL = 'www.wikipedia.org';
const LANDED = 'landed.leak.test';
const LINKED = [
  ...new Set([...demo.html.matchAll(/https:\/\/([a-z0-9.-]+)/g)].map(([, to]) => to!)),
];
const nameserver = await openNameserver(
  Object.fromEntries([...LINKED, LANDED].map((site) => [site, SITES_ADDRESS])),
);
afterAll(() => {
  if (typeof nameserver !== 'string') nameserver.close();
});

/** The requests they got, each with what it reveals of the page. */
let asked: { url: string; told: string[] }[] = [];

const suite = (name: EngineName) => (open: Running) => {
  let url: string;
  const closing: (() => unknown)[] = [];
  beforeAll(async () => {
    const server = spawn(process.execPath, [join(ROOT, 'dist/cli.cjs'), 'page'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    closing.push(() => server.kill());
    url = String((await once(server.stdout, 'data'))[0]).trim();
    const sites = await serveHttps(SITES_ADDRESS, ({ headers, url: path }, response) => {
      const told = [headers.referer, headers.origin, headers.cookie].filter(
        (it) => it !== undefined,
      );
      if (path !== '/favicon.ico') asked.push({ url: `https://${headers.host}${path}`, told });
      if (headers.host === LANDED) {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<title>landed</title>');
      } else {
        response.writeHead(302, { location: `https://${LANDED}/from/${headers.host}` }).end();
      }
    });
    closing.push(() => sites.close());
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });
  beforeEach(() => {
    asked = [];
  });

  test('works from a picture to a saved file with our headers', async () => {
    const page = await open.page();
    await page.goto(url);
    await toChoosing(page);
    await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
    await screen(page, '1 of 1 ready');
    expect(Object.keys(await copiesOf(page, 1))).toHaveLength(8);
    await page.waitFor(() => document.querySelector('.outline') !== null);
    await page.waitFor(() => document.querySelector('.blurred') !== null);
    await toCode(page);
    await choose(page, 'Copy the code');
    await page.waitFor(
      () => document.getElementById('status')!.textContent === 'The code was copied.',
    );
    await choose(page, 'See every byte');
    await screen(page, 'Your file');
    const shown = await page.evaluate(() => document.querySelector('.verbatim')!.textContent!);
    await choose(page, 'Back to the code');
    await tabTo(page, 'I have written it down');
    await page.press(' ');
    await choose(page, 'Save the file');
    if (name === 'firefox') {
      const saved = join(open.engine.downloads!, 'numbers.json');
      await expect.poll(() => existsSync(saved) && readFileSync(saved, 'utf8')).toBe(shown);
    }
    expect(asked).toEqual([]);
  });

  // A link is one in every engine.
  testIn('chromium', name)(
    'each link opens its site, redirects included, and this page stays',
    async () => {
      const page = await open.page();
      await page.goto(url);
      const opened: string[] = [];
      const followAll = async () => {
        const links = await page.evaluate(() =>
          [...document.querySelectorAll<HTMLAnchorElement>('a[target]')].map((link) => ({
            label: link.textContent!.trim(),
            to: link.href,
          })),
        );
        for (const { label, to } of links) {
          await choose(page, label);
          opened.push(to);
        }
      };
      await followAll();
      await press(page, 'I was under 18 in it');
      await followAll();
      const sites = new Set(opened.map((to) => new URL(to).host));
      expect([...sites].sort()).toEqual(LINKED.filter((site) => site !== NEUTRAL).sort());
      const expected = opened.flatMap((to) => [to, `https://${LANDED}/from/${new URL(to).host}`]);
      await expect.poll(() => asked.map((request) => request.url).sort()).toEqual(expected.sort());
      expect(asked.flatMap(({ told }) => told)).toEqual([]);
      expect(await page.url()).toBe(url);
    },
  );

  test('the exit, by Shift in the frame, leads to a neutral page, and Back does not return', async () => {
    const before = await serve(() => ({ body: '<title>before</title>' }));
    try {
      const page = await open.page();
      await page.goto(`${before.url}/`);
      await page.goto(url);
      await focusNothing(page);
      await choose(page, 'I want to make the numbers');
      const length = await page.top.evaluate(() => history.length);
      for (let presses = 0; presses < 3; presses++) await page.press('Shift');
      const at = `https://${LANDED}/from/${NEUTRAL}`;
      await expect.poll(() => page.url()).toBe(at);
      expect(asked.map((request) => request.url)).toEqual([`https://${NEUTRAL}/`, at]);
      expect(asked.flatMap(({ told }) => told)).toEqual([]);
      await page.top.waitFor(() => document.title === 'landed');
      expect(await page.top.evaluate(() => history.length)).toBe(length);
      await page.back();
      await expect.poll(() => page.url()).toBe(`${before.url}/`);
    } finally {
      await before.close();
    }
  });
};

if (typeof nameserver === 'string') {
  skipUnwatched(nameserver);
} else {
  for (const name of ENGINES) {
    describeEngine(name, suite(name), {
      nameserver: nameserver.address,
      acceptInsecureCerts: true,
    });
  }
}
