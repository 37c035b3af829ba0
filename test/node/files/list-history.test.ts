import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { WithdrawnKey } from '../../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { type Hash, hashFromHex, hashToHex } from '../../../src/hash.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { type Decision, decisionToJSON, type Match } from '../../../src/matching/decision.js';
import { decisionFromJSON } from '../../../src/matching/decision-json.js';
import { createFloodGuard } from '../../../src/matching/flood-guard.js';
import { match } from '../../../src/matching/match.js';
import { createRemoteList, type RemoteList } from '../../../src/matching/remote-list.js';
import type { RemoteMatch } from '../../../src/matching/remote-match.js';
import { loadBlocklist as openBlocklist } from '../../../src/node/files/list-records.js';
import { PackedEntries } from '../../../src/packed-entries.js';
import type { ListSettings } from '../../../src/policy.js';
import type { RemoteAnswer } from '../../../src/remote-matcher.js';
import type { HashedVariant } from '../../../src/variant.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { NaiveFloodGuard } from '../../oracles/flood.js';
import {
  ALLOWED_RADIUS,
  entryText,
  hitsOf,
  lineOf,
  NONE_SECONDS,
  type PlainDecision,
  PlainLists,
  type PlainRemote,
  remoteLine,
} from '../../oracles/lists.js';
import { runs } from '../../seed.js';
import { saveList } from './saved-list.js';

// Any history of a platform beside a plain model of it: a blocklist of several lists with an allow
// list, a flood guard and lists elsewhere, which answer, stall and lie.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-lists-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Few hashes, ids and sources, so that they coincide; at distances about the thresholds.
const HASHES = [0, 1, 12, 31, 33, 45, 59, 62, 90].map((bits) => flipBits(BASE, ORDER, bits));
const hash = fc.constantFrom(...HASHES, { algorithm: 'pdq' as const, bytes: new Uint8Array(32) });
const id = fc.constantFrom('1', '2', '3');
const source = fc.constantFrom('x', 'y');
const settings: fc.Arbitrary<ListSettings> = fc.record(
  {
    policy: fc.record(
      {
        matchDistance: fc.constantFrom(-1, 10, 31, 35, 70),
        reviewDistance: fc.constantFrom(-1, 20, 60, 80),
        minQuality: fc.constantFrom(0, 50, 80),
      },
      { requiredKeys: [] },
    ),
    tier: fc.constantFrom('match' as const, 'review' as const),
    enabled: fc.boolean(),
    trust: fc.constantFrom('own' as const, 'shared' as const, 'foreign' as const),
  },
  { requiredKeys: [] },
);
const variants = fc.array(
  fc.record(
    {
      name: fc.constantFrom('original' as const, 'flipX' as const),
      hash,
      quality: fc.constantFrom(40, 60, 100),
    },
    { requiredKeys: ['name', 'hash'] },
  ),
  { maxLength: 3 },
);

const does = fc.constantFrom<PlainRemote['does'][]>('answer', 'answer', 'stall', 'lie', 'throw');
const remoteEntry: fc.Arbitrary<PlainRemote['entries'][number]> = fc.record({
  id,
  hash,
  tells: fc.constantFrom('hash', 'hash', 'distance', 'nothing'),
  confirmed: fc.constantFrom(undefined, undefined, true, false),
});
/** Two lists elsewhere; one has the name of a list here. */
const remotes: fc.Arbitrary<Pick<PlainRemote, 'trust' | 'tier' | 'whenUnanswered'>[]> = fc.array(
  fc.record({
    trust: fc.constantFrom('own', 'shared', 'foreign'),
    tier: fc.constantFrom('match', 'match', 'review'),
    whenUnanswered: fc.constantFrom('review', 'unhashable'),
  }),
  { minLength: 2, maxLength: 2 },
);
const NAMES = ['elsewhere', 'a'] as const;

/** Steps of a history on lists of these names. */
function stepOn(names: readonly string[]) {
  const list = fc.constantFrom(...names);
  const entry: fc.Arbitrary<BlocklistEntry> = fc.record(
    {
      hash,
      labels: fc.constantFrom([], ['a'], ['a "b"']),
      list,
      id,
      source,
      quality: fc.constantFrom(40, 60, 100),
      caseCount: fc.constantFrom(0, 7),
      opinions: fc.constantFrom(
        [],
        [{ from: 'one', says: 'Blocked' }],
        [{ from: '\n', says: '', tags: ['"', 'b'] }],
      ),
      confirmed: fc.boolean(),
    },
    { requiredKeys: ['hash', 'labels', ...(names.length > 1 ? (['list'] as const) : [])] },
  );
  const entries = fc.array(entry, { maxLength: 6 });
  const key: fc.Arbitrary<WithdrawnKey> = fc
    .tuple(
      fc.oneof(hash, fc.record({ id, source }, { requiredKeys: ['id'] })),
      fc.option(list, { nil: undefined }),
    )
    .map(([key, list]) => (list === undefined ? key : { ...key, list }));
  const weighted: [number, fc.Arbitrary<object>][] = [
    [6, fc.record({ add: entry })],
    [2, fc.record({ attach: entries })],
    [2, fc.record({ withdraw: key })],
    [1, fc.record({ reinstate: key })],
    [2, fc.record({ replace: list, by: entries })],
    [1, fc.record({ remove: list })],
    [3, fc.record({ set: list, settings })],
    [1, fc.record({ replaceAll: entries })],
    [2, fc.record({ restart: fc.constant(true) })],
    [2, fc.record({ allow: hash, meant: fc.option(hash, { nil: undefined }) })],
    [1, fc.record({ disallow: hash, meant: fc.option(hash, { nil: undefined }) })],
    [2, fc.record({ lift: fc.nat(9) })],
    [2, fc.record({ tell: fc.nat(1), held: fc.array(remoteEntry, { maxLength: 3 }) })],
    [2, fc.record({ turn: fc.nat(1), does })],
    [2, fc.record({ flood: fc.nat(8), isAsync: fc.boolean(), after: fc.constantFrom(0, 3, 6) })],
    [8, fc.record({ query: variants, all: fc.boolean(), isAsync: fc.boolean(), after: fc.nat(4) })],
  ];
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

interface Step {
  add?: BlocklistEntry;
  attach?: BlocklistEntry[];
  withdraw?: WithdrawnKey;
  reinstate?: WithdrawnKey;
  replace?: string;
  by?: BlocklistEntry[];
  remove?: string;
  set?: string;
  settings?: ListSettings;
  replaceAll?: BlocklistEntry[];
  restart?: boolean;
  allow?: Hash;
  disallow?: Hash;
  meant?: Hash | undefined;
  /** the place of a flooded entry */
  lift?: number;
  tell?: number;
  held?: PlainRemote['entries'];
  turn?: number;
  does?: PlainRemote['does'];
  flood?: number;
  query?: HashedVariant[];
  all?: boolean;
  isAsync?: boolean;
  after?: number;
}

/** A platform, the plain model of it, and what is outside of both: the time and other services. */
class Platform {
  now = 0;
  readonly remote: PlainRemote[];
  readonly model = new PlainLists();
  readonly guard = new NaiveFloodGuard(FLOOD.mostUploads, FLOOD.windowSeconds, FLOOD.distance);
  readonly alarms: string[] = [];
  readonly logged: (Match | RemoteMatch)[] = [];
  allowList = createAllowList({ radius: ALLOWED_RADIUS, ...this.#log });
  floodGuard = createFloodGuard(this.#flooding);
  list: Blocklist = new Blocklist();
  #remoteLists: RemoteList[];

  constructor(remote: Pick<PlainRemote, 'trust' | 'tier' | 'whenUnanswered'>[]) {
    this.model.guard = this.guard;
    this.remote = remote.map((each, at) => ({
      ...each,
      name: NAMES[at]!,
      does: 'answer',
      entries: [],
      none: new Map(),
    }));
    this.#remoteLists = this.remote.map((each) => this.#remoteOf(each));
  }

  get #log() {
    return { onAllowed: (match: Match | RemoteMatch) => void this.logged.push(match) };
  }

  get #flooding() {
    const { distance: clusterDistance, ...others } = FLOOD;
    return {
      ...others,
      clusterDistance,
      now: () => 1000 * this.now,
      onAlarm: ({ entry }: { entry: Hash }) => void this.alarms.push(hashToHex(entry)),
    };
  }

  /** Everything is saved and opened again, but for what remote lists were asked. */
  async restart(): Promise<void> {
    const path = join(folder, 'list.ohl');
    rmSync(path, { force: true });
    await saveList(path, this.list);
    this.allowList = createAllowList({
      ...JSON.parse(JSON.stringify(this.allowList)),
      ...this.#log,
    });
    const state = JSON.parse(JSON.stringify(this.floodGuard));
    this.floodGuard = createFloodGuard({ ...this.#flooding, state });
    this.list = await openBlocklist(path);
    for (const { none } of this.remote) none.clear();
    this.#remoteLists = this.remote.map((each) => this.#remoteOf(each));
  }

  #remoteOf(remote: PlainRemote): RemoteList {
    const { name, does: _, entries: __, none: ___, ...options } = remote;
    return createRemoteList(
      { name, ask: ([hash]) => answerOf(remote, hash!) },
      {
        ...options,
        sendsHashes: true,
        noneSeconds: NONE_SECONDS,
        // One that stalls does so for ever, and one that answers has no need to wait.
        timeoutSeconds: 0.001,
        now: () => 1000 * this.now,
      },
    );
  }

  /** Decides, as the model does. */
  async decide({ query = [], all = false, isAsync = false }: Step): Promise<void> {
    this.logged.length = 0;
    const remote = this.#remoteLists;
    const { allowList, floodGuard } = this;
    const rules = { allowList, floodGuard, all };
    const decision = isAsync
      ? await match(query, this.list, { ...rules, remote })
      : match(query, this.list, rules);
    const asked = isAsync ? { remote: this.remote } : {};
    const expected = this.model.decide(query, { all, now: this.now, ...asked });
    const { reasons, ...told } = plain(decision);
    expect({ ...told, reasons }).toEqual({ ...expected, reasons });
    expect(expected.reasons).toContain(decision.reason);
    // What the model does not know must not matter: whether lists answered that nobody waited for.
    if (isAsync && expected.remoteMatches === undefined) this.now += NONE_SECONDS;
    const { allowed = [], remoteMatches = [], unanswered = [] } = decision;
    const isAllowed = ({ allowed }: RemoteMatch) => allowed !== undefined;
    expect(this.logged).toEqual([...allowed, ...remoteMatches.filter(isAllowed)]);
    expect(unanswered.length > 0 && decision.verdict === 'none').toBe(false);
    const json = JSON.parse(JSON.stringify(decision));
    expect(decisionToJSON(decisionFromJSON(json))).toEqual(json);
    expect(this.floodGuard.flooded.map(hashToHex).sort()).toEqual(this.guard.flooded);
    expect([...this.alarms].sort()).toEqual([...this.guard.alarms].sort());
  }
}

/** What is asked of an entry in 10 seconds, by uploads that are more than 5 bits from each other. */
const FLOOD = { mostUploads: 2, windowSeconds: 10, distance: 5 };

async function answerOf(remote: PlainRemote, hash: Hash): Promise<RemoteAnswer[]> {
  const { does } = remote;
  if (does === 'throw') throw new Error('down');
  if (does === 'stall') return new Promise(() => {});
  const hits = hitsOf(remote, hash);
  if (does === 'answer') {
    return hits.length > 0 ? [{ hash, answer: 'hits', hits }] : [{ hash, answer: 'none' }];
  }
  // Lies that can be told: about another hash, of a distance that is not the hash's, and of none
  // beside hits.
  const other = flipBits(hash, ORDER, 1);
  if (hits.length === 0) return [{ hash: other, answer: 'none' }];
  const [hit] = hits;
  if (hit?.hash) return [{ hash, answer: 'hits', hits: [{ ...hit, distance: 255 }] }];
  return [{ hash, answer: 'none', hits } as never];
}

/** A decision in the words of the model. */
function plain(decision: Decision): PlainDecision {
  const { verdict, reason, matches, allowed = [], remoteMatches, unanswered } = decision;
  const text = ({ tier, distance, variant, entry }: Match) =>
    lineOf(tier, distance, variant, entry);
  return {
    verdict,
    reasons: [reason],
    matches: matches.map(text).sort(),
    allowed: allowed.map(text).sort(),
    remoteMatches: remoteMatches
      ?.map(({ tier, list, id, distance, allowed }) =>
        remoteLine(tier, list, id, distance, allowed !== undefined),
      )
      .sort(),
    unanswered: unanswered && [...unanswered],
  };
}

async function make(platform: Platform, step: Step): Promise<void> {
  const { list, model } = platform;
  const { generation } = list;
  if (step.add) {
    const { added } = await list.apply({ add: [step.add] });
    expect(added).toBe(model.add(step.add) ? 1 : 0);
  }
  if (step.attach) {
    const table = new PackedEntries('pdq', 256);
    for (const entry of step.attach.filter(({ hash }) => hash.bytes.some(Boolean))) {
      table.push(entry);
      model.add(entry);
    }
    await list.apply({ add: table });
  }
  if (step.withdraw)
    expect((await list.apply({ withdraw: [step.withdraw] })).removed).toBe(
      model.withdraw(step.withdraw),
    );
  if (step.reinstate)
    expect((await list.apply({ reinstate: [step.reinstate] })).reinstated).toBe(
      model.reinstate(step.reinstate) ? 1 : 0,
    );
  if (step.replace !== undefined) {
    const before = model.entries.map(entryText);
    model.replace(step.replace, step.by!);
    const left = [...before];
    const added = model.entries.map(entryText).filter((text) => {
      const at = left.indexOf(text);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    expect(await list.apply({ replace: { list: step.replace, entries: step.by! } })).toMatchObject({
      added: added.length,
      removed: left.length,
    });
  }
  if (step.remove !== undefined) {
    expect(
      (
        await list.apply({
          replace: { list: step.remove, entries: [] },
          settings: { [step.remove]: null },
        })
      ).removed,
    ).toBe(model.remove(step.remove));
  }
  if (step.set !== undefined) {
    await list.apply({ settings: { [step.set]: step.settings! } });
    model.set(step.set, step.settings!);
  }
  if (step.replaceAll) {
    await list.apply({ replace: { all: createBlocklist(step.replaceAll).entries() } });
    model.entries = [];
    for (const entry of step.replaceAll) model.add(entry);
  }
  expect(list.generation).toBeGreaterThanOrEqual(generation);
  if (step.allow) {
    const { allow: hash, meant: entry } = step;
    platform.allowList.allow(hash, { reason: 'wrong', ...(entry && { entry }) });
    forgetException(model, hash, entry);
    model.exceptions.push({ hash, entry });
  }
  if (step.disallow) {
    const { disallow: hash, meant: entry } = step;
    const isGone = forgetException(model, hash, entry);
    expect(platform.allowList.disallow(hash, entry && { entry })).toBe(isGone);
  }
  const { flooded } = platform.guard;
  if (step.lift !== undefined && flooded.length > 0) {
    const hex = flooded[step.lift % flooded.length]!;
    expect(platform.floodGuard.lift(hashFromHex('pdq', hex))).toBe(true);
    platform.guard.lift(hex);
  }
  if (step.tell !== undefined) platform.remote[step.tell]!.entries = step.held!;
  if (step.turn !== undefined) platform.remote[step.turn]!.does = step.does!;
  if (!step.restart) return;
  await platform.restart();
  const opened = platform.list;
  expect(opened.generation).toBe(generation);
  expect(opened.withdrawals).toEqual(list.withdrawals);
  const infos = (one: Blocklist) => one.lists().sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(infos(opened)).toEqual(infos(list));
}

/** @returns whether there was such an exception */
function forgetException(model: PlainLists, hash: Hash, entry: Hash | undefined): boolean {
  const before = model.exceptions.length;
  model.exceptions = model.exceptions.filter((one) => one.hash !== hash || one.entry !== entry);
  return model.exceptions.length < before;
}

async function compare(platform: Platform, step: Step): Promise<void> {
  const { list, model } = platform;
  platform.now += step.after ?? 0;
  if (step.query) return platform.decide(step);
  if (step.flood !== undefined) {
    // Distinct uploads around an entry, one after the other.
    for (const hash of HASHES.slice(Math.max(0, step.flood - 4), step.flood + 4)) {
      const query: HashedVariant[] = [{ name: 'original', hash, quality: 100 }];
      await platform.decide({ query, all: true, isAsync: step.isAsync ?? false });
    }
    return;
  }
  expect(list.size).toBe(model.entries.length);
  expect([...list.entries()].map(entryText).sort()).toEqual(model.entries.map(entryText).sort());
  const sizes = list.lists().filter(({ size }) => size > 0);
  for (const { name, size } of sizes) {
    const of = model.entries.filter((entry) => (entry.list ?? '') === name);
    expect(size).toBe(of.length);
  }
}

const histories = Number(process.env.LIST_HISTORIES ?? runs(150));

/** What must have been met often. */
const STEPS = ['query', 'replace', 'withdraw', 'reinstate', 'restart', 'allow', 'alarm', 'tell'];

test.each([
  [1, ['']],
  [5, ['', 'a', 'b', 'c', '__proto__']],
])('any history gives the decisions of a plain model, on %i list(s)', async (_, names) => {
  const met = new Map<string, number>();
  const count = (what: string) => met.set(what, 1 + (met.get(what) ?? 0));
  await fc.assert(
    fc.asyncProperty(
      remotes,
      fc.array(stepOn(names), { maxLength: 40, size: 'max' }),
      async (remote, steps: Step[]) => {
        const platform = new Platform(remote);
        for (const step of [...steps, { restart: true }]) {
          await make(platform, step);
          await compare(platform, step);
          for (const what of Object.keys(step)) count(what);
        }
        for (const hash of HASHES) {
          const query: HashedVariant[] = [{ name: 'original', hash, quality: 100 }];
          for (const isAsync of [false, true]) {
            await platform.decide({ query, all: true, isAsync });
          }
        }
        for (const _ of platform.alarms) count('alarm');
      },
    ),
    { numRuns: histories },
  );
  for (const what of STEPS) {
    expect([what, (met.get(what) ?? 0) > histories / 4]).toEqual([what, true]);
  }
});
