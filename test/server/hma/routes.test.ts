import { createHash } from 'node:crypto';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, expect, test, vi } from 'vitest';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { Columns } from '../../../src/blocklist/segments/columns.js';
import { distance, hashFromHex, hashToHex } from '../../../src/hash.js';
import { PartSearch } from '../../../src/indexing/part-search.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { IndexAge } from '../../../src/server/hma/bank-index.js';
import { flipBits } from '../../arbitraries.js';
import { loopTurns, stepClock } from '../../node/event-loop.js';
import { ROOT } from '../../project/package.js';
import { HALF, LISTED, NO_PICTURE, OTHER } from '../uploads/uploads.js';
import { withResolvers } from '../with-resolvers.js';
import { pictureForm, pictureServer, servedHma } from './hma-served.js';

afterEach(() => void vi.restoreAllMocks());

const { hash: HASH } = await hashFile(join(ROOT, 'fixtures/photos/locomotion-house-cat.jpg'));
const HEX = hashToHex(HASH);
const ORDER = Array.from({ length: 256 }, (_, at) => (at * 91) % 256);
/** The hash with this many other bits. */
const near = (bits: number) => flipBits(HASH, ORDER, bits);
const lookup = (hex: string, more = '') => `/m/lookup?signal_type=pdq&signal=${hex}${more}`;
const post = (url: string, body: FormData) => fetch(url, { method: 'POST', body });

test('a picture is hashed as hash does, without the 512 step; the name of its field is its type', async () => {
  await servedHma(async ({ url }) => {
    const { hash } = await hashFile(LISTED, { resample: 'none' });
    for (const query of ['', '?types=pdq']) {
      const reply = await post(`${url}/h/hash${query}`, pictureForm('photo', LISTED));
      expect([reply.status, await reply.json()]).toEqual([200, { pdq: hashToHex(hash) }]);
    }
    const md5 = createHash('md5').update(HALF).digest('hex');
    for (const query of ['', '?types=video_md5']) {
      const reply = await post(`${url}/h/hash${query}`, pictureForm('video', HALF));
      expect([reply.status, await reply.json()]).toEqual([200, { video_md5: md5 }]);
    }
    const dull = await sharp({
      create: { width: 64, height: 64, channels: 3, background: '#888' },
    })
      .png()
      .toBuffer();
    const low = await post(`${url}/h/hash`, pictureForm('photo', dull));
    expect([low.status, await low.json()]).toEqual([200, {}]);
    const two = pictureForm('photo', LISTED);
    two.append('photo', new File(['x'], 'y'));
    for (const [form, query, status] of [
      [pictureForm('video', LISTED), '?types=pdq', 400],
      [pictureForm('photo', LISTED), '?types=video_md5', 400],
      [pictureForm('photo', LISTED), '?types=,', 400],
      [pictureForm('photo', NO_PICTURE), '', 415],
      [pictureForm('photo', HALF), '', 422],
      [new FormData(), '', 400],
      [two, '', 400],
    ] as const) {
      const refused = await post(`${url}/h/hash${query}`, form);
      expect([refused.status, await refused.json()]).toEqual([
        status,
        { message: expect.any(String) },
      ]);
    }
  });
});

test('a picture that is too long is refused, and so is a body that is no form', async () => {
  await servedHma(
    async ({ url }) => {
      const long = await post(`${url}/h/hash`, pictureForm('photo', OTHER));
      expect(long.status).toBe(413);
      for (const [type, body] of [
        ['image/jpeg', 'x'],
        ['multipart/form-data', 'x'],
        ['multipart/form-data; boundary=a', '--a\r\nContent-Disposition: form-data; na'],
      ] as const) {
        const init = { method: 'POST', body, headers: { 'content-type': type } };
        expect((await fetch(`${url}/h/hash`, init)).status, type).toBe(400);
      }
    },
    { maxBytes: 1000 },
  );
});

test('a picture is fetched from hosts that are allowed, and from no other', async () => {
  await pictureServer(LISTED, async (origin, fetchPictures, asked) => {
    const address = (url: string) => `url=${encodeURIComponent(url)}`;
    const own = address(`${origin}/a.jpg?b=1`);
    await servedHma(
      async ({ json, url }) => {
        const { hash } = await hashFile(LISTED, { resample: 'none' });
        const hashed = await json('GET', `/h/hash?${own}&content_type=photo`);
        expect(hashed).toEqual({ status: 200, body: { pdq: hashToHex(hash) } });
        const md5 = createHash('md5').update(LISTED).digest('hex');
        const video = await json('GET', `/h/hash?${own}&content_type=video`);
        expect(video).toEqual({ status: 200, body: { video_md5: md5 } });
        expect((await json('GET', `/h/hash?${own}&content_type=audio`)).status).toBe(400);
        const nested = await json('GET', `/m/lookup?${own}`);
        expect(nested.status).toBe(200);
        expect(nested.body).toMatchObject({ pdq: { UNNAMED: [{ distance: expect.any(String) }] } });
        const flat = await json('GET', `/m/lookup?${own}&signal_type=pdq`);
        expect(Object.keys(flat.body)).toEqual(['UNNAMED']);
        expect(asked).toEqual(Array(4).fill('/a.jpg?b=1'));
        expect((await fetch(`${url}/h/hash`)).status).toBe(400);
        for (const [other, status] of [
          ['http://127.0.0.1:1/', 403],
          ['file:///etc/passwd', 400],
          ['', 400],
        ] as const) {
          expect((await json('GET', `/h/hash?${address(other)}`)).status, other).toBe(status);
        }
      },
      { fetchPictures },
    );
    await servedHma(async ({ json }) => {
      expect((await json('GET', `/h/hash?${own}`)).status).toBe(501);
      expect((await json('GET', `/m/lookup?${own}`)).status).toBe(501);
    });
    expect(asked).toHaveLength(4);
  });
});

test('a lookup gives the banks by the match distance of each', async () => {
  const blocklist = createBlocklist(
    [
      { hash: near(0), labels: [] },
      { hash: near(10), labels: [], list: 'NARROW' },
      { hash: near(10), labels: [], list: 'WIDE' },
      { hash: near(40), labels: [], list: 'WIDE' },
      { hash: near(40), labels: [], list: 'OTHER' },
      { hash: near(1), labels: [], list: 'OFF' },
    ],
    {
      lists: {
        NARROW: { policy: { matchDistance: 9 } },
        WIDE: { policy: { matchDistance: 40 } },
        OFF: { enabled: false },
      },
    },
  );
  await servedHma(
    async ({ json, url }) => {
      const { body } = await json('GET', lookup(HEX.toUpperCase(), '&seed=1&bypass_coinflip=true'));
      expect(body).toEqual({
        UNNAMED: [{ bank_content_id: expect.any(Number), distance: '0' }],
        WIDE: [
          { bank_content_id: expect.any(Number), distance: '10' },
          { bank_content_id: expect.any(Number), distance: '40' },
        ],
      });
      const only = await json('GET', lookup(HEX, '&banks=NARROW,UNNAMED'));
      expect(Object.keys(only.body)).toEqual(['UNNAMED']);
      const raw = `/m/raw_lookup?signal_type=pdq&signal=${HEX}`;
      const long = await json('GET', `${raw}&include_distance=true`);
      const { matches } = long.body as { matches: { distance: string; bank_content_id: number }[] };
      expect(matches.map((one) => one.distance)).toEqual(['0', '10', '40']);
      const ids = matches.map((one) => one.bank_content_id);
      expect(new Set(ids).size).toBe(3);
      expect((await json('GET', raw)).body).toEqual({ matches: ids });
      const nothing = await fetch(`${url}${lookup(hashToHex(near(128)))}`);
      expect([await nothing.json(), nothing.headers.get('onlyhashes-verdict')]).toEqual([{}, null]);
    },
    { blocklist },
  );
});

test('matches for review are in the header, in a raw lookup, and returned on request', async () => {
  const allowList = createAllowList({ exceptions: [{ hash: near(3), reason: 'ours' }] });
  const blocklist = createBlocklist(
    [
      { hash: near(0), labels: [], list: 'THEIRS' },
      { hash: near(0), labels: [], list: 'DOUBTED', confirmed: false },
    ],
    { lists: { THEIRS: { tier: 'review' } } },
  );
  const raw = (hex: string) => `/m/raw_lookup?signal_type=pdq&signal=${hex}`;
  await servedHma(
    async ({ json, url }) => {
      const reply = await fetch(`${url}${lookup(HEX)}`);
      expect([await reply.json(), reply.headers.get('onlyhashes-verdict')]).toEqual([{}, 'review']);
      expect((await json('GET', raw(HEX))).body).toMatchObject({
        matches: [{}, {}].map(() => expect.any(Number)),
      });
      const allowed = hashToHex(near(3));
      expect((await json('GET', lookup(allowed))).body).toEqual({});
      expect((await json('GET', raw(allowed))).body).toEqual({
        matches: [expect.any(Number), expect.any(Number)],
      });
    },
    { blocklist, allowList },
  );
  await servedHma(
    async ({ json }) => {
      const { body } = await json('GET', lookup(HEX));
      expect(Object.keys(body).sort()).toEqual(['DOUBTED', 'THEIRS']);
    },
    { blocklist, hma: { tier: 'review' } },
  );
});

test('no lookup gives entries beyond the match distance of their list', async () => {
  const blocklist = createBlocklist([{ hash: near(32), labels: [] }]);
  const policy = { matchDistance: 31, reviewDistance: 60 };
  await servedHma(
    async ({ json, url }) => {
      const raw = `/m/raw_lookup?signal_type=pdq&signal=${HEX}`;
      expect((await json('GET', raw)).body).toEqual({ matches: [] });
      const reply = await fetch(`${url}${lookup(HEX)}`);
      expect([await reply.json(), reply.headers.get('onlyhashes-verdict')]).toEqual([{}, null]);
    },
    { blocklist, policy, hma: { tier: 'review' } },
  );
});

test('of very many matches, lookups give the nearest, in time slices and by one search', async () => {
  const allowList = createAllowList({ exceptions: [{ hash: HASH, reason: 'ours' }] });
  const entries = Array.from({ length: 6000 }, (_, at) => ({
    hash: near(at % 25),
    labels: [],
    id: String(at),
    list: at % 2 ? 'A' : 'B',
    confirmed: at % 3 > 0,
  }));
  const few = Array.from({ length: 3 }, (_, at) => ({
    hash: near(26 + at),
    labels: [],
    list: 'C',
  }));
  const far = { hash: near(40), labels: [], list: 'FAR' };
  for (const options of [{}, { allowList }]) {
    const blocklist = createBlocklist([...entries, ...few, far]);
    await blocklist.settled();
    const made = vi.spyOn(Columns.prototype, 'entryAt');
    const searched = vi.spyOn(PartSearch.prototype, 'ask');
    await servedHma(
      async ({ url }) => {
        const asked = async (path: string) => {
          made.mockClear();
          searched.mockClear();
          const turns = loopTurns();
          stepClock(10);
          const reply = await fetch(`${url}${path}`);
          turns.stop();
          expect(turns.count).toBeGreaterThan(20);
          expect(made.mock.calls.length).toBeLessThanOrEqual(4000);
          expect(searched).toHaveBeenCalledTimes(1);
          return { body: (await reply.json()) as never, headers: reply.headers };
        };
        await asked(lookup(HEX));
        const raw = `/m/raw_lookup?signal_type=pdq&include_distance=true&signal=${HEX}`;
        const { body, headers } = await asked(raw);
        const { matches } = body as { matches: { distance: string }[] };
        expect(matches.map(({ distance }) => Number(distance))).toEqual([
          ...Array.from({ length: 1000 }, (_, at) => Math.floor(at / 240)),
          26,
        ]);
        expect(headers.get('onlyhashes-omitted')).toBe('5002');
        const one = await asked(`${raw}&banks=C`);
        expect(one.body).toEqual({ matches: [expect.objectContaining({ distance: '26' })] });
        expect(Number(one.headers.get('onlyhashes-omitted'))).toBeGreaterThanOrEqual(2);
      },
      { blocklist, ...options },
    );
  }
  await servedHma(
    async ({ url }) => {
      const reply = await fetch(`${url}/m/raw_lookup?signal_type=pdq&signal=${HEX}`);
      expect(reply.headers.has('onlyhashes-omitted')).toBe(false);
    },
    { blocklist: createBlocklist(few) },
  );
});

test('an allowed hash is no match of a lookup, whatever the trust in its list', async () => {
  const allowList = createAllowList({ exceptions: [{ hash: near(3), reason: 'ours' }] });
  const blocklist = createBlocklist([{ hash: near(0), labels: [], list: 'SURE' }]);
  await servedHma(
    async ({ json }) => {
      expect(Object.keys((await json('GET', lookup(HEX))).body)).toEqual(['SURE']);
      expect((await json('GET', lookup(hashToHex(near(3))))).body).toEqual({});
    },
    { blocklist, allowList },
  );
});

test('a picture is looked up by all its variants', async () => {
  const turned = await sharp(LISTED).flop().jpeg({ quality: 90 }).toBuffer();
  await servedHma(async ({ url }) => {
    const found = await post(`${url}/m/lookup`, pictureForm('photo', turned));
    expect(await found.json()).toMatchObject({ pdq: { UNNAMED: [{}] } });
    const none = await post(`${url}/m/lookup`, pictureForm('photo', OTHER));
    expect([await none.json(), none.headers.get('onlyhashes-verdict')]).toEqual([
      { pdq: {} },
      'none',
    ]);
    const broken = await post(`${url}/m/lookup`, pictureForm('photo', HALF));
    expect([broken.status, await broken.json()]).toEqual([422, expect.any(String)]);
  });
});

test('two hashes are compared, as the example of HMA has it', async () => {
  const a = 'facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318';
  const b = 'facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318';
  await servedHma(async ({ json }) => {
    const same = await json('POST', '/m/compare', { pdq: [a, b] });
    expect(same).toEqual({ status: 200, body: { pdq: [true, { distance: 9 }] } });
    const far = await json('POST', '/m/compare', { pdq: [a, HEX] });
    const bits = distance(hashFromHex('pdq', a), HASH);
    expect(far.body).toEqual({ pdq: [false, { distance: bits }] });
    for (const bad of [
      ['banana'],
      { pdq: 'banana' },
      { pdq: [] },
      { pdq: ['banana', 'banana'] },
      { pdq: [a, b, a] },
      { md5: [a, b] },
    ]) {
      expect((await json('POST', '/m/compare', bad)).status, JSON.stringify(bad)).toBe(400);
    }
  });
});

test('a wrong question is an object with a message, and a lookup without an answer a bare text', async () => {
  await servedHma(async ({ url, json }) => {
    const message = { message: expect.any(String) };
    for (const path of ['/m/lookup', '/m/lookup?signal_type=pdq', lookup('0'), lookup('')]) {
      expect(await json('GET', path)).toEqual({ status: 400, body: message });
    }
    expect((await json('GET', `/m/lookup?signal_type=md5&signal=${HEX}`)).status).toBe(400);
    expect(await json('GET', '/m/raw_lookup')).toEqual({ status: 400, body: message });
    const wrong = { headers: { authorization: 'Basic of-nobody' } };
    const refused = await fetch(`${url}${lookup(HEX)}`, wrong);
    expect([refused.status, await refused.json()]).toEqual([401, expect.any(String)]);
    const deleted = await fetch(`${url}/m/lookup`, { method: 'DELETE' });
    expect([deleted.status, await deleted.json()]).toEqual([405, expect.any(String)]);
  });
});

test('the index reports its state, before the list is loaded and after', async () => {
  const coming = withResolvers<Blocklist>();
  const now = () => 1_767_225_600_500;
  await servedHma(
    async ({ url, json }) => {
      const status = async (path: string) => {
        const reply = await fetch(`${url}${path}`);
        return [reply.status, await reply.text()];
      };
      expect(await status('/status')).toEqual([503, 'INDEX-NOT-LOADED']);
      expect(await status('/status/live')).toEqual([200, 'I-AM-ALIVE']);
      expect((await json('GET', '/m/index/status')).body).toEqual({
        pdq: { present: false, built_to: -1, size: 0 },
        video_md5: { present: false, built_to: -1, size: 0 },
        vpdq: { present: false, built_to: -1, size: 0 },
      });
      expect(await json('GET', lookup(HEX))).toEqual({ status: 503, body: expect.any(String) });
      coming.resolve(createBlocklist([{ hash: HASH, labels: [] }]));
      await new Promise((resolve) => setImmediate(resolve));
      expect(await status('/status')).toEqual([200, 'I-AM-ALIVE']);
      expect((await json('GET', '/m/index/status?signal_type=pdq')).body).toEqual({
        pdq: { present: true, built_to: 1_767_225_600, size: 1 },
      });
      expect((await json('GET', '/m/index/status?signal_type=md5')).status).toBe(400);
      expect((await json('GET', '/c/signal_type')).body).toEqual([
        { name: 'pdq', enabled_ratio: 1 },
        { name: 'video_md5', enabled_ratio: 1 },
        { name: 'vpdq', enabled_ratio: 1 },
      ]);
      expect((await json('GET', '/c/content_type')).body).toEqual([
        { name: 'photo', enabled: true },
        { name: 'video', enabled: true },
      ]);
      const document = (await json('GET', '/openapi/openapi.json')).body;
      expect(document).toMatchObject({
        openapi: '3.1.0',
        paths: { '/m/lookup': { get: {}, post: {} }, '/c/bank/{name}/content/{id}': { put: {} } },
      });
      expect((await json('GET', '/site-map')).body).toEqual(
        expect.arrayContaining(['/c/banks', '/h/hash', '/m/lookup', '/site-map', '/status']),
      );
    },
    { blocklist: coming.promise, now },
  );
});

test('without a store, curation is refused by a status that is not 404', async () => {
  await servedHma(async ({ json }) => {
    for (const [method, path, body] of [
      ['GET', '/c/banks', undefined],
      ['GET', '/c/bank/A', undefined],
      ['POST', '/c/banks', { name: 'A' }],
      ['DELETE', '/c/bank/A/content/1', undefined],
    ] as const) {
      expect(await json(method, path, body)).toEqual({
        status: 501,
        body: { message: expect.any(String) },
      });
    }
  });
});

test('an index is stale once it lags, or its store is unavailable, for 65 seconds', async () => {
  let time = 1_000_000;
  let [stored, indexed] = [5, 5];
  let isAway = false;
  const revision = async () => {
    if (isAway) throw new Error('away');
    return stored;
  };
  const age = new IndexAge({
    followed: () => ({ blocklist: createBlocklist([]), revision: indexed }),
    store: { revision } as never,
    now: () => time,
  });
  const after = async (seconds: number) => {
    time += 1000 * seconds;
    return await age.look();
  };
  expect(await after(1)).toEqual({ builtTo: 1_001_000, isStale: false });
  stored = 6;
  expect(await after(1)).toEqual({ builtTo: 1_001_000, isStale: false });
  expect((await after(65)).isStale).toBe(false);
  expect(await after(1)).toEqual({ builtTo: 1_001_000, isStale: true });
  // It has come to what was first seen missing, and the store has gone on.
  [stored, indexed] = [7, 6];
  expect(await after(1)).toEqual({ builtTo: 1_002_000, isStale: false });
  indexed = 7;
  expect(await after(100)).toEqual({ builtTo: time, isStale: false });
  isAway = true;
  const builtTo = time;
  expect(await after(1)).toEqual({ builtTo, isStale: false });
  expect(await after(66)).toEqual({ builtTo, isStale: true });
  isAway = false;
  expect(await after(1)).toEqual({ builtTo: time, isStale: false });
});

test('however many state requests come at a time, the store is queried once', async () => {
  let asked = 0;
  let answer = withResolvers<number>();
  const revision = () => {
    asked++;
    answer = withResolvers();
    return answer.promise;
  };
  const followed = () => ({ blocklist: createBlocklist([]), revision: 1 });
  const age = new IndexAge({ followed, store: { revision } as never, now: () => 0 });
  for (const times of [1, 2]) {
    const looks = Array.from({ length: 50 }, () => age.look());
    expect(asked).toBe(times);
    answer.resolve(1);
    expect(new Set((await Promise.all(looks)).map(({ isStale }) => isStale))).toEqual(
      new Set([false]),
    );
  }
});
