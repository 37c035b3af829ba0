import { afterAll, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { flipBits } from '../../arbitraries.js';
import { LISTED, OTHER } from '../uploads/uploads.js';
import {
  followedStore,
  pictureForm,
  pictureServer,
  type ServedHma,
  servedHma,
} from './hma-served.js';

const { store, follower } = await followedStore();
afterAll(async () => await store.close());
/** Later than the clock of any machine, by which followers resume what is paused. */
const NOW = 4_102_444_800_000;
const message = { message: expect.any(String) };
const { hash: OTHER_HASH } = await hashFile(OTHER, { resample: 'none' });
const OTHER_HEX = hashToHex(OTHER_HASH);
/** A hash of its own for each number. */
const hexOf = (number: number) =>
  hashToHex(
    flipBits(
      OTHER_HASH,
      Array.from({ length: 256 }, (_, at) => (at * 7 * (2 * number + 1)) % 256),
      100,
    ),
  );

const served = <T>(work: (served: ServedHma) => Promise<T>) =>
  servedHma(work, { follower, store, now: () => NOW });
/** The distances of hits by bank, once the follower has what the store has. */
async function found({ json }: ServedHma, hex: string) {
  await follower.reached(await store.revision());
  const { body } = await json('GET', `/m/lookup?signal_type=pdq&signal=${hex}`);
  return body as Record<string, { bank_content_id: number; distance: string }[]>;
}

test('a bank is made, shown, switched off and on, renamed and removed', async () => {
  await served(async (service) => {
    const { json } = service;
    const made = await json('POST', '/c/banks', { name: 'MINE' });
    const bank = { name: 'MINE', matching_enabled_ratio: 1 };
    expect(made).toEqual({ status: 201, body: bank });
    const shown = { ...bank, newest_content_id: 0 };
    expect(await json('GET', '/c/bank/MINE')).toEqual({ status: 200, body: shown });
    expect((await json('GET', '/c/banks')).body).toEqual([bank]);
    const twice = await json('POST', '/c/banks', { name: 'MINE' });
    expect(twice).toEqual({ status: 403, body: message });

    const hex = hexOf(1);
    const { body } = await json('POST', '/c/bank/MINE/signal', { pdq: hex, note: 'a note' });
    const { id } = body as { id: number };
    expect(body).toEqual({ id: expect.any(Number), signals: { pdq: hex } });
    expect(await found(service, hex)).toEqual({ MINE: [{ bank_content_id: id, distance: '0' }] });

    for (const off of [
      { enabled: false },
      { enabled_ratio: 0 },
      { enabled_ratio: '0.0', enabled: true },
    ]) {
      expect((await json('PUT', '/c/bank/MINE', off)).body).toEqual({
        name: 'MINE',
        matching_enabled_ratio: 0,
      });
      expect(await found(service, hex)).toEqual({});
      const raw = await json('GET', `/m/raw_lookup?signal_type=pdq&signal=${hex}`);
      expect(raw.body).toEqual({ matches: [] });
      await json('PUT', '/c/bank/MINE', { enabled_ratio: '1' });
      expect(Object.keys(await found(service, hex))).toEqual(['MINE']);
    }
    await json('POST', '/c/banks', { name: 'TAKEN', enabled: 'false' });
    expect((await json('GET', '/c/bank/TAKEN')).body).toMatchObject({ matching_enabled_ratio: 0 });
    expect((await json('PUT', '/c/bank/MINE', { name: 'TAKEN' })).status).toBe(403);
    const renamed = await json('PUT', '/c/bank/MINE', { name: 'YOURS', enabled_ratio: 1 });
    expect(renamed.body).toEqual({ name: 'YOURS', matching_enabled_ratio: 1 });
    expect(await found(service, hex)).toEqual({ YOURS: [{ bank_content_id: id, distance: '0' }] });
    expect((await json('GET', '/c/bank/MINE')).status).toBe(404);
    expect((await json('GET', `/c/bank/YOURS/content/${id}`)).status).toBe(200);
    expect((await json('PUT', '/c/bank/YOURS', {})).body).toMatchObject({ name: 'YOURS' });

    for (const name of ['YOURS', 'TAKEN', 'TAKEN']) {
      const removed = await json('DELETE', `/c/bank/${name}`);
      expect(removed).toEqual({ status: 200, body: { message: 'Done' } });
    }
    expect(await found(service, hex)).toEqual({});
    expect((await json('GET', '/c/banks')).body).toEqual([]);
  });
});

test.each([
  { name: 'lower' },
  { name: '1ST' },
  { name: '' },
  { name: 'A B' },
  { name: 'A\n' },
  { name: 'A'.repeat(201) },
  {},
  { name: 5 },
  { name: 'A', enabled_ratio: 2 },
  { name: 'A', enabled_ratio: '-0.5' },
  { name: 'A', enabled_ratio: '1.01' },
  { name: 'A', enabled_ratio: 'yes' },
  { name: 'A', enabled_ratio: '0x1' },
  { name: 'A', enabled_ratio: '1e0' },
  { name: 'A', enabled_ratio: '' },
  { name: 'A', enabled: 'perhaps' },
  { name: 'A', enabled_ratio: null },
])('a bank as %j is refused, and not made', async (body) => {
  await served(async ({ json }) => {
    expect(await json('POST', '/c/banks', body)).toEqual({ status: 400, body: message });
    expect((await json('GET', '/c/banks')).body).toEqual([]);
  });
});

test('a name that no bank can have is not found, and no bank is given it', async () => {
  await served(async ({ json }) => {
    const [longest, long] = ['B'.repeat(200), 'B'.repeat(201)];
    expect((await json('POST', '/c/banks', { name: longest })).status).toBe(201);
    expect(await json('PUT', `/c/bank/${longest}`, { name: long })).toEqual({
      ...{ status: 400, body: message },
    });
    for (const [method, path, body] of [
      ['GET', `/c/bank/${long}`],
      ['PUT', `/c/bank/${long}`, {}],
      ['DELETE', `/c/bank/${long}`],
      ['POST', `/c/bank/${long}/signal`, { pdq: hexOf(1) }],
      ['GET', `/c/bank/${long}/content/1`],
      ['GET', `/c/exchange/${long}`],
      ['GET', `/c/exchange/${long}/status`],
      ['DELETE', `/c/exchange/${long}`],
    ] as const) {
      expect([path, await json(method, path, body)]).toEqual([
        path,
        { status: 404, body: message },
      ]);
    }
    expect((await json('DELETE', `/c/bank/${longest}`)).status).toBe(200);
  });
});

test('content is shown, paused and removed, by its own bank alone', async () => {
  await served(async (service) => {
    const { json } = service;
    for (const name of ['ONE', 'TWO']) await json('POST', '/c/banks', { name });
    const hex = hexOf(2);
    const added = await json('POST', '/c/bank/ONE/signal', { pdq: hex.toUpperCase(), note: 'why' });
    const { id } = added.body as { id: number };
    const path = `/c/bank/ONE/content/${id}`;
    const content = {
      ...{ id, disable_until_ts: 1, original_media_uri: null, note: 'why' },
      bank: { name: 'ONE', matching_enabled_ratio: 1 },
    };
    expect((await json('GET', path)).body).toEqual(content);
    expect((await json('GET', `${path}?include_signals=true`)).body).toEqual({
      ...content,
      signals: { pdq: hex },
    });
    for (const wrong of [
      `/c/bank/TWO/content/${id}`,
      '/c/bank/ONE/content/999999',
      '/c/bank/ONE/content/x',
      '/c/bank/ONE/content/0',
      '/c/bank/NONE/content/1',
    ]) {
      expect(await json('GET', wrong), wrong).toEqual({ status: 404, body: message });
      expect((await json('PUT', wrong, { disable_until_ts: 0 })).status).toBe(404);
      expect((await json('DELETE', wrong)).status).toBe(404);
    }
    // Only the reply to a PUT has these.
    const put = { collab_metadata: {}, user_metadata: null };
    const seconds = NOW / 1000;
    for (const until of [0, seconds + 1, seconds + 5 * 365 * 86_400]) {
      const paused = await json('PUT', path, { disable_until_ts: until });
      const body = { ...content, ...put, disable_until_ts: until };
      expect(paused).toEqual({ status: 200, body });
      expect((await json('GET', path)).body).toMatchObject({ disable_until_ts: until });
      await json('PUT', path, { disable_until_ts: 1 });
    }
    await json('PUT', path, { disable_until_ts: 0 });
    expect(await found(service, hex)).toEqual({});
    for (const on of [1, seconds - 1, 2]) {
      const { body } = await json('PUT', path, { disable_until_ts: on });
      expect(body).toMatchObject({ disable_until_ts: 1 });
      expect(Object.keys(await found(service, hex))).toEqual(['ONE']);
    }
    for (const bad of [-1, seconds + 6 * 366 * 86_400, 1.5, 'soon', null]) {
      const { status } = await json('PUT', path, { disable_until_ts: bad });
      expect(status, String(bad)).toBe(400);
    }
    const noted = await json('PUT', path, { note: 'why not' });
    expect(noted.body).toEqual({ ...content, ...put, note: 'why not' });
    expect((await json('GET', path)).body).toEqual({ ...content, note: 'why not' });
    expect((await json('PUT', path, { note: 'x'.repeat(256) })).status).toBe(400);
    const both = await json('PUT', path, { disable_until_ts: 0, note: 'why' });
    expect(both.body).toEqual({ ...content, ...put, disable_until_ts: 0 });
    await json('PUT', path, { disable_until_ts: 1 });
    expect((await json('PUT', path, {})).body).toEqual({ ...content, ...put });
    expect(await json('DELETE', path)).toEqual({ status: 200, body: { deleted: 1 } });
    expect((await json('DELETE', path)).status).toBe(404);
    expect(await found(service, hex)).toEqual({});
    for (const name of ['ONE', 'TWO']) await json('DELETE', `/c/bank/${name}`);
  });
});

test('a picture is added by its whole hash, with its description', async () => {
  await served(async (service) => {
    const { json, url } = service;
    await json('POST', '/c/banks', { name: 'PICTURES' });
    const path = '/c/bank/PICTURES/content';
    const add = async (form: FormData, headers: Record<string, string> = {}) => {
      const reply = await fetch(`${url}${path}`, { method: 'POST', body: form, headers });
      return { status: reply.status, body: (await reply.json()) as { id: number } };
    };
    const { hash } = await hashFile(LISTED, { resample: 'none' });
    const metadata = JSON.stringify({ content_id: 'post 7', content_uri: 'https://a.test/7' });
    const added = await add(pictureForm('photo', LISTED, { metadata, note: 'seen' }));
    expect(added).toEqual({
      status: 200,
      body: {
        ...{ id: expect.any(Number), signals: { pdq: hashToHex(hash) } },
        metadata: { content_id: 'post 7' },
      },
    });
    const entry = (await store.entry(added.body.id))!;
    expect(entry).toMatchObject({ hash, id: 'post 7', labels: ['seen'], list: 'PICTURES' });
    expect(entry.quality).toBeGreaterThan(50);
    const shown = await json('GET', `${path}/${added.body.id}`);
    expect(shown.body).toMatchObject({ metadata: { content_id: 'post 7' }, note: 'seen' });
    expect(Object.keys(await found(service, hashToHex(hash)))).toEqual(['PICTURES']);

    const key = { 'idempotency-key': 'one upload' };
    const once = await add(pictureForm('photo', OTHER), key);
    const revision = await store.revision();
    await json('DELETE', `${path}/${once.body.id}`);
    expect(await add(pictureForm('photo', OTHER), key)).toEqual(once);
    expect(await found(service, OTHER_HEX)).toEqual({});
    expect(await store.revision()).toBe(revision + 1);
    expect((await add(pictureForm('photo', LISTED), key)).status).toBe(409);

    for (const [form, status] of [
      [pictureForm('audio', LISTED), 400],
      [pictureForm('photo', LISTED, { metadata: 'no json' }), 400],
      [pictureForm('photo', LISTED, { metadata: '{"content_id":5}' }), 400],
      [pictureForm('photo', LISTED, { note: 'x'.repeat(256) }), 400],
      [pictureForm('photo', LISTED, { note: 'a\0b' }), 400],
      [new FormData(), 400],
    ] as const) {
      const refused = await add(form);
      expect(refused).toEqual({ status, body: message });
    }
    const none = await fetch(`${url}/c/bank/NONE/content`, {
      method: 'POST',
      body: pictureForm('photo', LISTED),
    });
    expect(none.status).toBe(404);
    await store.apply({ withdraw: [OTHER_HASH] });
    expect((await add(pictureForm('photo', OTHER))).status).toBe(409);
    await store.apply({ reinstate: [OTHER_HASH] });
    await json('DELETE', '/c/bank/PICTURES');
  });
});

test('a picture at an address is added, with the fields of a JSON body', async () => {
  await pictureServer(LISTED, async (origin, fetchPictures) => {
    await servedHma(
      async ({ json }) => {
        await json('POST', '/c/banks', { name: 'FETCHED' });
        const path = `/c/bank/FETCHED/content?url=${encodeURIComponent(origin)}`;
        const body = { metadata: { content_id: 'c', json: { a: 1 } }, note: 'n' };
        const added = await json('POST', path, body);
        expect(added).toMatchObject({ status: 200, body: { metadata: { content_id: 'c' } } });
        const { id } = added.body as { id: number };
        expect(await store.entry(id)).toMatchObject({ id: 'c', labels: ['n'] });
        expect((await json('POST', path)).status).toBe(200);
        expect((await json('POST', path, { metadata: { content_id: 1 } })).status).toBe(400);
        expect((await json('POST', path, { note: {} })).status).toBe(400);
        await json('DELETE', '/c/bank/FETCHED');
      },
      { follower, store, fetchPictures },
    );
  });
});

test('a hash that cannot be listed is refused', async () => {
  await served(async ({ json }) => {
    await json('POST', '/c/banks', { name: 'BAD' });
    for (const [body, status] of [
      [{}, 400],
      [{ note: 'x' }, 400],
      [{ pdq: '' }, 400],
      [{ pdq: 'g'.repeat(64) }, 400],
      [{ pdq: 5 }, 400],
      [{ pdq: '0'.repeat(64) }, 422],
      [{ video_md5: '0'.repeat(31) }, 400],
      [{ video_md5: '0'.repeat(32), pdq: hexOf(3) }, 400],
      [{ pdq: hexOf(3), md5: 'x' }, 400],
      [[], 400],
    ] as const) {
      const refused = await json('POST', '/c/bank/BAD/signal', body);
      expect(refused, JSON.stringify(body)).toEqual({ status, body: message });
    }
    expect(await store.find({ list: 'BAD' })).toEqual([]);
    await json('DELETE', '/c/bank/BAD');
  });
});

test('the sizes of the store and of the index are reported, and the unnamed list is a bank', async () => {
  await served(async (service) => {
    const { json } = service;
    const { numbers } = await store.apply({ add: [{ hash: OTHER_HASH, labels: [] }] });
    const hits = await found(service, OTHER_HEX);
    expect(hits).toEqual({ UNNAMED: [{ bank_content_id: numbers[0], distance: '0' }] });
    const seconds = NOW / 1000;
    const { vpdq, ...others } = (await json('GET', '/c/signal_type/index')).body as {
      vpdq: unknown;
      pdq: unknown;
    };
    // Frames are PDQ hashes.
    expect(vpdq).toEqual(others.pdq);
    expect(others).toEqual({
      pdq: {
        ...{ db_size: 1, index_size: 1, index_out_of_date: false },
        ...{ newest_db_item: seconds, index_built_to: seconds },
      },
      video_md5: {
        ...{ db_size: 0, index_size: 0, index_out_of_date: false },
        ...{ newest_db_item: seconds, index_built_to: seconds },
      },
    });
    expect((await json('GET', `/c/bank/UNNAMED/content/${numbers[0]}`)).status).toBe(200);
    expect((await json('POST', '/c/banks', { name: 'UNNAMED' })).status).toBe(403);
    await store.apply({ remove: [numbers[0]!] });
  });
});

test('a key of a change that a store would refuse is refused before the change', async () => {
  await served(async ({ json, url }) => {
    await json('POST', '/c/banks', { name: 'KEYED' });
    const add = async (key: string) => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      const body = JSON.stringify({ pdq: hexOf(9) });
      return (await fetch(`${url}/c/bank/KEYED/signal`, { method: 'POST', headers, body })).status;
    };
    const revision = await store.revision();
    for (const key of ['k'.repeat(201), 'caf\u00e9', 'a\tb']) expect(await add(key)).toBe(400);
    expect(await store.revision()).toBe(revision);
    expect([await add('k'.repeat(200)), await add('k'.repeat(200))]).toEqual([200, 200]);
    expect(await store.revision()).toBe(revision + 1);
    await json('DELETE', '/c/bank/KEYED');
  });
});
