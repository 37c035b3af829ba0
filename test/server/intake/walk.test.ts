import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { createBundle, createStateProof, createWithdrawal } from '../../../src/index.js';
import { hash } from '../../../src/node/index.js';
import { StopNciiClient } from '../../../src/services/stop-ncii/client.js';
import { OtherClient } from '../../services/stop-ncii/other-client.js';
import { describeEngines } from '../../store/engines.js';
import { openStore } from '../../store/opened.js';
import { sharedStore } from '../../store/shared-store.js';
import { served, TOKENS } from '../served.js';

const PHOTO = readFileSync(
  new URL('../../../fixtures/photos/acanthus-mollis-q40.jpg', import.meta.url),
);
const WEEK = 7 * 86_400_000;

describeEngines((running) => {
  const { store: helpline } = sharedStore(running);

  test('from her device to a platform, and back', async () => {
    let now = Date.parse('2026-11-26T12:00:00Z');
    const intake = { list: 'cases', caseDays: 30 };
    const options = { store: helpline(), intake, now: () => now };
    await served(async ({ url }) => {
      const proofOf = async (code: string) => {
        const { case: id, proof } = await createStateProof(code);
        const reply = await fetch(`${url}/v1/cases/${id}`, { headers: { 'case-proof': proof } });
        return (await reply.json()) as { state: string; reports?: object[]; listing?: object };
      };
      // She makes numbers of her picture, and sends them.
      const { bundle, withdrawToken: code } = await createBundle([await hash(PHOTO)]);
      const sent = await fetch(`${url}/v1/cases`, { method: 'POST', body: bundle.text });
      expect(sent.status).toBe(201);
      expect(await proofOf(code)).toMatchObject({ state: 'received' });

      // A platform that follows the list, and one with another program.
      const keys = { subscriptionKey: TOKENS.feed, fetchHashesKey: 'k', submitFeedbackKey: 'k' };
      const client = new StopNciiClient(keys, { baseUrl: `${url}/stopncii/v1` });
      const other = new OtherClient(`${url}/stopncii/v1`, 800, TOKENS.feed);
      const platform = await openStore({ dataDir: undefined });
      const fetchAll = async () => {
        await platform.fetch('helpline', client);
        await other.fetch();
      };
      const follower = await platform.follow();
      const mirrored = await sharp(PHOTO).flop().jpeg({ quality: 80 }).toBuffer();
      const scanned = async () => {
        await follower.reached(await platform.revision());
        return await served(
          async ({ url: at }) => {
            const headers = {
              authorization: `Bearer ${TOKENS.match}`,
              'content-type': 'image/jpeg',
            };
            const body = new Uint8Array(mirrored);
            return (await fetch(`${at}/v1/scan`, { method: 'POST', body, headers })).status;
          },
          { follower, store: platform, scan: { onError: 'accept' } },
        );
      };
      await fetchAll();
      expect([other.active.size, await scanned()]).toEqual([0, 200]);

      // The desk has spoken with her.
      const cases = helpline().cases({ ...intake, now: () => now });
      const [waiting] = await cases.find(bundle.case.slice(0, 8));
      expect(await cases.confirm(waiting!, 'call', 'anna')).toBe('done');
      expect(await proofOf(code)).toMatchObject({ state: 'listed', listing: { of: 1, listed: 1 } });
      await fetchAll();
      expect([other.active.size, await scanned()]).toEqual([1, 451]);

      // The platform reports, and she learns of it a week later.
      const { hash: hashValue } = bundle.hashes[0]!;
      for (let upload = 0; upload < 5; upload++) {
        await client.submitFeedback([{ hashValue, feedbackValue: 'Blocked', tags: [] }]);
      }
      expect((await proofOf(code)).reports).toEqual([]);
      now += WEEK;
      expect((await proofOf(code)).reports).toEqual([{ platform: 'the feed', atLeast: 5 }]);

      // She takes it back.
      const back = await fetch(`${url}/v1/cases/${bundle.case}/withdraw`, {
        method: 'POST',
        body: JSON.stringify(await createWithdrawal(code)),
      });
      expect(back.status).toBe(200);
      await fetchAll();
      expect([other.active.size, await scanned()]).toEqual([0, 200]);
      expect(await proofOf(code)).toMatchObject({ state: 'withdrawn' });
      await follower.close();
      await platform.close();
    }, options);
  });
});
