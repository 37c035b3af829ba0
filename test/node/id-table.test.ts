import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Hash } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/mutable-index.js';
import { finish } from '../../src/indexing/segment.js';
import { IdTable, IdTableBuilder } from '../../src/node/id-table.js';
import { openIndex } from '../../src/node/index-file.js';
import { awkwardText } from '../exchange/lists.js';
import { BASE } from '../matching/bases.js';
import { notesOf, withNotes } from './notes-of.js';

function tableOf(ids: readonly (string | undefined)[], key = 7): Uint32Array {
  const builder = new IdTableBuilder(ids.length, key);
  for (const [entry, id] of ids.entries()) if (id !== undefined) builder.add(entry, id);
  return finish(builder.steps());
}

const hashAt = (at: number): Hash => ({
  algorithm: 'pdq',
  bytes: BASE.bytes.map((byte, i) => byte ^ ((at >> (i % 16)) & 1)),
});

/** Ids of which many are equal, some alike, and some absent. */
const ids = fc.array(
  fc.option(fc.oneof(fc.constantFrom('a', 'b', ''), awkwardText), { nil: undefined }),
);

test('an index file finds the entries of an id, as reading every entry would', async () => {
  const oneOfFew = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(ids, oneOfFew, async (ids, hashes) => {
      const list = ids.map((_, at) => hashAt(hashes[at % hashes.length]!));
      const index = createIndex(list, { algorithm: 'pdq' });
      index.remove(1);
      const left = ids.map((id, at) => (at === 1 ? undefined : id));
      const notes = notesOf(index, (at) => ({ labels: [], ...(left[at] && { id: left[at] }) }));
      const { entries } = await openIndex(withNotes(index, notes));
      for (const id of ['a', 'b', 'c', '\ud800', ...left]) {
        if (id === undefined || id === '') continue;
        const expected = [...left.keys()].filter((at) => left[at] === id);
        expect([...(entries.rowsOf?.(id) ?? [])].sort((a, b) => a - b)).toEqual(expected);
      }
      expect(entries.rowsOf === undefined).toBe(left.every((id) => !id));
    }),
  );
});

test('a bucket holds about one id, even of many that are alike', () => {
  const many = Array.from({ length: 20_000 }, (_, at) => `2026-11-26/${at}`);
  const table = IdTable.at(tableOf(many))!;
  const sizes = many.map((id, at) => {
    const found = table.candidates(id);
    expect(found).toContain(at);
    return found.length;
  });
  expect(Math.max(...sizes)).toBeLessThan(12);
});

test('without ids there is no table', () => {
  expect(tableOf([undefined, undefined])).toHaveLength(0);
  expect(IdTable.at(tableOf([undefined]))).toBeUndefined();
});

test('any words are no table, or one that leads nowhere else', () => {
  const table = tableOf(['a', 'b', undefined, 'a', 'c']);
  expect(finish(IdTable.at(table)!.isSoundSteps(5))).toBe(true);
  // The trailer: buckets, entries and the magic word; the key may be any.
  for (const at of [1, 2, 4]) {
    for (const value of [0, 1, 3, 5, 2 ** 31, 0xffffffff]) {
      const changed = table.slice();
      if (changed[changed.length - at] === value) continue;
      changed[changed.length - at] = value;
      const read = IdTable.at(changed);
      if (read) expect(read.candidates('a').length).toBeLessThanOrEqual(table.length);
    }
  }
  const numbers = table.length - 4;
  for (let at = 0; at < numbers; at++) {
    for (const value of [5, 2 ** 31, 0xffffffff]) {
      const changed = table.slice();
      changed[at] = value;
      const read = IdTable.at(changed)!;
      expect(finish(read.isSoundSteps(5))).toBe(false);
      expect(read.candidates('a').length).toBeLessThanOrEqual(4);
    }
  }
});

test('a file whose table of ids leads out of it is refused', async () => {
  const index = createIndex([hashAt(0), hashAt(1)]);
  const notes = notesOf(index, (at) => ({ labels: [], id: `${at}` }));
  const wrong = new Uint8Array(notes);
  new DataView(wrong.buffer).setUint32(wrong.length - 20, 2, true);
  const refused = openIndex(withNotes(index, wrong));
  await expect(refused).rejects.toMatchObject({ code: 'bad-notes' });
  const { entries } = await openIndex(withNotes(index, notes));
  expect([...entries.rowsOf!('1')]).toEqual([1]);
});
