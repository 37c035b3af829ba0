import { afterAll, beforeAll, expect, test } from 'vitest';
import { EntryList } from '../../src/blocklist/entry-list.js';
import type { ListChange } from '../../src/blocklist/list-change.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { Fault, watchConstructors, withFaultsLater } from '../faults.js';
import { fullText } from '../oracles/plain-list.js';
import { farHash } from './worlds.js';

// A change happens entirely or not at all: allocations inside it fail, of a large one each fifth.

let unwatch: () => void;
beforeAll(() => {
  unwatch = watchConstructors();
});
afterAll(() => unwatch());

const entries = (from: number, to: number): BlocklistEntry[] =>
  Array.from({ length: to - from }, (_, i) => ({
    hash: farHash(from + i),
    labels: [`${from + i}`],
    id: `${(from + i) % 20}`,
    list: (from + i) % 2 > 0 ? 'a' : 'b',
  }));

const textOf = ({ state }: EntryList) =>
  JSON.stringify([
    [...state.kinds.values()]
      .flatMap((kind) => [...kind.numbers()].map((at) => fullText(kind.entryAt(at))))
      .sort(),
    state.withdrawn.values(),
    state.lists.entries(),
    state.rejected,
    state.generation,
  ]);

const changes: readonly (readonly [string, number, ListChange])[] = [
  [
    'small',
    512,
    { add: entries(40, 44), withdraw: [farHash(3), { id: '7' }], remove: entries(0, 2) },
  ],
  ['small, of a list', 512, { replace: { list: 'a', entries: entries(10, 30) } }],
  ['large', 4, { add: entries(30, 60), withdraw: [farHash(33)], remove: entries(0, 6) }],
  ['large, of a list', 4, { replace: { list: 'a', entries: entries(10, 60) } }],
  ['large, of all', 4, { replace: { all: entries(20, 60) }, settings: { a: { enabled: false } } }],
];

test.each(changes)(
  '%s: a failure in it, or in the merge after it, leaves the old list or the new one',
  async (_, most, change) => {
    const create = async () => {
      const list = new EntryList();
      await list.apply({ add: entries(0, 30), withdraw: [{ id: '5' }] });
      list.mostAtOnce = most;
      return list;
    };
    const whole = await create();
    await whole.apply(change);
    const [before, after] = [textOf(await create()), textOf(whole)];
    let refused = 0;
    for (let at = 0, isOver = false; !isOver; at += most > 4 ? 1 : 5) {
      const list = await create();
      const { error, faults } = await withFaultsLater(
        (step) => step === at,
        async () => {
          await list.apply(change);
          // With the merge that follows, which is dropped if it fails.
          await list.settled();
        },
      );
      isOver = faults === 0;
      if (error !== undefined) expect(error).toBeInstanceOf(Fault);
      refused += error === undefined ? 0 : 1;
      expect(textOf(list)).toBe(error === undefined ? after : before);
      if (error !== undefined) await list.apply(change);
      await list.settled();
      expect(textOf(list)).toBe(after);
    }
    expect(refused).toBeGreaterThan(5);
  },
);
