import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { STYLE } from '../../src/server/review/style.js';
import type { Store } from '../../src/store/store.js';
import { isDeep } from '../seed.js';
import {
  entryOf,
  itemOf,
  RULES,
  reviewServed,
  videoDecision,
} from '../server/review/review-served.js';
import { TOKENS } from '../server/served.js';
import { serving } from '../server/uploads/uploads.js';
import { databaseOf, openStore } from '../store/opened.js';
import { describeEngine, type EnginePage } from './engines/engines.js';
import { isWide, problems, shown, tabTo, type } from './pages.js';

const QUESTION = 'Is this the listed picture?';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query(
    'truncate entry, list, list_exception, review_item, review_record, session',
  );
  for (const id of ['u1', 'u2', 'u3']) await store.reviewQueue(RULES).put(itemOf(id));
});
afterAll(() => store.close());

const signIn = async (page: EnginePage, url: string) => {
  await page.goto(`${url}/review`);
  await shown(page, 'Sign in');
  await tabTo(page, 'Your token');
  await type(page, TOKENS.curate);
  await page.press('Enter');
  await shown(page, 'Queue');
};

/** A green picture: where it is shown, the page loaded it. */
const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="#0a0"/></svg>';

/** Serves the picture, or sends on to another address, while `work` runs. */
const picturesServed = (
  work: (url: string, came: { connections: number; requests: unknown[] }) => Promise<void>,
  elsewhere?: string,
) => {
  const came = { connections: 0, requests: [] as unknown[] };
  const server = createServer(({ url, headers }, response) => {
    came.requests.push({ url, referer: headers.referer });
    if (elsewhere !== undefined) response.writeHead(302, { location: elsewhere }).end();
    else response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(PICTURE);
  });
  server.on('connection', () => came.connections++);
  return serving(server, (url) => work(url, came));
};

const pictureOn = (page: EnginePage) =>
  page.evaluate(() => {
    const image = document.querySelector('img')!;
    return [image.complete, image.naturalWidth, getComputedStyle(image).filter];
  });

describeEngine('chromium', (open) => {
  test('an upload is requested once it is asked for, once, and without a referrer', async () => {
    await picturesServed(async (origin, came) => {
      const uploads = { origin, urlOf: (item: string) => `${origin}/${item}?key=1` };
      await reviewServed(
        store,
        async ({ url }) => {
          const page = await open.page();
          await page.resize(1280, 800);
          await signIn(page, url);
          await page.goto(`${url}/review/item?item=u1`);
          await shown(page, QUESTION, 'Upload u1');
          await tabTo(page, 'Show the upload here, blurred');
          // A browser that loads ahead would have by now.
          await new Promise((resolve) => setTimeout(resolve, 500));
          expect(came).toEqual({ connections: 0, requests: [] });
          await page.press('Enter');
          await shown(page, QUESTION, 'Show it sharp and in colour');
          const request = { url: '/u1?key=1', referer: undefined };
          await vi.waitFor(async () => expect((await pictureOn(page))[1]).toBe(40));
          expect(await pictureOn(page)).toEqual([true, 40, 'blur(24px) grayscale(1)']);
          await tabTo(page, 'Show it sharp and in colour');
          await page.press(' ');
          expect(await pictureOn(page)).toEqual([true, 40, 'none']);
          await page.press(' ');
          expect(await pictureOn(page)).toEqual([true, 40, 'blur(24px) grayscale(1)']);
          await page.accessKey!('c');
          await shown(page, QUESTION, 'u1 was confirmed');
          expect(came.requests).toEqual([request]);
        },
        { review: { retentionDays: 30, uploads } },
      );
    });
  });

  test('an upload that its origin sends on to another one is not loaded from there', async () => {
    await picturesServed(async (elsewhere, there) => {
      await picturesServed(async (origin, came) => {
        await reviewServed(
          store,
          async ({ url }) => {
            const page = await open.page();
            await signIn(page, url);
            await page.goto(`${url}/review/item?item=u1&show=true`);
            await vi.waitFor(async () => expect((await pictureOn(page))[0]).toBe(true));
            expect((await pictureOn(page))[1]).toBe(0);
            // Chromium asks again if what it loaded ahead of its parser failed.
            expect(new Set(came.requests.map((one) => JSON.stringify(one)))).toEqual(
              new Set([JSON.stringify({ url: '/1' })]),
            );
            expect(there).toEqual({ connections: 0, requests: [] });
          },
          { review: { retentionDays: 30, uploads: { origin, urlOf: () => `${origin}/1` } } },
        );
      }, `${elsewhere}/2`);
    });
  });

  test('a moderator works by the keyboard alone', async () => {
    await reviewServed(store, async ({ url }) => {
      const page = await open.page();
      await page.resize(1280, 800);
      await signIn(page, url);
      expect(await tabTo(page, 'u1')).toEqual([
        ...['Skip to content', 'Queue', 'Lists', 'Sign out', 'u1'],
      ]);
      await page.press('Enter');
      await shown(page, QUESTION, 'Upload u1');
      expect(await tabTo(page, 'Reject, and allow from now on')).toEqual([
        ...['Skip to content', 'Queue', 'Lists', 'Sign out'],
        'Open the upload at platform.example (new tab)',
        ...['Confirm', 'Reject', 'Cannot tell', 'Skip', 'Reject, and allow from now on'],
      ]);
      // The access keys: to skip, and to confirm.
      await page.accessKey!('n');
      await shown(page, QUESTION, 'Upload u2');
      await page.accessKey!('c');
      await shown(page, QUESTION, 'u2 was confirmed');
      await shown(page, QUESTION, 'Upload u3');
      await tabTo(page, 'Reject, and allow from now on');
      await page.press('Enter');
      await tabTo(page, 'Why is it allowed?');
      // What is required is asked for by the browser, and nothing is sent.
      await page.press('Enter');
      await type(page, 'our own logo');
      await page.press('Enter');
      await shown(page, QUESTION, 'u3 was rejected and allowed');
      expect(await store.exceptions()).toHaveLength(2);
      // Another decision takes it back.
      await page.accessKey!('z');
      await shown(page, 'A decided upload', 'its hits are allowed: our own logo');
      await tabTo(page, 'Cannot tell');
      await page.press(' ');
      await shown(page, QUESTION, 'u3 was left undecided');
      expect(await store.exceptions()).toEqual([]);
      await page.accessKey!('r');
      await shown(page, 'Queue', 'Nothing is waiting.');
      expect(await store.reviewQueue(RULES).counts()).toEqual({
        ...{ waiting: 0, confirmed: 1, rejected: 1, undecided: 1 },
      });
      await tabTo(page, 'Sign out');
      await page.press('Enter');
      await shown(page, 'Sign in');
      await page.goto(`${url}/review`);
      await shown(page, 'Sign in');
    });
  });

  test('another site can neither frame a page nor submit a form', async () => {
    await reviewServed(store, async ({ url }) => {
      const page = await open.page();
      await signIn(page, url);
      // Not even the service itself, whose frames a page can read otherwise.
      await page.goto(`${url}/health/live`);
      const framed = (path: string) =>
        page.evaluate(async (src: string) => {
          const frame = document.createElement('iframe');
          frame.src = src;
          document.body.append(frame);
          await new Promise((resolve) => {
            frame.onload = resolve;
          });
          return frame.contentDocument?.body.textContent ?? 'nothing';
        }, path);
      expect(await framed('/health/ready')).toContain('ready');
      expect(await framed('/review')).toBe('nothing');
      // To a browser, another name of this machine is another site.
      const other = url.replace('127.0.0.1', 'localhost');
      await page.goto(`${other}/health/live`);
      await page.evaluate((target: string) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.action = target;
        form.innerHTML =
          '<input name="outcome" value="confirmed"><input name="insteadOf" value="0">';
        document.body.append(form);
        form.submit();
      }, `${url}/review/item?item=u1`);
      await shown(page, 'Sign in');
      expect((await store.reviewQueue(RULES).get('u1'))!.decided).toBe(undefined);
    });
  });
});

test('in the dark, only colours differ', () => {
  const dark = /@media \(prefers-color-scheme:dark\)\{:root\{([^{}]*)\}\}/.exec(STYLE)![1]!;
  const others = dark.split(';').filter((each) => !/^--[a-z-]+:#[0-9a-f]{3,6}$/.test(each));
  expect(others).toEqual([]);
  expect(STYLE.split('prefers-color-scheme')).toHaveLength(2);
});

// In the dark one width will do: colours are the same at every width.
for (const scheme of ['light', 'dark'] as const) {
  describeEngine(
    'chromium',
    (open) => {
      test('no page breaks an axe rule or overflows the window', async () => {
        await store.apply({ add: [entryOf(1), entryOf(2)] });
        const long = 'w'.repeat(190);
        await store.reviewQueue(RULES).put(itemOf(long));
        await store.reviewQueue(RULES).put({ id: 'v1', decision: videoDecision() });
        // Nothing answers there: the place of the picture stays empty.
        const uploads = { origin: 'http://127.0.0.1:9', urlOf: () => 'http://127.0.0.1:9/1' };
        const follower = await store.follow();
        await reviewServed(
          store,
          async ({ url }) => {
            const page = await open.page();
            const broken: string[] = [];
            const check = async (name: string) => {
              for (const width of scheme === 'dark' ? [360] : [360, 390, 768, 1280]) {
                await page.resize(width, 844);
                if (width > 360 && !isDeep) {
                  if (await isWide(page)) broken.push(`${name} at ${width}: wider`);
                  continue;
                }
                broken.push(...(await problems(page)).map((one) => `${name} at ${width}: ${one}`));
              }
            };
            await page.goto(`${url}/review/sign-in`);
            expect(
              await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches),
            ).toBe(scheme === 'dark');
            await check('sign in');
            await tabTo(page, 'Your token');
            await type(page, 'x');
            await page.press('Enter');
            await shown(page, 'Sign in', 'not known');
            await check('not signed in');
            await signIn(page, url);
            await check('queue');
            await page.goto(`${url}/review/lists`);
            await check('lists');
            for (const id of ['u1', long]) {
              await page.goto(`${url}/review/item?item=${id}`);
              await page.evaluate(() => {
                document.querySelector('details')!.open = true;
              });
              await check('item');
            }
            await page.goto(`${url}/review/item?item=u1&show=true`);
            await check('shown');
            await page.goto(`${url}/review/item?item=v1`);
            await check('video');
            await page.goto(`${url}/review/item?item=u1`);
            await store.reviewQueue(RULES).decide('u1', { outcome: 'confirmed', role: 'appeals' });
            await page.accessKey!('r');
            await shown(page, 'A decided upload', 'Someone else has decided this');
            await check('Someone else has decided this');
            await page.goto(`${url}/review/item?item=u2&done=u1`);
            await check('after a decision');
            await page.goto(`${url}/review/item?item=nobody`);
            await check('no such upload');
            expect(broken).toEqual([]);
          },
          { follower, review: { retentionDays: 30, uploads } },
        );
        await follower.close();
      });
    },
    {
      title: `chromium, ${scheme}`,
      ...(scheme === 'dark' && { args: ['--blink-settings=preferredColorScheme=0'] }),
    },
  );
}
