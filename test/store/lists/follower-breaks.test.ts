import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { random, uniformHashes } from '../../../bench/workloads.js';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { newHash } from '../../../src/hash.js';
import { AllowList } from '../../../src/matching/allow-list.js';
import { match } from '../../../src/matching/match.js';
import { applySteps, PendingChanges } from '../../../src/store/lists/apply-changes.js';
import { type FollowOptions, followDatabase } from '../../../src/store/lists/follower.js';
import type { SqlValue } from '../../../src/store/sql/database.js';
import { StoreError } from '../../../src/store/sql/store-error.js';
import type { Store } from '../../../src/store/store.js';
import { Broken } from '../breaking.js';
import { emptied } from '../emptied.js';
import { describeOwnPostgresql, describePostgresql } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';
import { WatchedDatabase } from '../watched-database.js';

const LATER = new Date('2999-01-01');
/** More than is kept until it is whole. */
const MANY = 21_000;
const { bytes } = uniformHashes(MANY + 10, 3);
const hash = (at: number) => newHash('pdq', bytes.slice(32 * at, 32 * at + 32));
const entry = (at: number, more: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: hash(at),
  labels: [],
  list: 'a',
  ...more,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
const found = (blocklist: Blocklist, at: number) =>
  match({ hash: hash(at), variants: [] }, blocklist, { all: true }).matches.length;

const NO_HOOKS = { resume: async () => {}, end: async () => {} };
/** Whether a statement reads changed entries, and whether it reads all of them. */
const isChanged = (text: string) => /from entry where \(?revision/.test(text);
const isWhole = (text: string) => /revision <= \$2 and listed/.test(text);

test('a change of more than 256 entries takes steps, each of which leaves a valid list', () => {
  const here = [...range(0, 300), ...range(300, 700)];
  const blocklist = createBlocklist(
    here.map((at) => entry(at, { id: at < 300 ? 'going' : 'staying', labels: ['before'] })),
  );
  const changes = new PendingChanges();
  const listed = (all: readonly number[], isListed: boolean, more: Partial<BlocklistEntry>) =>
    all.map((at) => ({
      listed: isListed,
      entry: { number: at + 1, revision: 1, ...entry(at, more) },
    }));
  changes.add({
    withdrawals: [{ listed: true, withdrawal: { id: 'going' } }],
    lists: [],
    exceptions: [],
    entries: [
      ...listed(range(700, 1000), true, {}),
      ...listed(range(0, 300), false, { id: 'going' }),
      ...listed(range(300, 600), true, { id: 'staying', labels: ['after'] }),
      ...listed(range(600, 700), false, { id: 'staying' }),
    ],
  });
  const foundOf = (all: readonly number[]) =>
    all.filter((at) => at % 10 === 0 && found(blocklist, at) > 0).length;
  let steps = 0;
  for (const _ of applySteps({ blocklist, allowList: new AllowList() }, changes)) {
    steps++;
    expect(foundOf(range(300, 600))).toBe(30);
    // Nothing comes, and nothing else goes, before all is gone that was withdrawn.
    if (foundOf(range(0, 300)) > 0) {
      expect([foundOf(range(600, 700)), foundOf(range(700, 1000))]).toEqual([10, 0]);
    }
    if (foundOf(range(600, 700)) < 10) expect(foundOf(range(700, 1000))).toBe(30);
  }
  expect(steps).toBe(3);
  expect([foundOf(range(0, 300)), foundOf(range(600, 700))]).toEqual([0, 0]);
  expect(foundOf(range(300, 600)) + foundOf(range(700, 1000))).toBe(60);
  expect(blocklist.size).toBe(600);
});

/** Follows by a connection that can be watched and broken. */
async function watched(store: Store, options: FollowOptions = {}) {
  const database = new WatchedDatabase(databaseOf(store));
  const problems: unknown[] = [];
  const told: number[] = [];
  const follower = await followDatabase(
    database,
    {
      pollSeconds: 0.1,
      onProblem: (error) => problems.push(error),
      onChange: (revision) => told.push(revision),
      ...options,
    },
    NO_HOOKS,
  );
  onTestFinished(() => follower.close());
  return { database, follower, problems, told };
}

describePostgresql((server) => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore({ url: await server().newDatabase() });
  });
  beforeEach(() => emptied(store));
  afterAll(() => store.close());

  test('after a break that it notices, a follower resumes from its revision', async () => {
    await store.apply({ add: range(0, 50).map((at) => entry(at)) });
    const { database, follower, problems, told } = await watched(store);
    const { revision } = follower;
    let onBroken: (() => void) | undefined;
    const broken = new Promise<void>((resolve) => {
      onBroken = resolve;
    });
    database.before = () => {
      onBroken?.();
      throw new Broken();
    };
    await store.apply({ withdraw: [hash(0)] });
    await store.apply({ add: [entry(50)] });
    follower.wake();
    await broken;
    await setImmediate();
    expect(problems[0]).toBeInstanceOf(Broken);
    expect([follower.revision, found(follower.blocklist, 0)]).toEqual([revision, 1]);

    const read: SqlValue[] = [];
    database.before = (text, [from]) => {
      expect(isWhole(text)).toBe(false);
      if (isChanged(text)) read.push(from!);
    };
    await follower.reached(revision + 2);
    expect(read).toEqual([revision]);
    expect(told.at(-1)).toBe(revision + 2);
    expect([0, 1, 50].map((at) => found(follower.blocklist, at))).toEqual([0, 1, 1]);
  });

  test('a follower that missed a purge reads the list again, and finds the remaining entries', async () => {
    await store.apply({ add: range(0, 50).map((at) => entry(at)) });
    await store.apply({ withdraw: [hash(5)] });
    await store.apply({ allow: [{ hash: hash(4), reason: 'a flag' }] });
    const { database, follower, problems } = await watched(store);
    database.before = () => {
      throw new Broken();
    };
    await store.apply({ withdraw: [hash(0)] });
    const [{ number } = { number: 0 }] = await store.find({ hash: hash(1) });
    await store.apply({ remove: [number] });
    await store.apply({ add: [entry(50)] });
    await store.apply({ reinstate: [hash(5)] });
    await store.apply({ add: [entry(5)] });
    await store.apply({ disallow: [{ hash: hash(4) }] });
    expect((await store.purge(LATER)).rows).toBeGreaterThan(0);
    const revision = await store.revision();

    let wholes = 0;
    database.before = (text) => {
      if (isWhole(text)) wholes++;
      expect(found(follower.blocklist, 2)).toBe(1);
    };
    const reached = follower.reached(revision);
    let isReached = false;
    void reached.then(() => {
      isReached = true;
    });
    while (!isReached) {
      expect(found(follower.blocklist, 2)).toBe(1);
      await setImmediate();
    }
    expect(wholes).toBe(1);
    expect(problems.every((error) => error instanceof Broken)).toBe(true);
    const now = [0, 1, 2, 4, 5, 50].map((at) => found(follower.blocklist, at));
    expect(now).toEqual([0, 0, 1, 1, 1, 1]);
    expect(follower.blocklist.size).toBe(49);
    // It goes on by changes.
    const { revision: next } = await store.apply({ withdraw: [hash(2)] });
    await follower.reached(next);
    expect([found(follower.blocklist, 2), wholes]).toEqual([0, 1]);
  });

  test('a purge while a follower loads does not keep it from following', async () => {
    await store.apply({ add: range(0, 50).map((at) => entry(at)) });
    const database = new WatchedDatabase(databaseOf(store));
    let isPurged = false;
    database.before = async (text) => {
      if (!isWhole(text) || isPurged) return;
      isPurged = true;
      await store.apply({ withdraw: [hash(0)] });
      await store.purge(LATER);
    };
    const follower = await followDatabase(database, { pollSeconds: 3600 }, NO_HOOKS);
    onTestFinished(() => follower.close());
    expect(isPurged).toBe(true);
    expect(follower.revision).toBe(await store.revision());
    expect([0, 1].map((at) => found(follower.blocklist, at))).toEqual([0, 1]);
  });
});

describeOwnPostgresql((server) => {
  test('a restart amid a catch-up of 21,000 changes loses nothing, and repeats nothing', async () => {
    const store = await openStore({ url: await server().newDatabase() });
    onTestFinished(() => store.close());
    await store.apply({ add: range(0, 10).map((at) => entry(at)) });
    const { database, follower, problems, told } = await watched(store);
    const { revision } = follower;
    const count = told.length;
    const sizes: number[] = [];
    const from = new Set<SqlValue>();
    let isBroken = true;
    database.before = async (text, values) => {
      if (isBroken) throw new Broken();
      if (!isChanged(text)) return;
      if (values.length === 1) from.add(values[0]!);
      sizes.push(follower.blocklist.size);
      // What was read so far was too much to be kept, and is applied; the last page is to come.
      if (sizes.length !== 21) return;
      await server().kill();
      await server().start();
    };
    await store.apply({ withdraw: [hash(0)] });
    await store.apply({ add: range(10, MANY).map((at) => entry(at)) });
    const { revision: last } = await store.apply({ withdraw: [hash(10)] });
    isBroken = false;
    await follower.reached(last);

    expect(sizes[0]).toBe(10);
    expect(sizes[20]).toBeGreaterThan(19_900);
    const ofServer = problems.filter((error) => error instanceof StoreError);
    expect(ofServer[0]).toMatchObject({ code: 'unreachable' });
    // Told of only once it is whole, and from where it was.
    expect(told.slice(count)).toEqual([last]);
    expect([...from]).toEqual([revision]);
    expect(follower.blocklist.size).toBe(MANY - 2);
    const next = random(5);
    const some = range(0, 200).map(() => 11 + (next() % (MANY - 11)));
    expect(some.filter((at) => found(follower.blocklist, at) !== 1)).toEqual([]);
    expect([0, 10].map((at) => found(follower.blocklist, at))).toEqual([0, 0]);
  });
});
