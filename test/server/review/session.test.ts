import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/store/store.js';
import { databaseOf, openStore } from '../../store/opened.js';
import { TOKENS } from '../served.js';
import { hiddenOf, itemOf, Moderator, RULES, reviewServed, signedIn } from './review-served.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query('truncate review_item, review_record, session');
});
afterAll(() => store.close());

const SIGN_IN = '/review/sign-in';
const rows = async () => (await databaseOf(store).query('select from session')).length;
const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers,
  redirect: 'manual' as const,
});
const SAME = { 'sec-fetch-site': 'same-origin' };

test('a visitor who is not signed in sees the sign-in page, and nothing else', async () => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  await reviewServed(store, async ({ url }) => {
    for (const path of ['/review', '/review/item?item=u1', '/review/lists']) {
      const headers = { cookie: 'onlyhashes-review=x' };
      const response = await fetch(url + path, { headers, redirect: 'manual' });
      expect([response.status, await response.text()]).toEqual([303, '']);
      expect(response.headers.get('location')).toBe(SIGN_IN);
    }
    const page = await fetch(url + SIGN_IN);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<label for="token">Your token</label>');
  });
});

test('a token opens a session, in a cookie that no script and no other site gets', async () => {
  await reviewServed(store, async ({ url, logs }) => {
    const response = await fetch(url + SIGN_IN, form({ token: ` ${TOKENS.curate} ` }, SAME));
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/review');
    expect(response.headers.get('set-cookie')).toMatch(
      /^onlyhashes-review=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const secure = await fetch(
      url + SIGN_IN,
      form({ token: TOKENS.admin }, { ...SAME, origin: 'https://review.example' }),
    );
    expect(secure.headers.get('set-cookie')).toMatch(
      /^__Host-onlyhashes-review=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(JSON.stringify(logs)).not.toContain(TOKENS.curate);
    const cookie = secure.headers.get('set-cookie')!.split(';')[0]!;
    const page = await fetch(`${url}/review`, { headers: { cookie: `a=b; ${cookie}; c` } });
    expect(page.status).toBe(200);
  });
});

test.each([
  ['nobody’s', 'another-token-of-many-characters', 'This token is not known.'],
  ['none', '', 'This token is not known.'],
  ['a matcher’s', TOKENS.match, 'This token does not have the role curate.'],
])('a token that is %s opens no session', async (_, token, told) => {
  await reviewServed(store, async ({ url }) => {
    const response = await fetch(url + SIGN_IN, form({ token }, SAME));
    expect(response.status).toBe(401);
    expect(response.headers.get('set-cookie')).toBe(null);
    const text = await response.text();
    expect(text).toContain(told);
    if (token) expect(text).not.toContain(token);
    expect(await rows()).toBe(0);
  });
});

test('the site that a browser names overrides the origin, which may be ours', async () => {
  await reviewServed(store, async ({ url }) => {
    for (const site of ['cross-site', 'same-site', 'none', '']) {
      const from = { 'sec-fetch-site': site, origin: url };
      const sent = await fetch(url + SIGN_IN, form({ token: TOKENS.curate }, from));
      expect([site, sent.status]).toEqual([site, 403]);
    }
    const own = await fetch(url + SIGN_IN, form({ token: TOKENS.curate }, { origin: url }));
    expect(own.status).toBe(303);
  });
});

test('the cookie that only this host could set overrides one of its neighbours', async () => {
  await reviewServed(store, async ({ url }) => {
    const from = { ...SAME, origin: 'https://review.example' };
    const { headers } = await fetch(url + SIGN_IN, form({ token: TOKENS.curate }, from));
    const own = headers.get('set-cookie')!.split(';')[0]!;
    const [name, secret] = own.split('=') as [string, string];
    const status = async (cookie: string) =>
      (await fetch(`${url}/review`, { headers: { cookie }, redirect: 'manual' })).status;
    const tossed = 'onlyhashes-review=tossed';
    expect(await status(`${tossed}; ${own}`)).toBe(200);
    expect(await status(`${name}=other; onlyhashes-review=${secret}`)).toBe(303);
    // Of two of one name, browsers send the one of the narrower path first.
    expect(await status(`${own}; ${name}=other`)).toBe(200);
    expect(await status(`${name}=other; ${own}`)).toBe(303);
  });
});

test('only clients that fail too often are refused for a while', async () => {
  await reviewServed(store, async ({ service, logs }) => {
    const signIn = async (token: string, address: string, headers = {}) => {
      const { method, body } = form({ token });
      const all = { ...SAME, host: '127.0.0.1', ...headers };
      const request = new Request(`http://localhost${SIGN_IN}`, { method, body, headers: all });
      return await service.handler(request, { address });
    };
    for (let i = 0; i < 10; i++) {
      expect((await signIn(`wrong ${i}`, '192.0.2.1')).status).toBe(401);
    }
    for (const token of ['wrong', TOKENS.curate]) {
      const refused = await signIn(token, '192.0.2.1');
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(25);
      expect(refused.headers.get('set-cookie')).toBe(null);
      expect(await refused.text()).toContain('too many failed sign-ins');
    }
    expect(logs.at(-1)).toMatchObject({ status: 429, refusal: 'too-many' });
    expect(JSON.stringify(logs)).not.toContain('192.0.2');
    expect((await signIn(TOKENS.curate, '192.0.2.2')).status).toBe(303);
    // Through a proxy of a private network it is the client who counts.
    const through = (told: string) => ({ 'x-forwarded-for': told });
    for (let i = 0; i < 10; i++) {
      await signIn('wrong', '10.0.0.9', through(`198.51.100.${i}, 203.0.113.5`));
    }
    expect((await signIn(TOKENS.curate, '10.0.0.9', through('203.0.113.5'))).status).toBe(429);
    expect((await signIn(TOKENS.curate, '10.0.0.9', through('203.0.113.6'))).status).toBe(303);
  });
});

test('signing out ends the session everywhere', async () => {
  await reviewServed(store, async ({ url }) => {
    const moderator = new Moderator(url);
    const { text } = await moderator.signIn();
    const { cookie } = moderator;
    const word = /sign-out"><input type="hidden" name="word" value="([^"]+)"/.exec(text)![1]!;
    expect((await moderator.post('/review/sign-out', { word: 'x' })).status).toBe(403);
    expect(await rows()).toBe(1);
    expect((await moderator.post('/review/sign-out', { word })).path).toBe(SIGN_IN);
    expect(moderator.cookie).toBe('onlyhashes-review=');
    moderator.cookie = cookie;
    expect((await moderator.get('/review')).path).toBe(SIGN_IN);
    expect(await rows()).toBe(0);
  });
});

test('a session ends after its time', async () => {
  let now = RULES.now();
  await reviewServed(
    store,
    async ({ url }) => {
      const moderator = new Moderator(url);
      await moderator.signIn();
      now += 3_599_999;
      expect((await moderator.get('/review')).path).toBe('/review');
      now += 1;
      expect((await moderator.get('/review')).path).toBe(SIGN_IN);
    },
    { review: { retentionDays: 30, sessionHours: 1 }, now: () => now },
  );
});

describe('a form that another site sends', () => {
  const FROM_ELSEWHERE: [string, Record<string, string>][] = [
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['a host that begins alike', { origin: 'http://127.0.0.1.evil.example' }],
    ['a browser that says nothing', {}],
    [
      'another site, with the right origin',
      { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1' },
    ],
  ];

  test.each(FROM_ELSEWHERE)(
    'from %s decides nothing, even with the session’s own token',
    async (_, from) => {
      await store.reviewQueue(RULES).put(itemOf('u1'));
      await signedIn(store, async (moderator, { url }) => {
        const fields = {
          ...hiddenOf(await moderator.get('/review/item?item=u1')),
          outcome: 'rejected',
        };
        const { cookie } = moderator;
        const sent = await fetch(`${url}/review/item?item=u1`, form(fields, { ...from, cookie }));
        expect(sent.status).toBe(403);
        expect(await sent.text()).toContain('Nothing has changed');
        expect((await store.reviewQueue(RULES).get('u1'))!.decided).toBe(undefined);
        // The same form from the page itself.
        const { host } = new URL(url);
        const own = { cookie, origin: `https://${host}` };
        const done = await fetch(`${url}/review/item?item=u1`, form(fields, own));
        expect(done.status).toBe(303);
      });
    },
  );

  test.each(FROM_ELSEWHERE)('from %s does not sign in', async (_, from) => {
    await reviewServed(store, async ({ url }) => {
      const sent = await fetch(url + SIGN_IN, form({ token: TOKENS.curate }, from));
      expect(sent.status).toBe(403);
      expect(sent.headers.get('set-cookie')).toBe(null);
    });
  });

  test('has no token of another item, session or purpose', async () => {
    await store.reviewQueue(RULES).put(itemOf('u1'));
    await store.reviewQueue(RULES).put(itemOf('u2'));
    await reviewServed(store, async ({ url }) => {
      const [moderator, other] = [new Moderator(url), new Moderator(url)];
      const page = await moderator.signIn();
      await other.signIn();
      const words = [
        hiddenOf(await moderator.get('/review/item?item=u2')).word!,
        hiddenOf(await other.get('/review/item?item=u1')).word!,
        /name="word" value="([^"]+)"/.exec(page.text)![1]!,
        '',
        'x'.repeat(43),
      ];
      for (const word of words) {
        const fields = { word, insteadOf: '0', outcome: 'confirmed' };
        expect((await moderator.post('/review/item?item=u1', fields)).status).toBe(403);
      }
      const none = { insteadOf: '0', outcome: 'confirmed' };
      expect((await moderator.post('/review/item?item=u1', none)).status).toBe(403);
      expect((await store.reviewQueue(RULES).get('u1'))!.decided).toBe(undefined);
    });
  });

  test('is neither JSON nor plain text, and not long', async () => {
    await signedIn(store, async (moderator, { url }) => {
      const { cookie } = moderator;
      for (const type of [
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        '',
      ]) {
        const headers = { ...SAME, cookie, 'content-type': type };
        const sent = await fetch(`${url}/review/item?item=u1`, {
          ...form({}),
          body: Buffer.from('outcome=confirmed'),
          headers,
        });
        expect(sent.status).toBe(415);
      }
      const { status } = await moderator.post('/review/item?item=u1', {
        reason: 'x'.repeat(20_000),
      });
      expect(status).toBe(413);
    });
  });
});

test('no page may run a script, load anything, or be framed', async () => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  await signedIn(store, async (moderator) => {
    for (const path of [
      SIGN_IN,
      '/review',
      '/review/item?item=u1',
      '/review/lists',
      '/review/item?item=x',
    ]) {
      const { headers, text } = await moderator.get(path);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(text).not.toMatch(/<script|style="|<link|<img|\son\w+=/);
    }
  });
});
