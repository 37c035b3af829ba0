import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.js';
import { casesIn, deskServed, filed, INTAKE } from '../server/desk/desk-served.js';
import { entryOf } from '../server/review/review-served.js';
import { TOKENS } from '../server/served.js';
import { hashOf } from '../store/cases/filed-bundles.js';
import { databaseOf, openStore } from '../store/opened.js';
import { describeEngine, type EnginePage } from './engines/engines.js';
import { problems, shown, tabTo, type } from './pages.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query('truncate filed_case, entry, list, list_exception, session');
});
afterAll(() => store.close());

const case3 = () =>
  filed(
    store,
    [
      {
        ...{ hash: hashOf(1), quality: 90 },
        variants: [{ name: 'stored' as const, hash: hashOf(2), quality: 40 }],
      },
    ],
    { digests: [{ algorithm: 'sha256', digest: 'ab'.repeat(32) }] },
  );

const signIn = async (page: EnginePage, url: string) => {
  await page.goto(`${url}/desk`);
  await shown(page, 'Sign in');
  await tabTo(page, 'Your token');
  await type(page, TOKENS.desk);
  await page.press('Enter');
  await shown(page, 'Cases that wait');
};

describeEngine('chromium', (open) => {
  test('a case is confirmed by the keyboard alone, and only with how one spoke', async () => {
    const her = await case3();
    const short = `${her.case.slice(0, 4)} ${her.case.slice(4, 8)}`;
    await deskServed(store, async ({ url }) => {
      const page = await open.page();
      await page.resize(1280, 800);
      await signIn(page, url);
      await tabTo(page, short);
      await page.press('Enter');
      await shown(page, `Case ${short}`, 'It rests on one thing alone');
      const button = 'I have spoken with the person: confirm';
      await tabTo(page, button);
      // The browser asks for what is required, and nothing is sent.
      await page.press('Enter');
      expect((await casesIn(store).get(her.number))?.outcome).toBe('received');
      await page.press(' ');
      await tabTo(page, button);
      await page.press('Enter');
      await shown(page, 'Cases that wait', 'is listed: 3 of 3 hashes');
    });
  });
});

for (const scheme of ['light', 'dark'] as const) {
  describeEngine(
    'chromium',
    (open) => {
      test('no page of the desk breaks an axe rule or overflows the window', async () => {
        const her = await case3();
        const other = await filed(store, [{ hash: hashOf(3), quality: 1, variants: [] }]);
        await casesIn(store).file({ ...her.bundle, state: 'ab'.repeat(32), hashes: [] });
        const list = 'l'.repeat(190);
        await store.apply({ add: [entryOf(1, { hash: hashOf(1), list })] });
        const follower = await store.follow();
        const intake = { ...INTAKE, confirmations: 2 };
        await deskServed(
          store,
          async ({ url }) => {
            const page = await open.page();
            const broken: string[] = [];
            const check = async (name: string) => {
              for (const width of scheme === 'dark' ? [360] : [360, 1280]) {
                await page.resize(width, 844);
                broken.push(...(await problems(page)).map((one) => `${name} at ${width}: ${one}`));
              }
            };
            const at = async (path: string, heading: string, more = '') => {
              await page.goto(url + path);
              await shown(page, heading, more);
              await page.evaluate(() => {
                for (const each of document.querySelectorAll('details')) each.open = true;
              });
              await check(path);
            };
            await signIn(page, url);
            await check('cases');
            const title = (id: string) => `Case ${id.slice(0, 4)} ${id.slice(4, 8)}`;
            const path = `/desk/case?number=${her.number}`;
            await at(path, title(her.case), 'Another case has the same number');
            const { times } = (await casesIn(store).get(her.number))!;
            const notes = `${'w'.repeat(300)}\nand more`;
            await casesIn(store).note({ number: her.number, times }, notes);
            await at(`${path}&done=${her.number}`, title(her.case), 'It was saved');
            await casesIn(store).refuse({ number: other.number, times: 0 }, 'r'.repeat(500));
            await at(`/desk/case?number=${other.number}&done=${other.number}`, title(other.case));
            await at(`/desk?done=${other.number}`, 'Cases that wait', 'is refused');
            await at('/desk?find=x', 'Cases of this number', 'There is none');
            await at(`/desk/receipt?number=${other.number}`, 'Receipt of a case');
            await at('/desk/case?number=99999', 'There is no such page');
            expect(broken).toEqual([]);
          },
          { follower, intake },
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
