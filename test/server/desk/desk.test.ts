import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex, hexOf } from '../../../src/hash.js';
import { contentsOf } from '../../../src/store/cases/filed-case.js';
import type { Store } from '../../../src/store/store.js';
import { hashOf } from '../../store/cases/filed-bundles.js';
import { databaseOf, openStore } from '../../store/opened.js';
import { failingAt } from '../../store/shared-store.js';
import { Moderator } from '../review/review-served.js';
import { as, TOKENS } from '../served.js';
import {
  atDesk,
  casesIn,
  deskServed,
  filed,
  INTAKE,
  LIST,
  NOW,
  SECOND,
  send,
  wordsOf,
} from './desk-served.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query('truncate filed_case, entry, list, list_exception, session');
});
afterAll(() => store.close());

const pictures = (...seeds: number[]) =>
  seeds.map((seed) => ({ hash: hashOf(seed), quality: 90, variants: [] }));
/** The hash of a picture, of which so many bits differ. */
const flipped = (seed: number, bits: number) => {
  const bytes = hashOf(seed).bytes.slice();
  for (let bit = 0; bit < bits; bit++) bytes[bit >> 3]! ^= 1 << (bit & 7);
  return hashFromHex('pdq', hexOf(bytes));
};
const stateOf = async ({ case: id, proof }: { case: string; proof: string }) =>
  await casesIn(store).stateOf(id, proof);
const inGroups = (id: string) => id.match(/.{4}/g)!.join(' ');
const pathOf = (number: number) => `/desk/case?number=${number}`;

test('one signs in by role, and sees the pages that one may open', async () => {
  await deskServed(
    store,
    async ({ url }) => {
      const landing = async (role: keyof typeof TOKENS) => {
        const page = await new Moderator(url).signIn(role);
        const nav = /<nav[\s\S]*<\/nav>/.exec(page.text)?.[0] ?? '';
        return [page.status, page.path, [...nav.matchAll(/href="([^"]+)"/g)].map(([, at]) => at)];
      };
      expect(await landing('desk')).toEqual([200, '/desk', ['/desk']]);
      expect(await landing('curate')).toEqual([200, '/review', ['/review', '/review/lists']]);
      expect(await landing('admin')).toEqual([
        ...[200, '/review'],
        ['/review', '/review/lists', '/desk'],
      ]);
      for (const role of ['match', 'feed'] as const) {
        expect(await landing(role)).toEqual([401, '/review/sign-in', []]);
      }
      const { text } = await new Moderator(url).signIn('feed');
      expect(text).toContain('This token does not have the role curate or desk.');
    },
    { review: { retentionDays: 30 } },
  );
  await deskServed(store, async ({ url }) => {
    const admin = await new Moderator(url).signIn('admin');
    expect(admin.path).toBe('/desk');
    const curator = await new Moderator(url).signIn('curate');
    expect(curator.text).toContain('This token does not have the role desk.');
    const visitor = await new Moderator(url).get('/desk');
    expect(visitor.path).toBe('/review/sign-in');
  });
});

test('the token and the session of the desk open nothing else, and other sessions no case', async () => {
  const { number } = await filed(store, pictures(1));
  await deskServed(
    store,
    async ({ url }) => {
      const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
        paths: Record<string, Record<string, { security: unknown[] }>>;
      };
      const desk = new Moderator(url);
      await desk.signIn('desk');
      let count = 0;
      for (const [path, methods] of Object.entries(paths)) {
        for (const [method, { security }] of Object.entries(methods)) {
          if (security.length === 0) continue;
          count++;
          const at = path.replaceAll(/\{\w+\}/g, '1');
          const init = as('desk', {
            method: method.toUpperCase(),
            redirect: 'manual',
            // The header in which the feed takes its token.
            headers: { 'ocp-apim-subscription-key': TOKENS.desk },
          });
          const { status, headers } = await fetch(url + at, init);
          // A token in the header opens no page: those are for sessions.
          const isPage = /^\/(desk|review)/.test(path);
          expect([at, status]).toEqual([at, isPage ? 303 : 403]);
          if (isPage) expect(headers.get('location')).toBe('/review/sign-in');
          if (!path.startsWith('/review/') || path === '/review/sign-out') continue;
          const same = { cookie: desk.cookie, 'sec-fetch-site': 'same-origin' };
          const seen = await fetch(url + at, { method: method.toUpperCase(), headers: same });
          expect([at, seen.status]).toEqual([at, 403]);
        }
      }
      expect(count).toBeGreaterThan(40);
      const curator = new Moderator(url);
      await curator.signIn('curate');
      for (const path of ['/desk', pathOf(number), `/desk/receipt?number=${number}`]) {
        expect([path, (await curator.get(path)).status]).toEqual([path, 403]);
      }
      expect((await curator.post(pathOf(number), { outcome: 'hold', times: '0' })).status).toBe(
        403,
      );
    },
    { review: { retentionDays: 30 }, hma: {}, curation: {} },
  );
  expect((await casesIn(store).get(number))?.outcome).toBe('received');
});

test('cases wait, the oldest first, and are found by the first 8 digits', async () => {
  const her = await filed(store, pictures(1, 2));
  const his = await filed(store, pictures(3));
  await atDesk(store, async (desk) => {
    const page = await desk.get('/desk');
    const words = wordsOf(page);
    expect(words).toContain(
      '2 new, 0 being looked into, 0 listed, 0 refused, 0 taken back, 0 dropped.',
    );
    const short = (id: string) => inGroups(id.slice(0, 8));
    expect(words).toMatch(new RegExp(`${short(her.case)}.*${short(his.case)}`));
    expect(words).toContain('2 hashes, sent 2026-11-26 : new');
    expect(words).toContain('confirmed by 0 of 1 person, dropped in 30 days');
    expect(page.text).not.toContain(her.case);
    for (const find of [her.case, ` ${inGroups(her.case.slice(0, 12).toUpperCase())} `]) {
      const found = await desk.get(`/desk?find=${encodeURIComponent(find)}`);
      expect(found.text.match(/<li class="card">/g)).toHaveLength(1);
      expect(wordsOf(found)).toContain(short(her.case));
    }
    const none = wordsOf(await desk.get('/desk?find=00000000'));
    expect(none).toContain('There is none.');
    for (const find of ['1234567', 'name', '%', '\u0000', '"><script>']) {
      const { status, text } = await desk.get(`/desk?find=${encodeURIComponent(find)}`);
      expect(status).toBe(200);
      expect(text).toContain('Give the first 8 or more.');
      expect(text).not.toContain('<script');
    }
    for (const path of [pathOf(9e9), '/desk/receipt?number=9000000000', `${pathOf(9e9)}&done=9`]) {
      expect((await desk.get(path)).status).toBe(404);
    }
    for (const path of ['/desk/case', '/desk/case?number=x', '/desk/case?number=1e99']) {
      expect((await desk.get(path)).status).toBe(400);
    }
  });
});

test('many cases are on several pages', async () => {
  for (let seed = 0; seed < 22; seed++) await filed(store, pictures(seed));
  await atDesk(store, async (desk) => {
    const first = await desk.get('/desk');
    expect(first.text.match(/<li class="card">/g)).toHaveLength(20);
    const next = /href="(\/desk\?after=\d+)"/.exec(first.text)![1]!;
    const second = await desk.get(next);
    expect(second.text.match(/<li class="card">/g)).toHaveLength(2);
    expect(second.text).not.toContain('?after=');
  });
});

test('a case’s page counts what it holds, and what is on lists', async () => {
  const plain = hashFromHex('pdq', '0'.repeat(64));
  const dhash = hashFromHex('dhash', hexOf(hashOf(4).bytes.slice(0, 8)));
  const { number } = await filed(
    store,
    [
      {
        ...{ hash: hashOf(1), quality: 90 },
        variants: [
          { name: 'stored', hash: hashOf(2), quality: 50 },
          { name: 'onWhite', hash: hashOf(3), quality: 80 },
        ],
      },
      { hash: plain, quality: 0, variants: [] },
      { hash: dhash, variants: [] },
    ],
    { digests: [{ algorithm: 'sha256', digest: 'ab'.repeat(32) }] },
  );
  const entry = { labels: [] };
  const blocklist = createBlocklist([
    { ...entry, hash: hashOf(1), list: 'partner' },
    { ...entry, hash: flipped(2, 31), list: 'partner' },
    { ...entry, hash: flipped(3, 33), list: 'partner' },
    { ...entry, hash: hashFromHex('sha256', 'ab'.repeat(32)) },
    { ...entry, hash: dhash, list: '<b>bold</b>' },
  ]);
  await atDesk(
    store,
    async (desk) => {
      const page = await desk.get(pathOf(number));
      const words = wordsOf(page);
      for (const told of [
        'pdq 2 pictures; of their parts and forms: 1 onWhite, 1 stored',
        'dhash 1 picture ',
        'Digests of files 1 sha256',
        'Too plain 1: not listed',
        'under 50 50–80 over 80 not given 1 2 1 1',
        'partner 1 1',
        'the unnamed list 1 0',
        '&lt;b&gt;bold&lt;/b&gt; 1 0',
        'By telephone, the first 8 digits are enough',
      ]) {
        expect(words).toContain(told);
      }
      expect(page.text).not.toMatch(/[0-9a-f]{33}/);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.text).not.toMatch(/<script|style="|<link|<img|\son\w+=/);
    },
    { blocklist },
  );
  await atDesk(
    store,
    async (desk) => {
      expect(wordsOf(await desk.get(pathOf(number)))).toContain('Not known: this server has not');
    },
    { blocklist: new Promise(() => {}) },
  );
});

test('confirming needs how one spoke, lists the hashes, and goes on to the next case', async () => {
  const her = await filed(store, pictures(1, 2));
  const digests = [{ algorithm: 'sha256', digest: 'ab'.repeat(32) }] as const;
  const his = await filed(store, pictures(3), { digests });
  await atDesk(store, async (desk, { logs }) => {
    for (const by of ['', 'telepathy']) {
      const refused = await send(desk, her.number, { outcome: 'confirm', by });
      expect([refused.status, wordsOf(refused)]).toEqual([
        ...[400, expect.stringContaining('and how you spoke')],
      ]);
    }
    expect(await stateOf(her)).toMatchObject({ state: 'received' });
    const next = await send(desk, her.number, { outcome: 'confirm', by: 'call' });
    expect(next.path).toBe(`${pathOf(his.number)}&done=${her.number}`);
    expect(wordsOf(next)).toContain('is listed: 2 of 2 hashes.');
    expect(await stateOf(her)).toMatchObject({ state: 'listed', listing: { listed: 2 } });
    expect((await store.find({ list: LIST, limit: 9 })).length).toBe(2);
    const over = await desk.get(pathOf(her.number));
    expect(over.text).not.toContain('<textarea');
    expect(wordsOf(over)).toContain('Spoken by a call, 2026-11-26');
    const last = await send(desk, his.number, { outcome: 'confirm', by: 'in-person' });
    expect(last.path).toBe(`/desk?done=${his.number}`);
    expect(wordsOf(last)).toContain('On the list: 3 pdq, 1 sha256.');
    expect(wordsOf(last)).toContain('as from StopNCII do not get: 1 sha256.');
    expect(logs.at(-2)).toMatchObject({ facts: { outcome: 'confirm', came: 'done' } });
    expect(JSON.stringify(logs)).not.toContain(her.case.slice(0, 8));
  });
});

test('hold, notes and refusal', async () => {
  const her = await filed(store, pictures(1));
  const his = await filed(store, pictures(2));
  await atDesk(store, async (desk, { logs }) => {
    const held = await send(desk, her.number, { outcome: 'hold' });
    expect(held.path).toBe(`${pathOf(his.number)}&done=${her.number}`);
    expect(await stateOf(her)).toMatchObject({ state: 'looked-at' });
    const hostile = '\n<script>alert("1")</script></textarea>\r\nline two';
    const noted = await send(desk, her.number, { outcome: 'note', notes: hostile });
    expect(noted.path).toBe(`${pathOf(her.number)}&done=${her.number}`);
    expect(noted.text).not.toContain('<script');
    expect((await casesIn(store).get(her.number))?.notes).toBe(
      '<script>alert("1")</script></textarea>\nline two',
    );
    expect(noted.text).toContain('&lt;/textarea&gt;\nline two</textarea>');
    const rows = await databaseOf(store).query<{ notes: Uint8Array }>(
      'select notes from filed_case',
    );
    expect(Buffer.from(rows.find(({ notes }) => notes)!.notes).toString()).not.toContain('alert');
    const long = await send(desk, her.number, { outcome: 'note', notes: 'ö€'.repeat(2000) });
    expect(long.status).toBe(200);
    for (const [outcome, name, most] of [
      ['note', 'notes', 4000],
      ['refuse', 'reason', 500],
    ] as const) {
      for (const text of ['', ' \n', 'a\u0000b', 'x'.repeat(most + 1)]) {
        const { status } = await send(desk, her.number, { outcome, [name]: text });
        expect([outcome, text.slice(0, 9), status]).toEqual([outcome, text.slice(0, 9), 400]);
      }
    }
    expect((await send(desk, her.number, { outcome: 'erase' })).status).toBe(400);
    const reason = 'not "hers" <b>';
    expect((await send(desk, her.number, { outcome: 'refuse', reason })).status).toBe(200);
    expect(await stateOf(her)).toMatchObject({ state: 'refused', reason });
    const page = await desk.get(pathOf(her.number));
    expect(page.text).toContain('not &quot;hers&quot; &lt;b&gt;');
    expect(page.text).not.toContain('line two');
    expect(JSON.stringify(logs)).not.toMatch(/hers|line two|alert/);
  });
  await atDesk(
    store,
    async (desk) => {
      const page = await desk.get(pathOf(his.number));
      expect(wordsOf(page)).toContain('started without a key for notes');
      const fields = { outcome: 'note', notes: 'x' };
      expect((await send(desk, his.number, fields, page)).status).toBe(400);
    },
    { intake: { ...INTAKE, notesKey: undefined } },
  );
});

test('where two must confirm, one person counts once, by their token', async () => {
  const her = await filed(store, pictures(1));
  await atDesk(
    store,
    async (desk, { url }) => {
      expect(wordsOf(await desk.get(pathOf(her.number)))).toContain(
        '2 people must confirm it, each with a token of their own.',
      );
      const confirm = { outcome: 'confirm', by: 'mail' };
      const once = await send(desk, her.number, confirm);
      expect(wordsOf(once)).toContain('another person must confirm it');
      expect(await stateOf(her)).toMatchObject({ state: 'looked-at' });
      // Another session is the same person.
      const again = new Moderator(url);
      await again.signIn('desk');
      for (const session of [desk, again]) {
        const twice = await send(session, her.number, confirm);
        expect(twice.status).toBe(409);
        expect(wordsOf(twice)).toContain('Another person must confirm it');
      }
      expect(await stateOf(her)).toMatchObject({ state: 'looked-at' });
      const second = new Moderator(url);
      expect(wordsOf(await second.post('/review/sign-in', { token: SECOND }))).toContain(
        'confirmed by 1 of 2 people, dropped in 30 days',
      );
      await send(second, her.number, confirm);
      expect(await stateOf(her)).toMatchObject({ state: 'listed' });
    },
    { intake: { ...INTAKE, confirmations: 2 } },
  );
});

test('a case that was changed meanwhile, or is over, is shown as it is now', async () => {
  const her = await filed(store, pictures(1));
  await atDesk(store, async (desk) => {
    const page = await desk.get(pathOf(her.number));
    await send(desk, her.number, { outcome: 'hold' });
    const fields = { outcome: 'refuse', reason: 'typed "in vain"' };
    const late = await send(desk, her.number, fields, page);
    expect(late.status).toBe(409);
    expect(wordsOf(late)).toContain('It was changed meanwhile. Your choice was not saved.');
    expect(late.text).toContain('typed &quot;in vain&quot;</textarea>');
    expect(await stateOf(her)).toMatchObject({ state: 'looked-at' });
    // It is dropped after its days.
    const open = await desk.get(pathOf(her.number));
    expect(await casesIn(store, () => NOW + 31 * 86_400_000).prune()).toBe(1);
    const expired = await send(desk, her.number, { outcome: 'confirm', by: 'call' }, open);
    expect(expired.status).toBe(409);
    expect(wordsOf(expired)).toContain('dropped: not confirmed in time');
    expect(expired.text).not.toContain('<textarea');
    expect(await store.find({ list: LIST, limit: 9 })).toEqual([]);
    expect((await desk.get('/desk')).text).toContain('1 dropped');
  });
});

test('a form counts only from a page of the session, for its own case', async () => {
  const her = await filed(store, pictures(1));
  const his = await filed(store, pictures(2));
  await atDesk(store, async (desk) => {
    const other = await desk.get(pathOf(his.number));
    expect((await send(desk, her.number, { outcome: 'hold' }, other)).status).toBe(403);
    expect((await send(desk, her.number, { outcome: 'hold', word: '' })).status).toBe(403);
    expect((await send(desk, her.number, { outcome: 'hold', times: 'x' })).status).toBe(400);
    expect(await stateOf(her)).toMatchObject({ state: 'received' });
  });
});

test('another case under the same number is told of', async () => {
  const her = await filed(store, pictures(1, 2));
  // Somebody who read her number sends another file under it.
  const forged = { ...her.bundle, state: 'ab'.repeat(32), hashes: her.bundle.hashes.slice(1) };
  expect(contentsOf({ ...forged, state: her.bundle.state })).not.toEqual(contentsOf(her.bundle));
  await casesIn(store).file(forged);
  await atDesk(store, async (desk) => {
    const words = wordsOf(await desk.get(pathOf(her.number)));
    expect(words).toContain(
      'Another case has the same number. Only one of them can be the caller’s.',
    );
    expect(words).toContain('This one has 2 hashes');
    expect(words).toContain('the other has 1 hash,');
  });
});

test('a receipt has the number, the day, the counts and what comes next, and no hash', async () => {
  const her = await filed(store, pictures(1, 2));
  await atDesk(store, async (desk) => {
    const path = `/desk/receipt?number=${her.number}`;
    const page = await desk.get(path);
    const words = wordsOf(page);
    for (const told of [inGroups(her.case), '2026-11-26', '2 hashes', 'It was received.']) {
      expect(words).toContain(told);
    }
    for (const { hash } of her.bundle.hashes) expect(page.text).not.toContain(hash);
    await send(desk, her.number, { outcome: 'refuse', reason: '<i>' });
    const refused = await desk.get(path);
    expect(refused.text).toContain('&lt;i&gt;');
  });
});

test('a database that is lost while a case is confirmed leaves it whole, and the page says so', async () => {
  for (const told of ['before', 'after'] as const) {
    for (let skip = 0, isDone = false; !isDone; skip++) {
      const her = await filed(store, pictures(1, 2));
      await atDesk(store, async (desk, { errors }) => {
        const page = await desk.get(pathOf(her.number));
        const end = failingAt(store, skip, told);
        const sent = await send(desk, her.number, { outcome: 'confirm', by: 'call' }, page);
        isDone = !end();
        const { state } = (await stateOf(her))!;
        const listed = await store.find({ id: her.case, limit: 9 });
        expect([state, listed.length]).toEqual(
          state === 'listed' ? ['listed', 2] : ['received', 0],
        );
        if (isDone) {
          expect(state).toBe('listed');
        } else {
          expect(errors).toHaveLength(1);
          expect(sent.status).toBe(500);
          expect(wordsOf(sent)).toContain('may or may not have been made: check before you repeat');
        }
      });
      await databaseOf(store).query('truncate filed_case, entry, list, list_exception, session');
    }
  }
}, 240_000);
