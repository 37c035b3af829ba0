import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { STYLE } from '../../src/server/review/style.js';
import type { Store } from '../../src/store/store.js';
import { isDeep } from '../seed.js';
import { entryOf, itemOf, RULES, reviewServed } from '../server/review/review-served.js';
import { TOKENS } from '../server/served.js';
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

describeEngine('chromium', (open) => {
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
          { follower },
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
