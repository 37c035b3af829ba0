import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StopNciiClient } from '../../../src/services/stop-ncii/client.js';
import type { Store } from '../../../src/store/store.js';
import { describeEngine } from '../../browser/engines/engines.js';
import { atDesk, INTAKE, NOW, send } from '../../server/desk/desk-served.js';
import { as, served, TOKENS } from '../../server/served.js';
import { openStore } from '../../store/opened.js';
import { photo, screen, toChoosing } from '../demo-page.js';
import { askState, sendOne, takeBack } from './over-screen.js';
import { servedPage } from './service.js';

const PHOTO = photo('acanthus-mollis.jpg');
const WEEK = 7 * 86_400_000;

let helpline: Store;
let platform: Store;
beforeAll(async () => {
  [helpline, platform] = await Promise.all([
    openStore({ dataDir: undefined }),
    openStore({ dataDir: undefined }),
  ]);
});
afterAll(() => Promise.all([helpline.close(), platform.close()]));

describeEngine('chromium', (open) => {
  test('the whole loop: her page, the desk, a platform, her page again, and back', async () => {
    let now = NOW;
    const mirrored = await sharp(readFileSync(PHOTO)).flop().jpeg({ quality: 80 }).toBuffer();
    const follower = await platform.follow();
    /** What the platform answers to an upload of the copy. */
    const uploaded = () =>
      served(
        async ({ url }) => {
          const headers = { 'content-type': 'image/jpeg' };
          const body = new Uint8Array(mirrored);
          const upload = as('match', { method: 'POST', headers, body });
          return (await fetch(`${url}/v1/scan`, upload)).status;
        },
        { follower, store: platform, scan: { onError: 'accept' } },
      );
    await atDesk(
      helpline,
      async (desk, { url, errors }) => {
        const host = new URL(url).host;
        const page = await open.page();
        const keys = { subscriptionKey: TOKENS.feed, fetchHashesKey: 'k', submitFeedbackKey: 'k' };
        const client = new StopNciiClient(keys, { baseUrl: `${url}/stopncii/v1` });
        const fetched = async () => {
          await platform.fetch('helpline', client);
          await follower.reached(await platform.revision());
          return (await platform.count({ list: 'helpline' })).entries;
        };

        // She makes numbers of her picture, and sends them.
        await page.goto(`${url}/`);
        await toChoosing(page);
        await page.setFiles('#files', [PHOTO]);
        await screen(page, '1 of 1 ready');
        const { code } = await sendOne(page, host);
        expect([await fetched(), await uploaded()]).toEqual([0, 200]);

        // The desk has spoken with her.
        const { text } = await desk.get('/desk');
        const number = Number(/\/desk\/case\?number=(\d+)/.exec(text)![1]);
        await send(desk, number, { outcome: 'confirm', by: 'call' });
        expect(await askState(page, host, code, 'Your numbers are on the list.')).toContain(
          'No platform has reported five copies or more yet.',
        );
        expect([await fetched(), await uploaded()]).toEqual([1, 451]);

        // The platform reports what it blocked. She learns of it a week later.
        const [entry] = await helpline.find({ list: INTAKE.list });
        const hashValue = Buffer.from(entry!.hash.bytes).toString('hex');
        for (let upload = 0; upload < 5; upload++) {
          await client.submitFeedback([{ hashValue, feedbackValue: 'Blocked', tags: [] }]);
        }
        now += WEEK;
        expect(await askState(page, host, code, 'Your numbers are on the list.')).toContain(
          'the feed: at least 5',
        );

        // She takes it back on a new page, by her code alone.
        await page.goto(`${url}/`);
        await takeBack(page, host, code);
        expect([await fetched(), await uploaded()]).toEqual([0, 200]);
        expect(errors).toEqual([]);
      },
      { intake: { ...INTAKE, page: servedPage() }, now: () => now },
    );
    await follower.close();
  });
});
