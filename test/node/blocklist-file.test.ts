import { execFile } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { SLOTS_BYTES } from '../../src/blocklist/commit-slots.js';
import { isDegenerate } from '../../src/blocklist/degenerate.js';
import { ListState } from '../../src/blocklist/list-state.js';
import type { Withdrawn, WithdrawnKey } from '../../src/blocklist/withdrawals.js';
import { lockFile } from '../../src/disk/writer-lock.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { readHashList } from '../../src/exchange/hash-list.js';
import { readPackedEntries } from '../../src/exchange/packed-list.js';
import { type Hash, hashToHex, type Resample } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/mutable-index.js';
import { Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import { loadBlocklist as openBlocklist } from '../../src/node/list-records.js';
import { changeBlocklist, saveBlocklist } from '../../src/node/save-blocklist.js';
import { saveIndex } from '../../src/node/save-index.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { flipBits } from '../arbitraries.js';
import { fileHandles } from '../disk/file-handles.js';
import { type Fails, Fault, watchConstructors, withFaultsLater } from '../faults.js';
import { BASE, ORDER } from '../matching/bases.js';
import { stepClock } from './event-loop.js';
import { workerScripts } from './hash-process.js';

const run = promisify(execFile);
/** By each of three processes. */
const SAVINGS = 15;

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

const leftovers = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

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
  keptOut = { degenerate: 0, withdrawn: 0 };

  copy(): Model {
    const { listed, withdrawn, keptOut } = this;
    return Object.assign(new Model(), { listed, withdrawn, keptOut });
  }

  add(entry: BlocklistEntry): boolean {
    const why = isDegenerate(entry.hash)
      ? 'degenerate'
      : this.withdrawn.some((one) => covers(one, entry)) && 'withdrawn';
    if (why) this.keptOut = { ...this.keptOut, [why]: this.keptOut[why] + 1 };
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

  /** Takes the place of another, whose withdrawals stay. */
  replace(other: Model): void {
    for (const { reason, ...one } of other.withdrawn) {
      this.keptOut = {
        ...this.keptOut,
        withdrawn: this.keptOut.withdrawn + this.withdraw(one as WithdrawnKey, reason),
      };
    }
  }
}

const found = (list: Blocklist, hash: Hash) =>
  list
    .decide({ hash, variants: [] }, { all: true })
    .matches.filter(({ distance }) => distance === 0)
    .map(({ entry }) => textOf(entry))
    .sort();

/** Compares all that a list answers with the model; the order of withdrawals may differ. */
function compare(list: Blocklist, { listed, withdrawn, keptOut }: Model): void {
  expect([...list.entries()].map(textOf).sort()).toEqual(listed.map(textOf).sort());
  expect(list.size).toBe(listed.length);
  const byName = (all: readonly Withdrawn[]) =>
    Object.fromEntries(all.map((one) => [nameOf(one), one.reason]));
  expect(byName(list.withdrawals)).toEqual(byName(withdrawn));
  expect(list.keptOut).toEqual(keptOut);
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
  { arbitrary: fc.record({ attach: some }), weight: 1 },
  { arbitrary: fc.record({ replace: some, knows: fc.boolean() }), weight: 1 },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Makes a change to a list and to its model. */
function make(list: Blocklist, model: Model, step: Change): void {
  const before = list.generation;
  if ('add' in step) {
    const why = list.reasonToKeepOut(step.add);
    const fits = model.add(step.add);
    expect([why === undefined, list.add(step.add)]).toEqual([fits, fits]);
    expect(list.generation).toBe(before + (fits ? 1 : 0));
  } else if ('withdraw' in step) {
    const { withdraw, reason } = step;
    const options = reason === undefined ? {} : { reason };
    expect(list.withdraw(withdraw, options)).toBe(model.withdraw(withdraw, reason));
  } else if ('reinstate' in step) {
    expect(list.reinstate(step.reinstate)).toBe(model.reinstate(step.reinstate));
  } else if ('part' in step) {
    const table = tableOf(step.part);
    list.addPart(table);
    for (const entry of rowsOf(table)) model.add(entry);
  } else if ('attach' in step) {
    // Of an index, degenerate entries would be counted only when it is saved.
    const table = tableOf(
      step.attach.filter(({ hash }) => !isDegenerate(hash)).concat({ hash: SMALL, labels: [] }),
    );
    list.addPart(table);
    for (const entry of rowsOf(table)) model.add(entry);
  } else {
    const other = new Model();
    if (step.knows)
      for (const { reason, ...one } of model.withdrawn) other.withdraw(one as WithdrawnKey, reason);
    for (const entry of step.replace) other.add(entry);
    const withdrawn = step.knows ? list.withdrawals : [];
    const anew = createBlocklist(step.replace, { withdrawn });
    list.replaceWith(anew);
    expect([anew.size, [...anew.entries()]]).toEqual([0, []]);
    other.replace(model);
    Object.assign(model, other);
    expect(list.generation).toBeGreaterThan(before);
  }
  expect(list.generation).toBeGreaterThanOrEqual(before);
}

const histories = Number(process.env.LIST_HISTORIES ?? 150);

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
        if (one === 'warm') await list.warm();
        else if (one === 'reopen') {
          const saved = await saveBlocklist(path, list);
          const { generation, size } = list;
          expect(saved).toEqual({ generation, size, byteLength: readFileSync(path).length });
          compare(list, model);
          list = await openBlocklist(path);
          expect(list.generation).toBe(generation);
          compare(list, model);
        } else make(list, model, one);
      }
    }),
    { numRuns: histories },
  );
}, 3_600_000);

test('a file holds the list as it was when its saving began, whatever changes meanwhile', async () => {
  const path = join(folder, 'meanwhile.ohl');
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 12 }),
      fc.array(change, { minLength: 1, maxLength: 12 }),
      async (first, then) => {
        rmSync(path, { force: true });
        const list = new Blocklist();
        const model = new Model();
        for (const one of first) make(list, model, one);
        await list.warm();
        const before = model.copy();
        const { generation } = list;
        const rest = [...then];
        // Between any two steps of the saving a change is made.
        stepClock(10, (reading) => {
          // The first reading comes before the call does anything.
          const next = reading > 0 && rest.shift();
          if (next) make(list, model, next);
        });
        const saved = await saveBlocklist(path, list);
        vi.restoreAllMocks();
        for (const next of rest) make(list, model, next);
        compare(list, model);
        expect(saved.generation).toBe(generation);
        const opened = await openBlocklist(path);
        expect(opened.generation).toBe(generation);
        compare(opened, before);
      },
    ),
    { numRuns: 100 },
  );
});

/** A list with entries of three kinds, attached ones too, and withdrawals. */
function aList(): Blocklist {
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
  list.withdraw({ id: '1' }, { reason: 'a reason' });
  list.withdraw(HASHES[4]!);
  list.withdraw({ id: 'elsewhere', source: 'y' });
  return list;
}

test('a list is opened with the policy of the caller, and its file names nothing else', async () => {
  const path = join(folder, 'policy.ohl');
  await saveBlocklist(path, aList());
  const kept: string[] = [];
  const onKeptOut = (_: BlocklistEntry, reason: string) => kept.push(reason);
  const list = await openBlocklist(path, { policy: { matchDistance: -1 }, onKeptOut });
  expect(list.decide({ hash: BASE, quality: 100, variants: [] }).verdict).toBe('review');
  expect(list.add({ hash: BASE, labels: [], id: '1' })).toBe(false);
  expect(kept).toEqual(['withdrawn']);
  expect(list.keptOut).toEqual({ degenerate: 1, withdrawn: 1 });
  expect(list.withdrawals[0]).toEqual({ id: '1', reason: 'a reason' });
});

test('an older list does not take the place of a newer one, unless it is forced', async () => {
  const path = join(folder, 'older.ohl');
  const old = aList();
  const { generation } = await saveBlocklist(path, old);
  const anew = createBlocklist([{ hash: BASE, labels: ['new'] }]);
  await expect(saveBlocklist(path, anew)).rejects.toMatchObject({ code: 'old-generation' });
  await expect(openBlocklist(path, { minGeneration: generation + 1 })).rejects.toMatchObject({
    code: 'old-generation',
  });
  expect((await openBlocklist(path, { minGeneration: generation })).size).toBe(old.size);
  await saveBlocklist(path, anew, { force: true });
  expect((await openBlocklist(path)).size).toBe(1);
  // Another's place is taken with a number above both.
  const list = await openBlocklist(path);
  old.replaceWith(list);
  expect(old.generation).toBe(generation + 1);
  await saveBlocklist(path, old);
  const opened = await openBlocklist(path);
  expect([opened.size, opened.withdrawals]).toEqual([1, old.withdrawals]);
});

test('what another has saved meanwhile is not overwritten: its withdrawals would be undone', async () => {
  const path = join(folder, 'two.ohl');
  await saveBlocklist(path, createBlocklist([{ hash: BASE, labels: [] }]));
  const [one, two] = [await openBlocklist(path), await openBlocklist(path)];
  one.withdraw(BASE);
  await saveBlocklist(path, one);
  await saveBlocklist(path, one);
  two.add({ hash: flipBits(BASE, ORDER, 90), labels: [] });
  two.add({ hash: flipBits(BASE, ORDER, 91), labels: [] });
  const before = readFileSync(path);
  // Its number is higher.
  expect(two.generation).toBeGreaterThan(one.generation);
  await expect(saveBlocklist(path, two)).rejects.toMatchObject({
    code: 'old-generation',
    message: expect.stringContaining('something else has written it'),
  });
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(leftovers()).toEqual([]);

  // What it does not have is taken from the file, and then both are saved.
  two.replaceWith(await openBlocklist(path));
  await saveBlocklist(path, two);
  expect((await openBlocklist(path)).withdrawals).toHaveLength(1);
  // It is not what the first has saved, though that has lost nothing.
  one.add({ hash: flipBits(BASE, ORDER, 92), labels: [] });
  await expect(saveBlocklist(path, one)).rejects.toMatchObject({ code: 'old-generation' });
  await saveBlocklist(path, one, { force: true });
  await saveBlocklist(path, one);
  rmSync(path);
  await saveBlocklist(path, two);
});

test('a file that another writes while a list is being written stays', async () => {
  const path = join(folder, 'race.ohl');
  await saveBlocklist(path, createBlocklist([{ hash: BASE, labels: [] }]));
  const list = await openBlocklist(path);
  list.withdraw({ id: 'a' });
  const other = await openBlocklist(path);
  other.withdraw(BASE);
  const elsewhere = join(folder, 'theirs.ohl');
  await saveBlocklist(elsewhere, other);
  const theirs = readFileSync(elsewhere);
  const handles = await fileHandles();
  let writes = 0;
  vi.spyOn(handles, 'sync').mockImplementation(async () => {
    // All has been written to the file beside it.
    if (writes++ === 0) writeFileSync(path, theirs);
  });
  await expect(saveBlocklist(path, list)).rejects.toMatchObject({ code: 'old-generation' });
  expect(readFileSync(path).equals(theirs)).toBe(true);
});

test('a saving waits for that of another process, and no lock is left', async () => {
  const path = join(folder, 'locked.ohl');
  await saveBlocklist(path, createBlocklist([{ hash: BASE, labels: [] }]));
  const list = await openBlocklist(path);
  list.withdraw(BASE);
  const unlock = await lockFile(`${path}.lock`, 0o644);
  const before = readFileSync(path);
  const controller = new AbortController();
  const aborted = saveBlocklist(path, list, { signal: controller.signal });
  const saved = saveBlocklist(path, list);
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  // Many times what a saving takes.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(readFileSync(path).equals(before)).toBe(true);
  await unlock();
  await saved;
  expect((await openBlocklist(path)).withdrawals).toHaveLength(1);
  expect(readdirSync(folder).filter((name) => name.includes('.lock'))).toEqual([]);
});

test('of processes that save to one file at the same time, none undoes what another withdrew', async () => {
  const path = join(folder, 'many.ohl');
  await saveBlocklist(path, createBlocklist([{ hash: BASE, labels: [] }]));
  const scripts = workerScripts();
  const script = fileURLToPath(scripts.build('test/node/blocklist-saver.ts'));
  try {
    await Promise.all(
      ['a', 'b', 'c'].map((name) => run(process.execPath, [script, path, name, `${SAVINGS}`])),
    );
  } finally {
    scripts.remove();
  }
  const { withdrawals } = await openBlocklist(path);
  expect(withdrawals).toHaveLength(3 * SAVINGS);
  expect(readdirSync(folder).filter((name) => name.startsWith('many'))).toEqual(['many.ohl']);
});

describe('changeBlocklist', () => {
  const made = async (name: string) => {
    const path = join(folder, name);
    await saveBlocklist(path, createBlocklist([{ hash: BASE, labels: [] }]));
    return { path, inUse: await openBlocklist(path) };
  };

  test('the file changes, and the list in use by replaceWith', async () => {
    const { path, inUse } = await made('change.ohl');
    const other = flipBits(BASE, ORDER, 90);
    const list = await changeBlocklist(path, (list) => {
      list.add({ hash: other, labels: [] });
      list.withdraw(BASE);
    });
    expect([list.has(other), list.has(BASE)]).toEqual([true, false]);
    inUse.replaceWith(list);
    expect([inUse.has(other), inUse.has(BASE)]).toEqual([true, false]);
    const opened = await openBlocklist(path);
    expect([opened.has(other), opened.has(BASE)]).toEqual([true, false]);
    // It may be saved, too.
    inUse.withdraw(other);
    await saveBlocklist(path, inUse);
    expect((await openBlocklist(path)).withdrawals).toHaveLength(2);
  });

  test('calls at the same time take turns, an asynchronous one too', async () => {
    const { path } = await made('turns.ohl');
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        changeBlocklist(path, async (list) => {
          if (at % 2) await list.warm();
          list.withdraw({ id: `${at}` });
        }),
      ),
    );
    expect((await openBlocklist(path)).withdrawals).toHaveLength(8);
  });

  test('what changes nothing, throws, cannot be written or is aborted leaves the file', async () => {
    const { path } = await made('stays.ohl');
    const { ino } = statSync(path);
    const withdraw = (list: Blocklist) => list.withdraw(BASE);
    await changeBlocklist(path, (list) => list.has(BASE));
    const failing = (list: Blocklist) => {
      withdraw(list);
      throw new Error('no');
    };
    await expect(changeBlocklist(path, failing)).rejects.toThrow('no');
    const controller = new AbortController();
    const aborting = (list: Blocklist) => {
      withdraw(list);
      controller.abort();
    };
    const { signal } = controller;
    await expect(changeBlocklist(path, aborting, { signal })).rejects.toThrow('aborted');
    await expect(changeBlocklist(path, withdraw, { signal })).rejects.toThrow('aborted');
    const handles = await fileHandles();
    for (const call of ['write', 'sync'] as const) {
      vi.spyOn(handles, call).mockRejectedValueOnce(new Error(call));
      await expect(changeBlocklist(path, withdraw)).rejects.toThrow(call);
    }
    expect(statSync(path).ino).toBe(ino);
    expect((await openBlocklist(path)).has(BASE)).toBe(true);
    await changeBlocklist(path, withdraw);
    expect((await openBlocklist(path)).has(BASE)).toBe(false);
    expect(readdirSync(folder).filter((name) => /\.(tmp|lock)/.test(name))).toEqual([]);
  });

  test('invalid arguments and files are told', async () => {
    const { path } = await made('told.ohl');
    await expect(changeBlocklist(path, 1 as never)).rejects.toThrow(TypeError);
    await expect(changeBlocklist(1 as never, () => {})).rejects.toThrow(TypeError);
    await expect(changeBlocklist(path, () => {}, { signal: 1 as never })).rejects.toThrow(
      TypeError,
    );
    await expect(changeBlocklist(join(folder, 'none'), () => {})).rejects.toMatchObject({
      code: 'unreadable',
    });
  });
});

test('the file that a symbolic link leads to is replaced, and the link stays', async () => {
  const [file, link] = [join(folder, 'linked.ohl'), join(folder, 'link.ohl')];
  await saveBlocklist(file, createBlocklist([{ hash: BASE, labels: [] }]));
  symlinkSync('linked.ohl', link);
  await changeBlocklist(link, (list) => list.withdraw(BASE));
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect((await openBlocklist(file)).withdrawals).toHaveLength(1);
});

test('a file of a later version keeps its place against an older list', async () => {
  const path = join(folder, 'later.ohl');
  const list = aList();
  await saveBlocklist(path, list);
  const bytes = new Uint8Array(readFileSync(path));
  bytes[8] = 3;
  writeFileSync(path, bytes);
  await expect(openBlocklist(path)).rejects.toMatchObject({ code: 'bad-version' });
  const older = createBlocklist([{ hash: BASE, labels: [] }]);
  await expect(saveBlocklist(path, older)).rejects.toMatchObject({ code: 'old-generation' });
  expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
  await saveBlocklist(path, older, { force: true });
  expect((await openBlocklist(path)).size).toBe(1);
});

test('a generation may be any safe integer', async () => {
  const path = join(folder, 'large.ohl');
  for (const generation of [2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]) {
    const high = new Blocklist();
    high.become(new ListState({ generation }));
    await saveBlocklist(path, high);
    expect((await openBlocklist(path)).generation).toBe(generation);
  }
});

describe('whichever step fails, the old file stays, no other is left, and the list goes on', () => {
  const reason = new Error('no space left on device');
  let path: string;
  let before: Buffer;
  beforeAll(async () => {
    path = join(folder, 'fails.ohl');
    await saveBlocklist(path, createBlocklist([{ hash: BASE, labels: ['old'] }]));
    before = readFileSync(path);
  });

  /** Saves until it succeeds. @returns the number of steps that failed */
  async function failingSteps(
    save: (list: Blocklist, step: number) => Promise<unknown>,
    isFault: (error: unknown) => boolean = (error) => error === reason,
  ): Promise<number> {
    for (let step = 0; ; step++) {
      const list = aList();
      await list.warm();
      const entries = [...list.entries()].map(textOf);
      const error = await save(list, step);
      vi.restoreAllMocks();
      expect(leftovers()).toEqual([]);
      expect([...list.entries()].map(textOf)).toEqual(entries);
      const isSaved = !isFault(error);
      if (isSaved) expect(error).toBeUndefined();
      else expect(readFileSync(path).equals(before)).toBe(true);
      // The same list is saved then.
      const saved = isSaved ? undefined : await saveBlocklist(path, list);
      expect(saved?.size).toBe(isSaved ? undefined : list.size);
      const opened = await openBlocklist(path);
      expect([...opened.entries()].map(textOf).sort()).toEqual(entries.sort());
      expect(opened.withdrawals).toEqual(list.withdrawals);
      writeFileSync(path, before);
      if (isSaved) return step;
    }
  }
  const thrown = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  test.each(['chmod', 'write', 'sync'] as const)('a call of %s', async (method) => {
    const handles = await fileHandles();
    const steps = await failingSteps(async (list, step) => {
      const real = handles[method];
      let calls = 0;
      vi.spyOn(handles, method).mockImplementation(function (this: FileHandle, ...args: never[]) {
        if (calls++ === step) throw reason;
        return Reflect.apply(real, this, args) as never;
      });
      return thrown(saveBlocklist(path, list));
    });
    expect(steps).toBeGreaterThan(method === 'write' ? 10 : 0);
  });

  test('an abort in any turn', async () => {
    const steps = await failingSteps((list, step) => {
      const abort = new AbortController();
      stepClock(10, (reading) => reading === step && abort.abort(reason));
      return thrown(saveBlocklist(path, list, { signal: abort.signal }));
    });
    expect(steps).toBeGreaterThan(30);
  });

  test('any allocation', async () => {
    const unwatch = watchConstructors();
    try {
      const steps = await failingSteps(
        async (list, step) => {
          const fails: Fails = (at) => at === step;
          return (await withFaultsLater(fails, () => saveBlocklist(path, list))).error;
        },
        (error) => error instanceof Fault,
      );
      expect(steps).toBeGreaterThan(100);
    } finally {
      unwatch();
    }
  });
});

test('a blocklist file that is not there is told with what makes one', async () => {
  const path = join(folder, 'her-list.ohb');
  const error: Error = await openBlocklist(path).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'unreadable', cause: { code: 'ENOENT', path } });
  expect(error.message).toBe(
    'the blocklist file is not there (ENOENT): saveBlocklist and ' +
      '`npx onlyhashes convert list.csv list.ohb` make one',
  );
  const below = openBlocklist(join(import.meta.filename, 'list.ohb'));
  await expect(below).rejects.toThrow('the blocklist file cannot be read (ENOTDIR)');
});

test('neither a blocklist file nor an index file is read as a text list', async () => {
  const listed = flipBits(BASE, ORDER, 40);
  const blocklist = createBlocklist([{ hash: listed, labels: [] }]);
  blocklist.withdraw(BASE);
  await saveBlocklist(join(folder, 'list.ohb'), blocklist);
  const table = new PackedEntries('pdq', 256);
  // Read as text, a label could be an entry.
  table.push({ hash: listed, labels: [`\n${hashToHex(BASE)}\n`] });
  await saveIndex(join(folder, 'list.ohx'), createIndex(table.hashes), { entries: table });
  for (const name of ['list.ohb', 'list.ohx']) {
    const onProblem = vi.fn();
    const bytes = readFileSync(join(folder, name));
    for (const read of [readPackedEntries, entriesOf]) {
      await expect(read([bytes], { onProblem })).rejects.toMatchObject({ code: 'not-a-list' });
    }
    expect(onProblem).not.toHaveBeenCalled();
  }
});

test('any changed bit, any cut and any bytes are refused', async () => {
  const path = join(folder, 'hostile.ohl');
  await saveBlocklist(path, aList());
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
    { numRuns: 50 },
  );
  await expect(openBlocklist(join(folder, 'absent'))).rejects.toMatchObject({ code: 'unreadable' });
});
