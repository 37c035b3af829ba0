import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Blocklist } from '../../../src/blocklist/blocklist.js';
import type { Applied } from '../../../src/blocklist/changed.js';
import type { ListChange } from '../../../src/blocklist/list-change.js';
import type { Withdrawn, WithdrawnKey } from '../../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { AllowList } from '../../../src/matching/allow-list.js';
import { decisionToJSON } from '../../../src/matching/decision.js';
import { match } from '../../../src/matching/match.js';
import { ListFile } from '../../../src/node/files/list-file.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import type { ListSettings } from '../../../src/policy.js';
import { resumeDue } from '../../../src/store/lists/entries.js';
import { type Follower, followDatabase } from '../../../src/store/lists/follower.js';
import type { Store } from '../../../src/store/store.js';
import { saveList } from '../../node/files/saved-list.js';
import { runs } from '../../seed.js';
import { Breaking } from '../breaking.js';
import { emptied } from '../emptied.js';
import { describeEngines, type Place } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';

/** A hash that is not degenerate, another one for each number, and near to the others. */
const hash = (number: number, algorithm: 'pdq' | 'phash' | 'md5' = 'pdq') => {
  const first = (0x1357_9bdf + 257 * number).toString(16).padStart(8, '0');
  const hex = `${first}${'0f1e2d3c4b5a6978'.repeat(3)}${'9'.repeat(8)}`;
  return hashFromHex(algorithm, hex.slice(0, algorithm === 'md5' ? 32 : 64));
};
const FLAT = hashFromHex('pdq', '0'.repeat(64));
const LISTS = ['', 'a', 'b'];
const LATER = new Date('2999-01-01');

/**
 * Entries: what one says follows from what it is, but for its quality. Some are parts of pictures.
 */
const entry = (number: number, quality = 50): BlocklistEntry => {
  const list = LISTS[number % 3]!;
  const kind = (['pdq', 'pdq', 'pdq', 'md5', 'phash'] as const)[number % 5]!;
  const at = Math.floor(number / 2);
  return {
    hash: number % 11 === 10 ? FLAT : hash(at, kind),
    labels: [`label ${number % 4}`],
    quality,
    id: `id ${number % 7}`,
    ...(number % 2 === 0 && { source: 'here' }),
    ...(number % 4 === 3 && { variant: 'window1x1', group: hashToHex(hash(at % 3, kind)) }),
    ...(list !== '' && { list }),
  };
};

const HASHES = [0, 1, 2, 3, 4, 5].flatMap((at) => [
  ...[hash(at), hash(at, 'phash'), hash(at, 'md5')],
]);

/**
 * The same history on lists in memory, of what is matched and of what is paused, and on one in a
 * file, of what is matched.
 */
class Memory {
  readonly allowList = new AllowList();
  readonly listed = new Blocklist();
  readonly paused = new Blocklist();
  readonly kept = new Blocklist();

  /** Changes what is matched, in memory and in the file. */
  async apply(change: ListChange): Promise<Applied> {
    const applied = await this.listed.apply(change);
    expect(await this.kept.apply(change)).toEqual(applied);
    return applied;
  }

  /** @returns how many entries went from both, and how many were rejected */
  async change(of: ListChange, ofPaused = of): Promise<Pick<Applied, 'removed' | 'rejected'>> {
    const done = [await this.apply(of), await this.paused.apply(ofPaused)];
    // What is paused may be a part of what is not.
    done.push(await this.apply({ withdraw: this.paused.withdrawals }));
    done.push(await this.paused.apply({ withdraw: this.listed.withdrawals }));
    const removed = done.reduce((sum, { removed }) => sum + removed, 0);
    return { removed, rejected: done[0]!.rejected };
  }

  /** Puts entries in the places of those with the same keys; those that are paused stay so. */
  async put(coming: readonly BlocklistEntry[], list?: string) {
    const paused = new Set([...this.paused.entries()].map(keyOf));
    const [listed, aside] = [false, true].map((isPaused): ListChange => {
      const all = coming.filter((each) => paused.has(keyOf(each)) === isPaused);
      if (list !== undefined) return { replace: { list, entries: all } };
      const keys = new Set(all.map(keyOf));
      return { add: all, remove: this.those((each) => keys.has(keyOf(each))) };
    });
    return await this.change(listed!, aside);
  }

  async pause(isMeant: (entry: BlocklistEntry) => boolean, isPaused: boolean): Promise<void> {
    const moving = [...(isPaused ? this.listed : this.paused).entries()].filter(isMeant);
    const [remove, add] = [{ remove: moving }, { add: moving }];
    await this.apply(isPaused ? remove : add);
    await this.paused.apply(isPaused ? add : remove);
  }

  those(isMeant: (entry: BlocklistEntry) => boolean): BlocklistEntry[] {
    return [...this.listed.entries(), ...this.paused.entries()].filter(isMeant);
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (each?.bytes ? hashToHex(each) + each.algorithm : each));
const keyOf = ({ hash, list = '', source, id, variant }: BlocklistEntry) =>
  textOf([hash, list, source, id, variant]);
/** Whether an entry goes with a picture that is removed. */
const isPartOf = (picture: BlocklistEntry) => {
  const { hash, group = hashToHex(hash), list, source, id } = picture;
  return (entry: BlocklistEntry) =>
    group === hashToHex(hash) &&
    entry.group === group &&
    textOf([entry.hash.algorithm, entry.list, entry.source, entry.id]) ===
      textOf([hash.algorithm, list, source, id]);
};

/** A change of the store and of the lists in memory. */
type Change = { of(store: Store, memory: Memory): Promise<unknown>; text: string };
const change = (text: string, of: Change['of']): Change => ({ of, text });

const number = fc.nat({ max: 40 });
const numbers = fc.uniqueArray(number, { maxLength: 6 });
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
      change(`add ${all} ${said}`, async (store, memory) => {
        const coming = all.map((at) => entry(at, said));
        const { rejected } = await store.apply({ add: coming });
        expect(rejected).toEqual((await memory.put(coming)).rejected);
      }),
    ),
  },
  fc.tuple(listName, numbers, quality).map(([list, all, said]) =>
    change(`replace ${list} by ${all} ${said}`, async (store, memory) => {
      const coming = all.map((at) => {
        const { list: _, ...bare } = entry(at, said);
        return list === '' ? bare : { ...bare, list };
      });
      await store.apply({ replace: { list: list, entries: coming } });
      await memory.put(coming, list);
    }),
  ),
  {
    weight: 2,
    arbitrary: withdrawnKey.map((key) =>
      change(`withdraw ${textOf(key)}`, async (store, memory) => {
        const { removed } = await store.apply({ withdraw: [key] });
        expect(removed).toBe((await memory.change({ withdraw: [key] })).removed);
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat({ max: 9 }).map((at) =>
      change(`reinstate ${at}`, async (store, memory) => {
        const key = memory.listed.withdrawals[at];
        if (!key) return;
        await store.apply({ reinstate: [key] });
        await memory.change({ reinstate: [key] });
      }),
    ),
  },
  fc.tuple(number, fc.boolean()).map(([at, isPaused]) =>
    change(`pause ${at} ${isPaused}`, async (store, memory) => {
      const found = await pick(store, at);
      if (!found) return;
      await store.pause(found.number, isPaused ? LATER : undefined);
      await memory.pause((each) => keyOf(each) === keyOf(found), isPaused);
    }),
  ),
  fc.constant(
    change('resume', async (store, memory) => {
      await resumeDue(databaseOf(store), LATER);
      await memory.pause(() => true, false);
    }),
  ),
  number.map((at) =>
    change(`remove ${at}`, async (store, memory) => {
      const found = await pick(store, at);
      if (!found) return;
      const { removed } = await store.apply({ remove: [found.number] });
      const isPart = isPartOf(found);
      const remove = memory.those((each) => keyOf(each) === keyOf(found) || isPart(each));
      expect(removed).toBe((await memory.change({ remove })).removed);
    }),
  ),
  fc.tuple(listName, settings).map(([name, told]) =>
    change(`set ${name} ${textOf(told)}`, async (store, memory) => {
      await store.apply({ settings: { [name]: told } });
      await memory.apply({ settings: { [name]: told } });
    }),
  ),
  listName.map((name) =>
    change(`remove list ${name}`, async (store, memory) => {
      await store.apply({ replace: { list: name, entries: [] }, settings: { [name]: null } });
      await memory.change({ replace: { list: name, entries: [] }, settings: { [name]: null } });
    }),
  ),
  fc.tuple(listedHash, fc.boolean(), fc.constantFrom('x', 'y')).map(([hash, isOfOne, reason]) =>
    change(`allow ${textOf(hash)} ${isOfOne} ${reason}`, async (store, memory) => {
      const named = { reason, ...(isOfOne && { entry: hash }) };
      await store.apply({ allow: [{ hash, ...named }] });
      memory.allowList.allow(hash, named);
    }),
  ),
  fc.nat({ max: 4 }).map((at) =>
    change(`disallow ${at}`, async (store, { allowList }) => {
      const { hash, entry } = allowList.exceptions[at] ?? {};
      if (!hash) return;
      const named = entry && { entry };
      await store.apply({ disallow: [{ hash, ...named }] });
      allowList.disallow(hash, named);
    }),
  ),
  fc.constant(change('purge', async (store) => void (await store.purge(LATER)))),
);

const inOrder = (withdrawal: Withdrawn) =>
  'id' in withdrawal || !withdrawal.groups
    ? withdrawal
    : { ...withdrawal, groups: withdrawal.groups.map(textOf).sort() };

/** What a blocklist holds and decides, without order. */
function stateOf(blocklist: Blocklist, allowList: AllowList) {
  return {
    entries: [...blocklist.entries()].map(textOf).sort(),
    withdrawals: blocklist.withdrawals.map(inOrder).map(textOf).sort(),
    lists: blocklist.lists().map(textOf).sort(),
    decisions: HASHES.map((hash) => {
      const {
        matches,
        allowed = [],
        ...decision
      } = decisionToJSON(
        match([{ name: 'original', hash, quality: 100 }], blocklist, { allowList, all: true }),
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
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onlyhashes-histories-'));
    place = await newPlace();
    store = await openStore(place);
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test('any history gives every follower the same as a list in memory and in a file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(changes, { minLength: 1, maxLength: 14 }),
        fc.array(fc.boolean(), { maxLength: 14 }),
        fc.nat({ max: 14 }),
        fc.integer({ min: 1, max: 6 }),
        async (history, breaks, late, mostAtOnce) => {
          await emptied(store);
          const database = databaseOf(store);
          const memory = new Memory();
          // More are prepared step by step.
          memory.listed.mostAtOnce = mostAtOnce;
          memory.kept.mostAtOnce = mostAtOnce;
          const path = join(folder, 'list.ohb');
          await saveList(path, new Blocklist());
          const file = await ListFile.open(path, memory.kept, { manyBytes: 2000 });
          const followers: Follower[] = [];
          try {
            followers.push(await store.follow({ pollSeconds: 3600 }));
            // One that is cut off for a part of the history, and goes on from where it was.
            const breaking = new Breaking(database);
            followers.push(await followDatabase(breaking, { pollSeconds: 3600 }, NO_HOOKS));
            for (const [at, each] of history.entries()) {
              if (at === late) followers.push(await store.follow({ pollSeconds: 3600 }));
              breaking.failsFrom = breaks[at] ? at % 7 : undefined;
              await each.of(store, memory);
              if (breaks[at]) followers[1]!.wake();
              await followers[0]!.reached(await store.revision());
              const { allowList } = memory;
              const expected = stateOf(memory.listed, allowList);
              const [follower] = followers;
              expect(stateOf(follower!.blocklist, follower!.allowList)).toEqual(expected);
              expect(stateOf(memory.kept, allowList)).toEqual(expected);
              expect(memory.kept.rejected).toEqual(memory.listed.rejected);
            }
            breaking.failsFrom = undefined;
            followers.push(await store.follow({ pollSeconds: 3600 }));
            const revision = await store.revision();
            const expected = stateOf(memory.listed, memory.allowList);
            await file.settled();
            expect(stateOf(await loadBlocklist(path), memory.allowList)).toEqual(expected);
            for (const follower of followers) {
              await follower.reached(revision);
              expect(stateOf(follower.blocklist, follower.allowList)).toEqual(expected);
            }
            expect(await store.verify()).toEqual([]);
          } finally {
            for (const follower of followers) await follower.close();
            await file.settled();
          }
        },
      ),
      { numRuns: Number(process.env.STORE_HISTORIES ?? runs(12)) },
    );
  });
});
