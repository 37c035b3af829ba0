import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../../src/store/store.js';
import { describeEngine, ENGINES } from '../../browser/engines/engines.js';
import { served } from '../../server/served.js';
import { openStore } from '../../store/opened.js';
import { choose, photo, screen, toChoosing } from '../demo-page.js';
import { askState, sendOne, takeBack } from './over-screen.js';
import { servedPage } from './service.js';

const INTAKE = { list: 'cases', caseDays: 30 };

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
          await page.goto(`${url}/`);
          await toChoosing(page);
          await page.setFiles('#files', [photo('acanthus-mollis.jpg')]);
          await screen(page, '1 of 1 ready');
          const { code, receipt } = await sendOne(page, host);
          const waiting = (await cases.waiting(0, 1000)).at(-1)!;
          expect(receipt).toContain(`Case ${waiting.case.slice(0, 8)}.`);
          await askState(page, host, code, 'Your numbers have arrived.');
          await screen(page, 'Your numbers were sent.');
          expect(await cases.confirm(waiting, 'call', 'anna')).toBe('done');
          const listed = await askState(page, host, code, 'Your numbers are on the list.');
          expect(listed).toContain('On the list: 1 of 1.');
          expect(listed).toContain('No platform has reported five copies or more yet.');
          await screen(page, 'Your numbers were sent.');
          await choose(page, 'Clear everything');
          await screen(page, 'This is not your fault.');
          await takeBack(page, host, code);
          expect(await cases.find(waiting.case)).toMatchObject([{ outcome: 'withdrawn' }]);
          expect(await store.count({ id: waiting.case })).toMatchObject({ entries: 0 });
          expect(errors).toEqual([]);
        },
        { store, intake: { ...INTAKE, page: servedPage() } },
      ));
  });
}
