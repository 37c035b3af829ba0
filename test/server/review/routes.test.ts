import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decisionOf, decisionToJSON } from '../../../src/matching/decision.js';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import type { Store } from '../../../src/store/store.js';
import { databaseOf, feedbackIn, openStore } from '../../store/opened.js';
import { as, served, TOKENS, tokens } from '../served.js';
import {
  actionOf,
  decisionNear,
  entryOf,
  hiddenOf,
  itemOf,
  Moderator,
  NOW,
  RULES,
  reviewServed,
  signedIn,
} from './review-served.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query(
    'truncate entry, list, list_exception, review_item, review_record, feedback, session',
  );
});
afterAll(() => store.close());

const queue = () => store.reviewQueue(RULES);

async function outcomes(): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const { outcome, role } of store.reviewLog(RULES).read()) all.push([outcome, role]);
  return all;
}

test('a moderator works through the queue, the oldest first', async () => {
  for (const id of ['u1', 'u2', 'u3']) await queue().put(itemOf(id));
  await signedIn(store, async (moderator, { logs }) => {
    const first = await moderator.get('/review');
    expect(first.status).toBe(200);
    expect(first.text).toContain('3 waiting');
    expect(first.text.indexOf('>u1<')).toBeLessThan(first.text.indexOf('>u2<'));
    const u1 = await moderator.get('/review/item?item=u1');
    const u2 = await moderator.press(u1, 'confirmed');
    expect(u2.path).toBe('/review/item?item=u2&done=u1');
    expect(u2.text).toContain('u1 was confirmed');
    const u3 = await moderator.press(u2, 'rejected');
    expect(u3.path).toBe('/review/item?item=u3&done=u2');
    const end = await moderator.press(u3, 'undecided');
    expect(end.path).toBe('/review?done=u3');
    expect(end.text).toContain('Nothing is waiting.');
    expect(await queue().counts()).toEqual({
      ...{ waiting: 0, confirmed: 1, rejected: 1, undecided: 1 },
    });
    expect(await outcomes()).toEqual(
      ['confirmed', 'rejected', 'undecided'].flatMap((one) => Array(2).fill([one, 'moderator'])),
    );
    expect(logs).toContainEqual(
      expect.objectContaining({
        caller: 'the curate',
        route: '/review/item',
        method: 'POST',
        facts: { outcome: 'confirmed', came: 'decided', isAllowed: false },
      }),
    );
    expect(JSON.stringify(logs)).not.toMatch(/u1|stopncii|entry-1/);
  });
});

test('an item shows all fields of each hit, and its area', async () => {
  await queue().put(itemOf('u1'));
  await signedIn(store, async (moderator) => {
    const { text } = await moderator.get('/review/item?item=u1');
    for (const told of [
      'Hit 1 of 2: 12 of 256 bits differ',
      'Hit 2 of 2: 20 of 256 bits differ',
      '<dt>Place</dt><dd>the part enclosed by straight edges: in the middle, about 25 % of the picture, turned 8 degrees clockwise</dd>',
      '<dt>Place</dt><dd>mirrored</dd>',
      '<dt>Detail</dt><dd>88 of 100 in the upload</dd>',
      '<dt>Listed detail</dt><dd>96 of 100</dd>',
      '<dt>Kind of hash</dt><dd>pdq</dd>',
      '<dt>List</dt><dd>stopncii</dd>',
      'a list that the platform acts on',
      '<dt>Source</dt><dd>StopNCII</dd>',
      '<dt>Entry</dt><dd>entry-1</dd>',
      '<dt>Labels</dt><dd>intimate</dd>',
      '<dt>Cases</dt><dd>3</dd>',
      '<li>Platform 7: Blocked (nude, adult)</li>',
      '<dt>Confirmed</dt><dd>yes, by the list</dd>',
      '<dt>Confirmed</dt><dd>no</dd>',
      'href="https://platform.example/uploads/u1" rel="noreferrer noopener"',
    ]) {
      expect(text).toContain(told);
    }
    // Two outlines of each hit, and the place of one.
    expect(text.match(/<svg /g)).toHaveLength(5);
    expect(text).not.toContain('<img');
    // Whoever looks over a shoulder learns no hash.
    const json = JSON.stringify(decisionToJSON(decisionNear([entryOf(1), entryOf(2)])));
    const hashes = json.match(/[0-9a-f]{64}/g)!;
    expect(hashes.length).toBeGreaterThan(2);
    for (const hash of hashes) expect(text).not.toContain(hash);
  });
});

test('the queue is paged', async () => {
  for (let n = 100; n < 145; n++) await queue().put(itemOf(`u${n}`));
  await signedIn(store, async (moderator) => {
    const seen: string[] = [];
    let path: string | undefined = '/review';
    while (path) {
      const page: string = (await moderator.get(path)).text;
      seen.push(...[...page.matchAll(/review\/item\?item=(u\d+)"/g)].map(([, id]) => id!));
      path = /href="(\/review\?after=\d+)"/.exec(page)?.[1];
    }
    expect(seen).toEqual(Array.from({ length: 45 }, (_, at) => `u${100 + at}`));
  });
});

test('of two moderators deciding at once, the second gets the first decision', async () => {
  await queue().put(itemOf('u1'));
  await signedIn(store, async (first, { url }) => {
    const second = new Moderator(url);
    await second.signIn('admin');
    const pages = [
      await first.get('/review/item?item=u1'),
      await second.get('/review/item?item=u1'),
    ];
    await first.press(pages[0]!, 'confirmed');
    const told = await second.press(pages[1]!, 'rejected');
    expect(told.status).toBe(409);
    expect(told.text).toContain('Someone else has decided this.');
    expect(told.text).toContain('It was <strong>confirmed</strong>');
    expect((await queue().get('u1'))!.decided).toMatchObject({ outcome: 'confirmed', times: 1 });
    expect(await outcomes()).toHaveLength(2);
    // On that page, a new decision is one about what is there now.
    await second.press(told, 'rejected');
    expect((await queue().get('u1'))!.decided).toMatchObject({ outcome: 'rejected', times: 2 });
  });
});

test('allowing takes a reason, states what it silences, and can be revoked', async () => {
  await queue().put(itemOf('u1'));
  await signedIn(store, async (moderator) => {
    const page = await moderator.get('/review/item?item=u1');
    expect(page.text).toContain('This silences 2 hits in stopncii, partner: the 2 hashes');
    for (const reason of ['', '  ', 'x'.repeat(501), 'a\0b']) {
      expect((await moderator.press(page, 'allowed', { reason })).status).toBe(400);
    }
    expect(await store.exceptions()).toEqual([]);
    const end = await moderator.press(page, 'allowed', { reason: ' <b>our logo</b> ' });
    expect(end.text).toContain('u1 was rejected and allowed');
    const exceptions = await store.exceptions();
    expect(exceptions.map(({ reason }) => reason)).toEqual(Array(2).fill('<b>our logo</b>'));
    const again = await moderator.get('/review/item?item=u1');
    expect(again.text).toContain('its hits are allowed: &lt;b&gt;our logo&lt;/b&gt;');
    await moderator.press(again, 'confirmed');
    expect(await store.exceptions()).toEqual([]);
  });
});

test('the resulting feedback waits in the store', async () => {
  await queue().put(itemOf('u1'));
  const feedbackOf = () => [{ to: 'S', entry: 'e', body: {} }];
  await signedIn(
    store,
    async (moderator) => {
      await moderator.press(await moderator.get('/review/item?item=u1'), 'confirmed');
      expect(await feedbackIn(store)).toHaveLength(2);
    },
    { review: { retentionDays: 30, feedbackOf } },
  );
});

describe('hostile input', () => {
  const MARKUP = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;

  test('is shown verbatim, and never as markup', async () => {
    const entry = entryOf(1, {
      labels: [MARKUP],
      list: MARKUP,
      source: MARKUP,
      id: MARKUP,
      variant: MARKUP,
      opinions: [{ from: MARKUP, says: MARKUP, tags: [MARKUP] }],
    });
    const id = MARKUP;
    const link = `https://platform.example/?q=${MARKUP}`;
    await queue().put({ id, decision: decisionNear([entry]), link });
    await store.apply({ settings: { [MARKUP]: { tier: 'review' } } });
    await signedIn(store, async (moderator) => {
      const item = `/review/item?item=${encodeURIComponent(id)}`;
      const pages = [
        await moderator.get('/review'),
        await moderator.get(item),
        await moderator.get('/review/lists'),
        await moderator.press(await moderator.get(item), 'confirmed'),
        await moderator.get(item),
        await moderator.get('/review/lists'),
      ];
      for (const { text, status } of pages) {
        expect(status).toBe(200);
        expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
        expect(text).not.toMatch(/<script|<img|<[^>]*onerror='/);
      }
      expect((await queue().get(id))!.decided).toMatchObject({ outcome: 'confirmed' });
    });
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    ' javascript:alert(1)',
    '//x',
    'http://a:b@c/',
  ])('the link %s is no link', async (link) => {
    await queue().put(itemOf('u1'));
    // The queue refuses it; a database that somebody else wrote into may have it.
    await databaseOf(store).query('update review_item set link = $1', [link]);
    await signedIn(store, async (moderator) => {
      const { text } = await moderator.get('/review/item?item=u1');
      expect(text).not.toMatch(/javascript:|data:text|href="\/\/|a:b@/);
    });
  });

  test.each([
    ['/review/item', 400],
    ['/review/item?item=', 400],
    ['/review/item?item=nobody', 404],
    ['/review/item?item=%00', 404],
    [`/review/item?item=${'x'.repeat(201)}`, 400],
    ['/review/item?item=a&item=b', 400],
    ['/review?after=-1', 400],
    ['/review?after=x', 400],
    ['/review?after=1e30', 400],
  ])('%s is answered with %i, in a page', async (path, status) => {
    await signedIn(store, async (moderator) => {
      const page = await moderator.get(path);
      expect(page.status).toBe(status);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.text).toContain('Nothing has changed');
    });
  });

  test('an address alone cannot claim that something was done', async () => {
    await queue().put(itemOf('u1'));
    await signedIn(store, async (moderator) => {
      for (const done of ['u1', 'nobody', '%00', '%3Cscript%3E']) {
        const { text, status } = await moderator.get(`/review?done=${done}`);
        expect(status).toBe(200);
        expect(text).not.toContain('role="status"');
      }
    });
  });

  test('an item with any text as its id can be decided', async () => {
    const ids = ['a b', 'ä/ö', 'a&b=c#d?', 'x\ny', '%41', '../x', '😀', '"', '&amp;'];
    for (const id of ids) await queue().put(itemOf(id));
    await signedIn(store, async (moderator) => {
      for (const id of ids) {
        const page = await moderator.get(`/review/item?item=${encodeURIComponent(id)}`);
        await moderator.press(page, 'confirmed');
        expect((await queue().get(id))!.decided, id).toMatchObject({ outcome: 'confirmed' });
      }
    });
  });
});

test('remote lists are shown, also those that did not answer', async () => {
  const remoteMatches = [
    { list: 'shared', trust: 'foreign', tier: 'review', labels: ['a'], id: 'r1', distance: 4 },
    { list: 'silent', trust: 'shared', tier: 'match', labels: [] },
  ] as const;
  const none = decisionNear([]);
  const decision = decisionOf({
    ...{ ...none, verdict: 'match', reason: 'matched-remote' },
    ...{ remoteMatches, unanswered: ['away'] },
  });
  await queue().put({ id: 'u1', decision });
  await signedIn(store, async (moderator) => {
    const { text } = await moderator.get('/review/item?item=u1');
    expect(text).toContain('Rule: <strong>On the list of another service</strong>');
    expect(text).toContain('These lists did not answer, and may have it: away.');
    expect(text).toContain('Hit 2 of 2: on a remote list');
    expect(text).toContain('<dt>Distance</dt><dd>4 bits</dd>');
    expect(text).toContain('<dt>Distance</dt><dd>not reported</dd>');
    expect(text).toContain('a foreign list, which can only flag for review');
  });
});

test('data that must not be kept is marked as such', async () => {
  await queue().put({ id: 'u1', decision: decisionNear([entryOf(1, { list: 'shield' })]) });
  await signedIn(store, async (moderator) => {
    const { text } = await moderator.get('/review/item?item=u1');
    expect(text).toContain('may not be kept. Only the list is known: shield.');
    expect(text).toContain('gave no link');
    expect(text).not.toContain('Reject, and allow');
    await moderator.press(await moderator.get('/review/item?item=u1'), 'confirmed');
    expect(await outcomes()).toEqual([['confirmed', 'moderator']]);
  });
});

test('the lists show their size, their age and how often they were wrong', async () => {
  await store.apply({ add: [entryOf(1), entryOf(2)] });
  await store.apply({ settings: { partner: { tier: 'review', trust: 'foreign' } } });
  await store.apply({ settings: { off: { enabled: false } } });
  for (const upload of [1001, 1002, 1003]) {
    const decision = decisionNear([entryOf(1)], { upload });
    await queue().put({ id: `u${upload - 1000}`, decision });
  }
  await queue().decide('u1', { outcome: 'confirmed', role: 'moderator' });
  await queue().decide('u2', { outcome: 'rejected', role: 'moderator' });
  await databaseOf(store).query("update list set fetched = $1::text::json where name = 'partner'", [
    JSON.stringify({ provenance: '', fetchedSeconds: NOW / 1000, isPartial: true, unknown: [] }),
  ]);
  const follower = await store.follow();
  await signedIn(
    store,
    async (moderator) => {
      const { text } = await moderator.get('/review/lists');
      const part = (name: string) =>
        new RegExp(`<h2>${name}</h2>[\\s\\S]*?</section>`).exec(text)?.[0] ?? '';
      expect(text).toContain('and so is this server.');
      expect(text).not.toContain('not counted');
      expect(part('stopncii')).toContain('<dt>Entries</dt><dd>2</dd>');
      expect(part('stopncii')).toContain('1 of 2 decisions in 30 days (50 %)');
      expect(part('stopncii')).toContain('never fetched');
      expect(part('partner')).toContain('for review only');
      expect(part('partner')).toContain('2026-01-01 00:00 UTC');
      expect(part('partner')).toContain('entries are missing');
      expect(part('off')).toContain('switched off');
      expect(part('off')).toContain('unknown: no decisions');
      await databaseOf(store).query(
        "update review_record set list = 'off' where record ->> 'outcome' = 'rejected'",
      );
      const changed = (await moderator.get('/review/lists')).text;
      expect(changed).toContain(
        'have changed since they were written, and are not counted below: 1.',
      );
      expect(changed).toContain('0 of 1 decisions in 30 days (0 %)');
    },
    { follower },
  );
});

test('the pages exist only with review, and with a store that keeps it', async () => {
  await served(async ({ url }) => {
    expect((await fetch(`${url}/review`, as('curate'))).status).toBe(404);
  });
  const review = { retentionDays: 30 };
  await expect(served(async () => {}, { review })).rejects.toThrow(TypeError);
  const other = { revision: async () => 1 } as never;
  await expect(served(async () => {}, { review, store: other })).rejects.toThrow(TypeError);
});

test('a store that fails is reported, without details', async () => {
  await queue().put(itemOf('u1'));
  const database = databaseOf(store);
  const { query } = database;
  await signedIn(store, async (moderator) => {
    const page = await moderator.get('/review/item?item=u1');
    database.query = () => Promise.reject(new Error('secret: the disk is full'));
    try {
      const { status, text } = await moderator.press(page, 'confirmed');
      expect(status).toBe(500);
      expect(text).toContain('may or may not have been made');
      expect(text).not.toContain('secret');
    } finally {
      database.query = query;
    }
    expect((await queue().get('u1'))!.decided).toBe(undefined);
  });
});

test('a session ends with its token', async () => {
  await signedIn(store, async (moderator) => {
    const others = [
      { name: 'another', hash: tokenHash('another-token-of-many-characters'), role: 'admin' },
    ] as const;
    await reviewServed(
      store,
      async ({ url }) => {
        const elsewhere = new Moderator(url);
        elsewhere.cookie = moderator.cookie;
        expect((await elsewhere.get('/review')).path).toBe('/review/sign-in');
      },
      { tokens: others },
    );
    // Another process of the same service knows it.
    await reviewServed(store, async ({ url }) => {
      const elsewhere = new Moderator(url);
      elsewhere.cookie = moderator.cookie;
      expect((await elsewhere.get('/review')).path).toBe('/review');
    });
    const less = tokens.map((one) => ({ ...one, role: 'match' as const }));
    await reviewServed(
      store,
      async ({ url }) => {
        const elsewhere = new Moderator(url);
        elsewhere.cookie = moderator.cookie;
        expect((await elsewhere.get('/review')).status).toBe(403);
      },
      { tokens: less },
    );
  });
});

test('a form with invalid or mismatched fields decides nothing', async () => {
  await queue().put(itemOf('u1'));
  await signedIn(store, async (moderator) => {
    const page = await moderator.get('/review/item?item=u1');
    expect(actionOf(page)).toBe('/review/item?item=u1');
    for (const fields of [
      { outcome: 'deleted' },
      { outcome: '' },
      { insteadOf: '-1' },
      { insteadOf: '9'.repeat(30) },
      { insteadOf: '' },
    ]) {
      const { status } = await moderator.press(page, 'confirmed', fields);
      expect(status).toBe(400);
    }
    const ahead = await moderator.press(page, 'confirmed', { insteadOf: '3' });
    expect(ahead.status).toBe(409);
    expect((await queue().get('u1'))!.decided).toBe(undefined);
    expect(hiddenOf(page)).toHaveProperty('word');
    expect(TOKENS.curate.length).toBeGreaterThan(0);
  });
});
