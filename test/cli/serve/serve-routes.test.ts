import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import { readStopNciiFeedback } from '../../../src/services/stop-ncii/fake.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { testFolder } from '../../folder.js';
import { type FedService, hexOf, SERVICES } from '../../node/files/fed-services.js';
import { listOf, onlyhashes } from '../program.js';
import { eventually, serving, verdictOf } from './serving-program.js';

const TOKEN = 'a-token-of-the-review-tool';
const base = testFolder();
let folder: string;
let service: FedService;
beforeEach(async () => {
  folder = mkdtempSync(join(base, 'serve-routes-'));
  service = await SERVICES.stopncii!({ seconds: 1_767_225_600 }, 3);
  for (let n = 0; n < 3; n++) service.list(n);
});
afterEach(() => service.fake.close());

const written = (name: string, json: object) => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(json));
  return path;
};
const ROUTES = {
  webhook: {
    outcomes: { remove: 'confirmed', restore: 'rejected' },
    tokenHashes: [tokenHash(TOKEN)],
  },
  feedback: { stopncii: { company: 'Us' } },
};

test('a decision of another tool decides the item, and its service is told', async () => {
  const credentials = { ...(service.config.credentials as object), submitFeedbackKey: 'FED_TOLD' };
  const list = listOf('ours', service, { credentials });
  const config = written('lists.json', { store: 'store', lists: [list] });
  const args = ['-b', config, '--review-days', '30'];
  args.push('--routes', written('routes.json', ROUTES));
  const options = { env: { ...service.env, FED_TOLD: 'key' } };
  const decide = async (url: string, id: string, action: string, token = TOKEN) => {
    const response = await fetch(`${url}/v1/decisions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        ...{ id, item: { id: 'upload-1' }, action: { id: action } },
        actorEmail: 'moderator@platform.test',
      }),
    });
    return [response.status, response.ok && (await response.json())];
  };
  const told = () =>
    service.fake.requests
      .filter(({ path }) => path.endsWith('SubmitFeedback'))
      .flatMap(({ body }) => readStopNciiFeedback(body));

  const first = await serving(
    args,
    async (url) => {
      await eventually(async () => expect(await verdictOf(url, hexOf(1))).toBe('match'));
      expect(await decide(url, 'd1', 'remove')).toEqual([404, false]);
      const queued = await fetch(`${url}/v1/match?item=upload-1`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ algorithm: 'pdq', hash: hexOf(1) }),
      });
      expect(await queued.json()).toMatchObject({ queued: true });
      expect((await decide(url, 'd1', 'remove', 'a-token-of-somebody-else'))[0]).toBe(401);
      expect((await decide(url, 'd1', 'unknown'))[0]).toBe(422);
      expect(await decide(url, 'd1', 'remove')).toEqual([200, { recorded: 1 }]);
      await eventually(() =>
        expect(told()).toMatchObject([{ hashValue: hexOf(1), feedbackValue: 'Blocked' }]),
      );
    },
    { ...options, node: ['--require', join(import.meta.dirname, 'faster-minutes.cjs')] },
  );
  expect(first).toMatchObject({ err: '', code: 0 });

  await serving(
    args,
    async (url) => {
      expect(await decide(url, 'd1', 'remove')).toEqual([200, { recorded: 0 }]);
      expect(await decide(url, 'd2', 'restore')).toEqual([200, { recorded: 1 }]);
    },
    options,
  );
  const store = await openStore({ dataDir: join(folder, 'store') });
  const item = await store.reviewQueue({ retentionDays: 30 }).get('upload-1');
  expect(item?.decided).toMatchObject({ outcome: 'rejected', times: 2 });
  const records: unknown[] = [];
  for await (const { id, outcome } of store.reviewLog({ retentionDays: 30 }).read()) {
    records.push([id, outcome]);
  }
  expect(records).toEqual([
    ['webhook-d1:0', 'confirmed'],
    ['webhook-d2:0', 'rejected'],
  ]);
  await store.close();
});

test.each([
  ['no JSON', [], 'expected a JSON object'],
  ['another member', { webhooks: {} }, 'expected a JSON object'],
  ['a wrong webhook', { webhook: { outcomes: { a: 'perhaps' } } }, 'outcomes'],
  ['no sender', { webhook: { outcomes: {} } }, 'tokenHashes'],
  ['another service', { feedback: { hma: {} } }, 'feedback: expected stopncii, ncmec'],
  ['a wrong action', { scan: { onError: 'perhaps' } }, 'onError'],
  ['no company', { feedback: { stopncii: {} } }, 'feedback: expected company'],
  ['days of intake', { intake: { caseDays: 5 } }, 'intake: expected list, confirmations'],
  ['intake that is none', { intake: null }, 'intake: expected'],
  ['a number of intake', { intake: { casesPerHour: 0 } }, 'intake: expected'],
  ['a proxy of intake', { intake: { proxy: { cidr: 'x', header: 'y' } } }, 'intake: expected'],
  ['a list of intake', { intake: { list: 'x'.repeat(201) } }, 'up to 200 characters'],
  ['labels that are none', { scanBlob: { labels: { a: 1 } } }, 'labels'],
])('%s in the file is an error that names it', async (_, json, words) => {
  const path = written('routes.json', json);
  const args = ['serve', '--store', join(folder, 'store'), '--review-days', '1'];
  args.push('--intake', '--case-days', '1');
  const { code, err } = await onlyhashes([...args, '--routes', path]);
  expect([code, err]).toEqual([2, expect.stringContaining(path)]);
  expect(err).toContain(words);
});

test('a webhook without a queue of reviews is refused', async () => {
  const path = written('routes.json', ROUTES);
  const args = ['serve', '--store', join(folder, 'store'), '--routes', path];
  const { code, err } = await onlyhashes(args);
  expect([code, err]).toEqual([2, expect.stringContaining('--review-days')]);
});
