import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
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
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { clusteredHashes, uniformHashes } from '../../../bench/workloads.js';
import { askedSteps, columnsPieces } from '../../../src/blocklist/segments/index-bytes.js';
import type { Said } from '../../../src/entry.js';
import { type Hash, isDegenerate } from '../../../src/hash.js';
import { createIndex, indexFromBuffer, indexOf } from '../../../src/indexing/create-index.js';
import type { HammingIndex } from '../../../src/indexing/hamming-index.js';
import { MutableIndex } from '../../../src/indexing/mutable-index.js';
import { Segment } from '../../../src/indexing/segment.js';
import { alignedBytes, headerSteps, shapeOf } from '../../../src/indexing/snapshot.js';
import { openIndex } from '../../../src/node/files/index-file.js';
import { type SaveOptions, saveIndex } from '../../../src/node/files/save-index.js';
import { fileHandles } from '../../disk/file-handles.js';
import { ROOT } from '../../project/package.js';
import { loopTurns, stepClock } from '../event-loop.js';
import { notesOf, withNotes } from '../notes-of.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-save-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const leftovers = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

const packed = clusteredHashes(3000, 3);
const all = Array.from({ length: 3000 }, (_, id): Hash => {
  return { algorithm: 'pdq', bytes: packed.bytes.slice(32 * id, 32 * id + 32) };
});
const clear = all.filter((hash) => !isDegenerate(hash));
const degenerate: Hash = { algorithm: 'pdq', bytes: new Uint8Array(32) };
const noteOf = (id: number): Said =>
  id % 3 === 0
    ? { labels: [] }
    : { labels: [`list ${id % 7}`, '"quoted", é'], quality: id % 101, id: `n${id}`, source: 's' };

/** An index that compacts in many changes, over what another holds. */
function slowlyCompacting(index: HammingIndex): MutableIndex {
  const bytes = alignedBytes(index.toBuffer());
  const segment = new Segment(shapeOf(bytes, bytes.length), bytes);
  return new MutableIndex(segment, { deltaLimit: 8, maxSteps: 1, simd: 'never' });
}

/** Indexes in different states: each call makes the same. */
const STATES: [string, () => MutableIndex][] = [
  ['compact', () => slowlyCompacting(createIndex(clear.slice(0, 40)))],
  ['in buckets', () => slowlyCompacting(indexOf(clear.slice(0, 40), {}, { kind: 'mih' }))],
  [
    'with degenerate hashes',
    () => slowlyCompacting(createIndex([...clear.slice(0, 40), degenerate, clear[3]!, degenerate])),
  ],
  [
    'amid a compaction',
    () => {
      const index = slowlyCompacting(indexOf(clear.slice(0, 40), {}, { kind: 'mih' }));
      for (const hash of [degenerate, ...clear.slice(30, 52)]) index.add(hash);
      for (const id of [0, 7, 8, 35, 60]) index.remove(id);
      return index;
    },
  ],
  ['empty', () => slowlyCompacting(createIndex([], { algorithm: 'pdq' }))],
];

const unfit = [degenerate, ...all.filter(isDegenerate)];

/** The bytes that a file of this index is to have. The index loses its degenerate entries. */
function fileOf(index: MutableIndex, generation: number): Buffer {
  const gone = unfit.reduce((sum, hash) => sum + index.remove(hash), 0);
  const notes = notesOf(index, noteOf);
  return Buffer.from(withNotes(index, notes, { generation, degenerate: gone }));
}

const entries = { entryAt: noteOf };

test.each<[string, () => MutableIndex]>([
  ...STATES,
  ['of a large list', () => slowlyCompacting(createIndex(packed))],
  ['of a large list without degenerate hashes', () => slowlyCompacting(createIndex(clear))],
])('a file has the bytes of `toBuffer`: %s', async (_, create) => {
  const path = join(folder, 'bytes.ohx');
  const index = create();
  const { size } = index;
  const parts = index.explain(31).parts.length;
  rmSync(path, { force: true });
  await saveIndex(path, index, { entries });
  expect(readFileSync(path).equals(fileOf(create(), 1))).toBe(true);
  await saveIndex(path, index);
  expect((await openIndex(path)).info.notesLength).toBe(0);
  // The index is as before.
  expect([index.size, index.explain(31).parts.length]).toEqual([size, parts]);
});

test('a file has the bytes of `toBuffer`: whatever the share of equal hashes', async () => {
  const path = join(folder, 'equal.ohx');
  const bands = new Set<number>();
  // At one of these sizes, a list gets bands that half as many hashes would not get.
  for (let size = 100; size < 800; size += 20) {
    const { bytes } = uniformHashes(size, 1);
    bytes.copyWithin(16 * size, 0, 16 * size);
    const index = createIndex({ algorithm: 'pdq', bits: 256, bytes });
    const { info } = await saveIndex(path, index).then(() => openIndex(path));
    const { generation, degenerate } = info;
    bands.add(info.bands);
    expect(info.hashes).toBe(size / 2);
    const expected = Buffer.from(index.toBuffer({ generation, degenerate }));
    expect(readFileSync(path).equals(expected)).toBe(true);
  }
  expect(bands.size).toBeGreaterThan(1);
});

test('the states are what their names state', () => {
  const found = STATES.map(([name, create]) => {
    const index = create();
    return [name, index.kind, index.explain(31).parts.length, index.compact()];
  });
  expect(found).toEqual([
    ['compact', 'flat', 1, false],
    ['in buckets', 'mih', 1, false],
    ['with degenerate hashes', 'flat', 1, false],
    ['amid a compaction', 'mih', 3, true],
    ['empty', 'flat', 0, false],
  ]);
});

test.each(STATES)('a file holds the index as it was at the call: %s', async (_, create) => {
  const path = join(folder, 'state.ohx');
  const expected = fileOf(create(), 1);
  let readings = 0;
  // The clock is read between any two steps, so the index changes between them; at first it changes
  // right after the call.
  for (let at = -1; at <= 0 || at < readings; at++) {
    const index = create();
    const change = () => {
      for (const hash of clear.slice(50, 70)) index.add(hash);
      for (const id of [1, 2, 20, 36, 50]) index.remove(id);
      while (index.compact());
    };
    const clock = stepClock(10, (reading) => reading === at && change());
    rmSync(path, { force: true });
    const saving = saveIndex(path, index, { entries });
    if (at < 0) change();
    await saving;
    vi.restoreAllMocks();
    readings = clock.readings;
    expect(readFileSync(path).equals(expected)).toBe(true);
    expect(index.compact()).toBe(false);
    expect(index.search(clear[69]!, 0).length).toBeGreaterThan(0);
  }
  expect(readings).toBeGreaterThan(5);
});

/** Runs steps to their end. @returns how many may be the last of a turn, and the result */
function counted<T>(steps: Generator<void, T>): [number, T] {
  for (let count = 0; ; count++) {
    const { done, value } = steps.next();
    if (done) return [count, value];
  }
}

test('every step may be the last of a turn', async () => {
  const path = join(folder, 'turns.ohx');
  const index = slowlyCompacting(createIndex(packed));
  const isUnfit = (words: Int32Array, at: number) =>
    isDegenerate({
      algorithm: 'pdq',
      bytes: new Uint8Array(words.slice(8 * at, 8 * at + 8).buffer),
    });
  const [freezing, segment] = counted(index.frozenSteps(isUnfit));
  const [asking, columns] = counted(askedSteps(segment, entries));
  const pieces = columnsPieces(columns);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const rest = [segment.sections, ...pieces].map((piece) => new Int32Array(piece.slice().buffer));
  const [checking] = counted(headerSteps({ ...segment.shape, notesLength: length }, rest));
  expect(Math.min(freezing, checking)).toBeGreaterThan(1);
  // And a few steps for the table of ids.
  expect(asking - Math.ceil(segment.entries / 8)).toBeLessThan(12);
  const clock = stepClock(10);
  await saveIndex(path, index, { entries });
  // Three times the clock is read at first, then after each step, and after each turn.
  expect(clock.readings).toBe(3 + 2 * (freezing + asking + checking));
});

test.each([
  ['few entries are asked for between two turns', 1, 0, 5 * 8],
  ['eight, if each takes long', 0, 10, 8],
])('%s', async (_, step, slow, most) => {
  const turns = loopTurns();
  const clock = stepClock(step);
  const asked: number[] = [];
  const entryAt = (id: number) => {
    asked[turns.count] = (asked[turns.count] ?? 0) + 1;
    clock.time += slow;
    return noteOf(id);
  };
  try {
    await saveIndex(join(folder, 'asked.ohx'), createIndex(clear), { entries: { entryAt } });
  } finally {
    turns.stop();
  }
  expect(asked.reduce((sum, count) => sum + count)).toBe(clear.length);
  expect(Math.max(...asked.filter(Boolean))).toBe(most);
});

/** Calls `act` before call number `at` of a method of open files, and counts the calls. */
async function atCall(method: 'chmod' | 'write' | 'sync', at: number, act: () => void) {
  const handles = await fileHandles();
  const real = handles[method];
  const made = { calls: 0 };
  vi.spyOn(handles, method).mockImplementation(function (this: FileHandle, ...args: never[]) {
    if (made.calls++ === at) act();
    return Reflect.apply(real, this, args) as never;
  });
  return made;
}

describe('whichever step fails, the old file stays, and no other is left', () => {
  const create = STATES[3]![1];
  let path: string;
  let before: Buffer;
  beforeAll(async () => {
    path = join(folder, 'fails.ohx');
    await saveIndex(path, createIndex([all[0]!]));
    before = readFileSync(path);
  });
  /** Fails at step 0, 1, … as `prepare` arranges. @returns the number of steps that can fail */
  async function failingSteps(
    reason: Error,
    prepare: (step: number, fail: () => never) => unknown,
    options: SaveOptions | ((step: number) => SaveOptions) = { entries },
  ): Promise<number> {
    for (let step = 0; ; step++) {
      await prepare(step, () => {
        throw reason;
      });
      const given = typeof options === 'function' ? options(step) : options;
      const error = await saveIndex(path, create(), given).catch((thrown: unknown) => thrown);
      vi.restoreAllMocks();
      expect(leftovers()).toEqual([]);
      if (error !== reason) {
        expect(error).toMatchObject({ generation: 2 });
        expect(readFileSync(path).equals(fileOf(create(), 2))).toBe(true);
        writeFileSync(path, before);
        return step;
      }
      expect(readFileSync(path).equals(before)).toBe(true);
    }
  }
  const reason = new Error('no space left on device');

  test.each([
    ['chmod', 1],
    // The header, the sections, and of the notes their header and eight columns.
    ['write', 11],
    // The folder is flushed too, but some systems cannot do that.
    ['sync', 1],
  ] as const)('a call of %s', async (method, steps) => {
    const prepare = (step: number, fail: () => never) => atCall(method, step, fail);
    expect(await failingSteps(reason, prepare)).toBe(steps);
  });

  test('the renaming', async () => {
    const taken = join(folder, 'taken.ohx');
    mkdirSync(taken);
    await expect(saveIndex(taken, create())).rejects.toMatchObject({ syscall: 'rename' });
    expect(leftovers()).toEqual([]);
  });

  test('the callback', async () => {
    let left = 0;
    const entryAt = (id: number) => {
      if (left-- === 0) throw reason;
      return noteOf(id);
    };
    const prepare = (step: number) => {
      left = step;
    };
    expect(await failingSteps(reason, prepare, { entries: { entryAt } })).toBe(create().size - 1);
  });

  test('an abort in any turn', async () => {
    let abort: AbortController;
    const prepare = (step: number) => {
      abort = new AbortController();
      stepClock(10, (reading) => reading === step && abort.abort(reason));
    };
    const options = () => ({ entries, signal: abort.signal });
    expect(await failingSteps(reason, prepare, options)).toBeGreaterThan(30);
  });

  test('an abort in any write', async () => {
    let abort: AbortController;
    let made = { calls: 0 };
    const calls: number[] = [];
    const prepare = async (step: number) => {
      abort = new AbortController();
      calls.push(made.calls);
      made = await atCall('write', step, () => abort.abort(reason));
    };
    const options = () => ({ entries, signal: abort.signal });
    expect(await failingSteps(reason, prepare, options)).toBe(11);
    // Nothing is written after it.
    expect(calls).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('an abort before the call', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(saveIndex(path, create(), { signal })).rejects.toBe(reason);
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

test('of several saves at a time the last call wins', async () => {
  const path = join(folder, 'several.ohx');
  const large = createIndex(clear);
  const small = createIndex(clear.slice(0, 40));
  const infos = await Promise.all([saveIndex(path, large, { entries }), saveIndex(path, small)]);
  expect(infos.map(({ generation }) => generation)).toEqual([1, 2]);
  expect((await openIndex(path)).index.size).toBe(40);
  const failing = {
    entryAt: () => {
      throw new Error('no entry');
    },
  };
  const [failed, saved] = await Promise.allSettled([
    saveIndex(path, large, { entries: failing }),
    saveIndex(path, small),
  ]);
  expect(failed).toMatchObject({ reason: { message: 'no entry' } });
  // One that fails does not stop the next.
  expect(saved).toMatchObject({ value: { generation: 3 } });
});

test('an index in shared memory is saved too', async () => {
  const path = join(folder, 'shared.ohx');
  const buffer = createIndex(clear.slice(0, 40)).toBuffer({ shared: true });
  await saveIndex(path, indexFromBuffer(buffer), { entries });
  expect(readFileSync(path).equals(fileOf(STATES[0]![1](), 1))).toBe(true);
});

test('a file system may write less than requested', async () => {
  const path = join(folder, 'short.ohx');
  const handles = await fileHandles();
  const real = handles.write;
  vi.spyOn(handles, 'write').mockImplementation(function (this: FileHandle, bytes: unknown) {
    return Reflect.apply(real, this, [(bytes as Uint8Array).subarray(0, 1000)]) as never;
  });
  await saveIndex(path, createIndex(packed), { entries });
  expect(readFileSync(path).equals(fileOf(slowlyCompacting(createIndex(packed)), 1))).toBe(true);
});

test('texts of any length, also across the pieces that they are collected in', async () => {
  const path = join(folder, 'texts.ohx');
  const lengths = [0, 1, 2, 3, 4, 2 ** 18 - 70, 40, 41, 42, 2 ** 18, 3 * 2 ** 18, 5];
  const index = createIndex(clear.slice(0, lengths.length));
  for (const letter of ['a', 'é', '漢', '𝄞']) {
    const entryAt = (id: number) => ({ labels: [letter.repeat(lengths[id]!)], id: `${id}` });
    await saveIndex(path, index, { entries: { entryAt } });
    const opened = await openIndex(path);
    expect(lengths.map((_, id) => opened.entries.entryAt(id))).toEqual(
      lengths.map((_, id) => ({ ...entryAt(id), hash: clear[id] })),
    );
    const notes = notesOf(index, entryAt);
    expect(opened.info.notesLength).toBe(notes.length);
    const { generation } = opened.info;
    const expected = Buffer.from(withNotes(index, notes, { generation, degenerate: 0 }));
    expect(readFileSync(path).equals(expected)).toBe(true);
  }
});

test('an index of another implementation is copied by its `toBuffer`', async () => {
  const path = join(folder, 'other.ohx');
  const index = STATES[3]![1]();
  const { algorithm, bits, size, kind } = index;
  const other = {
    ...{ algorithm, bits, size, kind },
    search: () => [],
    searchInto: () => 0,
    searchNearInto: () => 0,
    toBuffer: () => index.toBuffer(),
  } as unknown as HammingIndex;
  await saveIndex(path, other, { entries });
  expect(readFileSync(path).equals(fileOf(index, 1))).toBe(true);
});

test('an abort leaves only the old file; its replacement keeps the permissions', async () => {
  const path = join(folder, 'mode.ohx');
  await saveIndex(path, createIndex([all[0]!]));
  chmodSync(path, 0o640);
  const before = readFileSync(path);
  const abort = new AbortController();
  const save = saveIndex(path, createIndex(packed), { signal: abort.signal });
  abort.abort();
  await expect(save).rejects.toMatchObject({ name: 'AbortError' });
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(leftovers()).toEqual([]);
  await saveIndex(path, createIndex(packed));
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('a program that dies while saving leaves only the old file', async () => {
  const path = join(folder, 'dies.ohx');
  await saveIndex(path, createIndex([all[0]!]));
  const before = readFileSync(path);
  const script = `
    import { readdirSync } from 'node:fs';
    import { createIndex } from '${ROOT}/dist/index.js';
    import { saveIndex } from '${ROOT}/dist/node.js';
    const [path, folder] = process.argv.slice(1);
    saveIndex(path, createIndex([], { algorithm: 'pdq' })).then(() => process.exit(1));
    const look = () => {
      if (readdirSync(folder).some((name) => name.endsWith('.tmp'))) process.exit(3);
      setImmediate(look);
    };
    look();`;
  const args = ['--input-type=module', '-e', script, path, folder];
  expect(spawnSync(process.execPath, args).status).toBe(3);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(leftovers()).toEqual([]);
});
