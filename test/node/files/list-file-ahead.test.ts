import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import type { ListChange } from '../../../src/blocklist/list-change.js';
import { RECORD_BYTES } from '../../../src/blocklist/records/change-record.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { flipBits } from '../../arbitraries.js';
import { fileHandles } from '../../disk/file-handles.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { isDeep } from '../../seed.js';
import { aList, answersOf, codeOf, fresh, HASHES, opened, SMALL } from './list-files.js';

/** Of the bits that are flipped. */
const STEP = isDeep ? 29 : 229;

describe('entries of a large change are written ahead of its turn', () => {
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
      for (let bit = 8 * good.indexOf('"label'); bit < 8 * good.length; bit += STEP) {
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

  test('a file is not rewritten without entries that a later change refers to', async () => {
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
