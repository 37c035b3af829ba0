import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { changesAfter } from '../../src/store/changes.js';
import { Store } from '../../src/store/store.js';
import { Breaking, Broken } from './breaking.js';
import { emptied } from './emptied.js';
import { describeEngines, type Place } from './engines.js';
import { databaseOf, openStore } from './opened.js';

const hash = (number: number) =>
  hashFromHex(
    'pdq',
    `${(0x1357_9bdf + number).toString(16)}${'0f1e2d3c4b5a69788796a5b4'.repeat(2)}01234567`,
  );
const entry = (number: number) => ({
  hash: hash(number),
  labels: [],
  id: `id ${number}`,
  list: 'a',
});

/** Changes that can be repeated with a key, on a store that has entries 1 and 2. */
const CHANGES: Record<string, (store: Store, idempotencyKey: string) => Promise<unknown>> = {
  add: (store, idempotencyKey) => store.apply({ add: [entry(2), entry(3)] }, { idempotencyKey }),
  'replaced by another': (store, idempotencyKey) =>
    store.apply({ replace: { list: 'a', entries: [entry(3)] } }, { idempotencyKey }),
  withdraw: (store, idempotencyKey) =>
    store.apply({ withdraw: [{ id: 'id 1' }] }, { idempotencyKey }),
  pause: (store, idempotencyKey) => store.pause(1, 'for-good', { idempotencyKey }),
  'no more on the list': (store, idempotencyKey) =>
    store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } }, { idempotencyKey }),
};

describeEngines(({ newPlace }) => {
  let place: Place;
  let store: Store;
  beforeAll(async () => {
    place = await newPlace();
    store = await openStore(place);
  });
  beforeEach(async () => {
    await emptied(store);
    await store.apply({ add: [entry(1), entry(2)] });
  });
  afterAll(() => store.close());

  async function told(): Promise<unknown> {
    const entries = await store.find({});
    return [entries, await store.lists(), await store.withdrawals(), await store.revision()];
  }

  test.each(Object.entries(CHANGES))(
    '%s is made once, wherever it breaks off',
    async (_, change) => {
      const breaking = new Breaking(databaseOf(store));
      const broken = new Store(breaking, store.id);
      const before = await told();
      let at = 0;
      for (; ; at++) {
        breaking.failsFrom = at;
        try {
          await change(broken, 'key');
          break;
        } catch (error) {
          expect(error).toBeInstanceOf(Broken);
        }
        expect(await told()).toEqual(before);
      }
      expect(at).toBeGreaterThan(4);
      breaking.failsFrom = undefined;
      const after = await told();
      expect(after).not.toEqual(before);
      // The last attempt was committed. Its reply is given again.
      await change(broken, 'key');
      expect(await told()).toEqual(after);
    },
  );

  test.each(Object.entries(CHANGES))('%s is made once if its reply is lost', async (_, change) => {
    const breaking = new Breaking(databaseOf(store));
    const broken = new Store(breaking, store.id);
    breaking.losesReply = true;
    await expect(change(broken, 'key')).rejects.toThrow(Broken);
    const after = await told();
    const reply = await change(store, 'key');
    expect(await told()).toEqual(after);
    expect(reply).toMatchObject({ revision: 2 });
  });

  test('writers wait for each other, and a reader between them misses nothing', async () => {
    const other = store.engine === 'pglite' ? store : await openStore(place);
    const follower = await other.follow({ pollSeconds: 3600 });
    try {
      const seen = new Map<number, boolean>();
      let after = 1;
      let isDone = false;
      const reading = (async () => {
        while (!isDone || after < (await store.revision())) {
          for await (const { entries, revision } of changesAfter(
            databaseOf(store),
            after,
            undefined,
          )) {
            for (const { entry, listed } of entries) seen.set(entry.number, listed);
            after = revision ?? after;
          }
        }
      })();
      const writers = [store, other].map(async (writer, of) => {
        const revisions: number[] = [];
        for (let at = 0; at < 15; at++) {
          const { revision } = await writer.apply({ add: [entry(100 + 2 * at + of)] });
          revisions.push(revision);
        }
        return revisions;
      });
      const revisions = (await Promise.all(writers)).flat();
      isDone = true;
      await reading;
      expect(revisions.sort((a, b) => a - b)).toEqual(revisions.map((_, at) => at + 2));
      expect(seen.size).toBe(30);
      await follower.reached(31);
      expect(follower.blocklist.size).toBe(32);
    } finally {
      await follower.close();
      if (other !== store) await other.close();
    }
  });
});
