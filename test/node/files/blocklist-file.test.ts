import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { ListState } from '../../../src/blocklist/list-state.js';
import { SLOTS_BYTES } from '../../../src/blocklist/records/commit-slots.js';
import type { Withdrawn, WithdrawnKey } from '../../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { type Hash, hashToHex, isDegenerate, type Resample } from '../../../src/hash.js';
import { createIndex } from '../../../src/indexing/create-index.js';
import { match } from '../../../src/matching/match.js';
import { loadBlocklist as openBlocklist } from '../../../src/node/files/list-records.js';
import { saveIndex } from '../../../src/node/files/save-index.js';
import { PackedEntries } from '../../../src/packed-entries.js';
import { readHashList } from '../../../src/text/hash-list.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { runs } from '../../seed.js';
import { saveList } from './saved-list.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-list-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function entriesOf(text: Uint8Array[], options: { onProblem(problem: unknown): void }) {
  const entries: BlocklistEntry[] = [];
  for await (const entry of readHashList(text, options)) entries.push(entry);
  return entries;
}

// Few hashes, ids and sources, so that they coincide.
const SMALL: Hash = { algorithm: 'dhash', bytes: BASE.bytes.slice(0, 8) };
const HASHES: readonly Hash[] = [
  ...[0, 1, 40].map((bits) => flipBits(BASE, ORDER, bits)),
  { algorithm: 'pdq', bytes: new Uint8Array(32) },
  SMALL,
  { ...SMALL, algorithm: 'phash' },
];
const IDS = ['1', '2', '\ud800'];
const hash = fc.constantFrom(...HASHES);
const id = fc.constantFrom(...IDS);
const source = fc.constantFrom('x', 'y');
const entry: fc.Arbitrary<BlocklistEntry> = fc.record(
  {
    hash,
    labels: fc.constantFrom([], ['a'], ['a "b"', '\n']),
    id,
    source,
    quality: fc.constantFrom(40, 100),
    resample: fc.constantFrom<Resample>(512, 'none'),
    variant: fc.constantFrom('window1x1', 'window2x2'),
    list: fc.constantFrom('a', 'b'),
    confirmed: fc.boolean(),
  },
  { requiredKeys: ['hash', 'labels'] },
);
const key: fc.Arbitrary<WithdrawnKey> = fc
  .tuple(
    fc.oneof(hash, fc.record({ id, source }, { requiredKeys: ['id'] })),
    fc.constantFrom({}, {}, { list: 'a' }),
  )
  .map(([key, on]) => ({ ...key, ...on }));
const reason = fc.option(fc.constantFrom('asked', 'an error\n"'), { nil: undefined });

const same = (a: Hash, b: Hash) => a.algorithm === b.algorithm && hashToHex(a) === hashToHex(b);
const covers = (one: WithdrawnKey, { hash, id, source, list }: BlocklistEntry) =>
  (one.list === undefined || one.list === list) &&
  ('id' in one
    ? one.id === id && (one.source === undefined || one.source === source)
    : same(one, hash));
const nameOf = (one: WithdrawnKey) =>
  JSON.stringify(
    'id' in one ? [one.id, one.source, one.list] : [one.algorithm, hashToHex(one), one.list],
  );
const textOf = ({ hash, ...rest }: BlocklistEntry) =>
  `${hash.algorithm} ${hashToHex(hash)} ${JSON.stringify(rest, Object.keys(rest).sort())}`;

/** What a list is to hold, as plain as can be. */
class Model {
  listed: BlocklistEntry[] = [];
  withdrawn: Withdrawn[] = [];
  rejected = { degenerate: 0, withdrawn: 0 };

  add(entry: BlocklistEntry): boolean {
    const why = isDegenerate(entry.hash)
      ? 'degenerate'
      : this.withdrawn.some((one) => covers(one, entry)) && 'withdrawn';
    if (why) this.rejected = { ...this.rejected, [why]: this.rejected[why] + 1 };
    else this.listed = [...this.listed, entry];
    return !why;
  }

  withdraw(one: WithdrawnKey, reason: string | undefined): number {
    const left = this.listed.filter((entry) => !covers(one, entry));
    const removed = this.listed.length - left.length;
    this.listed = left;
    const at = this.withdrawn.findIndex((other) => nameOf(other) === nameOf(one));
    const kept = reason ?? this.withdrawn[at]?.reason;
    const withdrawal = { ...one, ...(kept !== undefined && { reason: kept }) };
    this.withdrawn = at < 0 ? [...this.withdrawn, withdrawal] : this.withdrawn.with(at, withdrawal);
    return removed;
  }

  reinstate(one: WithdrawnKey): boolean {
    const before = this.withdrawn.length;
    this.withdrawn = this.withdrawn.filter((other) => nameOf(other) !== nameOf(one));
    return this.withdrawn.length < before;
  }
}

const found = (list: Blocklist, hash: Hash) =>
  match({ hash, variants: [] }, list, { all: true })
    .matches.filter(({ distance }) => distance === 0)
    .map(({ entry }) => textOf(entry))
    .sort();

/** Compares all that a list answers with the model; the order of withdrawals may differ. */
function compare(list: Blocklist, { listed, withdrawn, rejected }: Model): void {
  expect([...list.entries()].map(textOf).sort()).toEqual(listed.map(textOf).sort());
  expect(list.size).toBe(listed.length);
  const byName = (all: readonly Withdrawn[]) =>
    Object.fromEntries(all.map((one) => [nameOf(one), one.reason]));
  expect(byName(list.withdrawals)).toEqual(byName(withdrawn));
  expect(list.rejected).toEqual(rejected);
  for (const hash of HASHES) {
    const expected = listed.filter((entry) => same(entry.hash, hash));
    expect(found(list, hash)).toEqual(expected.map(textOf).sort());
    expect(list.has(hash)).toBe(expected.length > 0);
  }
  for (const id of IDS) {
    for (const key of [{ id }, { id, source: 'x' }]) {
      expect(list.has(key)).toBe(listed.some((entry) => covers(key, entry)));
    }
  }
}

/** A table of those entries that have the algorithm of the first. */
function tableOf(entries: readonly BlocklistEntry[]): PackedEntries {
  const { algorithm } = entries[0]!.hash;
  const table = new PackedEntries(algorithm, algorithm === 'pdq' ? 256 : 64);
  for (const entry of entries) if (entry.hash.algorithm === algorithm) table.push(entry);
  return table;
}
const rowsOf = (table: PackedEntries) =>
  Array.from({ length: table.size }, (_, row) => table.entryAt(row));

const some = fc.array(entry, { minLength: 1, maxLength: 5 });
const change = fc.oneof(
  { arbitrary: fc.record({ add: entry }), weight: 4 },
  { arbitrary: fc.record({ withdraw: key, reason }), weight: 2 },
  { arbitrary: fc.record({ reinstate: key }), weight: 1 },
  { arbitrary: fc.record({ part: some }), weight: 1 },
  { arbitrary: fc.record({ replace: some }), weight: 1 },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Makes a change to a list and to its model. */
async function make(list: Blocklist, model: Model, step: Change): Promise<void> {
  const before = list.generation;
  if ('add' in step) {
    const why = list.rejectionReason(step.add);
    const fits = model.add(step.add);
    const { added } = await list.apply({ add: [step.add] });
    expect([why === undefined, added]).toEqual([fits, fits ? 1 : 0]);
    expect(list.generation).toBe(before + added);
  } else if ('withdraw' in step) {
    const { withdraw, reason } = step;
    const withdrawal = { ...withdraw, ...(reason !== undefined && { reason }) };
    const { removed } = await list.apply({ withdraw: [withdrawal] });
    expect(removed).toBe(model.withdraw(withdraw, reason));
  } else if ('reinstate' in step) {
    const { reinstated } = await list.apply({ reinstate: [step.reinstate] });
    expect(reinstated).toBe(model.reinstate(step.reinstate) ? 1 : 0);
  } else if ('part' in step) {
    const table = tableOf(step.part);
    await list.apply({ add: table });
    for (const entry of rowsOf(table)) model.add(entry);
  } else {
    await list.apply({ replace: { all: step.replace } });
    model.listed = [];
    for (const entry of step.replace) model.add(entry);
  }
  expect(list.generation).toBeGreaterThanOrEqual(before);
}

const histories = Number(process.env.LIST_HISTORIES ?? runs(150));

test('save and open keep any history', async () => {
  const path = join(folder, 'history.ohl');
  const step = fc.oneof(
    { arbitrary: change, weight: 10 },
    { arbitrary: fc.constant('reopen' as const), weight: 2 },
    { arbitrary: fc.constant('warm' as const), weight: 1 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      rmSync(path, { force: true });
      let list = new Blocklist();
      const model = new Model();
      for (const one of [...steps, 'reopen' as const]) {
        if (one === 'warm') await list.settled();
        else if (one === 'reopen') {
          await saveList(path, list);
          const { generation } = list;
          compare(list, model);
          list = await openBlocklist(path);
          expect(list.generation).toBe(generation);
          compare(list, model);
        } else await make(list, model, one);
      }
    }),
    { numRuns: histories },
  );
});

/** A list with entries of three kinds, and withdrawals. */
async function aList(): Promise<Blocklist> {
  const table = tableOf(
    [0, 2, 50].map((flips, at) => ({
      hash: flipBits(BASE, ORDER, flips),
      labels: ['attached'],
      id: `${at}`,
    })),
  );
  const list = createBlocklist([
    table,
    ...HASHES.map((hash, at) => ({ hash, labels: [`label ${at}`], id: `n${at}`, source: 'x' })),
  ]);
  await list.apply({ withdraw: [{ id: '1', reason: 'a reason' }] });
  await list.apply({ withdraw: [HASHES[4]!, { id: 'elsewhere', source: 'y' }] });
  return list;
}

test('a list is opened with the policy of the caller, and its file names nothing else', async () => {
  const path = join(folder, 'policy.ohl');
  await saveList(path, await aList());
  const kept: string[] = [];
  const onRejected = (_: BlocklistEntry, reason: string) => kept.push(reason);
  const list = await openBlocklist(path, { onRejected });
  expect(
    match({ hash: BASE, quality: 100, variants: [] }, list, { policy: { matchDistance: -1 } })
      .verdict,
  ).toBe('review');
  expect((await list.apply({ add: [{ hash: BASE, labels: [], id: '1' }] })).added).toBe(0);
  expect(kept).toEqual(['withdrawn']);
  expect(list.rejected).toEqual({ degenerate: 1, withdrawn: 1 });
  expect(list.withdrawals[0]).toEqual({ id: '1', reason: 'a reason' });
});

test('a file of a lower generation than requested is refused', async () => {
  const path = join(folder, 'older.ohl');
  const list = await aList();
  const { generation, size } = list;
  await saveList(path, list);
  await expect(openBlocklist(path, { minGeneration: generation + 1 })).rejects.toMatchObject({
    code: 'old-generation',
  });
  expect((await openBlocklist(path, { minGeneration: generation })).size).toBe(size);
});

test('a file of a later version is refused', async () => {
  const path = join(folder, 'later.ohl');
  await saveList(path, await aList());
  const bytes = new Uint8Array(readFileSync(path));
  bytes[8] = 2;
  writeFileSync(path, bytes);
  await expect(openBlocklist(path)).rejects.toMatchObject({ code: 'bad-version' });
});

test('a generation may be any safe integer', async () => {
  const path = join(folder, 'large.ohl');
  for (const generation of [2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]) {
    const high = new Blocklist();
    high.become(new ListState({ generation }));
    await saveList(path, high);
    expect((await openBlocklist(path)).generation).toBe(generation);
  }
});

test('a missing blocklist file is reported with the command that makes one', async () => {
  const path = join(folder, 'her-list.ohb');
  const error: Error = await openBlocklist(path).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'unreadable', cause: { code: 'ENOENT', path } });
  expect(error.message).toBe(
    'the blocklist file does not exist (ENOENT): openBlocklist with `create` and ' +
      '`npx onlyhashes convert list.csv list.ohb` create one',
  );
  const below = openBlocklist(join(import.meta.filename, 'list.ohb'));
  await expect(below).rejects.toThrow('the blocklist file cannot be read (ENOTDIR)');
});

test('neither a blocklist file nor an index file is read as a text list', async () => {
  const listed = flipBits(BASE, ORDER, 40);
  const blocklist = createBlocklist([{ hash: listed, labels: [] }]);
  await blocklist.apply({ withdraw: [BASE] });
  await saveList(join(folder, 'list.ohb'), blocklist);
  const table = new PackedEntries('pdq', 256);
  // Read as text, a label could be an entry.
  table.push({ hash: listed, labels: [`\n${hashToHex(BASE)}\n`] });
  await saveIndex(join(folder, 'list.ohx'), createIndex(table.hashes), { entries: table });
  for (const name of ['list.ohb', 'list.ohx']) {
    const onProblem = vi.fn();
    const bytes = readFileSync(join(folder, name));
    await expect(entriesOf([bytes], { onProblem })).rejects.toMatchObject({ code: 'not-a-list' });
    expect(onProblem).not.toHaveBeenCalled();
  }
});

test('any changed bit, any cut and any bytes are refused', async () => {
  const path = join(folder, 'hostile.ohl');
  await saveList(path, await aList());
  const good = readFileSync(path);
  const refused = async (bytes: Uint8Array, codes: RegExp) => {
    writeFileSync(path, bytes);
    const error = await openBlocklist(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ name: 'FormatError', code: expect.stringMatching(codes) });
  };
  const codes = /^bad-(magic|version|header|length|checksum)$/;
  const slots = good.length - SLOTS_BYTES;
  for (let bit = 0; bit < 8 * good.length; bit += 5) {
    const bytes = new Uint8Array(good);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    if (bit < 8 * slots) await refused(bytes, codes);
    else if (bit % 3 === 0) {
      // The other slot says the same.
      writeFileSync(path, bytes);
      expect((await openBlocklist(path)).withdrawals).toHaveLength(3);
      bytes[bit < 8 * (slots + SLOTS_BYTES / 2) ? good.length - 1 : slots]! ^= 1;
      await refused(bytes, /^bad-checksum$/);
    }
  }
  for (let length = 0; length < good.length; length += 7) {
    await refused(good.subarray(0, length), /^bad-(length|magic)$/);
  }
  // What follows was never acknowledged.
  writeFileSync(path, Buffer.concat([good, Buffer.alloc(4)]));
  expect((await openBlocklist(path)).withdrawals).toHaveLength(3);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      await refused(bytes, codes);
      await refused(Buffer.concat([good.subarray(0, 12), bytes]), codes);
    }),
    { numRuns: runs(50) },
  );
  await expect(openBlocklist(join(folder, 'absent'))).rejects.toMatchObject({ code: 'unreadable' });
});
