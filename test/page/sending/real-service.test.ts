import { afterAll, beforeAll, expect, test } from 'vitest';
import { headersOf } from '../../../src/page/policy.js';
import type { Store } from '../../../src/store/store.js';
import { describeEngine, ENGINES } from '../../browser/engines/engines.js';
import { served } from '../../server/served.js';
import { openStore } from '../../store/opened.js';
import { choose, photo, screen, toChoosing, toCode } from '../demo-page.js';
import { policyIn } from '../demo-scripts.js';
import { over, type } from './over-screen.js';
import { JOINED } from './service.js';

const INTAKE = { list: 'cases', caseDays: 30 };
const PAGE = {
  text: JOINED,
  headers: { ...headersOf(policyIn(JOINED)), 'content-type': 'text/html; charset=utf-8' },
};

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
afterAll(() => store.close());

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('the service that serves the page takes its file, says what became of it, and takes it back', () =>
      served(
        async ({ url, errors }) => {
          const cases = store.cases(INTAKE);
          const host = new URL(url).host;
          const page = await open.page();
          const asked = async (heading: string) => {
            await choose(page, 'What became of my numbers?');
            await over(page, 'What became of my numbers?');
            await type(page, code);
            await choose(page, `Ask ${host}`);
            const text = await over(page, heading);
            await choose(page, 'Back');
            await screen(page, 'Your numbers were sent.');
            return text;
          };
          await page.goto(`${url}/`);
          await toChoosing(page);
          await page.setFiles('#files', [photo('acanthus-mollis.jpg')]);
          await screen(page, '1 of 1 ready');
          const code = await toCode(page);
          await choose(page, `Send it to ${host}`);
          await page.waitFor(() => document.activeElement?.id === 'written');
          await page.press(' ');
          await choose(page, `Send it to ${host}`);
          await over(page, `Send it to ${host}?`);
          await choose(page, `Send 1 number to ${host}`);
          const receipt = await over(page, `${host} has your numbers.`);
          const waiting = (await cases.waiting(0, 1000)).at(-1)!;
          expect(receipt).toContain(`Case ${waiting.case.slice(0, 8)}.`);
          await choose(page, 'Next');
          await screen(page, 'Your numbers were sent.');
          await asked('Your numbers have arrived.');
          expect(await cases.confirm(waiting, 'call', 'anna')).toBe('done');
          const listed = await asked('Your numbers are on the list.');
          expect(listed).toContain('On the list: 1 of 1.');
          expect(listed).toContain('No platform has reported five copies or more yet.');
          await choose(page, 'Clear everything');
          await screen(page, 'This is not your fault.');
          await choose(page, 'Take a file back');
          await choose(page, `Take it back from ${host}`);
          await over(page, `Take it back from ${host}`);
          await type(page, code);
          await choose(page, 'Next');
          await over(page, 'Take your numbers back?');
          await choose(page, 'Yes, take them back');
          await over(page, 'Your numbers were taken back.');
          expect(await cases.find(waiting.case)).toMatchObject([{ outcome: 'withdrawn' }]);
          expect(await store.count({ id: waiting.case })).toMatchObject({ entries: 0 });
          expect(errors).toEqual([]);
        },
        { store, intake: { ...INTAKE, page: PAGE } },
      ));
  });
}
