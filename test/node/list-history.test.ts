import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlocklistEntry } from '../../src/entry.js';
import { PackedEntries } from '../../src/exchange/packed-entries.js';
import { createIndex } from '../../src/indexing/mutable-index.js';
import { Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import type { ListSettings } from '../../src/matching/lists.js';
import type { WithdrawnKey } from '../../src/matching/withdrawals.js';
import { openBlocklist, saveBlocklist } from '../../src/node/blocklist-file.js';
import type { HashedVariant } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { entryText, lineOf, PlainLists } from '../oracles/lists.js';

// Any history of a blocklist of several lists, beside a plain model of it.

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
    [6, fc.record({ query: variants, all: fc.boolean() })],
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
  query?: HashedVariant[];
  all?: boolean;
}

async function make(list: Blocklist, model: PlainLists, step: Step): Promise<Blocklist> {
  const { generation } = list;
  if (step.add) expect(list.add(step.add)).toBe(model.add(step.add));
  if (step.attach) {
    const table = new PackedEntries('pdq', 256);
    for (const entry of step.attach.filter(({ hash }) => hash.bytes.some(Boolean))) {
      table.push(entry);
      model.add(entry);
    }
    list.addPart({ index: createIndex(table.hashes), entries: table });
  }
  if (step.withdraw) expect(list.withdraw(step.withdraw)).toBe(model.withdraw(step.withdraw));
  if (step.reinstate) expect(list.reinstate(step.reinstate)).toBe(model.reinstate(step.reinstate));
  if (step.replace !== undefined) {
    const before = model.entries.map(entryText);
    model.replace(step.replace, step.by!);
    const left = [...before];
    const added = model.entries.map(entryText).filter((text) => {
      const at = left.indexOf(text);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    expect(await list.replaceList(step.replace, step.by!)).toEqual({
      added: added.length,
      removed: left.length,
    });
  }
  if (step.remove !== undefined) {
    expect(await list.removeList(step.remove)).toBe(model.remove(step.remove));
  }
  if (step.set !== undefined) {
    list.setList(step.set, step.settings!);
    model.set(step.set, step.settings!);
  }
  if (step.replaceAll) {
    list.replaceWith(createBlocklist(step.replaceAll));
    model.entries = [];
    for (const entry of step.replaceAll) model.add(entry);
  }
  expect(list.generation).toBeGreaterThanOrEqual(generation);
  if (!step.restart) return list;
  const path = join(folder, 'list.ohl');
  rmSync(path, { force: true });
  await saveBlocklist(path, list);
  const opened = await openBlocklist(path);
  expect(opened.generation).toBe(generation);
  expect(opened.withdrawals).toEqual(list.withdrawals);
  const infos = (one: Blocklist) => one.lists().sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(infos(opened)).toEqual(infos(list));
  return opened;
}

async function compare(list: Blocklist, model: PlainLists, { query, all = false }: Step) {
  if (query) {
    const expected = model.decide(query, all);
    const decision = list.decide(query, { all });
    expect(decision.verdict).toBe(expected.verdict);
    expect(expected.reasons).toContain(decision.reason);
    const lines = decision.matches.map(({ tier, distance, variant, entry }) =>
      lineOf(tier, distance, variant, entry),
    );
    expect(lines.sort()).toEqual(expected.matches);
    const { generation, ...later } = await list.decideAsync(query, { all });
    expect([later.verdict, later.matches]).toEqual([decision.verdict, decision.matches]);
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

const histories = Number(process.env.LIST_HISTORIES ?? 150);

test.each([
  [1, ['']],
  [5, ['', 'a', 'b', 'c', '__proto__']],
])(
  'any history gives the decisions of a plain model, on %i list(s)',
  async (_, names) => {
    let [decided, restarts] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(stepOn(names), { maxLength: 30 }), async (steps: Step[]) => {
        let list = new Blocklist();
        const model = new PlainLists();
        for (const step of [...steps, { restart: true }]) {
          list = await make(list, model, step);
          await compare(list, model, step);
          decided += step.query ? 1 : 0;
          restarts += step.restart ? 1 : 0;
        }
        for (const hash of HASHES) {
          const query: HashedVariant[] = [{ name: 'original', hash, quality: 100 }];
          await compare(list, model, { query, all: true });
        }
      }),
      { numRuns: histories },
    );
    expect(decided).toBeGreaterThan(histories / 2);
    expect(restarts).toBeGreaterThanOrEqual(histories);
  },
  3_600_000,
);
