import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ListSettings } from '../../src/blocklist/lists.js';
import type { WithdrawnKey } from '../../src/blocklist/withdrawals.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import { AllowList } from '../../src/matching/allow-list.js';
import { type Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import { decisionToJSON } from '../../src/matching/decision.js';
import { type Follower, followDatabase } from '../../src/store/follower.js';
import type { Store } from '../../src/store/store.js';
import { Breaking } from './breaking.js';
import { emptied } from './emptied.js';
import { describeEngines, type Place } from './engines.js';
import { databaseOf, openStore } from './opened.js';

/** A hash that is not degenerate, another one for each number, and near to the others. */
const hash = (number: number, algorithm: 'pdq' | 'phash' = 'pdq') =>
  hashFromHex(
    algorithm,
    `${(0x1357_9bdf + 257 * number).toString(16).padStart(8, '0')}${'0f1e2d3c4b5a6978'.repeat(3)}${'9'.repeat(8)}`,
  );
const FLAT = hashFromHex('pdq', '0'.repeat(64));
const LISTS = ['', 'a', 'b'];
const LATER = new Date('2999-01-01');

/** Entries: what one says follows from what it is, but for its quality. */
const entry = (number: number, quality = 50): BlocklistEntry => {
  const list = LISTS[number % 3]!;
  const kind = number % 5 === 4 ? 'phash' : 'pdq';
  return {
    hash: number % 11 === 10 ? FLAT : hash(Math.floor(number / 2), kind),
    labels: [`label ${number % 4}`],
    quality,
    id: `id ${number % 7}`,
    ...(number % 2 === 0 && { source: 'here' }),
    ...(list !== '' && { list }),
  };
};

const HASHES = [0, 1, 2, 3, 4, 5].flatMap((at) => [hash(at), hash(at, 'phash')]);

/** What a store is to hold, in a plain form. */
class Model {
  entries = new Map<string, { entry: BlocklistEntry; isPaused: boolean }>();
  withdrawn = new Map<string, WithdrawnKey>();
  allowed = new Map<string, { hash: Hash; entry?: Hash; reason: string }>();
  settings = new Map<string, ListSettings>();

  put(entries: readonly BlocklistEntry[]): void {
    for (const entry of entries) {
      if (entry.hash === FLAT || [...this.withdrawn.values()].some((key) => isOf(key, entry)))
        continue;
      const key = keyOf(entry);
      this.entries.set(key, { entry, isPaused: this.entries.get(key)?.isPaused ?? false });
    }
  }

  remove(isGone: (entry: BlocklistEntry) => boolean): void {
    for (const [key, { entry }] of this.entries) if (isGone(entry)) this.entries.delete(key);
  }

  /** A blocklist made of it at once. */
  blocklist(): Blocklist {
    const listed = [...this.entries.values()].filter(({ isPaused }) => !isPaused);
    return createBlocklist(
      listed.map(({ entry }) => entry),
      {
        withdrawn: this.withdrawn.values(),
        lists: Object.fromEntries(this.settings),
        allowList: new AllowList({ allowances: this.allowed.values() }),
      },
    );
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (each?.bytes ? hashToHex(each) + each.algorithm : each));
const keyOf = ({ hash, list, source, id }: BlocklistEntry) => textOf([hash, list, source, id]);
const isOf = (key: WithdrawnKey, entry: BlocklistEntry) =>
  (key.list === undefined || key.list === (entry.list ?? '')) &&
  ('id' in key
    ? key.id === entry.id && (key.source === undefined || key.source === entry.source)
    : key.algorithm === entry.hash.algorithm && hashToHex(key) === hashToHex(entry.hash));

/** A change of the store and of the model. */
type Change = { of(store: Store, model: Model): Promise<unknown>; text: string };
const change = (text: string, of: Change['of']): Change => ({ of, text });

const number = fc.nat({ max: 40 });
const numbers = fc.array(number, { maxLength: 6 });
const quality = fc.integer({ min: 49, max: 51 });
const listName = fc.constantFrom(...LISTS);
const listedHash = fc.constantFrom(...HASHES);
const withdrawnKey: fc.Arbitrary<WithdrawnKey> = fc.oneof(
  number.map((at) => ({ id: `id ${at % 7}` })),
  number.map((at) => ({ id: `id ${at % 7}`, source: 'here' })),
  fc.tuple(number, listName).map(([at, list]) => ({ id: `id ${at % 7}`, list })),
  listedHash,
  fc.tuple(listedHash, listName).map(([hash, list]) => Object.assign({ ...hash }, { list })),
);
const settings: fc.Arbitrary<ListSettings> = fc.record(
  {
    tier: fc.constantFrom('match', 'review'),
    enabled: fc.boolean(),
    trust: fc.constantFrom('own', 'shared', 'foreign'),
    policy: fc.constant({ matchDistance: 20 }),
  },
  { requiredKeys: [] },
);

/** The number of an entry, by its place among those that the store has. */
async function pick(
  store: Store,
  at: number,
): Promise<(BlocklistEntry & { number: number }) | undefined> {
  const all = await store.find({});
  return all[at % Math.max(1, all.length)];
}

const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(numbers, quality).map(([all, said]) =>
      change(`add ${all} ${said}`, async (store, model) => {
        const coming = all.map((at) => entry(at, said));
        await store.add(coming);
        model.put(coming);
      }),
    ),
  },
  fc.tuple(listName, numbers, quality).map(([list, all, said]) =>
    change(`replace ${list} by ${all} ${said}`, async (store, model) => {
      const coming = all.map((at) => {
        const { list: _, ...bare } = entry(at, said);
        return list === '' ? bare : { ...bare, list };
      });
      await store.replaceList(list, coming);
      const keys = new Set(coming.map(keyOf));
      model.remove((entry) => (entry.list ?? '') === list && !keys.has(keyOf(entry)));
      model.put(coming);
    }),
  ),
  {
    weight: 2,
    arbitrary: withdrawnKey.map((key) =>
      change(`withdraw ${textOf(key)}`, async (store, model) => {
        await store.withdraw(key);
        model.withdrawn.set(textOf(key), key);
        model.remove((entry) => isOf(key, entry));
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat({ max: 9 }).map((at) =>
      change(`reinstate ${at}`, async (store, model) => {
        const [text, key] = [...model.withdrawn][at] ?? [];
        if (!key) return;
        await store.reinstate(key);
        model.withdrawn.delete(text!);
      }),
    ),
  },
  fc.tuple(number, fc.boolean()).map(([at, isPaused]) =>
    change(`pause ${at} ${isPaused}`, async (store, model) => {
      const found = await pick(store, at);
      if (!found) return;
      await store.pause(found.number, isPaused ? LATER : undefined);
      model.entries.get(keyOf(found))!.isPaused = isPaused;
    }),
  ),
  fc.constant(
    change('resume', async (store, model) => {
      await store.resumeDue(LATER);
      for (const each of model.entries.values()) each.isPaused = false;
    }),
  ),
  number.map((at) =>
    change(`remove ${at}`, async (store, model) => {
      const found = await pick(store, at);
      if (!found) return;
      await store.remove(found.number);
      model.entries.delete(keyOf(found));
    }),
  ),
  fc.tuple(listName, settings).map(([name, told]) =>
    change(`set ${name} ${textOf(told)}`, async (store, model) => {
      await store.setList(name, told);
      const merged = { ...model.settings.get(name), ...told };
      if (Object.keys(merged).length > 0) model.settings.set(name, merged);
    }),
  ),
  listName.map((name) =>
    change(`remove list ${name}`, async (store, model) => {
      await store.removeList(name);
      model.settings.delete(name);
      model.remove((entry) => (entry.list ?? '') === name);
    }),
  ),
  fc.tuple(listedHash, fc.boolean(), fc.constantFrom('x', 'y')).map(([hash, isOfOne, reason]) =>
    change(`allow ${textOf(hash)} ${isOfOne} ${reason}`, async (store, model) => {
      const allowance = { hash, reason, ...(isOfOne && { entry: hash }) };
      await store.allow(allowance);
      model.allowed.set(textOf([hash, allowance.entry]), allowance);
    }),
  ),
  fc.nat({ max: 4 }).map((at) =>
    change(`disallow ${at}`, async (store, model) => {
      const [text, allowance] = [...model.allowed][at] ?? [];
      if (!allowance) return;
      const { hash, entry } = allowance;
      await store.disallow(hash, entry === undefined ? {} : { entry });
      model.allowed.delete(text!);
    }),
  ),
  fc.constant(change('purge', async (store) => void (await store.purge(LATER)))),
);

/** What a blocklist holds and decides, without order. */
function stateOf(blocklist: Blocklist) {
  return {
    entries: [...blocklist.entries()].map(textOf).sort(),
    withdrawals: blocklist.withdrawals.map(textOf).sort(),
    lists: blocklist.lists().map(textOf).sort(),
    decisions: HASHES.map((hash) => {
      const {
        matches,
        allowed = [],
        ...decision
      } = decisionToJSON(
        blocklist.decide([{ name: 'original', hash, quality: 100 }], { all: true }),
      );
      const { generation: _, ...told } = decision;
      const sorted = (all: typeof matches) => all.map(textOf).sort();
      return { ...told, matches: sorted(matches), allowed: sorted(allowed) };
    }),
  };
}

const NO_HOOKS = { resume: async () => {}, end: async () => {} };

describeEngines(({ newPlace }) => {
  let place: Place;
  let store: Store;
  beforeAll(async () => {
    place = await newPlace();
    store = await openStore(place);
  });
  afterAll(() => store.close());

  test('any history gives every follower what a blocklist with it has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(changes, { minLength: 1, maxLength: 14 }),
        fc.array(fc.boolean(), { maxLength: 14 }),
        fc.nat({ max: 14 }),
        async (history, breaks, late) => {
          await emptied(store);
          const database = databaseOf(store);
          const model = new Model();
          const followers: Follower[] = [];
          try {
            followers.push(await store.follow({ pollSeconds: 3600 }));
            // One that is cut off for a part of the history, and goes on from where it was.
            const breaking = new Breaking(database);
            followers.push(await followDatabase(breaking, { pollSeconds: 3600 }, NO_HOOKS));
            for (const [at, each] of history.entries()) {
              if (at === late) followers.push(await store.follow({ pollSeconds: 3600 }));
              breaking.failsFrom = breaks[at] ? at % 7 : undefined;
              await each.of(store, model);
              if (breaks[at]) followers[1]!.wake();
            }
            breaking.failsFrom = undefined;
            followers.push(await store.follow({ pollSeconds: 3600 }));
            const revision = await store.revision();
            const expected = stateOf(model.blocklist());
            for (const follower of followers) {
              await follower.reached(revision);
              expect(stateOf(follower.blocklist)).toEqual(expected);
            }
            expect(await store.verify()).toEqual([]);
          } finally {
            for (const follower of followers) await follower.close();
          }
        },
      ),
      { numRuns: Number(process.env.STORE_HISTORIES ?? 12) },
    );
  }, 600_000);
});
