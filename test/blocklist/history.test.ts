import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { Applied } from '../../src/blocklist/changed.js';
import type { Kind } from '../../src/blocklist/kind.js';
import type { ListChange } from '../../src/blocklist/list-change.js';
import { ListState, numbersOf } from '../../src/blocklist/list-state.js';
import type { Withdrawn } from '../../src/blocklist/withdrawn.js';
import { type BlocklistEntry, NUMBER, type NumberedEntry } from '../../src/entry.js';
import { bitsOf, type Hash, hashToHex, isDigest } from '../../src/hash.js';
import { roomFor, Segment } from '../../src/indexing/segment.js';
import type { Match } from '../../src/matching/decision.js';
import { match } from '../../src/matching/match.js';
import { hitsWithin } from '../../src/matching/search.js';
import { PackedEntries } from '../../src/packed-entries.js';
import type { ListSettings } from '../../src/policy.js';
import { stepClock } from '../node/event-loop.js';
import { naiveDistance } from '../oracles/hamming.js';
import { lineOf, PlainLists } from '../oracles/lists.js';
import {
  fullText,
  nameOf,
  type PlainChange,
  type PlainDone,
  PlainList,
} from '../oracles/plain-list.js';
import { runs } from '../seed.js';
import {
  entry,
  farHash,
  HASHES,
  IDS,
  key,
  LISTS,
  list,
  numbered,
  SOURCES,
  withdrawal,
} from './worlds.js';

// Any history of a list beside a plain array: small changes, large ones that are prepared while
// others are made, merges, aborts, and readers that keep what they have read.

afterEach(() => vi.restoreAllMocks());

/** A list that tells in which order its changes were made. */
class Watched extends Blocklist {
  readonly made: Made[] = [];

  override commit(stepOf: Parameters<Blocklist['commit']>[0]): Applied {
    let from = 0;
    const applied = super.commit((state) => {
      from = this.made.length;
      return stepOf(state);
    });
    this.made.push({ applied, late: this.made.slice(from), state: this.state });
    return applied;
  }
}

/** A change that was made, or all of a list by another. */
interface Made {
  readonly applied?: Applied;
  /** changes of nothing that a listener made after this one's last step: they came too late */
  readonly late?: readonly Made[];
  readonly by?: PlainList;
  readonly state: ListState;
}

/** The ways to give entries. */
type Way = 'array' | 'table' | 'generator' | 'later';

interface Act {
  /** turns of the event loop before the next act */
  readonly gap: number;
  readonly most: number;
  readonly way: Way;
  readonly isCalled: boolean;
  /** of entries that are there, to be removed, given again or have a list of theirs replaced */
  readonly picks: readonly number[];
  readonly add?: readonly BlocklistEntry[];
  readonly remove?: readonly BlocklistEntry[];
  readonly withdraw?: PlainChange['withdraw'];
  readonly reinstate?: PlainChange['reinstate'];
  readonly replace?: 'list' | 'records' | 'all';
  readonly entries: readonly BlocklistEntry[];
  readonly list: string;
  readonly settings?: Readonly<Record<string, ListSettings | null>>;
  readonly special: 'none' | 'abort' | 'fail' | 'move' | 'become' | 'reenter' | 'many';
}

const settings: fc.Arbitrary<ListSettings | null> = fc.option(
  fc.record(
    {
      enabled: fc.boolean(),
      tier: fc.constantFrom('match' as const, 'review' as const),
      trust: fc.constantFrom('own' as const, 'shared' as const, 'foreign' as const),
      policy: fc.constantFrom({ matchDistance: 10, algorithms: {} }, { algorithms: {} }),
    },
    { requiredKeys: [] },
  ),
  { freq: 3 },
);

const entries = fc.array(entry, { maxLength: 8 });
const act: fc.Arbitrary<Act> = fc.record(
  {
    gap: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
    most: fc.integer({ min: 2, max: 8 }),
    way: fc.constantFrom<Way>('array', 'array', 'table', 'generator', 'later'),
    isCalled: fc.boolean(),
    picks: fc.array(fc.nat(1000), { maxLength: 6 }),
    add: entries,
    remove: fc.array(entry, { maxLength: 2 }),
    withdraw: fc.array(withdrawal, { maxLength: 2 }),
    reinstate: fc.array(key, { maxLength: 2 }),
    replace: fc.constantFrom('list' as const, 'list' as const, 'records' as const, 'all' as const),
    entries,
    list,
    settings: fc.dictionary(list, settings, { maxKeys: 2 }),
    special: fc.oneof(
      { arbitrary: fc.constant('none' as const), weight: 6 },
      {
        arbitrary: fc.constantFrom<Act['special']>(
          'abort',
          'fail',
          'move',
          'become',
          'reenter',
          'many',
        ),
        weight: 1,
      },
    ),
  },
  {
    requiredKeys: ['gap', 'most', 'way', 'isCalled', 'picks', 'entries', 'list', 'special'],
  },
);

/** What an act is, for a list as it is. */
function changeOf(act: Act, state: ListState): PlainChange {
  const all = [...state.kinds.values()].flatMap((kind) =>
    [...kind.numbers()].map((number) => kind.numberedAt(number)),
  );
  const picked = all.length > 0 ? act.picks.map((at) => all[at % all.length]!) : [];
  const { add, remove, withdraw, reinstate, entries, list, settings } = act;
  const made = state.withdrawn.values();
  const lifted = made.length > 0 ? act.picks.slice(0, 1).map((at) => made[at % made.length]!) : [];
  const some = [...entries, ...picked.filter((_, at) => at % 3 > 0)];
  const change: PlainChange = {
    ...(add && { add: act.special === 'many' ? [...add, ...many(act.picks[0] ?? 0)] : add }),
    ...(remove && { remove: [...remove, ...picked.slice(0, 2)] }),
    ...(withdraw && { withdraw }),
    ...(reinstate && { reinstate: [...reinstate, ...lifted] }),
    ...(settings && { settings }),
  };
  if (act.replace === 'list') {
    const moved = some.map((one) => numbered({ ...one, list }));
    return { ...change, replace: { list, entries: moved } };
  }
  if (act.replace === 'all') return { ...change, replace: { all: some } };
  if (act.replace !== 'records') return change;
  const records = picked
    .filter(({ id }) => id !== undefined)
    .map(({ list = '', id, source }, at) => ({
      list,
      id: id!,
      ...(at % 2 > 0 && source !== undefined && { source }),
      entries: some.slice(at, at + 3).map((one) => numbered({ ...one, id: id!, list })),
    }));
  return { ...change, replace: records };
}

/** The kinds of hashes of which there are many: of pictures, and of whole files. */
type Many = 'pdq' | 'sha256';

/** More than a delta holds, each at most once on a list. */
function many(seed: number, algorithm: Many = seed % 2 > 0 ? 'sha256' : 'pdq'): BlocklistEntry[] {
  return Array.from({ length: 200 }, (_, at) =>
    numbered({
      hash: { ...farHash(2 + ((seed * 7 + at) % 1500)), algorithm },
      labels: [`${(seed * 7 + at) % 1500}`],
      id: `m${at % 50}`,
      ...(at % 3 > 0 && { list: 'a' }),
    }),
  );
}

/** Entries in one of the ways to give them. */
function givenBy(way: Way, entries: readonly BlocklistEntry[]) {
  if (way === 'generator') return [...entries].values();
  if (way === 'later') return later(entries);
  const [first] = entries;
  const isOne = entries.every(
    ({ hash }) => hash.algorithm === first!.hash.algorithm && bitsOf(hash) === bitsOf(first!.hash),
  );
  if (way === 'array' || !first || !isOne) return entries;
  const table = new PackedEntries(first.hash.algorithm, bitsOf(first.hash));
  for (const one of entries) table.push(one);
  return table;
}

async function* later(entries: readonly BlocklistEntry[]) {
  for (const [at, one] of entries.entries()) {
    if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield one;
  }
}

function listChange(change: PlainChange, way: Way): ListChange {
  const { add, remove, withdraw, reinstate, replace, settings } = change;
  // An iterable may be one that is read once.
  const once = <T>(values: readonly T[]) => (way === 'generator' ? values.values() : values);
  return {
    settings,
    ...(add && { add: givenBy(way, add) }),
    ...(remove && { remove: once(remove) }),
    ...(withdraw && { withdraw: once(withdraw) }),
    ...(reinstate && { reinstate: once(reinstate) }),
    ...(replace && {
      replace:
        'all' in replace
          ? { all: givenBy(way, replace.all) }
          : 'list' in replace
            ? { list: replace.list, entries: givenBy(way, replace.entries) }
            : replace,
    }),
  };
}

const textOf = (one: NumberedEntry) => `${fullText(one)} ${one[NUMBER] ?? 0}`;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Whether a state is what the model says, by every way to ask. */
function compare(state: ListState, model: PlainList): void {
  const expected = model.entries.map(textOf).sort();
  const kinds = [...state.kinds.values()];
  const listed = kinds.flatMap((kind) => [...kind.numbers()].map((at) => kind.numberedAt(at)));
  expect(listed.map(textOf).sort()).toEqual(expected);
  expect([state.size, state.generation, state.rejected]).toEqual([
    expected.length,
    model.generation,
    model.rejected,
  ]);
  const groupsOf = (groups: readonly { group: string; list: string }[]) =>
    groups.map(({ group, list }) => `${group} ${list}`).sort();
  const withdrawn = state.withdrawn.values().map((each) => {
    const { reason, groups = [] } = each as Withdrawn & Hash;
    return [nameOf(each), reason, groupsOf(groups)];
  });
  expect(withdrawn).toEqual(
    model.withdrawn.map(({ key, reason, groups }) => [key, reason, groupsOf(groups)]),
  );
  expect(new Map(state.lists.entries())).toEqual(model.settings);
  const sizes = (of: (list: string) => number) => LISTS.map((list) => [list, of(list)]);
  expect(
    sizes((list) => kinds.reduce((sum, { counts }) => sum + (counts.get(list) ?? 0), 0)),
  ).toEqual(sizes((list) => model.entries.filter((one) => (one.list ?? '') === list).length));
  for (const asked of HASHES) {
    const kind = state.of({ algorithm: asked.algorithm, bits: bitsOf(asked) });
    const within = (max: number) => {
      const pairs = hitsWithin(kind, asked, max);
      return Array.from({ length: pairs.length / 2 }, (_, at) => {
        const one = kind.entryAt(pairs[2 * at]!);
        expect(kind.listAt(pairs[2 * at]!)).toBe(one.list ?? '');
        return `${pairs[2 * at + 1]} ${fullText(one)}`;
      }).sort();
    };
    const near = model.entries
      .filter(
        ({ hash: { algorithm, bytes } }) =>
          algorithm === asked.algorithm && bytes.length === asked.bytes.length,
      )
      .map((one) => ({ one, distance: naiveDistance(one.hash.bytes, asked.bytes) }));
    for (const max of [0, 31, 40]) {
      const found = near
        .filter(({ distance }) => distance <= max)
        .map(({ one, distance }) => `${distance} ${fullText(one)}`);
      expect(within(max)).toEqual(found.sort());
    }
    const parts = near.filter(({ one }) => one.group === hashToHex(asked));
    expect(textsOf(kind, kind.ofGroup(asked))).toEqual(
      parts.map(({ one }) => fullText(one)).sort(),
    );
  }
  for (const id of IDS) {
    for (const source of [undefined, ...SOURCES]) {
      const key = { id, ...(source !== undefined && { source }) };
      const found = kinds.flatMap((kind) => textsOf(kind, numbersOf(kind, key)));
      const named = model.entries.filter(
        (one) => one.id === id && (source === undefined || one.source === source),
      );
      expect(found.sort()).toEqual(named.map(fullText).sort());
    }
  }
}

const textsOf = (kind: Kind, numbers: readonly number[]) =>
  numbers.map((number) => fullText(kind.entryAt(number))).sort();

/** Whether decisions are those of a loop over all entries. */
function compareDecisions(blocklist: Blocklist, model: PlainList): void {
  const plain = new PlainLists();
  // Digests are equal or not, whatever the lists' policies.
  const policy = { matchDistance: 0, reviewDistance: 0, minQuality: 0 };
  const equal = LISTS.map((name) => [name, { ...model.settings.get(name), policy }] as const);
  const digests = HASHES.filter(({ algorithm }) => isDigest(algorithm));
  for (const asked of [...HASHES.slice(0, 7), ...digests]) {
    const isFile = isDigest(asked.algorithm);
    plain.entries = model.entries.filter(({ hash }) => hash.algorithm === asked.algorithm);
    plain.settings = Object.fromEntries(isFile ? equal : model.settings);
    const variant = { name: isFile ? 'file' : 'original', hash: asked, quality: 100 } as const;
    const expected = plain.decide([variant], { all: true });
    const { verdict, reason, matches } = match([variant], blocklist, { all: true });
    const line = ({ tier, distance, variant, entry }: Match) =>
      lineOf(tier, distance, variant, entry);
    expect([verdict, matches.map(line).sort()]).toEqual([expected.verdict, expected.matches]);
    const isExact = reason === 'matched-digest';
    if (isExact) expect(isFile).toBe(true);
    expect(expected.reasons).toContain(isExact ? 'within-match-distance' : reason);
  }
}

/** A segment in other memory. */
function* copied(segment: Segment): Generator<void, Segment> {
  yield;
  const copy = new Segment(segment.shape, roomFor(segment.shape, 'never'));
  copy.sections.set(segment.sections);
  yield;
  return copy;
}

class Broken extends Error {}

async function live(acts: readonly Act[], start: number, kind: Many = 'pdq'): Promise<void> {
  const told: string[] = [];
  let fails = false;
  let reenter: (() => void) | undefined;
  const list = new Watched({
    onRejected: (one, reason) => {
      if (fails) throw new Broken();
      told.push(`${reason} ${fullText(one)}`);
      const run = reenter;
      reenter = undefined;
      run?.();
    },
  });
  stepClock(10);
  const changes = new Map<Applied, { change: PlainChange; from: number }>();
  const sync = new Set<Applied>();
  const apply = async (act: Act, signal?: AbortSignal) => {
    let last: PlainChange = {};
    let from = 0;
    let asked: 'now' | 'in its turn' | 'for settings' = 'now';
    const give = (state: ListState) => {
      const given = changeOf(act, state);
      // At the end of a large change, the settings alone are asked for again.
      if (asked === 'for settings') last = { ...last, settings: given.settings };
      else [last, from] = [given, list.made.length];
      if (asked === 'in its turn') asked = 'for settings';
      return listChange(given, act.way);
    };
    const before = list.made.length;
    const applying = list.apply(act.isCalled ? give : give(list.state), { signal });
    asked = 'in its turn';
    const atOnce = list.made.slice(before).at(-1)?.applied;
    if (atOnce) sync.add(atOnce);
    try {
      changes.set(await applying, { change: last, from });
    } catch (error) {
      if (error !== signal?.reason && !(error instanceof Broken)) throw error;
    }
  };
  if (start > 0) {
    list.mostAtOnce = 1000;
    await apply({
      ...START,
      add: [0, 30, 60].flatMap((more) => many(start + more, kind)).slice(0, start),
    });
  }
  const all: Promise<void>[] = [];
  let isQuiet = true;
  for (const act of acts) {
    list.mostAtOnce = act.most;
    if (act.special === 'become') {
      isQuiet = false;
      const other = new PlainList();
      const change = { add: act.add ?? [], withdraw: act.withdraw ?? [] };
      other.apply({ withdraw: change.withdraw });
      other.apply({ add: change.add });
      const there = createBlocklist([]);
      there.commit(() => ({ withdraw: change.withdraw }));
      there.commit(() => ({ add: change.add.map((one) => withoutEmpty(one)) }));
      const generation = Math.max(list.generation, there.generation) + 1;
      list.become(new ListState({ ...there.state, generation }));
      list.made.push({ by: other, state: list.state });
    } else if (act.special === 'move') {
      const part = [...list.state.kinds.values()].flatMap(({ parts }) => parts)[0];
      if (part) {
        const segment = part.table.searched;
        all.push(list.move(segment, copied(segment), undefined).then(() => {}));
      }
    } else {
      const ending = act.special === 'abort' ? new AbortController() : undefined;
      fails = act.special === 'fail';
      if (act.special === 'reenter') {
        isQuiet = false;
        reenter = () => void all.push(apply({ ...START, withdraw: act.withdraw ?? [{ id: '1' }] }));
      }
      if (fails) isQuiet = false;
      all.push(apply(act, ending?.signal));
      fails = false;
      for (let i = 0; i < act.gap / 2 && ending; i++) await turn();
      ending?.abort();
    }
    for (let i = 0; i < act.gap; i++) await turn();
  }
  await Promise.all(all);
  await list.settled();
  vi.restoreAllMocks();
  // Now that all has been changed, merged and moved: what each state was, it still is.
  const model = new PlainList();
  const expected: string[] = [];
  const withdrawals: (readonly Withdrawn[])[] = list.made.map(() => []);
  for (const [at, { applied, late = [], by, state }] of list.made.entries()) {
    if (by) become(model, by);
    else if (applied) {
      const asked = changes.get(applied);
      expect(asked, 'a change that was not asked for').toBeDefined();
      const before = withdrawals.filter((_, i) => i < at && !late.includes(list.made[i]!));
      const change = heeded(asked!, sync.has(applied) ? before.length : asked!.from, before);
      withdrawals[at] = change.withdraw ?? [];
      const { generation } = model;
      const done = model.apply(change);
      expected.push(...done.rejections);
      model.generation = fitted(applied, done, generation, sync.has(applied));
    }
    const isLast = at === list.made.length - 1;
    if (isLast || list.made.length < 30 || at % 7 === 0) compare(state, model);
  }
  if (isQuiet) expect(told.sort()).toEqual(expected.sort());
  compare(list.state, model);
  compareDecisions(list, model);
}

/** The word of who withdrew the same while a change was prepared is the last. */
function heeded(
  { change }: { readonly change: PlainChange },
  from: number,
  made: readonly (readonly Withdrawn[])[],
): PlainChange {
  const since = new Set(made.slice(from).flat().map(nameOf));
  const { withdraw, reinstate, ...others } = change;
  return {
    ...others,
    ...(withdraw && { withdraw: withdraw.filter((each) => !since.has(nameOf(each))) }),
    ...(reinstate && { reinstate: reinstate.filter((each) => !since.has(nameOf(each))) }),
  };
}

const START: Act = {
  gap: 0,
  most: 1000,
  way: 'array',
  isCalled: false,
  picks: [],
  entries: [],
  list: '',
  special: 'none',
};

const withoutEmpty = ({ list = '', ...one }: BlocklistEntry): BlocklistEntry =>
  list === '' ? one : { ...one, list };

/**
 * What a change says it did must be what it did. One that was prepared while others were made may
 * take equal entries for new ones. @returns the generation
 */
function fitted(applied: Applied, done: PlainDone, before: number, isAtOnce: boolean): number {
  const { added, removed, generation, ...others } = applied;
  const { added: more, removed: gone, isChanged, rejections: _, ...expected } = done;
  expect(others).toEqual(expected);
  const moved = added - more;
  expect(removed - gone).toBe(moved);
  expect(moved).toBeGreaterThanOrEqual(0);
  if (isAtOnce) expect(moved).toBe(0);
  expect(generation).toBe(before + (isChanged || moved > 0 ? 1 : 0));
  return generation;
}

/** All of another list. */
function become(model: PlainList, by: PlainList): void {
  const generation = Math.max(model.generation, by.generation) + 1;
  Object.assign(model, by, { generation });
}

const HISTORIES = Number(process.env.HISTORIES ?? runs(60));

test('any history of changes gives what an array gives', async () => {
  const start = fc.constantFrom(0, 0, 30, 505, 511);
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 25 }),
      start,
      fc.constantFrom<Many>('pdq', 'sha256'),
      live,
    ),
    { numRuns: HISTORIES, endOnFailure: true },
  );
});

test('an entry is added if its withdrawals are lifted while it is prepared', async () => {
  const [hash] = HASHES as [Hash];
  const large = { ...START, most: 2, replace: 'list', list: 'a' } as const;
  const onA = { ...hash, list: 'a' };
  await live(
    [
      { ...large, withdraw: [hash] },
      { ...large, gap: 2, withdraw: [{ ...hash, list: '' }, onA] },
      { ...large, isCalled: true, picks: [2], reinstate: [], list: '' },
      {
        ...large,
        picks: [0],
        withdraw: [onA],
        reinstate: [],
        replace: 'all',
        entries: [numbered({ hash, labels: [], list: 'a' })],
      },
    ],
    30,
  );
});
