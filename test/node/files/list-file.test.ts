import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Blocklist } from '../../../src/blocklist/blocklist.js';
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
import { hashToHex } from '../../../src/hash.js';
import { finish } from '../../../src/in-turns.js';
import { createIndex } from '../../../src/indexing/create-index.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { saveIndex } from '../../../src/node/files/save-index.js';
import { PackedEntries } from '../../../src/packed-entries.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { runs } from '../../seed.js';
import {
  aList,
  answersOf,
  change,
  codeOf,
  folder,
  fresh,
  left,
  names,
  opened,
  SMALL,
} from './list-files.js';

const histories = Number(process.env.LIST_HISTORIES ?? runs(40));

describe('a list in a file behaves as in memory', () => {
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
    'any history, by two alternating writers, of at most %i entries at once',
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

  test('the next writer keeps an unacknowledged change if it is whole, else cuts it off', async () => {
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
      message:
        `expected a blocklist file: ${basename(path)} is read-only; ` +
        `\`npx onlyhashes convert ${basename(path)} list.ohb\` makes one that can change`,
    });
    expect(list.has(BASE)).toBe(true);
    // It would never change: that is no following.
    await expect(openBlocklist(path, { follow: {} })).rejects.toMatchObject({
      code: 'bad-magic',
      message:
        `expected a blocklist file to follow: ${basename(path)} is read-only; ` +
        `\`npx onlyhashes convert ${basename(path)} list.ohb\` makes one that can change`,
    });
    const copy = await openBlocklist(path, { copy: true, create: true });
    await copy.apply({ withdraw: [BASE] });
    expect(copy.has(BASE)).toBe(false);
    expect((await openBlocklist(path)).has(BASE)).toBe(true);
  }
  writeFileSync(text, '');
  await expect(openBlocklist(text)).rejects.toMatchObject({ code: 'bad-length' });
  writeFileSync(text, '# nothing\n');
  await expect(openBlocklist(text)).rejects.toMatchObject({ code: 'not-a-list' });
});

test("the file and its lock are the owner's alone, and the leftovers of killed writers are removed", async () => {
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

test('many appended withdrawals are read, and the file is rewritten at the next change', async () => {
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

test.each([512, 0])('each removal removes one equal entry, of at most %i at once', async (most) => {
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
});

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
