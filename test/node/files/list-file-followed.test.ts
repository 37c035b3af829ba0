import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { Follower, openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { fileHandles } from '../../disk/file-handles.js';
import { BASE } from '../../matching/bases.js';
import { aList, answersOf, folder, fresh, opened, SMALL } from './list-files.js';
import { saveList } from './saved-list.js';

describe('a list that follows its file', () => {
  const following = async (name: string) => {
    const path = await fresh(name, await aList());
    const { list, file } = await opened(path, Number.POSITIVE_INFINITY);
    const [onChange, onProblem] = [vi.fn(), vi.fn()];
    const follower = new Follower(file, { onChange, onProblem });
    const other = await opened(path, Number.POSITIVE_INFINITY);
    return { path, list, follower, other, onChange, onProblem };
  };

  test('changes by others are read, and the file that they rewrite', async () => {
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

  test.each(['in place', 'by a rename'])(
    'an older copy %s is refused, and reported',
    async (how) => {
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
    },
  );

  test('copies that diverged are not mistaken for one another', async () => {
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

  test('a list polls its file by itself, and stops by its signal', async () => {
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
