import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createService } from '../../../src/server/service.js';
import type { Store } from '../../../src/store/store.js';
import { databaseOf, openStore } from '../../store/opened.js';
import { blocklist, pool } from '../uploads/uploads.js';
import { itemOf, type Page, RULES, signedIn } from './review-served.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query('truncate review_item, review_record, session');
});
afterAll(() => store.close());

const ORIGIN = 'https://uploads.example';
const ITEM = '/review/item?item=u1';
const policyOf = ({ headers }: Page) =>
  headers
    .get('content-security-policy')!
    .split('; ')
    .map((each) => each.replace(/sha256-[\w+/]{43}=/, 'HASH'));
const STRICT = [
  "default-src 'none'",
  "style-src 'HASH'",
  ...["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
];

type UrlOf = (item: string) => unknown;
const showing = (urlOf: UrlOf, origin = ORIGIN) => ({
  review: { retentionDays: 30, uploads: { origin, urlOf: urlOf as () => string } },
});

test('an upload is shown on a view of its own, which alone may load it', async () => {
  const id = `a "b" <c>`;
  await store.reviewQueue(RULES).put(itemOf(id));
  const asked: string[] = [];
  const urlOf = async (item: string) => {
    asked.push(item);
    return new URL(`${ORIGIN}/pictures?of=${encodeURIComponent(item)}&key='"><script>`);
  };
  await signedIn(
    store,
    async (moderator, { logs, errors }) => {
      const item = `/review/item?item=${encodeURIComponent(id)}`;
      const before = await moderator.get(item);
      expect(before.text).not.toMatch(/<img|uploads\.example/);
      expect(policyOf(before)).toEqual(STRICT);
      expect(asked).toEqual([]);
      const way = /<a href="([^"]+)">Show the upload here, blurred/.exec(before.text)![1]!;
      const after = await moderator.get(way.replaceAll('&amp;', '&'));
      expect(asked).toEqual([id]);
      expect(policyOf(after)).toEqual([STRICT[0], `img-src ${ORIGIN}`, ...STRICT.slice(1)]);
      expect(after.headers.get('referrer-policy')).toBe('same-origin');
      expect(after.text.match(/<img[^>]*>/g)).toEqual([
        `<img src="${ORIGIN}/pictures?of=a%20%22b%22%20%3Cc%3E&amp;key=%27%22%3E%3Cscript%3E" alt="the upload" referrerpolicy="no-referrer">`,
      ]);
      // The address is nowhere else: no link, no preload.
      expect(after.text.split('uploads.example')).toHaveLength(2);
      expect(after.text).toContain('<input type="checkbox" id="sharp" autocomplete="off">');
      expect(after.text).toContain('>Hide the upload</a>');
      const views = logs.filter(({ route }) => route === '/review/item').map(({ facts }) => facts);
      expect(views).toEqual([undefined, { isShown: true }]);
      // The next upload is not shown by itself.
      const next = await moderator.press(after, 'confirmed');
      expect(next.text).not.toContain('<img');
      expect(asked).toEqual([id]);
      expect(errors).toEqual([]);
    },
    showing(urlOf),
  );
});

test('without the option, there is neither a way nor a picture', async () => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  await signedIn(store, async (moderator) => {
    for (const path of [ITEM, `${ITEM}&show=true`]) {
      const page = await moderator.get(path);
      expect(page.status).toBe(200);
      expect(page.text).not.toMatch(/Show the upload|Hide the upload|<img/);
      expect(policyOf(page)).toEqual(STRICT);
    }
  });
});

const SECRET = 'secret-of-the-upload';
test.each([
  ['another origin', () => `https://other.example/${SECRET}`],
  ['a subdomain', () => `https://a.uploads.example/${SECRET}`],
  ['a name that begins alike', () => `https://uploads.example.evil.example/${SECRET}`],
  ['another scheme', () => `http://uploads.example/${SECRET}`],
  ['another port', () => `https://uploads.example:8443/${SECRET}`],
  ['a password', () => `https://user:${SECRET}@uploads.example/`],
  ['a user that looks like the origin', () => `https://uploads.example@evil.example/${SECRET}`],
  ['a script', () => `javascript:alert('${SECRET}')`],
  ['data', () => `data:image/png;base64,${SECRET}`],
  ['a blob of that origin', () => `blob:https://uploads.example/${SECRET}`],
  ['no scheme', () => `//uploads.example/${SECRET}`],
  ['a path', () => `/${SECRET}`],
  ['nothing', () => ''],
  ['null', () => null],
  ['a number', () => 7],
  ['a promise of another origin', async () => new URL(`https://other.example/${SECRET}`)],
])('%s is not put in the page, and is reported', async (_, urlOf) => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  await signedIn(
    store,
    async (moderator, { errors }) => {
      const page = await moderator.get(`${ITEM}&show=true`);
      expect(page.status).toBe(200);
      expect(page.text).toContain('The platform has no picture of it to show here.');
      expect(page.text).toContain('>Confirm</button>');
      expect(page.text).not.toMatch(/<img|secret|uploads\.example|javascript:/);
      expect(policyOf(page)).toEqual(STRICT);
      expect(errors).toEqual([new RangeError('expected urlOf to return a URL of its origin')]);
    },
    showing(urlOf),
  );
});

test('an error of the application is reported, and the page answers', async () => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  const error = new Error('the storage is away');
  for (const urlOf of [
    () => {
      throw error;
    },
    () => Promise.reject(error),
  ]) {
    await signedIn(
      store,
      async (moderator, { errors }) => {
        const page = await moderator.get(`${ITEM}&show=true`);
        expect(page.status).toBe(200);
        expect(page.text).toContain('The platform has no picture of it to show here.');
        expect(page.text).not.toContain('storage');
        expect(errors).toEqual([error]);
      },
      showing(urlOf),
    );
  }
});

test('an upload without a picture is no error', async () => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  await signedIn(
    store,
    async (moderator, { errors, logs }) => {
      const page = await moderator.get(`${ITEM}&show=true`);
      expect(page.text).toContain('The platform has no picture of it to show here.');
      expect(policyOf(page)).toEqual(STRICT);
      expect(errors).toEqual([]);
      expect(logs.at(-1)!.facts).toEqual({ isShown: false });
    },
    showing(() => undefined),
  );
});

test.each(['yes', '1', ''])('show=%s is refused', async (show) => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  await signedIn(
    store,
    async (moderator) => {
      expect((await moderator.get(`${ITEM}&show=${show}`)).status).toBe(400);
    },
    showing(() => `${ORIGIN}/1`),
  );
});

test('a visitor who is not signed in learns no address', async () => {
  await store.reviewQueue(RULES).put(itemOf('u1'));
  let asked = 0;
  const urlOf = () => {
    asked++;
    return `${ORIGIN}/1`;
  };
  await signedIn(
    store,
    async (moderator) => {
      moderator.cookie = '';
      expect((await moderator.get(`${ITEM}&show=true`)).path).toBe('/review/sign-in');
      expect(asked).toBe(0);
    },
    showing(urlOf),
  );
});

test.each([
  'uploads.example',
  'https://uploads.example/',
  'https://uploads.example/path',
  'https://uploads.example:443',
  'https://Uploads.example',
  'https://user@uploads.example',
  'https://uploads.example *',
  'https://uploads.example;script-src',
  "https://uploads.example,'unsafe-inline'",
  'https://*.example',
  'https://*',
  'https:',
  '*',
  'data:',
  'null',
  '',
])('the origin %s is refused', (origin) => {
  const { review } = showing(() => undefined, origin);
  expect(() => createService({ blocklist, pool, store, review })).toThrow(
    new RangeError('expected origin to be an origin, such as https://uploads.example'),
  );
});

test.each(['https://uploads.example', 'https://a.b-c.example:8443', 'http://127.0.0.1:9000'])(
  'the origin %s is taken',
  async (origin) => {
    const { review } = showing(() => undefined, origin);
    const service = createService({ blocklist, pool, store, review });
    await expect(service.drain()).resolves.toBe(undefined);
  },
);
