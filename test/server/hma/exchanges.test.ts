import { afterAll, expect, test } from 'vitest';
import { hashFromHex } from '../../../src/hash.js';
import { databaseOf } from '../../store/opened.js';
import { followedStore, type ServedHma, servedHma } from './hma-served.js';

const { store, follower } = await followedStore();
afterAll(async () => await store.close());
const message = { message: expect.any(String) };
const SECRET = 'a secret of nobody else';

const feeds = store.feeds(new Uint8Array(32).fill(7));
const served = <T>(work: (served: ServedHma) => Promise<T>) =>
  servedHma(work, { follower, store, hma: { feeds } });

test('Coop makes an exchange, reads its state, and removes it with its bank', async () => {
  await served(async ({ json, logs }) => {
    const apis = (await json('GET', '/c/exchanges/apis')).body as string[];
    expect(apis).toEqual(expect.arrayContaining(['fb_threatexchange', 'ncmec', 'stop_ncii']));
    expect((await json('GET', '/c/exchanges/api/ncmec')).body).toEqual({
      ...{ supports_authentification: true, has_set_authentification: false },
    });
    const schema = (await json('GET', '/c/exchanges/api/ncmec/schema')).body as never;
    expect(schema).toMatchObject({
      config_schema: {
        fields: [{ name: 'environment', type: 'enum', required: true, default: null }],
      },
      credentials_schema: { fields: [{ name: 'user' }, { name: 'password' }] },
    });
    const environment = 'https://exttest.cybertip.org/hashsharing';
    const made = await json('POST', '/c/exchanges', {
      ...{ bank: 'COOP_NCMEC', api: 'ncmec', api_json: { environment } },
      credential_json: { user: 'us', password: SECRET },
    });
    expect(made).toEqual({ status: 201, body: message });
    expect(await feeds.get('COOP_NCMEC')).toMatchObject({
      ...{ api: 'ncmec', settings: { list: 'industryTest' }, enabled: true },
    });
    expect(await feeds.credentials('COOP_NCMEC')).toEqual({ user: 'us', password: SECRET });
    expect((await json('GET', '/c/bank/COOP_NCMEC')).status).toBe(200);

    const shown = {
      ...{ name: 'COOP_NCMEC', api: 'ncmec', enabled: true, environment },
      credential_status: { supports_auth: true, has_credentials: true, source: 'exchange' },
    };
    expect(await json('GET', '/c/exchange/COOP_NCMEC')).toEqual({ status: 200, body: shown });
    const off = await json('PUT', '/c/exchange/COOP_NCMEC', { enabled: false });
    expect(off.body).toEqual({ ...shown, enabled: false });
    expect(await feeds.credentials('COOP_NCMEC')).toMatchObject({ password: SECRET });
    expect((await json('GET', '/c/exchanges')).body).toEqual(['COOP_NCMEC']);

    const status = async () => (await json('GET', '/c/exchange/COOP_NCMEC/status')).body;
    expect(await status()).toEqual({
      ...{ checkpoint_ts: null, running_fetch_start_ts: null, last_fetch_complete_ts: null },
      ...{ last_fetch_succeeded: null, up_to_date: false, fetched_items: 0 },
    });
    // As a fetch writes it.
    const fetched = { provenance: '', unknown: [], fetchedSeconds: 1_700_000_000 };
    const write = (state: object) =>
      databaseOf(store).query('update list set fetched = $2::text::json where name = $1', [
        ...['COOP_NCMEC', JSON.stringify(state)],
      ]);
    for (const state of [{ isPartial: true }, { mustRefetch: true }]) {
      await write({ ...fetched, ...state });
      expect(await status()).toMatchObject({ last_fetch_succeeded: false, up_to_date: false });
    }
    await write(fetched);
    const named = await json('PUT', '/c/bank/COOP_NCMEC', { name: 'COOP_OTHER' });
    expect(named.status).toBe(403);
    const hash = hashFromHex(
      'pdq',
      'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22',
    );
    await store.apply({ add: [{ hash, labels: [], list: 'COOP_NCMEC' }] });
    expect(await status()).toEqual({
      ...{ checkpoint_ts: 1_700_000_000, running_fetch_start_ts: null },
      ...{ last_fetch_complete_ts: 1_700_000_000, last_fetch_succeeded: true },
      ...{ up_to_date: true, fetched_items: 1 },
    });
    const removed = await json('DELETE', '/c/exchange/COOP_NCMEC');
    expect(removed).toEqual({ status: 200, body: { message: 'success' } });
    for (const path of ['/c/exchange/COOP_NCMEC', '/c/bank/COOP_NCMEC']) {
      expect((await json('GET', path)).status).toBe(404);
    }
    expect((await json('DELETE', '/c/exchange/COOP_NCMEC')).status).toBe(404);
    expect(await store.find({ list: 'COOP_NCMEC' })).toEqual([]);
    expect(JSON.stringify(logs)).not.toContain(SECRET);
  });
});

test('credentials are set for one exchange, or for all of a service', async () => {
  await served(async ({ json }) => {
    const credential_json = { api_token: SECRET };
    const path = '/c/exchanges/api/fb_threatexchange';
    expect((await json('POST', path, { credential_json })).status).toBe(409);
    for (const [bank, privacy_group] of [
      ['TE_ONE', 123],
      ['TE_TWO', '456'],
    ] as const) {
      const api_json = { privacy_group };
      const made = await json('POST', '/c/exchanges', { bank, api: 'fb_threatexchange', api_json });
      expect(made.status).toBe(201);
    }
    expect((await feeds.get('TE_ONE'))!.settings).toEqual({ privacyGroup: '123' });
    const one = await json('POST', '/c/exchange/TE_ONE/credentials', { credential_json });
    expect(one.body).toEqual({ supports_auth: true, has_credentials: true, source: 'exchange' });
    expect((await json('GET', path)).body).toMatchObject({ has_set_authentification: false });
    const all = await json('POST', path, { credential_json });
    expect(all.body).toEqual({ supports_authentification: true, has_set_authentification: true });
    expect(await feeds.credentials('TE_TWO')).toEqual({ accessToken: SECRET });
    expect((await feeds.get('TE_TWO'))!.settings).toEqual({ privacyGroup: '456' });
    expect((await json('GET', '/c/exchange/TE_TWO')).body).toMatchObject({ privacy_group: 456 });
    for (const name of ['TE_ONE', 'TE_TWO']) await json('DELETE', `/c/exchange/${name}`);
  });
});

test('an exchange that an API refuses is not quoted, and not made', async () => {
  await served(async ({ json }) => {
    const environment = 'https://report.cybertip.org/hashsharing';
    await json('POST', '/c/banks', { name: 'THERE' });
    for (const [body, status] of [
      [{ bank: 'A', api: 'none' }, 400],
      [{ bank: 'A', api: '__proto__' }, 400],
      [{ bank: 'a', api: 'stop_ncii' }, 400],
      [{ bank: 'A', api: 'ncmec', api_json: {} }, 400],
      [{ bank: 'A', api: 'ncmec', api_json: { environment: SECRET } }, 400],
      [{ bank: 'A', api: 'ncmec', api_json: { environment, [SECRET]: 1 } }, 400],
      [{ bank: 'A', api: 'ncmec', api_json: [] }, 400],
      [{ bank: 'A', api: 'stop_ncii', credential_json: { [SECRET]: SECRET } }, 400],
      [{ bank: 'A', api: 'stop_ncii', credential_json: { subscription_key: 's' } }, 400],
      [{ bank: 'A', api: 'fb_threatexchange', api_json: { privacy_group: 1.5 } }, 400],
      [{ bank: 'THERE', api: 'stop_ncii' }, 403],
      [{ api: 'stop_ncii' }, 400],
    ] as const) {
      const refused = await json('POST', '/c/exchanges', body);
      expect(refused, JSON.stringify(body)).toEqual({ status, body: message });
      expect(JSON.stringify(refused)).not.toContain(SECRET);
    }
    expect(await feeds.items()).toEqual([]);
    expect((await json('GET', '/c/banks')).body).toHaveLength(1);
    expect((await json('GET', '/c/exchanges/api/none')).status).toBe(400);
    await json('DELETE', '/c/bank/THERE');
  });
});

test('without exchanges the list is empty, and none can be made', async () => {
  await servedHma(
    async ({ json }) => {
      expect((await json('GET', '/c/exchanges')).body).toEqual([]);
      expect((await json('GET', '/c/exchange/A')).status).toBe(404);
      expect((await json('POST', '/c/exchanges', { bank: 'A', api: 'stop_ncii' })).status).toBe(
        501,
      );
      expect((await json('GET', '/c/bank/A')).status).toBe(404);
    },
    { follower, store },
  );
});

test('the bank of the unnamed list has no exchange, and none is made under its name', async () => {
  await served(async ({ json }) => {
    const body = { bank: 'UNNAMED', api: 'stop_ncii' };
    expect(await json('POST', '/c/exchanges', body)).toEqual({ status: 403, body: message });
    expect((await json('GET', '/c/exchanges')).body).not.toContain('UNNAMED');
    expect((await store.settings()).has('UNNAMED')).toBe(false);
  });
});

test('a setting or credential too long for a store is refused', async () => {
  await served(async ({ json }) => {
    for (const body of [
      { api: 'fb_threatexchange', api_json: { privacy_group: '9'.repeat(5000) } },
      {
        api: 'stop_ncii',
        credential_json: { fetch_function_key: 'k'.repeat(5000), subscription_key: 'k' },
      },
    ]) {
      const made = await json('POST', '/c/exchanges', { bank: 'TOO_LONG', ...body });
      expect(made).toEqual({ status: 400, body: message });
    }
    expect((await json('GET', '/c/bank/TOO_LONG')).status).toBe(404);
  });
});
