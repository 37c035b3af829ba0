import { expect, test } from 'vitest';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { numberOf } from '../../../src/entry.js';
import { hashFromHex } from '../../../src/hash.js';
import { AllowList } from '../../../src/matching/allow-list.js';
import { match } from '../../../src/matching/match.js';
import { PackedEntries } from '../../../src/packed-entries.js';
import { applySteps, PendingChanges } from '../../../src/store/lists/apply-changes.js';
import { numbered } from '../../../src/store/stored-entry.js';

const hash = (at: number) =>
  hashFromHex('pdq', `${(0x1357_9bdf + at).toString(16)}${'0f1e2d3c4b5a69'.repeat(4)}`);
const entry = (at: number, number: number) => ({
  hash: hash(at),
  labels: [],
  id: `id ${at}`,
  number,
  revision: 1,
});

function numbersIn(blocklist: Blocklist, count: number): (number | undefined)[] {
  return Array.from({ length: count }, (_, at) => {
    const variants = [{ name: 'original' as const, hash: hash(at), quality: 100 }];
    const { matches } = match(variants, blocklist, { all: true, distance: 0 });
    expect(matches.map((match) => match.entry)).toEqual(
      matches.map(() => ({ hash: hash(at), labels: [], id: `id ${at}` })),
    );
    return matches.length === 1 ? numberOf(matches[0]!.entry) : undefined;
  });
}

test('an entry keeps its number, however it is added and wherever it moves', async () => {
  const allowList = new AllowList();
  const blocklist = createBlocklist([]);
  blocklist.mostAtOnce = 4;
  const expected: (number | undefined)[] = [];
  for (const from of [0, 30, 60, 300, 340, 380, 420]) {
    const pending = new PendingChanges();
    const entries = Array.from({ length: 40 }, (_, at) => ({
      entry: entry(from + at, 1000 + from + at),
      listed: true,
    }));
    pending.add({ withdrawals: [], lists: [], exceptions: [], entries });
    for (const _ of applySteps({ blocklist, allowList }, pending));
    for (const each of entries) expected[each.entry.number - 1000] = each.entry.number;
  }
  const more = Array.from({ length: 50 }, (_, at) => numbered(entry(500 + at, 2 ** 40 + at)));
  await blocklist.apply({ add: more });
  for (const { number } of more as unknown as { number: number }[])
    expected[500 + number - 2 ** 40] = number;
  await blocklist.apply({
    add: Array.from({ length: 8 }, (_, at) => numbered(entry(600 + at, 1 + at))),
  });
  for (let at = 0; at < 8; at++) expected[600 + at] = 1 + at;
  await blocklist.settled();
  expect(numbersIn(blocklist, 608)).toEqual(Array.from({ length: 608 }, (_, at) => expected[at]));
});

test('an entry that was purged and listed again has its new number', () => {
  const allowList = new AllowList();
  const blocklist = createBlocklist([]);
  for (const number of [7, 8]) {
    const pending = new PendingChanges();
    const entries = [{ entry: entry(0, number), listed: true }];
    pending.add({ withdrawals: [], lists: [], exceptions: [], entries });
    for (const _ of applySteps({ blocklist, allowList }, pending));
    expect(numbersIn(blocklist, 1)).toEqual([number]);
  }
});

test.each([2 ** 20, 2 ** 40])(
  'a number needs no object, and at most 8 bytes a row: %d',
  (number) => {
    const rows = 2 ** 20;
    const table = new PackedEntries('pdq', 256, { capacity: rows });
    const before = process.memoryUsage().arrayBuffers;
    table.push(numbered(entry(0, number)));
    const taken = process.memoryUsage().arrayBuffers - before;
    expect(taken / rows).toBeLessThanOrEqual(8.5);
    expect(table.numberAt(0)).toBe(number);
    expect(table.entryAt(0)).toEqual({ hash: hash(0), labels: [], id: 'id 0' });
  },
);
