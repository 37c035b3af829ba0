import { expect, test } from 'vitest';
import { describeEngines } from '../engines.js';
import { databaseOf } from '../opened.js';
import { sharedStore } from '../shared-store.js';

const KEY = new Uint8Array(32).fill(7);

describeEngines((running) => {
  const { store } = sharedStore(running);
  const client = {
    async *fetchUpdates() {
      yield { updates: [], unknown: [], isDrained: true, isFromStart: true, checkpoint: 5 };
    },
    mustRestart: () => false,
  };

  test('a feed gives its settings and its fetch state, never its secrets', async () => {
    const feeds = store().feeds(KEY);
    const credentials = { user: 'someone', password: 'secret' };
    await feeds.set('a', { api: 'ncmec', settings: { list: 'npo' }, credentials });
    await feeds.set('b', { api: 'hma', enabled: false });
    await store().fetch('a', client, { provenance: 'x' });
    expect(await feeds.items()).toMatchObject([
      {
        name: 'a',
        api: 'ncmec',
        settings: { list: 'npo' },
        enabled: true,
        hasCredentials: true,
        fetched: { provenance: 'x', checkpoint: 5 },
      },
      { name: 'b', api: 'hma', settings: {}, enabled: false, hasCredentials: false },
    ]);
    expect(await feeds.credentials('a')).toEqual(credentials);
    expect(await feeds.credentials('b')).toBe(undefined);
    expect(await feeds.credentials('c')).toBe(undefined);
    const rows = await databaseOf(store()).query<{ credentials: Uint8Array | null }>(
      'select * from feed',
    );
    for (const row of rows) {
      const all = JSON.stringify({ ...row, credentials: null });
      const bytes = Buffer.from(row.credentials ?? []).toString('latin1');
      expect(all + bytes).not.toMatch(/secret|someone/);
    }
  });

  test('credentials stay until others are set, and go with their feed', async () => {
    const feeds = store().feeds(KEY);
    await feeds.set('a', { api: 'hma', credentials: { token: '1' } });
    await feeds.set('a', { api: 'hma', enabled: false });
    expect(await feeds.get('a')).toMatchObject({ enabled: false, hasCredentials: true });
    expect(await feeds.credentials('a')).toEqual({ token: '1' });
    await feeds.set('a', { api: 'hma', credentials: { token: '2' } });
    expect(await feeds.credentials('a')).toEqual({ token: '2' });
    expect(await feeds.remove('a')).toBe(true);
    expect(await feeds.remove('a')).toBe(false);
    expect(await feeds.get('a')).toBe(undefined);
  });

  test('another key, another list and changed bytes do not open them', async () => {
    const feeds = store().feeds(KEY);
    const database = databaseOf(store());
    await feeds.set('a', { api: 'hma', credentials: { token: 'secret' } });
    await feeds.set('b', { api: 'hma' });
    const wrong = { name: 'StoreError', code: 'wrong-key' };
    const other = store().feeds(new Uint8Array(32).fill(8));
    await expect(other.credentials('a')).rejects.toMatchObject(wrong);
    await expect(store().feeds().credentials('a')).rejects.toThrow('a key');
    await database.query(`update feed set credentials =
      (select credentials from feed where name = 'a') where name = 'b'`);
    await expect(feeds.credentials('b')).rejects.toMatchObject(wrong);
    const [row] = await database.query<{ length: number }>(
      "select length(credentials) as length from feed where name = 'a'",
    );
    for (let at = 0; at < row!.length; at++) {
      const flip = `set_byte(credentials, ${at}, get_byte(credentials, ${at}) # 1)`;
      const turn = `update feed set credentials = ${flip} where name = 'a'`;
      await database.query(turn);
      await expect(feeds.credentials('a')).rejects.toMatchObject(wrong);
      await database.query(turn);
    }
    await database.query("update feed set credentials = '\\x01' where name = 'a'");
    await expect(feeds.credentials('a')).rejects.toMatchObject(wrong);
  });

  test('the same credentials are never stored alike', async () => {
    const feeds = store().feeds(KEY);
    const credentials = { token: 'secret' };
    const seen = new Set<string>();
    for (let count = 0; count < 5; count++) {
      await feeds.set('a', { api: 'hma', credentials });
      const [row] = await databaseOf(store()).query<{ text: string }>(
        "select encode(credentials, 'hex') as text from feed",
      );
      seen.add(row!.text.slice(0, 24));
    }
    expect(seen.size).toBe(5);
  });

  test('an invalid feed is refused, and nothing is stored', async () => {
    const feeds = store().feeds();
    const set = (feed: object) => feeds.set('a', feed as never);
    await expect(set({ api: 'hma', credentials: { token: 'x' } })).rejects.toThrow('a key');
    await expect(set({ api: '' })).rejects.toThrow(TypeError);
    await expect(set({ api: 'hma', settings: { a: 1n } })).rejects.toThrow('JSON');
    await expect(set({ api: 'hma', settings: { a: 'x'.repeat(70_000) } })).rejects.toThrow(
      RangeError,
    );
    expect(() => store().feeds(KEY.slice(1))).toThrow('32 bytes');
    expect(await feeds.items()).toEqual([]);
  });
});
