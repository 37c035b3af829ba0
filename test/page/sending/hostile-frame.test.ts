import { expect, test } from 'vitest';
import { checkOf } from '../../../src/bundle/bundle-shape.js';
import { createBundle, hashFromHex, readBundle } from '../../../src/index.js';
import { headersOf } from '../../../src/page/policy.js';
import { hostileCode } from '../../browser/engines/channels.js';
import { describeEngine, ENGINES, type EnginePage } from '../../browser/engines/engines.js';
import { openListeners } from '../../browser/engines/listeners.js';
import { partsOf, policyIn, withFrameScript, withShell } from '../demo-scripts.js';
import { STATED_GAPS } from '../safety/stated-gaps.js';
import { click, isCovered, over, reading } from './over-screen.js';
import { JOINED, openService } from './service.js';

/** Begins the script of a Worker, from a blob, and reports when it has tried everything. */
const startWorker = (code: string) => `
  const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(code).replaceAll('<', '\\x3c')}])), { name: 'classic' });
  worker.onmessage = worker.onerror = () => { document.title = 'tried'; };`;

/** The page without the policy of its frame. */
function withoutOwnPolicy(html: string): string {
  const { shell } = partsOf(html);
  const changed = shell.replace(/\\x3cmeta http-equiv=\\"Content-Security-Policy[^>]+>/, '');
  expect(changed).not.toBe(shell);
  return withShell(html, changed);
}

/** Arrivals count until this long after all were tried. */
const SETTLE_MILLISECONDS = 3500;

/**
 * Lets hostile code in the frame, or in a Worker of it, try to reach the origin of the page, below
 * the address to which the shell sends.
 * @param keys pressed at last: a browser lets a page open a window only then
 * @returns the names of the channels by which a request arrived
 */
async function arrivals(
  open: { page(): Promise<EnginePage> },
  who: 'page' | 'worker',
  change: (html: string) => string = (html) => html,
  { keys = [], path = '/v1' }: { keys?: readonly string[]; path?: string } = {},
): Promise<string[]> {
  const listeners = await openListeners((ports) => {
    const own = `${ports.site}${path}` as unknown as number;
    const site = ports.site;
    const code = hostileCode(
      { ...ports, sink: own, turn: site, stun: site, connect: site },
      'own',
    ).replaceAll('http://localhost:', 'http://127.0.0.1:');
    const hostile = withFrameScript(JOINED, who === 'page' ? code : startWorker(code));
    const body = change(hostile);
    return { body, headers: headersOf(policyIn(body)) };
  });
  try {
    const page = await open.page();
    const address = `http://127.0.0.1:${listeners.ports.site}/`;
    await page.goto(address);
    await page.waitFor(() => document.title === 'tried');
    for (const key of keys) {
      await page.top.evaluate(() => document.getElementById('page')!.focus());
      await page.press(key);
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
    expect(await page.url()).toBe(address);
    const names = [...listeners.arrived].map((name) => name.replace(/^(v\d\/)?[pc]\./, ''));
    await page.close();
    return [...new Set(names)].sort();
  } finally {
    await listeners.close();
  }
}

/** Ways that the shell's own policy leaves to its frame, which the frame's policy closes. */
const OPEN_TO_SHELL = ['beacon', 'eventSource', 'fetch', 'keepalive', 'xhr'];

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('a hostile frame, and a Worker of it, do not reach the service', async () => {
      expect(await arrivals(open, 'worker')).toEqual([]);
      expect(await arrivals(open, 'page')).toEqual([]);
      // After a key it can open a window, as the page says. No way else opens.
      const pressed = await arrivals(open, 'page', undefined, { keys: ['a', 'b'] });
      expect(pressed.filter((channel) => !STATED_GAPS.gapWindow.includes(channel))).toEqual([]);
      // Without a policy of its own, the frame has what the shell has.
      const without = await arrivals(open, 'page', withoutOwnPolicy);
      expect(OPEN_TO_SHELL.filter((channel) => !without.includes(channel))).toEqual([]);
      // The shell itself reaches nothing else, on whatever address.
      expect(await arrivals(open, 'page', withoutOwnPolicy, { path: '/v2' })).toEqual([]);
      const fromWorker = await arrivals(open, 'worker', withoutOwnPolicy);
      expect(fromWorker).toContain('fetch');
    });

    test('a hostile frame has the shell send at most a file that a person has seen', async () => {
      const service = await openService(
        withFrameScript(JOINED, 'document.body.append(document.createElement("h1"))'),
      );
      try {
        const page = await open.page();
        await page.goto(service.url);
        const { host, got } = service;
        const post = (message: object) =>
          page.evaluate((data: object) => parent.postMessage(data, '*'), message);
        const made = async (hex: string) => {
          const hash = hashFromHex('pdq', hex.repeat(32));
          return (await createBundle([{ hash, quality: 80, variants: [] }])).bundle.text;
        };
        const one = await made('5a');
        const many = Array.from({ length: 4097 }, (_, i) => ({
          algorithm: 'sha256' as const,
          digest: i.toString(16).padStart(64, '0'),
        }));
        // It could tell by its size how many pictures it is about.
        const bare = { ...JSON.parse(one), padding: '' };
        const refused: unknown[] = [
          'the picture',
          '{}',
          [one],
          one.slice(1),
          one.replace('{', '{"note":"x",'),
          one.replace('"quality":80', '"quality":8e99'),
          JSON.stringify({ ...bare, check: checkOf(bare) }),
          one.replace('....', 'hide'),
          one.replace('5a5a', '5b5b'),
          (await createBundle([], { digests: many })).bundle.text,
        ];
        for (const send of refused) await post({ send });
        await post({ open: 'withdraw' });
        await post({ open: { case: 'x' } });
        expect(await isCovered(page)).toBe(false);

        // The same file in another spelling, in which more could be hidden.
        const spelled = one.replace('"version": 1', '"version" :1');
        expect(spelled).not.toBe(one);
        expect(readBundle(spelled, { padded: true }).text).toBe(one);
        await post({ send: spelled });
        const text = await over(page, `Send it to ${host}?`);
        // Every number is shown and counted.
        expect(text).toContain('1 number.');
        expect(text).toContain('5a'.repeat(32));
        expect(got).toEqual([]);
        // Nothing changes below her finger, and no press of another screen is hers.
        await post({ send: await made('c3') });
        await post({ open: 'ask' });
        await post({ language: 'fr' });
        await page.top.waitFor(() => document.documentElement.lang === 'fr');
        expect(
          await page.top.evaluate(() => document.querySelector('.verbatim')!.textContent),
        ).toBe(one);
        await post({ language: 'en' });
        await page.top.evaluate(async () => {
          const drawn = new Promise((resolve) =>
            new MutationObserver(resolve).observe(document.querySelector('main')!, {
              childList: true,
            }),
          );
          if (document.documentElement.lang !== 'en') await drawn;
          document.querySelector<HTMLElement>('main .primary')!.click();
        });
        await reading();
        expect(got).toEqual([]);
        await click(page, `Send 1 number to ${host}`);
        await over(page, `${host} has your numbers.`);
        expect(got.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /v1/cases']);
        expect(got[0]!.body).toBe(one);
      } finally {
        await service.close();
      }
    });
  });
}
