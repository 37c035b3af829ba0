import { createSign, generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  NewReviewRecord,
  ReviewFacts,
  ReviewRecord,
} from '../../../src/review/review-record.js';
import {
  createDecisionWebhook,
  type DecisionWebhookOptions,
  type OutsideDecision,
} from '../../../src/server/routes/decision-webhook.js';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import { newRecord } from '../../matching/reviews.js';
import { runs } from '../../seed.js';
import { EMBEDDED } from '../../store/engines.js';
import { databaseOf } from '../../store/opened.js';
import { sharedStore } from '../../store/shared-store.js';
import { serving } from '../uploads/uploads.js';
import { withResolvers } from '../with-resolvers.js';

const { store } = sharedStore(EMBEDDED);

const TOKEN = 'a-token-of-many-characters';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const signatureOf = (body: string) =>
  createSign('RSA-SHA256').update(body).sign(privateKey, 'base64');

/** As Coop's documents show it, with made-up values. */
const coopBody = (action = 'not-the-picture', more: object = {}) =>
  JSON.stringify({
    item: { id: 'upload 7', typeId: 'photo', typeName: 'Photo' },
    action: { id: action },
    policies: [{ id: 'policy-id', name: 'NCII', penalty: 'HIGH' }],
    rules: [],
    custom: {},
    actorEmail: 'moderator@example.com',
    actorNote: 'I know this person',
    creator: { id: 'user 9', typeId: 'user' },
    ...more,
  });

const { outcome: _, role: __, ...FACTS } = newRecord(1);

const logged = (record: NewReviewRecord, time: number): ReviewRecord => ({
  ...record,
  id: record.id!,
  time: new Date(time).toISOString(),
});

/** A log in memory, and what the webhook told. */
function recording(options: Partial<DecisionWebhookOptions> = {}) {
  const records = new Map<string, NewReviewRecord>();
  const times = new Map<string, number>();
  const decisions: OutsideDecision[] = [];
  const clock = { time: 1000 };
  const webhook = createDecisionWebhook({
    tokenHashes: [tokenHash(TOKEN)],
    log: {
      async append(record) {
        if (!records.has(record.id!)) {
          records.set(record.id!, record);
          times.set(record.id!, clock.time);
        }
        return logged(record, times.get(record.id!)!);
      },
      timeOf: async (id) => times.get(id),
    },
    outcomes: { 'not-the-picture': 'rejected', remove: 'confirmed' },
    factsOf: ({ id }) => (id === 'upload 7' ? [FACTS] : undefined),
    onDecision: (decision) => void decisions.push(decision),
    now: () => clock.time,
    ...options,
  });
  return { webhook, records, decisions, clock };
}

function requestOf(body: string, headers: Record<string, string> = {}): Request {
  return new Request('https://platform.example/decisions', {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
  });
}

test("a decision from Coop's actions is logged, by role and without names", async () => {
  const log = store().reviewLog({ retentionDays: 30 });
  const { webhook, decisions } = recording({ log });
  const server = createAdaptorServer({ fetch: webhook }) as Server;
  await serving(server, async (url) => {
    const init = {
      method: 'POST',
      body: coopBody(),
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    };
    const first = await fetch(url, init);
    expect([first.status, await first.json()]).toEqual([200, { recorded: 1 }]);
    const again = await fetch(url, init);
    expect([again.status, await again.json()]).toEqual([200, { recorded: 0 }]);
  });
  expect(decisions).toMatchObject([
    {
      item: { id: 'upload 7', typeId: 'photo' },
      action: 'not-the-picture',
      outcome: 'rejected',
      role: 'moderator',
      isRepeat: false,
    },
  ]);
  const rows = await databaseOf(store()).query<{ record: object; text: string }>(
    'select record, r::text as text from review_record r',
  );
  const [{ record, text } = { record: {}, text: '' }] = rows;
  expect(rows).toHaveLength(1);
  expect(record).toMatchObject({ ...FACTS, outcome: 'rejected', role: 'moderator' });
  for (const name of ['example.com', 'person', 'user 9', 'upload 7', 'Photo']) {
    expect(text).not.toContain(name);
  }
});

describe('the allowed senders', () => {
  test.each<[string, Record<string, string>]>([
    ['no token', { authorization: '' }],
    ['another token', { authorization: `Bearer ${TOKEN}!` }],
    ['half a token', { authorization: `Bearer ${TOKEN.slice(0, 9)}` }],
    ['the hash itself', { authorization: `Bearer ${tokenHash(TOKEN)}` }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
  ])('%s is refused', async (_, headers) => {
    const { webhook, records } = recording();
    const response = await webhook(requestOf(coopBody(), headers));
    expect([response.status, records.size]).toEqual([401, 0]);
  });

  test('one of two tokens is enough', async () => {
    const tokenHashes = [tokenHash('another-one-that-is-long'), tokenHash(TOKEN)];
    const { webhook } = recording({ tokenHashes });
    expect((await webhook(requestOf(coopBody()))).status).toBe(200);
  });

  test('a signature of this very body', async () => {
    const { webhook, records } = recording({ tokenHashes: undefined, publicKey });
    const body = coopBody();
    const right = { 'coop-signature': signatureOf(body) };
    for (const headers of [
      {},
      { 'coop-signature': signatureOf(`${body} `) },
      { 'coop-signature': 'x' },
    ]) {
      expect((await webhook(requestOf(body, headers))).status).toBe(401);
    }
    expect(records.size).toBe(0);
    expect((await webhook(requestOf(body, right))).status).toBe(200);
    const both = recording({ publicKey }).webhook;
    expect((await both(requestOf(body, { ...right, authorization: '' }))).status).toBe(401);
    expect((await both(requestOf(body))).status).toBe(401);
    expect((await both(requestOf(body, right))).status).toBe(200);
  });

  test('a webhook needs a token or a key, and the key must be valid', () => {
    const { publicKey: short } = generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const { publicKey: other } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    for (const proof of [
      { tokenHashes: undefined },
      { tokenHashes: [] },
      { tokenHashes: [TOKEN] },
      { publicKey: 'a key' },
      { publicKey: privateKey },
      { publicKey: other },
      { publicKey: short },
    ]) {
      expect(() => recording(proof)).toThrow(TypeError);
    }
    expect(() => tokenHash('short')).toThrow(RangeError);
    expect(() => tokenHash('a text of many words and letters')).toThrow(RangeError);
  });
});

test.each<[string, number, string, Record<string, string>]>([
  ['no JSON', 400, 'remove', {}],
  ['no object', 400, '7', {}],
  ['no item', 400, '{"action":{"id":"remove"}}', {}],
  ['no action', 400, '{"item":{"id":"upload 7"}}', {}],
  ['an id that is a number', 400, '{"item":{"id":7},"action":{"id":"remove"}}', {}],
  ['a name as the role', 400, coopBody('remove', { role: 'Jane Doe' }), {}],
  ['a long id', 400, coopBody('remove', { id: 'x'.repeat(151) }), {}],
  ['an item that is not known', 404, coopBody('remove', { item: { id: 'upload 8' } }), {}],
  ['an action without an outcome', 422, coopBody('warn'), {}],
  ['an action of every object', 422, coopBody('constructor'), {}],
  ['a long body', 413, coopBody('remove', { custom: 'x'.repeat(70_000) }), {}],
  ['a form', 415, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
])('%s is answered with %i', async (_, status, body, headers) => {
  const { webhook, records, decisions } = recording();
  const response = await webhook(requestOf(body, headers));
  expect([response.status, records.size, decisions.length]).toEqual([status, 0, 0]);
});

test('a GET is answered with 405, an empty POST with 400', async () => {
  const { webhook } = recording();
  expect((await webhook(new Request('https://platform.example'))).status).toBe(405);
  expect((await webhook(requestOf(''))).status).toBe(400);
});

describe('the same delivery', () => {
  test('at the same time is done once', async () => {
    const { webhook, records, decisions } = recording();
    const all = [1, 2, 3].map(() => webhook(requestOf(coopBody())));
    const answers = await Promise.all((await Promise.all(all)).map((response) => response.json()));
    expect(answers).toEqual([{ recorded: 1 }, { recorded: 1 }, { recorded: 1 }]);
    expect([records.size, decisions.length]).toEqual([1, 1]);
  });

  test('without an id is another decision after a while', async () => {
    const { webhook, records, clock } = recording();
    const tell = async () => {
      await webhook(requestOf(coopBody('remove')));
      return records.size;
    };
    expect(await tell()).toBe(1);
    clock.time += 900_000;
    expect(await tell()).toBe(1);
    clock.time += 1;
    expect(await tell()).toBe(2);
    expect(await tell()).toBe(2);
  });

  test('without an id is another decision once the decision has changed; its repeats count once', async () => {
    const { webhook, records, decisions } = recording();
    const tell = async (action: string, item = 'upload 7') => {
      const body = coopBody(action, { item: { id: item, typeId: 'photo' } });
      return (await (await webhook(requestOf(body))).json()) as { recorded: number };
    };
    const actions = ['remove', 'not-the-picture', 'remove', 'not-the-picture', 'remove'];
    for (const action of actions) {
      expect(await tell(action)).toEqual({ recorded: 1 });
      // Its answer was lost.
      for (const _ of [1, 2]) expect(await tell(action)).toEqual({ recorded: 0 });
    }
    expect([...records.values()].map(({ outcome }) => outcome)).toEqual(
      actions.map((action) => (action === 'remove' ? 'confirmed' : 'rejected')),
    );
    expect(decisions.map(({ action }) => action)).toEqual(actions);
    expect(decisions.map(({ isRepeat }) => isRepeat)).not.toContain(true);
  });

  test('is the same even if decisions on other items came since', async () => {
    const { webhook, records } = recording({ factsOf: () => [FACTS] });
    const bodies = ['one', 'two'].map((id) => coopBody('remove', { item: { id } }));
    for (const body of [...bodies, ...bodies]) await webhook(requestOf(body));
    expect(records.size).toBe(2);
  });

  test('counts after a changed decision that did not complete', async () => {
    const rest = withResolvers();
    let isHeld = false;
    const { webhook, records } = recording({
      factsOf: async () => {
        if (isHeld) {
          isHeld = false;
          await rest.promise;
        }
        return [FACTS];
      },
    });
    await webhook(requestOf(coopBody('remove')));
    isHeld = true;
    const change = webhook(requestOf(coopBody('not-the-picture')));
    await expect.poll(() => isHeld).toBe(false);
    await webhook(requestOf(coopBody('remove')));
    rest.resolve();
    await change;
    expect([...records.values()].map(({ outcome }) => outcome)).toEqual([
      'confirmed',
      'confirmed',
      'rejected',
    ]);
  });

  test('is the same if it did not complete, whatever came since', async () => {
    let fails = true;
    const { webhook, records } = recording({
      onDecision({ action }) {
        if (action === 'remove' && fails) throw new Error('not now');
      },
    });
    await expect(webhook(requestOf(coopBody('remove')))).rejects.toThrow('not now');
    await webhook(requestOf(coopBody('not-the-picture')));
    fails = false;
    await webhook(requestOf(coopBody('remove')));
    expect(records.size).toBe(2);
  });

  test('is recognized from the log, whoever wrote it', async () => {
    const log = store().reviewLog({ retentionDays: 30, now: () => 1000 });
    const { webhook } = recording({ log });
    const answers: unknown[] = [];
    for (const _ of [1, 2]) {
      answers.push(await (await webhook(requestOf(coopBody('remove')))).json());
    }
    // Another process knows it, too.
    const other = recording({ log }).webhook;
    answers.push(await (await other(requestOf(coopBody('remove')))).json());
    expect(answers).toEqual([{ recorded: 1 }, { recorded: 0 }, { recorded: 0 }]);
    expect(await databaseOf(store()).query('select from review_record')).toHaveLength(1);
  });

  test('with an id is the same for good, whatever else it holds', async () => {
    const { webhook, records, clock } = recording();
    await webhook(requestOf(coopBody('remove', { id: 'one' })));
    clock.time += 1e9;
    await webhook(requestOf(coopBody('remove', { id: 'one', actorNote: 'again' })));
    await webhook(requestOf(coopBody('remove', { id: 'two' })));
    expect([...records.keys()]).toEqual(['one:0', 'two:0']);
  });

  test('resumes where the one before did not complete', async () => {
    let fails = 2;
    const decisions: OutsideDecision[] = [];
    const { webhook, records } = recording({
      onDecision(decision) {
        if (fails-- > 0) throw new Error('not now');
        decisions.push(decision);
      },
    });
    for (const _ of [1, 2]) await expect(webhook(requestOf(coopBody()))).rejects.toThrow('not now');
    expect(await (await webhook(requestOf(coopBody()))).json()).toEqual({ recorded: 0 });
    expect(records.size).toBe(1);
    expect(decisions).toMatchObject([{ isRepeat: true }]);
  });
});

test('a log that fails is reported to the sender alone', async () => {
  const log = { append: () => Promise.reject(new Error('full')), timeOf: async () => undefined };
  const { webhook, decisions } = recording({ log });
  await expect(webhook(requestOf(coopBody()))).rejects.toThrow('full');
  expect(decisions).toEqual([]);
});

test('feedback follows from the decision of a person, for each match, once', async () => {
  const sent: unknown[] = [];
  const queue = await store().feedbackQueue({
    senders: {
      stopncii: {
        send: async ({ entry, body }) => {
          sent.push([entry, body]);
          return 'done';
        },
        settle: async () => 'done',
      },
    },
  });
  const second: ReviewFacts = { ...FACTS, list: 'ncmec' };
  const { webhook, records } = recording({
    factsOf: async () => [FACTS, second],
    feedback: queue,
    feedbackOf: ({ list, entry, outcome }) =>
      list === 'stopncii'
        ? [
            {
              to: 'stopncii',
              entry: entry!.hash,
              body: outcome === 'confirmed' ? 'Blocked' : 'NotBlocked',
            },
          ]
        : [],
  });
  await webhook(requestOf(coopBody('remove', { actorEmail: undefined })));
  expect(await queue.items()).toEqual([]);
  await webhook(requestOf(coopBody('remove')));
  await webhook(requestOf(coopBody('remove')));
  expect(await queue.items()).toHaveLength(1);
  await queue.send();
  expect(sent).toEqual([[FACTS.entry!.hash, 'Blocked']]);
  expect([...records.values()].map(({ role, list }) => [role, list])).toEqual([
    ['automation', 'stopncii'],
    ['automation', 'ncmec'],
    ['moderator', 'stopncii'],
    ['moderator', 'ncmec'],
  ]);
  await queue.close();
});

test('any body is answered', async () => {
  const { webhook } = recording();
  const hostile = fc.oneof(
    fc.json(),
    fc.string(),
    fc.json().map((json) => `{"item":${json},"action":${json},"id":${json}}`),
    fc
      .json()
      .map(
        (json) =>
          `{"item":{"id":"upload 7","typeId":${json}},"action":{"id":"remove"},"role":${json}}`,
      ),
    fc
      .json()
      .map((json) => `{"__proto__":${json},"item":{"id":"upload 7"},"action":{"id":"remove"}}`),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (body) => {
      const { status } = await webhook(requestOf(body));
      expect([200, 400, 404, 422]).toContain(status);
    }),
    { numRuns: runs(1000) },
  );
});
