import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { BlocklistEntry } from '../../../src/entry.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { fileHandles } from '../../disk/file-handles.js';
import { BASE } from '../../matching/bases.js';
import {
  aList,
  answersOf,
  asUser,
  folder,
  fresh,
  HASHES,
  names,
  opened,
  SMALL,
} from './list-files.js';
import { saveList } from './saved-list.js';

describe('a failed change is invisible, and the next one works', () => {
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

  test('a commit that cannot be undone is reported as the file has it', async () => {
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

  test('a missing file is reported', async () => {
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
