import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uniformHashes } from '../../bench/workloads.js';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { WithdrawnKey } from '../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { DecodeError } from '../../src/errors.js';
import {
  type Hash,
  hashFromHex,
  hashFromJSON,
  hashToHex,
  hashToJSON,
  isDegenerate,
  newHash,
} from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { readHashList } from '../../src/text/hash-list.js';
import { writeHashList } from '../../src/text/write-hash-list.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { runs } from '../seed.js';
import { tablesOf } from '../services/lists.js';

const zero: Hash = { algorithm: 'pdq', bytes: new Uint8Array(32) };
const small = hashFromHex('dhash', '0123456789abcdef');
/** The labels of the entries that a hash matches, nearest first. */
const found = (blocklist: Blocklist, hash: Hash = BASE) =>
  match({ hash, variants: [] }, blocklist, { all: true }).matches.map(({ entry }) =>
    entry.labels.join(),
  );

test('from a list, entry by entry or packed', async () => {
  const text = `${hashToHex(BASE)},a\ndhash ${hashToHex(small)}\n`;
  const read = await createBlocklist(readHashList(text));
  const packed = createBlocklist(await tablesOf(text));
  for (const blocklist of [read, packed]) {
    expect(blocklist.size).toBe(2);
    const { verdict, matches } = match(
      {
        hash: flipBits(BASE, ORDER, 7),
        quality: 90,
        variants: [],
      },
      blocklist,
    );
    expect(verdict).toBe('match');
    expect(matches).toEqual([
      {
        entry: { hash: BASE, labels: ['a'] },
        distance: 7,
        tier: 'match',
        variant: { name: 'original', hash: flipBits(BASE, ORDER, 7), quality: 90 },
      },
    ]);
  }
});

test('an error instead of a picture is unhashable, as is an empty iterable', () => {
  const blocklist = createBlocklist([]);
  expect(match(new DecodeError('corrupt', 'expected an image'), blocklist)).toMatchObject({
    verdict: 'unhashable',
    reason: 'corrupt',
  });
  expect(match([], blocklist)).toMatchObject({ verdict: 'unhashable', reason: 'no-hash' });
  expect(() => match(new Error('other') as never, blocklist)).toThrow(TypeError);
  expect(() => match([{ name: 'original' }] as never, blocklist)).toThrow(TypeError);
});

test('each algorithm and width is searched separately, at its own distances', () => {
  const blocklist = createBlocklist([
    { hash: BASE, labels: ['pdq'] },
    { hash: { ...BASE, algorithm: 'phash' }, labels: ['phash'] },
    { hash: small, labels: ['dhash'] },
  ]);
  expect(found(blocklist)).toEqual(['pdq']);
  expect(found(blocklist, { ...BASE, algorithm: 'phash' })).toEqual(['phash']);
  expect(found(blocklist, flipBits(small, [1, 2, 3, 4, 5, 6], 6))).toEqual(['dhash']);
  expect(
    found(
      blocklist,
      flipBits(
        small,
        ORDER.filter((bit) => bit < 64),
        11,
      ),
    ),
  ).toEqual([]);
  const { verdict, reason } = match(
    [{ name: 'original', hash: { ...BASE, algorithm: 'blockhash' } }],
    blocklist,
  );
  expect([verdict, reason]).toEqual(['none', 'nothing-comparable']);
});

test('degenerate entries are reported and rejected', async () => {
  const out: [string, string][] = [];
  const blocklist = createBlocklist(
    [
      { hash: zero, labels: ['flat'] },
      { hash: BASE, labels: ['a'] },
    ],
    { onRejected: (entry, reason) => out.push([entry.labels.join(), reason]) },
  );
  expect(out).toEqual([['flat', 'degenerate']]);
  expect(blocklist.rejected).toEqual({ degenerate: 1, withdrawn: 0 });
  expect(blocklist.size).toBe(1);
  expect(found(blocklist, zero)).toEqual([]);
  expect((await blocklist.apply({ add: [{ hash: zero, labels: [] }] })).added).toBe(0);
});

test('a draft hash cannot be an entry, but is searched like any other', async () => {
  const blocklist = createBlocklist([{ hash: BASE, labels: ['a'] }]);
  const image = {
    hash: flipBits(BASE, ORDER, 5),
    quality: 90,
    decoding: 'draft',
    variants: [],
  } as const;
  const entry = { ...image, labels: ['b'] };
  await expect(blocklist.apply({ add: [entry] })).rejects.toThrow(TypeError);
  await expect(blocklist.apply({ add: [entry] })).rejects.toThrow('draft');
  expect(() => createBlocklist([entry])).toThrow(TypeError);
  expect(blocklist.size).toBe(1);
  const { matches } = match(image, blocklist);
  expect(matches).toMatchObject([
    { distance: 5, variant: { name: 'original', decoding: 'draft' } },
  ]);
});

test('a draft hash is refused by name, and so is a copy of one', async () => {
  const blocklist = createBlocklist([{ hash: BASE, labels: ['a'] }]);
  const draft = newHash(BASE.algorithm, BASE.bytes, 'draft');
  const json = JSON.parse(JSON.stringify(draft));
  for (const hash of [draft, structuredClone(draft), { ...draft }, hashFromJSON(json)]) {
    const entry = { hash, labels: ['b'] };
    await expect(blocklist.apply({ add: [entry] })).rejects.toThrow("decoding 'draft'");
    for (const list of [() => createBlocklist([entry]), () => [...writeHashList([entry])]]) {
      expect(list).toThrow("decoding 'draft'");
    }
  }
  expect(blocklist.size).toBe(1);
  const { matches } = match({ hash: draft, quality: 90, variants: [] }, blocklist);
  expect(matches[0]).toMatchObject({ distance: 0, variant: { hash: { decoding: 'draft' } } });
});

test('a withdrawal is the hash itself, and a hash in an object is refused by that name', async () => {
  const blocklist = createBlocklist([{ hash: BASE, labels: [] }]);
  const wrapped = { hash: BASE } as unknown as Hash;
  const message = 'expected the hash itself, such as match.entry.hash';
  await expect(blocklist.apply({ withdraw: [wrapped] })).rejects.toThrow(message);
  await expect(blocklist.apply({ reinstate: [wrapped] })).rejects.toThrow(message);
  expect(() => blocklist.has(wrapped)).toThrow(message);
  expect((await blocklist.apply({ withdraw: [{ ...BASE, reason: 'a mistake' }] })).removed).toBe(1);
});

test('a withdrawal by a draft hash is one of its bits', async () => {
  const blocklist = createBlocklist([{ hash: BASE, labels: ['a'] }]);
  await blocklist.apply({ withdraw: [newHash(BASE.algorithm, BASE.bytes, 'draft')] });
  expect(blocklist.size).toBe(0);
  expect(JSON.parse(JSON.stringify(blocklist.withdrawals))).toEqual([hashToJSON(BASE)]);
});

test('one hash under several entries gives a match for each', () => {
  const blocklist = createBlocklist(
    ['a', 'b', 'c'].map((label) => ({ hash: BASE, labels: [label] })),
  );
  expect(found(blocklist)).toEqual(['a', 'b', 'c']);
});

describe('withdrawn entries are gone', () => {
  const entries: BlocklistEntry[] = [
    { hash: BASE, labels: ['one'], id: '1', source: 'x' },
    { hash: BASE, labels: ['two'], id: '2', source: 'x' },
    { hash: flipBits(BASE, ORDER, 1), labels: ['near'], id: '1', source: 'y' },
  ];

  test('by hash: every entry with it, at once, and those added later', async () => {
    const blocklist = createBlocklist(entries);
    expect(found(blocklist)).toEqual(['one', 'two', 'near']);
    expect((await blocklist.apply({ withdraw: [BASE] })).removed).toBe(2);
    expect(found(blocklist)).toEqual(['near']);
    expect(blocklist.size).toBe(1);
    expect((await blocklist.apply({ add: [entries[0]!] })).added).toBe(0);
    expect(blocklist.rejected.withdrawn).toBe(1);
    expect(found(blocklist)).toEqual(['near']);
    expect((await blocklist.apply({ withdraw: [BASE] })).removed).toBe(0);
  });

  test('by id, of any source or of one', async () => {
    const one = createBlocklist(entries);
    expect((await one.apply({ withdraw: [{ id: '1', source: 'y' }] })).removed).toBe(1);
    expect(found(one)).toEqual(['one', 'two']);
    expect((await one.apply({ add: [entries[2]!] })).added).toBe(0);
    expect((await one.apply({ add: [{ ...entries[2]!, source: 'z' }] })).added).toBe(1);
    const both = createBlocklist(entries);
    expect((await both.apply({ withdraw: [{ id: '1' }] })).removed).toBe(2);
    expect(found(both)).toEqual(['two']);
    expect((await both.apply({ add: [entries[0]!] })).added).toBe(0);
    expect((await both.apply({ withdraw: [{ id: 'unknown' }] })).removed).toBe(0);
  });

  test('until it is reinstated, which does not bring entries back', async () => {
    const blocklist = createBlocklist(entries);
    await blocklist.apply({ withdraw: [BASE] });
    expect((await blocklist.apply({ reinstate: [BASE] })).reinstated).toBe(1);
    expect((await blocklist.apply({ reinstate: [BASE] })).reinstated).toBe(0);
    expect(found(blocklist)).toEqual(['near']);
    expect((await blocklist.apply({ add: [entries[0]!] })).added).toBe(1);
    expect(found(blocklist)).toEqual(['one', 'near']);
  });

  test('also after a reload', async () => {
    const before = createBlocklist(entries);
    await before.apply({ withdraw: [BASE] });
    await before.apply({ withdraw: [{ id: '1', source: 'y' }] });
    const after = createBlocklist(entries, { withdrawn: before.withdrawals });
    expect(after.size).toBe(0);
    expect(after.rejected).toEqual({ degenerate: 0, withdrawn: 3 });
    expect(after.withdrawals).toEqual(before.withdrawals);
  });

  test('before any search, and between searches', async () => {
    const blocklist = createBlocklist(entries);
    await blocklist.apply({ withdraw: [{ id: '2' }] });
    expect(found(blocklist)).toEqual(['one', 'near']);
    await blocklist.apply({ add: [{ hash: BASE, labels: ['three'], id: '3' }] });
    await blocklist.apply({ withdraw: [{ id: '3' }] });
    expect(found(blocklist)).toEqual(['one', 'near']);
  });

  test('an invalid withdrawal is refused', async () => {
    await expect(createBlocklist([]).apply({ withdraw: [{} as never] })).rejects.toThrow(TypeError);
    expect(() => createBlocklist([], { withdrawn: [zero, 'x' as never] })).toThrow(TypeError);
  });
});

describe('a table of entries', () => {
  function table() {
    const entries = new PackedEntries('pdq', 256);
    for (const [bits, label] of [
      [0, 'a'],
      [5, 'b'],
    ] as const) {
      entries.push({ hash: flipBits(BASE, ORDER, bits), labels: [label], id: label });
    }
    entries.push({ hash: zero, labels: ['flat'], id: 'flat' });
    return entries;
  }

  test('is copied, and searched together with added entries', async () => {
    const entries = table();
    const blocklist = createBlocklist([entries]);
    entries.cut(0);
    expect(blocklist.size).toBe(2);
    expect(found(blocklist)).toEqual(['a', 'b']);
    await blocklist.apply({ add: [{ hash: flipBits(BASE, ORDER, 2), labels: ['c'], id: 'c' }] });
    expect(found(blocklist)).toEqual(['a', 'c', 'b']);
    const two = createBlocklist([table(), table()]);
    expect(found(two)).toEqual(['a', 'a', 'b', 'b']);
  });

  test('has no degenerate entry, by hash or by id', async () => {
    const blocklist = createBlocklist([table()]);
    expect(found(blocklist, zero)).toEqual([]);
    expect([blocklist.has(zero), blocklist.has({ id: 'flat' })]).toEqual([false, false]);
    expect(blocklist.has({ id: 'a' })).toBe(true);
    expect([...blocklist.entries()].map(({ labels }) => labels[0])).toEqual(['a', 'b']);
    expect((await blocklist.apply({ withdraw: [{ id: 'flat' }] })).removed).toBe(0);
  });

  test('loses withdrawn entries, whether withdrawn before or after', async () => {
    const blocklist = createBlocklist([table()]);
    expect((await blocklist.apply({ withdraw: [{ id: 'a' }] })).removed).toBe(1);
    expect((await blocklist.apply({ withdraw: [{ id: 'a' }] })).removed).toBe(0);
    expect(found(blocklist)).toEqual(['b']);
    expect((await blocklist.apply({ withdraw: [flipBits(BASE, ORDER, 5)] })).removed).toBe(1);
    expect(found(blocklist)).toEqual([]);
    const later = createBlocklist([table()], { withdrawn: [BASE, { id: 'b' }] });
    expect(found(later)).toEqual([]);
    expect(later.size).toBe(0);
  });
});

test('thousands of entries, added and withdrawn between decisions', async () => {
  const { bytes } = uniformHashes(3000, 7);
  const hashes = Array.from({ length: 3000 }, (_, i): Hash => {
    return { algorithm: 'pdq', bytes: bytes.slice(32 * i, 32 * i + 32) };
  });
  const blocklist = createBlocklist([]);
  for (const [i, hash] of hashes.entries()) {
    await blocklist.apply({ add: [{ hash, labels: [`${i}`], id: `${i}` }] });
    if (i % 100 === 99) {
      expect(found(blocklist, hashes[i - 50])).toEqual([`${i - 50}`]);
      expect((await blocklist.apply({ withdraw: [hashes[i - 50]!] })).removed).toBe(1);
      // Enough are withdrawn to make the index move the others together.
      for (let k = i - 49; k < i - 10; k++) {
        expect((await blocklist.apply({ withdraw: [{ id: `${k}` }] })).removed).toBe(1);
      }
      expect(found(blocklist, hashes[i - 50])).toEqual([]);
      expect(found(blocklist, hashes[i])).toEqual([`${i}`]);
    }
  }
  expect(blocklist.size).toBe(1800);
  const live = hashes.filter((hash) => found(blocklist, hash).length > 0);
  expect(live).toHaveLength(1800);
});

test('behaves like a plain list of entries', async () => {
  // Few hashes, ids and sources, so that they coincide.
  const hash = fc.constantFrom(
    ...[0, 1, 40].map((bits) => flipBits(BASE, ORDER, bits)),
    zero,
    small,
    { ...small, algorithm: 'phash' as const },
  );
  const id = fc.constantFrom('1', '2');
  const source = fc.constantFrom('x', 'y');
  const entry: fc.Arbitrary<BlocklistEntry> = fc.record(
    { hash, labels: fc.constantFrom([], ['a']), id, source },
    { requiredKeys: ['hash', 'labels'] },
  );
  const withdrawal: fc.Arbitrary<WithdrawnKey> = fc.oneof(
    hash,
    fc.record({ id, source }, { requiredKeys: ['id'] }),
  );
  const step = fc.oneof(
    fc.record({ add: entry }),
    fc.record({ withdraw: withdrawal }),
    fc.record({ reinstate: withdrawal }),
    fc.record({ query: hash }),
  );
  const same = (a: Hash, b: Hash) => a.algorithm === b.algorithm && hashToHex(a) === hashToHex(b);
  const covers = (one: WithdrawnKey, { hash, id, source }: BlocklistEntry) =>
    'id' in one
      ? one.id === id && (one.source === undefined || one.source === source)
      : same(one, hash);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: 0, max: 5 }),
      async (steps, first) => {
        // The first steps that add entries add them in a table where possible.
        const table = new PackedEntries('pdq', 256);
        let listed: BlocklistEntry[] = [];
        for (const one of steps.slice(0, first)) {
          if ('add' in one && one.add.hash.algorithm === 'pdq' && !isDegenerate(one.add.hash)) {
            table.push(one.add);
            listed.push(one.add);
          }
        }
        const blocklist = createBlocklist([table]);
        let withdrawn: WithdrawnKey[] = [];
        for (const one of steps.slice(first)) {
          if ('add' in one) {
            const fits = !isDegenerate(one.add.hash) && !withdrawn.some((w) => covers(w, one.add));
            expect((await blocklist.apply({ add: [one.add] })).added).toBe(fits ? 1 : 0);
            if (fits) listed.push(one.add);
          } else if ('withdraw' in one) {
            const left = listed.filter((entry) => !covers(one.withdraw, entry));
            expect((await blocklist.apply({ withdraw: [one.withdraw] })).removed).toBe(
              listed.length - left.length,
            );
            listed = left;
            withdrawn.push(one.withdraw);
          } else if ('reinstate' in one) {
            const before = withdrawn.length;
            withdrawn = withdrawn.filter(
              (w) => JSON.stringify(w) !== JSON.stringify(one.reinstate),
            );
            expect((await blocklist.apply({ reinstate: [one.reinstate] })).reinstated).toBe(
              withdrawn.length < before ? 1 : 0,
            );
          } else {
            const matches = match({ hash: one.query, variants: [] }, blocklist).matches;
            const exact = matches
              .filter(({ distance }) => distance === 0)
              .map((match) => match.entry);
            const expected = listed.filter((entry) => same(entry.hash, one.query));
            const sorted = (entries: BlocklistEntry[]) =>
              entries.map(({ labels, id, source }) => `${labels} ${id} ${source}`).sort();
            expect(sorted(exact)).toEqual(sorted(expected));
          }
          expect(blocklist.size).toBe(listed.length);
        }
      },
    ),
    { numRuns: runs(1000) },
  );
});

test('a rejected entry, with the reason', () => {
  const blocklist = createBlocklist([], { withdrawn: [{ id: '1' }] });
  const degenerate = { hash: zero, labels: [] };
  const withdrawn = { hash: BASE, labels: [], id: '1' };
  expect(blocklist.rejectionReason(degenerate)).toBe('degenerate');
  expect(blocklist.rejectionReason(withdrawn)).toBe('withdrawn');
  expect(blocklist.rejectionReason({ hash: BASE, labels: [] })).toBeUndefined();
  // Asking changes nothing.
  expect([blocklist.size, blocklist.rejected]).toEqual([0, { degenerate: 0, withdrawn: 0 }]);
});

test('withdrawals are copies', () => {
  const blocklist = createBlocklist([], { withdrawn: [BASE] });
  (blocklist.withdrawals[0] as Hash).bytes.fill(0);
  expect(blocklist.withdrawals).toEqual([BASE]);
  const next = createBlocklist([], { withdrawn: blocklist.withdrawals });
  expect(next.rejectionReason({ hash: BASE, labels: [] })).toBe('withdrawn');
});

test('a withdrawal keeps its reason, also in the next list', async () => {
  const blocklist = createBlocklist([]);
  await blocklist.apply({ withdraw: [{ id: '1', reason: 'asked for' }] });
  await blocklist.apply({ withdraw: [BASE] });
  const withdrawals = [{ id: '1', reason: 'asked for' }, BASE];
  expect(blocklist.withdrawals).toEqual(withdrawals);
  const next = createBlocklist([], { withdrawn: blocklist.withdrawals });
  expect(next.withdrawals).toEqual(withdrawals);
  // Without a reason, the earlier one stays.
  const { generation } = next;
  await next.apply({ withdraw: [{ id: '1' }] });
  expect([next.withdrawals, next.generation]).toEqual([withdrawals, generation]);
  await next.apply({ withdraw: [{ id: '1', reason: 'another' }] });
  expect(next.withdrawals[0]).toEqual({ id: '1', reason: 'another' });
  expect(next.generation).toBe(generation + 1);
  expect((await next.apply({ reinstate: [blocklist.withdrawals[0]!] })).reinstated).toBe(1);
});

test('a withdrawal by an id of many entries withdraws all of them, quickly', async () => {
  const hashes = uniformHashes(20_000, 4).bytes;
  const hashOf = (at: number): Hash => ({
    algorithm: 'pdq',
    bytes: hashes.slice(32 * at, 32 * at + 32),
  });
  const entries = Array.from({ length: 20_000 }, (_, at) => ({
    hash: hashOf(at),
    labels: [],
    id: 'x',
  }));
  const blocklist = createBlocklist(entries);
  expect((await blocklist.apply({ withdraw: [hashOf(5)] })).removed).toBe(1);
  expect((await blocklist.apply({ withdraw: [{ id: 'x' }] })).removed).toBe(19_999);
  expect([...blocklist.entries()]).toEqual([]);
});

describe('all entries are replaced', () => {
  const old = () => createBlocklist([{ hash: BASE, labels: ['old'], id: '1' }]);
  const anew: BlocklistEntry[] = [
    { hash: BASE, labels: ['new'], id: '1' },
    { hash: flipBits(BASE, ORDER, 40), labels: ['new too'], id: '2' },
    { hash: small, labels: ['small'] },
  ];

  test('a decision uses one list, even if its variants arrive later', () => {
    const blocklist = old();
    const variants = function* () {
      yield { name: 'original' as const, hash: flipBits(BASE, ORDER, 100) };
      blocklist.apply({ replace: { all: anew } });
      yield { name: 'stored' as const, hash: BASE };
    };
    const decision = match(variants(), blocklist, { all: true });
    expect(decision.matches.map(({ entry }) => entry.labels)).toEqual([['old']]);
    expect(found(blocklist)).toEqual(['new']);
    expect(blocklist.size).toBe(3);
  });

  test('withdrawals are kept, with their reasons, and counted', async () => {
    const blocklist = old();
    await blocklist.apply({ withdraw: [{ id: '1', reason: 'ours' }] });
    const { generation } = blocklist;
    const theirs = { ...small, reason: 'theirs' };
    const done = await blocklist.apply({ replace: { all: anew }, withdraw: [theirs] });
    expect(done).toMatchObject({ added: 1, rejected: { degenerate: 0, withdrawn: 2 } });
    expect(found(blocklist)).toEqual(['new too']);
    expect(blocklist.withdrawals).toEqual([{ id: '1', reason: 'ours' }, theirs]);
    expect(blocklist.rejected).toEqual({ degenerate: 0, withdrawn: 2 });
    expect(blocklist.generation).toBe(generation + 1);
  });

  test('by its own entries, nothing changes', async () => {
    const blocklist = old();
    const { generation } = blocklist;
    const done = await blocklist.apply({ replace: { all: blocklist.entries() } });
    expect(done).toMatchObject({ added: 0, removed: 0, generation });
    expect(found(blocklist)).toEqual(['old']);
  });

  test('by the entries of another list, which keeps them', async () => {
    const [blocklist, other] = [old(), createBlocklist(anew)];
    await blocklist.apply({ replace: { all: other.entries() } });
    await blocklist.apply({ withdraw: [BASE] });
    expect([blocklist.size, other.size]).toEqual([2, 3]);
    expect(found(other)).toEqual(['new']);
  });
});
