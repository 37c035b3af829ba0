import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import type { FormatError } from '../../src/errors.js';
import type { Hash } from '../../src/hash.js';
import { createIndex, MutableIndex } from '../../src/indexing/mutable-index.js';
import { Segment } from '../../src/indexing/segment.js';
import { alignedBytes, shapeOf } from '../../src/indexing/snapshot.js';
import { createBlocklist } from '../../src/matching/blocklist.js';
import type { EntryNote } from '../../src/node/entry-notes.js';
import { openIndex } from '../../src/node/index-file.js';
import { saveIndex } from '../../src/node/save-index.js';
import { awkwardText } from '../exchange/lists.js';
import { BASE } from '../matching/bases.js';
import { notesOf, withNotes } from './notes-of.js';

const hashAt = (seed: number): Hash => ({
  algorithm: 'pdq',
  bytes: BASE.bytes.map((byte, i) => byte ^ ((seed >> (i % 16)) & 1)),
});

/** An index file with an entry of BASE that has this text as its note. */
function fileOf(text: string, shared = false): Uint8Array {
  const bytes = Buffer.from(text);
  const notes = new Uint8Array(8 + bytes.length);
  new DataView(notes.buffer).setUint32(4, bytes.length, true);
  notes.set(bytes, 8);
  return withNotes(createIndex([BASE]), notes, { shared });
}

const MISSHAPEN: [text: string, kept: Partial<EntryNote>][] = [
  ['{"labels":5,"id":"i","quality":9}', { id: 'i', quality: 9 }],
  ['{"labels":["a",5],"source":"s"}', { source: 's' }],
  ['{"labels":{"0":"a","length":1}}', {}],
  ['{"id":"i"}', { id: 'i' }],
  ['{"labels":["a"],"id":{}}', { labels: ['a'] }],
  ['{"labels":["a"],"quality":"x"}', { labels: ['a'] }],
  ['{"labels":["a"],"quality":101}', { labels: ['a'] }],
  ['{"labels":["a"],"quality":null,"id":"i"}', { labels: ['a'], id: 'i' }],
  ['{"labels":["a"],"source":["s"]}', { labels: ['a'] }],
  ['{"labels":["a"],"resample":256}', { labels: ['a'] }],
  ['null', {}],
  ['7', {}],
  ['"labels"', {}],
  ['[]', {}],
  ['{"labels":["a"]', {}],
  ['nothing', {}],
];

test.each(MISSHAPEN)(
  '%s is refused, or reported and read as far as possible',
  async (text, kept) => {
    for (const shared of [false, true]) {
      const bytes = fileOf(text, shared);
      const refused = await openIndex(bytes).catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'FormatError', code: 'bad-notes' });
      expect(Buffer.from(bytes).lastIndexOf(text)).toBe((refused as FormatError).offset);
      const problems: FormatError[] = [];
      const onProblem = (problem: FormatError) => problems.push(problem);
      const opened = await openIndex(bytes, { verify: false, onProblem });
      expect(problems).toEqual([]);
      const blocklist = createBlocklist([opened]);
      for (let times = 0; times < 2; times++) {
        const { verdict, matches } = blocklist.decide({ hash: BASE, quality: 90, variants: [] });
        expect(verdict).toBe(kept.quality === 9 ? 'review' : 'match');
        expect(matches[0]?.entry).toEqual({ labels: [], ...kept, hash: BASE });
      }
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({
        code: 'bad-notes',
        offset: (refused as FormatError).offset,
      });
      for (const { message } of [refused as FormatError, problems[0]!]) {
        expect(message).toMatch(/^expected (notes|labels|quality|source|id|resample) /);
      }
      if (kept.id !== undefined) expect(blocklist.withdraw({ id: kept.id })).toBe(1);
    }
  },
);

test('a verified note has the shape of a note, whatever was written', async () => {
  const note = fc.record(
    {
      labels: fc.array(awkwardText, { maxLength: 3 }),
      quality: fc.integer({ min: 0, max: 100 }),
      source: awkwardText,
      id: fc.string({ maxLength: 3 }),
      resample: fc.constantFrom(512, 'none'),
      list: awkwardText,
      caseCount: fc.constantFrom(0, 7, 10 ** 14, 2 ** 53 - 1),
      opinions: fc.constantFrom([], [{ from: 'x', says: 'y', tags: ['z'] }]),
      confirmed: fc.boolean(),
    },
    { requiredKeys: ['labels'] },
  );
  const change = fc.record({
    at: fc.nat(),
    size: fc.nat(3),
    by: fc.constantFrom(
      '',
      '"',
      ',',
      '\\',
      '0',
      '[',
      ']',
      '{}',
      '\n',
      '\x7f',
      'é',
      '":',
      '""',
      ',"',
    ),
  });
  const isTexts = (value: unknown) =>
    Array.isArray(value) && value.every((each) => typeof each === 'string');
  const isNote = (text: string) => {
    try {
      const { labels, quality = 1, source = '', id = '', resample = 512 } = JSON.parse(text);
      const { list = '', caseCount = 0, opinions = [], confirmed = true } = JSON.parse(text);
      const isSaid = (one: { from?: unknown; says?: unknown; tags?: unknown }) =>
        typeof one?.from === 'string' &&
        typeof one.says === 'string' &&
        (one.tags === undefined || isTexts(one.tags));
      return (
        typeof list === 'string' &&
        Number.isSafeInteger(caseCount) &&
        caseCount >= 0 &&
        Array.isArray(opinions) &&
        opinions.every(isSaid) &&
        typeof confirmed === 'boolean' &&
        Array.isArray(labels) &&
        [source, id, ...labels].every((value) => typeof value === 'string') &&
        Number.isInteger(quality) &&
        quality >= 0 &&
        quality <= 100 &&
        [512, 'none'].includes(resample)
      );
    } catch {
      return false;
    }
  };
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(note, fc.array(change, { maxLength: 2 }), async (written, changes) => {
      let text = JSON.stringify(written);
      for (const { at, size, by } of changes) {
        const from = at % text.length;
        text = text.slice(0, from) + by + text.slice(from + size);
      }
      const opened = await openIndex(fileOf(text)).catch((error: FormatError) => error.code);
      const fits = isNote(Buffer.from(text).toString());
      if (!fits && text !== '') refused++;
      expect(opened === 'bad-notes').toBe(!fits && text !== '');
    }),
    { numRuns: 1000, seed: 1 },
  );
  expect(refused).toBeGreaterThan(150);
});

test('offsets outside the notes or into each other are refused, and reveal nothing', async () => {
  const index = createIndex([hashAt(1), hashAt(2), hashAt(4)]);
  const notes = notesOf(index, (id) => ({ labels: [`label ${id % 2}`] }));
  const open = (word: number, value: number, verify: boolean) => {
    const changed = Uint8Array.from(notes);
    new DataView(changed.buffer).setUint32(4 * word, value, true);
    return openIndex(withNotes(index, changed), { verify });
  };
  for (const [word, value] of [
    [0, 1],
    [1, 5],
    [1, 1000],
    [2, 0xffffffff],
    [3, 0xffffffff],
    [5, 0xfffffff0],
  ] as const) {
    await expect(open(word, value, true)).rejects.toMatchObject({ code: 'bad-notes' });
    const { entries } = await open(word, value, false);
    for (const id of [0, 1, 2]) {
      expect([[], ['label 0'], ['label 1']]).toContainEqual(entries.entryAt(id).labels);
    }
  }
  expect((await open(0, 0, true)).entries.entryAt(2).labels).toEqual(['label 0']);
});

test('an invalid note is not written, and no file is touched', async () => {
  const index = createIndex([BASE]);
  const wrong: unknown[] = [
    undefined,
    null,
    'a',
    {},
    { labels: 'a' },
    { labels: [1] },
    { labels: [1n] },
    { labels: [], quality: 101 },
    { labels: [], quality: '5' },
    { labels: [], source: 5 },
    { labels: [], id: {} },
    { labels: [], resample: '512' },
  ];
  for (const note of wrong) {
    const entries = { entryAt: () => note as EntryNote };
    await expect(saveIndex('/nowhere/at/all', index, { entries })).rejects.toThrow(TypeError);
  }
  await expect(saveIndex('/nowhere/at/all', index)).rejects.toMatchObject({ code: 'ENOENT' });
});

/** An index over hashes with these ids. */
function withIds(hashes: readonly Hash[], ids: readonly number[], nextId: number): MutableIndex {
  // An index that lost its first entry stores ids.
  const index = createIndex([hashAt(0), ...hashes]);
  index.remove(0);
  const bytes = alignedBytes(index.toBuffer());
  const shape = shapeOf(bytes, bytes.length);
  const segment = new Segment({ ...shape, nextId }, bytes);
  segment.ids?.set(segment.ids.map((id) => ids[id - 1]!));
  return new MutableIndex(segment);
}

test('finds each entry by its id, whatever the order and the gaps of ids', () => {
  const gap = fc.oneof(fc.nat(3), fc.nat(1000), fc.integer({ min: 0, max: 10_000_000 }));
  return fc.assert(
    fc.asyncProperty(fc.array(gap, { maxLength: 60 }), fc.nat(), async (gaps, seed) => {
      const next = random(seed);
      const ids: number[] = [];
      for (const size of gaps) ids.push((ids.at(-1) ?? -1) + 1 + size);
      const nextId = (ids.at(-1) ?? 0) + 1 + (next() % 100);
      // Several entries share one hash, so that ids are in no order.
      const hashes = ids.map(() => hashAt(next() % 40));
      const index = withIds(hashes, ids, nextId);
      const noteOf = (id: number): EntryNote =>
        id % 3 === 0 ? { labels: [] } : { labels: [`${id % 5}`], id: `${id}` };
      const notes = notesOf(index, noteOf);
      const { entries } = await openIndex(withNotes(index, notes));
      expect([...entries.rows()].sort((a, b) => a - b)).toEqual(ids);
      for (const [at, id] of ids.entries()) {
        expect(entries.entryAt(id)).toEqual({ ...noteOf(id), hash: hashes[at] });
        expect(entries.idAt(id)).toBe(noteOf(id).id);
        for (const other of [id - 1, id + 1, id + 0.5, id + 2 ** 32, -id - 1]) {
          if (ids.includes(other)) continue;
          if (Number.isInteger(other) && other >= 0) expect(entries.idAt(other)).toBeUndefined();
          else expect(() => entries.idAt(other)).toThrow(RangeError);
          expect(() => entries.entryAt(other)).toThrow(RangeError);
        }
      }
    }),
    { seed: 1 },
  );
});

test('entries without stored ids have their numbers as ids', async () => {
  const hashes = [5, 1, 9, 700, 12].map(hashAt);
  const noteOf = (id: number): EntryNote => ({ labels: [`${id}`], id: `n${id}` });
  const index = createIndex(hashes);
  const bytes = withNotes(index, notesOf(index, noteOf));
  expect(shapeOf(bytes, bytes.length).hasIds).toBe(false);
  for (const verify of [true, false]) {
    const { entries } = await openIndex(bytes, { verify });
    expect(entries.size).toBe(5);
    expect([...entries.rows()]).toEqual([0, 1, 2, 3, 4]);
    for (const [id, hash] of hashes.entries()) {
      expect(entries.entryAt(id)).toEqual({ ...noteOf(id), hash });
      expect(entries.idAt(id)).toBe(`n${id}`);
    }
    for (const id of [5, 6, 2 ** 32, 2 ** 32 + 1]) {
      expect(entries.idAt(id)).toBeUndefined();
      expect(() => entries.entryAt(id)).toThrow(RangeError);
    }
    for (const id of [-1, 0.5]) {
      expect(() => entries.idAt(id)).toThrow(RangeError);
      expect(() => entries.entryAt(id)).toThrow(RangeError);
    }
  }
});
