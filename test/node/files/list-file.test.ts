import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { ListChange } from '../../../src/blocklist/list-change.js';
import {
  payloadSteps,
  RECORD_BYTES,
  recordSteps,
} from '../../../src/blocklist/records/change-record.js';
import {
  committedIn,
  SLOT_BYTES,
  SLOTS_BYTES,
  slotOf,
} from '../../../src/blocklist/records/commit-slots.js';
import { listFile } from '../../../src/blocklist/records/list-bytes.js';
import type { Withdrawn, WithdrawnKey } from '../../../src/blocklist/withdrawn.js';
import { type BlocklistEntry, textOfEntry } from '../../../src/entry.js';
import { type Hash, hashToHex } from '../../../src/hash.js';
import { finish } from '../../../src/in-turns.js';
import { createIndex } from '../../../src/indexing/create-index.js';
import { match } from '../../../src/matching/match.js';
import { ListFile } from '../../../src/node/files/list-file.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { Follower, openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { saveIndex } from '../../../src/node/files/save-index.js';
import { PackedEntries } from '../../../src/packed-entries.js';
import { flipBits } from '../../arbitraries.js';
import { fileHandles } from '../../disk/file-handles.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { runs } from '../../seed.js';
import { saveList } from './saved-list.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-file-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `nobody`, in most systems. */
const USER = 65_534;

/** Runs something as a user whom the modes of files bind, as they do not bind root. */
async function asUser(owned: readonly string[], run: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return run();
  for (const path of owned) chownSync(path, USER, USER);
  process.seteuid!(USER);
  try {
    await run();
  } finally {
    process.seteuid!(0);
    for (const path of owned) chownSync(path, 0, 0);
  }
}

// Few hashes, ids and sources, so that they coincide.
const SMALL: Hash = { algorithm: 'dhash', bytes: BASE.bytes.slice(0, 8) };
const HASHES: readonly Hash[] = [
  ...[0, 1, 40].map((bits) => flipBits(BASE, ORDER, bits)),
  { algorithm: 'pdq', bytes: new Uint8Array(32) },
  SMALL,
  { ...SMALL, algorithm: 'phash' },
];
const hash = fc.constantFrom(...HASHES);
const id = fc.constantFrom('1', '2', '\ud800', 'ü\n');
const source = fc.constantFrom('x', 'y');
const list = fc.constantFrom('a', 'b');
const entry: fc.Arbitrary<BlocklistEntry> = fc
  .record(
    {
      hash,
      labels: fc.constantFrom([], ['a'], ['a "b"', '\n']),
      id,
      source,
      quality: fc.constantFrom(40, 100),
      list,
      confirmed: fc.boolean(),
      caseCount: fc.constantFrom(1, 2),
      opinions: fc.constantFrom([{ from: 'p', says: 's', tags: ['t'] }]),
    },
    { requiredKeys: ['hash', 'labels'] },
  )
  .chain((entry) => {
    const pictures = HASHES.filter(
      ({ algorithm, bytes }) =>
        algorithm === entry.hash.algorithm && bytes.length === entry.hash.bytes.length,
    );
    return fc
      .option(fc.constantFrom(...pictures), { nil: undefined, freq: 3 })
      .map((picture) => (picture ? { ...entry, group: hashToHex(picture) } : entry));
  });
const key: fc.Arbitrary<WithdrawnKey> = fc
  .tuple(
    fc.oneof(hash, fc.record({ id, source }, { requiredKeys: ['id'] })),
    fc.constantFrom({}, {}, { list: 'a' }),
  )
  .map(([key, on]) => ({ ...key, ...on }));
const withdrawal: fc.Arbitrary<Withdrawn> = fc
  .tuple(key, fc.constantFrom({}, { reason: 'asked' }, { reason: 'an error\n"' }))
  .map(([key, why]) => ({ ...key, ...why }));
const entries = fc.array(entry, { maxLength: 6 });
const settings = fc.dictionary(
  list,
  fc.constantFrom(null, { enabled: false }, { enabled: true }, { tier: 'review' as const }),
  { maxKeys: 2 },
);
const change: fc.Arbitrary<ListChange> = fc.record(
  {
    add: entries,
    remove: entries,
    withdraw: fc.array(withdrawal, { maxLength: 3 }),
    reinstate: fc.array(key, { maxLength: 3 }),
    settings,
    replace: fc.oneof(
      fc.record({ list, entries }),
      fc.record({ all: entries }),
      fc.array(fc.record({ list, id, entries }), { maxLength: 2 }),
    ),
  },
  { requiredKeys: [] },
);

const countsOf = ({ state }: Blocklist) =>
  [...state.kinds.values()]
    .flatMap(({ counts }) => [...counts])
    .filter(([, count]) => count > 0)
    .map(String)
    .sort();
const found = (list: Blocklist, hash: Hash) =>
  match({ hash, quality: 100, variants: [] }, list, { all: true })
    .matches.map(({ entry, distance, tier }) => `${distance} ${tier} ${textOfEntry(entry)}`)
    .sort();

/** All that can be asked of a list. */
const answersOf = (list: Blocklist) => ({
  generation: list.generation,
  size: list.size,
  entries: [...list.entries()].map(textOfEntry).sort(),
  counts: countsOf(list),
  rejected: list.rejected,
  withdrawals: list.withdrawals.map((each) => JSON.stringify(each)),
  settings: [...list.settings],
  found: HASHES.map((hash) => found(list, hash)),
});

/** A file with an empty list. */
async function fresh(name: string, list = new Blocklist()): Promise<string> {
  const path = join(folder, name);
  rmSync(path, { force: true });
  await saveList(path, list);
  return path;
}

async function opened(path: string, manyBytes = 500) {
  const list = new Blocklist();
  return { list, file: await ListFile.open(path, list, { manyBytes }) };
}

const names = () => readdirSync(folder);
const left = () => names().filter((name) => /\.(tmp|lock)/.test(name));

const histories = Number(process.env.LIST_HISTORIES ?? runs(40));

describe('a list in a file is what it is in memory', () => {
  const step = fc.oneof(
    { arbitrary: fc.record({ change, by: fc.constantFrom(0, 1) }), weight: 8 },
    {
      arbitrary: fc.record({ together: fc.array(change, { minLength: 2, maxLength: 4 }) }),
      weight: 1,
    },
    { arbitrary: fc.record({ reopen: fc.constantFrom(0, 1) }), weight: 2 },
    { arbitrary: fc.record({ look: fc.constantFrom(0, 1) }), weight: 1 },
  );

  test.each([512, 2])(
    'any history, by two in turns, of at most %i entries at once',
    async (most) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
          const path = await fresh('history.ohb');
          const memory = new Blocklist();
          const open = async () => {
            const one = await opened(path);
            one.list.mostAtOnce = most;
            return one;
          };
          const both = [await open(), await open()];
          for (const one of steps) {
            if ('change' in one) {
              const { change, by } = one;
              const applied = await both[by]!.list.apply(change);
              expect(applied).toEqual(await memory.apply(change));
              expect(answersOf(both[by]!.list)).toEqual(answersOf(memory));
            } else if ('together' in one) {
              // One after the other, whatever is written at once.
              both[0]!.list.mostAtOnce = 512;
              const all = await Promise.all(one.together.map((each) => both[0]!.list.apply(each)));
              both[0]!.list.mostAtOnce = most;
              const inTurns = [];
              for (const each of one.together) inTurns.push(await memory.apply(each));
              expect(all).toEqual(inTurns);
            } else if ('reopen' in one) {
              await both[one.reopen]!.file.settled();
              both[one.reopen] = await open();
              expect(answersOf(both[one.reopen]!.list)).toEqual(answersOf(memory));
            } else {
              await both[one.look]!.file.look();
              expect(answersOf(both[one.look]!.list)).toEqual(answersOf(memory));
            }
          }
          for (const { file } of both) {
            await file.settled();
            await file.look();
          }
          for (const { list } of both) expect(answersOf(list)).toEqual(answersOf(memory));
          expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(memory));
          expect(left()).toEqual([]);
        }),
        { numRuns: histories },
      );
    },
  );
});

/** A list with entries of three kinds, withdrawals and settings. */
async function aList(): Promise<Blocklist> {
  const list = createBlocklist(
    HASHES.map((hash, at) => ({ hash, labels: [`label ${at}`], id: `n${at}`, source: 'x' })),
  );
  await list.apply({
    withdraw: [{ id: 'n1', reason: 'a reason' }, { id: 'elsewhere' }],
    settings: { a: { tier: 'review' } },
  });
  return list;
}

/** A file with some changes, and what it answers after each. */
async function changedFile(name: string) {
  const path = await fresh(name, await aList());
  const { list } = await opened(path, Number.POSITIVE_INFINITY);
  const answers = [answersOf(list)];
  const lengths = [statSync(path).size];
  const changes: ListChange[] = [
    { add: [{ hash: flipBits(BASE, ORDER, 7), labels: ['new'], id: '7' }] },
    { withdraw: [BASE] },
    { remove: [{ hash: SMALL, labels: ['label 4'], id: 'n4', source: 'x' }] },
    { reinstate: [BASE], settings: { a: { enabled: false } } },
  ];
  for (const change of changes) {
    await list.apply(change);
    answers.push(answersOf(list));
    lengths.push(statSync(path).size);
  }
  return { path, list, answers, lengths };
}

const codeOf = (error: unknown) => {
  expect(error).toMatchObject({ name: 'FormatError' });
  return (error as { code: string }).code;
};

describe('a file that was changed', () => {
  test('any flipped bit is refused, or changes nothing', async () => {
    const { path, answers, lengths } = await changedFile('flipped.ohb');
    const good = readFileSync(path);
    const slots = lengths[0]! - SLOTS_BYTES;
    for (let bit = 0; bit < 8 * good.length; bit += 23) {
      const bytes = new Uint8Array(good);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, bytes);
      const read = await loadBlocklist(path).then(answersOf, codeOf);
      const isOfSlot = bit >> 3 >= slots && bit >> 3 < lengths[0]!;
      if (isOfSlot) expect(read).toEqual(answers.at(-1));
      else expect(read).toMatch(/^bad-(magic|version|header|length|checksum)$/);
    }
    // Both slots.
    const bytes = new Uint8Array(good);
    bytes[slots]! ^= 1;
    bytes[slots + SLOT_BYTES]! ^= 1;
    writeFileSync(path, bytes);
    await expect(openBlocklist(path)).rejects.toMatchObject({ code: 'bad-checksum' });
  });

  test('any cut is refused', async () => {
    const { path } = await changedFile('cut.ohb');
    const good = readFileSync(path);
    for (let length = 0; length < good.length; length += 5) {
      writeFileSync(path, good.subarray(0, length));
      const code = await openBlocklist(path).then(() => 'opened', codeOf);
      expect(code).toMatch(/^bad-(magic|length)$/);
    }
  });

  test('what was not acknowledged is taken up by the next writer if whole, else cut off', async () => {
    const { path, answers, lengths } = await changedFile('torn.ohb');
    const good = readFileSync(path);
    const older = await fresh('older.ohb');
    const begun = lengths[3]!;
    // As it was before the last commit: its slot has what the other one had before.
    const slots = lengths[0]! - SLOTS_BYTES;
    const before = Buffer.from(good);
    // Four changes: the last is in the first slot, and the one before in the second.
    good.copy(before, slots, slots + SLOT_BYTES, slots + SLOTS_BYTES);
    for (let length = begun; length <= good.length; length += length + 4 < good.length ? 4 : 1) {
      for (const filled of [before.subarray(0, length), Buffer.from(before).fill(7, length)]) {
        writeFileSync(older, filled);
        expect(answersOf(await loadBlocklist(older))).toEqual(answers[3]);
        const { list } = await opened(older, Number.POSITIVE_INFINITY);
        expect(answersOf(list)).toEqual(answers[3]);
        await list.apply({});
        expect(answersOf(list)).toEqual(answers[length === good.length ? 4 : 3]);
        expect(statSync(older).size).toBe(length === good.length ? good.length : begun);
        await list.apply({ add: [{ hash: SMALL, labels: ['after'] }] });
        expect(answersOf(await loadBlocklist(older))).toEqual(answersOf(list));
      }
    }
  });

  test('records that are left out, moved or of another file are refused', async () => {
    const { path, lengths } = await changedFile('moved.ohb');
    const good = readFileSync(path);
    const records = lengths.slice(1).map((end, at) => good.subarray(lengths[at], end));
    const start = good.subarray(0, lengths[0]);
    const [a, b, c, d] = records as [Buffer, Buffer, Buffer, Buffer];
    for (const order of [
      [b, a, c, d],
      [a, b, d],
      [a, c, b, d],
      [a, a, b, c, d],
      [b, c, d],
    ]) {
      writeFileSync(path, Buffer.concat([start, ...order]));
      expect(await openBlocklist(path).then(() => 'opened', codeOf)).toMatch(
        /^bad-(length|checksum)$/,
      );
    }
    expect(a.length).toBeGreaterThan(RECORD_BYTES);
  });
});

describe('the entries of a large change are written ahead of its turn', () => {
  const change: ListChange = {
    add: Array.from({ length: 20 }, (_, at) => ({
      hash: flipBits(BASE, ORDER, 50 + at),
      labels: ['large'],
      id: `l${at}`,
    })),
    remove: [{ hash: HASHES[1]!, labels: ['label 1'], id: 'n1', source: 'x' }],
    replace: { list: '', entries: [{ hash: BASE, labels: ['label 0'], id: 'n0', source: 'x' }] },
  };
  const opening = async (name: string) => {
    const path = await fresh(name, await aList());
    const { list, file } = await opened(path, Number.POSITIVE_INFINITY);
    list.mostAtOnce = 0;
    return { path, list, file };
  };

  test.each([
    ['nothing comes', []],
    ['a small change comes', [{ withdraw: [{ id: 'l3' }, { id: 'n4' }] }]],
    [
      'what it adds is withdrawn',
      [{ withdraw: [{ id: 'l0' }, { id: 'l19' }] }, { withdraw: [BASE] }],
    ],
  ] as [string, ListChange[]][])('and %s meanwhile', async (_, meanwhile) => {
    for (const isWrittenAnew of [false, true]) {
      const { path, list, file } = await opening('ahead.ohb');
      const other = await opened(path, isWrittenAnew ? 1 : Number.POSITIVE_INFINITY);
      const memory = await aList();
      const { ahead } = file;
      file.ahead = (body, run) =>
        ahead.call(file, body, async () => {
          // They are of no effect.
          expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(memory));
          for (const each of meanwhile) {
            expect(await other.list.apply(each)).toEqual(await memory.apply(each));
          }
          await other.file.settled();
          return run();
        }) as never;
      expect(await list.apply(change)).toEqual(await memory.apply(change));
      expect(answersOf(list)).toEqual(answersOf(memory));
      expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(memory));
      await other.file.look();
      expect(answersOf(other.list)).toEqual(answersOf(memory));
      const good = readFileSync(path);
      for (let bit = 8 * good.indexOf('"label'); bit < 8 * good.length; bit += 29) {
        const bytes = new Uint8Array(good);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, bytes);
        const read = await loadBlocklist(path).then(answersOf, codeOf);
        if (typeof read !== 'string') expect(read).toEqual(answersOf(memory));
      }
    }
  });

  test('more entries than a replay adds one by one, of which some are withdrawn meanwhile', async () => {
    const { path, list, file } = await opening('ahead-many.ohb');
    const other = await opened(path, Number.POSITIVE_INFINITY);
    const bits = Array.from({ length: 700 }, (_, at) => [at % 200, 200 + Math.floor(at / 200)]);
    const add = bits.map(([one, another], at) => ({
      hash: flipBits(flipBits(BASE, [one!], 1), [another!], 1),
      labels: [],
      id: `m${at}`,
    }));
    const { ahead } = file;
    file.ahead = (body, run) =>
      ahead.call(file, body, async () => {
        await other.list.apply({ withdraw: [{ id: 'm3' }, { id: 'm699' }] });
        return run();
      }) as never;
    const { added } = await list.apply({ add });
    expect(added).toBe(698);
    // It knows of the withdrawal, and takes up what comes alone.
    await other.file.look();
    for (const id of ['m3', 'm699']) {
      expect(list.has({ id })).toBe(false);
      expect(other.list.has({ id })).toBe(false);
      expect((await loadBlocklist(path)).has({ id })).toBe(false);
    }
    expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(list));
  });

  test('those of a writer that ended before its turn are left alone', async () => {
    const { path, list, file } = await opening('unused.ohb');
    const before = answersOf(list);
    const { size } = statSync(path);
    file.ahead = (
      (real) => (body: never) =>
        real.call(file, body, async () => {
          throw new Error('ended');
        })
    )(file.ahead) as never;
    await expect(list.apply(change)).rejects.toThrow('ended');
    expect(answersOf(list)).toEqual(before);
    const bytes = readFileSync(path);
    expect(bytes.length).toBeGreaterThan(size + 1000);
    // Some of them were not on the disk.
    writeFileSync(path, bytes.fill(0, size + RECORD_BYTES + 100));
    expect(answersOf(await loadBlocklist(path))).toEqual(before);
    const anew = await opened(path, 1);
    await anew.list.apply({ withdraw: [SMALL] });
    await anew.file.settled();
    expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(anew.list));
    expect(statSync(path).size).toBeLessThan(bytes.length);
  });

  test('a file is not written anew without those that a later change refers to', async () => {
    const { path, list, file } = await opening('left-out.ohb');
    const other = await opened(path, 1);
    const memory = await aList();
    const handles = await fileHandles();
    const real = handles.sync;
    const { ahead } = file;
    let turn: Promise<unknown> | undefined;
    file.ahead = (body, run) =>
      ahead.call(file, body, async () => {
        // The other begins to write it anew, and this change is made before that is done.
        vi.spyOn(handles, 'sync').mockImplementationOnce(async function (this: FileHandle) {
          turn = run();
          await turn;
          return Reflect.apply(real, this, []);
        });
        await other.list.apply({ withdraw: [SMALL] });
        await other.file.settled();
        return await turn;
      }) as never;
    await list.apply(change);
    for (const each of [{ withdraw: [SMALL] }, change]) await memory.apply(each);
    expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(memory));
    await other.list.apply({ withdraw: [BASE] });
    await memory.apply({ withdraw: [BASE] });
    await other.file.settled();
    expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(memory));
  });
});

describe('whatever fails, nothing is seen, and the next change works', () => {
  const CALLS = ['write', 'datasync', 'sync', 'chmod', 'truncate', 'read', 'stat'] as const;

  test.each(CALLS)('a call of %s', async (method) => {
    const handles = await fileHandles();
    let failed = 0;
    const cases = [1, Number.POSITIVE_INFINITY].flatMap((manyBytes) =>
      [512, 0].map((most) => ({ manyBytes, most })),
    );
    for (const { manyBytes, most } of cases) {
      for (let step = 0; ; step++) {
        const path = await fresh('faults.ohb', await aList());
        // Something to be cut off.
        writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(9, 7)]));
        const { list, file } = await opened(path, manyBytes);
        list.mostAtOnce = most;
        const before = answersOf(list);
        const real = handles[method];
        let calls = 0;
        const fault = Object.assign(new Error('no space left on device'), {
          code: 'ENOSPC',
          syscall: method,
        });
        vi.spyOn(handles, method).mockImplementation(function (this: FileHandle, ...args: never[]) {
          if (calls++ === step) throw fault;
          return Reflect.apply(real as never, this, args) as never;
        });
        const change = { withdraw: [BASE], add: [{ hash: SMALL, labels: ['new'] }] };
        const error = await list.apply(change).then(
          () => undefined,
          (error: unknown) => error,
        );
        await file.settled();
        vi.restoreAllMocks();
        if (error !== undefined) {
          expect(error).toMatchObject({ name: 'FormatError', code: 'unwritable', cause: fault });
          expect(answersOf(list)).toEqual(before);
          expect(answersOf(await loadBlocklist(path))).toEqual(before);
          failed++;
        }
        expect(names().filter((name) => /\.(tmp|lock)/.test(name))).toEqual([]);
        const { withdrawn } = await list.apply(change);
        expect(withdrawn).toBe(error === undefined ? 0 : 1);
        expect(list.has(BASE)).toBe(false);
        expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(list));
        await file.settled();
        expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(list));
        if (calls <= step) break;
      }
    }
    // Only what writes the file anew needs the others, and that may fail.
    if (method !== 'chmod' && method !== 'sync') expect(failed).toBeGreaterThan(0);
  });

  test('a commit that is not taken back is told as it is in the file', async () => {
    const handles = await fileHandles();
    const path = await fresh('unsure.ohb', await aList());
    const { list } = await opened(path);
    const fault = Object.assign(new Error('i/o error'), { code: 'EIO', syscall: 'fdatasync' });
    let calls = 0;
    const real = handles.datasync;
    vi.spyOn(handles, 'datasync').mockImplementation(function (this: FileHandle) {
      return ++calls === 2 ? Promise.reject(fault) : Reflect.apply(real, this, []);
    });
    const write = handles.write;
    let isBroken = false;
    vi.spyOn(handles, 'write').mockImplementation(function (this: FileHandle, ...args: unknown[]) {
      isBroken ||= calls === 2;
      return isBroken
        ? Promise.reject(fault)
        : (Reflect.apply(write, this, args as never) as never);
    } as never);
    await expect(list.apply({ withdraw: [BASE] })).rejects.toMatchObject({ code: 'unwritable' });
    vi.restoreAllMocks();
    expect(list.has(BASE)).toBe(true);
    await list.apply({});
    expect(list.has(BASE)).toBe((await loadBlocklist(path)).has(BASE));
  });

  test('a folder that cannot be written', async () => {
    const closed = mkdtempSync(join(folder, 'closed-'));
    const path = join(closed, 'list.ohb');
    await saveList(path, await aList());
    const { list } = await opened(path);
    chmodSync(closed, 0o500);
    await asUser([folder, closed, path], async () => {
      await expect(list.apply({ withdraw: [BASE] })).rejects.toMatchObject({ code: 'unwritable' });
      expect(list.has(BASE)).toBe(true);
      // To read it, and to follow it, nothing has to be written.
      expect(answersOf(await openBlocklist(path))).toEqual(answersOf(list));
      const made = openBlocklist(join(closed, 'made.ohb'), { create: true });
      await expect(made).rejects.toMatchObject({ code: 'unwritable' });
    });
    chmodSync(closed, 0o700);
    expect(readdirSync(closed)).toEqual(['list.ohb']);
    await list.apply({ withdraw: [BASE] });
    expect(list.has(BASE)).toBe(false);
  });

  test('a file that is gone is told', async () => {
    const path = await fresh('gone.ohb', await aList());
    const { list } = await opened(path);
    rmSync(path);
    await expect(list.apply({ withdraw: [BASE] })).rejects.toMatchObject({ code: 'unwritable' });
    expect(list.has(BASE)).toBe(true);
  });

  test('invalid changes, aborts and listeners that throw change nothing; others go on', async () => {
    const path = await fresh('invalid.ohb', await aList());
    const told = vi.fn(() => {
      throw new Error('told');
    });
    const list = await openBlocklist(path, { onRejected: told });
    const before = answersOf(list);
    const size = statSync(path).size;
    const degenerate = { hash: HASHES[3]!, labels: [] };
    const all = await Promise.allSettled([
      list.apply({ add: [{ hash: SMALL } as BlocklistEntry] }),
      list.apply({ add: [degenerate] }),
      list.apply({ add: [{ hash: SMALL, labels: [] }] }, { signal: AbortSignal.abort() }),
      list.apply(() => {
        throw new Error('mine');
      }),
      list.apply({ withdraw: [BASE] }),
    ]);
    expect(all.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 4 }, () => 'rejected'),
      'fulfilled',
    ]);
    expect(list.generation).toBe(before.generation + 1);
    expect(statSync(path).size).toBeGreaterThan(size);
    expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(list));
  });
});

describe('a list that follows its file', () => {
  const following = async (name: string) => {
    const path = await fresh(name, await aList());
    const { list, file } = await opened(path, Number.POSITIVE_INFINITY);
    const [onChange, onProblem] = [vi.fn(), vi.fn()];
    const follower = new Follower(file, { onChange, onProblem });
    const other = await opened(path, Number.POSITIVE_INFINITY);
    return { path, list, follower, other, onChange, onProblem };
  };

  test('others are taken up, and the file that they write anew', async () => {
    const { path, list, follower, other, onChange, onProblem } = await following('follow.ohb');
    await follower.look();
    expect(onChange).not.toHaveBeenCalled();
    await other.list.apply({ withdraw: [BASE] });
    expect(list.has(BASE)).toBe(true);
    await follower.look();
    expect(list.has(BASE)).toBe(false);
    expect(answersOf(list)).toEqual(answersOf(other.list));
    expect(onChange).toHaveBeenCalledTimes(1);
    const anew = await opened(path, 1);
    const { ino } = statSync(path);
    const become = vi.spyOn(list, 'become');
    const handles = await fileHandles();
    const real = handles.sync;
    vi.spyOn(handles, 'sync').mockImplementationOnce(async function (this: FileHandle) {
      await Reflect.apply(real, this, []);
      // All but what comes meanwhile has been written to the file beside it.
      await follower.look();
      await other.list.apply({ add: [{ hash: BASE, labels: ['kept out'] }] });
    });
    await anew.list.apply({ withdraw: [SMALL] });
    await anew.file.settled();
    await anew.list.apply({});
    expect(statSync(path).ino).not.toBe(ino);
    await follower.look();
    expect(answersOf(list)).toEqual(answersOf(anew.list));
    // It read on, and kept what it had.
    expect(become).not.toHaveBeenCalled();
    expect(onProblem).not.toHaveBeenCalled();
    // Another list of a higher generation takes its place.
    const anotherList = createBlocklist([{ hash: SMALL, labels: ['another'] }]);
    anotherList.become(Object.assign(Object.create(anotherList.state), { generation: 99 }));
    await saveList(path, anotherList);
    await follower.look();
    expect([list.size, list.generation]).toEqual([1, 99]);
    await list.apply({ withdraw: [SMALL] });
    expect((await loadBlocklist(path)).size).toBe(0);
  });

  test.each(['in place', 'by a rename'])('an older copy %s is refused, and told', async (how) => {
    const { path, list, follower, other, onProblem } = await following('copy.ohb');
    const older = join(folder, 'copy.older');
    copyFileSync(path, older);
    await other.list.apply({ withdraw: [BASE] });
    await follower.look();
    const newer = join(folder, 'copy.newer');
    copyFileSync(path, newer);
    if (how === 'by a rename') rmSync(path);
    copyFileSync(older, path);
    const before = answersOf(list);
    await follower.look();
    await follower.look();
    expect(onProblem.mock.calls).toEqual([[expect.objectContaining({ code: 'old-generation' })]]);
    expect(answersOf(list)).toEqual(before);
    await expect(list.apply({ withdraw: [SMALL] })).rejects.toMatchObject({
      code: 'old-generation',
    });
    expect(readFileSync(path).equals(readFileSync(older))).toBe(true);
    writeFileSync(path, readFileSync(newer).subarray(0, 300));
    await follower.look();
    expect(onProblem).toHaveBeenLastCalledWith(expect.objectContaining({ code: 'bad-length' }));
    rmSync(path);
    await follower.look();
    expect(onProblem).toHaveBeenLastCalledWith(expect.objectContaining({ code: 'unreadable' }));
    copyFileSync(newer, path);
    await follower.look();
    expect(onProblem).toHaveBeenLastCalledWith(undefined);
    expect(answersOf(list)).toEqual(before);
    await list.apply({ withdraw: [SMALL] });
    expect(list.has(SMALL)).toBe(false);
  });

  test('copies that went on apart are not taken for one another', async () => {
    const { path, list, follower, other } = await following('apart.ohb');
    const copy = join(folder, 'apart.copy.ohb');
    copyFileSync(path, copy);
    const apart = await opened(copy, Number.POSITIVE_INFINITY);
    await apart.list.apply({ withdraw: [SMALL] });
    await apart.list.apply({ withdraw: [{ id: 'n0' }] });
    await other.list.apply({ withdraw: [{ id: 'n2' }] });
    await follower.look();
    copyFileSync(copy, path);
    await follower.look();
    expect(answersOf(list)).toEqual(answersOf(apart.list));
  });

  test('it looks by itself, and ends by its signal', async () => {
    const path = await fresh('timer.ohb', await aList());
    const controller = new AbortController();
    const { signal } = controller;
    const other = await openBlocklist(path);
    const list = await new Promise<Blocklist>((resolve, reject) => {
      const onChange = () => opening.then(resolve, reject);
      const opening = openBlocklist(path, { follow: { signal, onChange } });
      opening.then(() => other.apply({ withdraw: [BASE] })).catch(reject);
    });
    expect(list.has(BASE)).toBe(false);
    controller.abort();
    await expect(openBlocklist(path, { follow: { every: 1 } as never })).rejects.toThrow(TypeError);
    await expect(openBlocklist(path, { follow: 1 as never })).rejects.toThrow(TypeError);
  });
});

test('a list of text and an index file are only read', async () => {
  const text = join(folder, 'list.csv');
  writeFileSync(text, `hash,labels\n${hashToHex(BASE)},a\n`);
  const table = new PackedEntries('pdq', 256);
  table.push({ hash: BASE, labels: ['a'] });
  const index = join(folder, 'list.ohx');
  await saveIndex(index, createIndex(table.hashes), { entries: table });
  for (const path of [text, index]) {
    const list = await openBlocklist(path);
    expect(list.has(BASE)).toBe(true);
    await expect(list.apply({ withdraw: [BASE] })).rejects.toMatchObject({
      code: 'unwritable',
      message: expect.stringContaining('onlyhashes convert'),
    });
    expect(list.has(BASE)).toBe(true);
  }
  writeFileSync(text, '');
  await expect(openBlocklist(text)).rejects.toMatchObject({ code: 'bad-length' });
  writeFileSync(text, '# nothing\n');
  await expect(openBlocklist(text)).rejects.toMatchObject({ code: 'not-a-list' });
});

test("the file and its lock are the owner's alone, and what killed writers left is removed", async () => {
  const path = await fresh('left.ohb', await aList());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const uuid = '01234567-89ab-cdef-0123-456789abcdef';
  const ended = `${2 ** 22 + 1}-5`;
  for (const name of [`${uuid}.tmp`, `${ended}.${uuid}.tmp`, `${process.pid}-1.${uuid}.tmp`]) {
    writeFileSync(`${path}.${name}`, 'left');
  }
  writeFileSync(`${path}.lock.${ended}.${uuid}.tmp`, '');
  writeFileSync(`${path}.lock.${uuid}.tmp`, JSON.stringify({ pid: 2 ** 22 + 1, began: 'x y' }));
  writeFileSync(`${path}.lock`, JSON.stringify({ pid: 2 ** 22 + 1, began: 'x y' }));
  const others = [`other.ohb.${uuid}.tmp`, 'left.ohb.mine.tmp', 'left.ohb.copy'];
  for (const name of others) writeFileSync(join(folder, name), 'mine');
  const { list } = await opened(path);
  await list.apply({ withdraw: [BASE] });
  expect(
    names()
      .filter((name) => /^(left|other)\./.test(name))
      .sort(),
  ).toEqual(['left.ohb', ...others].sort());
  for (const name of others) rmSync(join(folder, name));
});

test('many appended withdrawals are read, and the file is written anew at the next change', async () => {
  const count = Number(process.env.LIST_APPENDED ?? 20_000);
  const { pieces, snapshot } = await listFile((await aList()).state, undefined);
  let { commit } = committedIn(new Uint8Array(Buffer.concat(pieces.slice(-2))), snapshot.sum);
  const records: Uint8Array[] = [];
  for (let n = 0; n < count; n++) {
    const effect = {
      reinstate: [],
      withdraw: [{ id: `${n}` }],
      remove: [],
      add: [],
      rejected: { degenerate: 1, withdrawn: 0 },
      generation: commit.generation + 1,
    };
    const payload = finish(payloadSteps(effect));
    const { header, moment } = finish(recordSteps(payload, commit));
    records.push(header, ...payload.pieces);
    const length = commit.length + header.length + payload.byteLength;
    commit = { ...commit, ...moment, length, generation: effect.generation };
  }
  const path = join(folder, 'appended.ohb');
  const slot = slotOf(commit);
  writeFileSync(path, Buffer.concat([...pieces.slice(0, -2), slot, slot, ...records]));
  const { list, file } = await opened(path, 64 * 1024);
  expect([list.withdrawals.length, list.generation]).toEqual([count + 2, commit.generation]);
  const { size } = statSync(path);
  await list.apply({ withdraw: [BASE] });
  await file.settled();
  expect(statSync(path).size).toBeLessThan(size);
  expect(answersOf(await loadBlocklist(path))).toEqual(answersOf(list));
});

test.each([512, 0])(
  'each removed entry takes one equal entry away, of at most %i at once',
  async (most) => {
    const [one, other] = [
      { hash: BASE, labels: ['a'], id: '1' },
      { hash: BASE, labels: ['b'], id: '1' },
    ];
    const lists = [new Blocklist(), (await opened(await fresh('removed.ohb'))).list];
    for (const list of lists) {
      list.mostAtOnce = most;
      await list.apply({ add: [one, one, one, other] });
      const { removed } = await list.apply({ remove: [one, one, { hash: SMALL, labels: [] }] });
      expect([removed, list.size]).toEqual([2, 2]);
      expect((await list.apply({ remove: [one, one, other], add: [other] })).removed).toBe(1);
      expect([...list.entries()]).toEqual([other]);
    }
  },
);

test('a small change does not wait while a large one is prepared', async () => {
  const { list } = await opened(await fresh('large.ohb', await aList()));
  const order: string[] = [];
  async function* entries() {
    yield { hash: SMALL, labels: ['large'] };
    await list.apply({ withdraw: [BASE] });
    order.push('small');
    yield { hash: SMALL, labels: ['large'] };
  }
  const large = list.apply({ add: entries(), reinstate: [{ id: 'elsewhere' }] });
  await large.then(() => order.push('large'));
  expect(order).toEqual(['small', 'large']);
  expect(list.has(BASE)).toBe(false);
});
