import { afterAll, expect, test } from 'vitest';
import { describeEngine, enginesFor } from '../../browser/engines/engines.js';
import { openNameserver, skipUnwatched } from '../../browser/engines/nameserver.js';
import { serve } from '../../browser/engines/serve.js';
import { testFolder } from '../../folder.js';
import { buildDemo } from '../demo-page.js';

const demo = buildDemo(testFolder());
const nameserver = await openNameserver();
afterAll(() => {
  if (typeof nameserver !== 'string') nameserver.close();
});

/** The three ways on. */
const ROWS = [
  'Someone is threatening me now',
  'I was under 18 in it',
  'I want to make the numbers',
];

/** A name for this machine that, unlike 127.0.0.1, no browser treats as local. */
const HOST = 'pictures.leak.test';

if (typeof nameserver === 'string') {
  skipUnwatched(nameserver);
} else {
  for (const name of enginesFor('firefox')) {
    describeEngine(
      name,
      (open) => {
        test('over plain http it can make no file, reports that at once and starts nothing', async () => {
          const site = await serve((path) => (path === '/' ? { body: demo.html } : undefined));
          try {
            const found = async (url: string) => {
              const page = await open.page();
              await page.goto(url);
              return await page.evaluate(() => ({
                secure: isSecureContext,
                warning: document.querySelector('h1 + .weak')?.textContent ?? null,
                buttons: [...document.querySelectorAll('main .row strong, main .button')].map(
                  ({ textContent }) => textContent,
                ),
                helplines: document.querySelectorAll('main a').length,
              }));
            };
            expect(await found(site.url.replace('127.0.0.1', HOST))).toEqual({
              secure: false,
              warning: expect.stringMatching(/opened over http.*cannot make your file.*https/),
              buttons: [],
              helplines: 6,
            });
            // From a file it has everything it needs.
            expect(await found(demo.url)).toEqual({
              secure: true,
              warning: null,
              buttons: [...ROWS, 'Take a file back'],
              helplines: 6,
            });
          } finally {
            await site.close();
          }
        });
      },
      { nameserver: nameserver.address },
    );
  }
}
