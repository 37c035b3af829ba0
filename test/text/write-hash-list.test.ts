import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashFromHex } from '../../src/hash.js';
import { type ListFormat, writeHashList } from '../../src/text/write-hash-list.js';
import { runs } from '../seed.js';
import { anyHash, entryOf, readAll } from '../services/lists.js';

const HEX = '0123456789abcdef'.repeat(4);
const hash = hashFromHex('pdq', HEX);
const write = (entries: BlocklistEntry[], format: ListFormat) =>
  [...writeHashList(entries, { format })].join('');

test('an entry in each format', () => {
  const entry: BlocklistEntry = {
    hash,
    labels: ['nudity', '=1+1'],
    quality: 95,
    source: 'x, y',
    id: '7',
    resample: 512,
    variant: 'window1x1',
    group: '0f'.repeat(32),
    seconds: 12.345,
    still: true,
  };
  expect(write([entry], 'csv')).toBe(
    `hash,algorithm,quality,source,id,resample,variant,group,seconds,still,labels\n` +
      `${HEX},pdq,95,"x, y",7,512,window1x1,${'0f'.repeat(32)},12.345,true,"nudity;'=1+1"\n`,
  );
  expect(write([entry], 'plain')).toBe(`${HEX},95,nudity,'=1+1\n`);
  expect(JSON.parse(write([entry], 'jsonl'))).toEqual({ ...entry, hash: HEX, algorithm: 'pdq' });
  expect([...writeHashList([entry])].join('')).toBe(write([entry], 'csv'));
});

test('plain lines are as short as possible', () => {
  const plain = (fields: Partial<BlocklistEntry>) =>
    write([{ hash, labels: [], ...fields }], 'plain');
  expect(plain({})).toBe(`${HEX}\n`);
  expect(plain({ labels: ['a', '', 'b'] })).toBe(`${HEX},a,b\n`);
  expect(plain({ quality: 7 })).toBe(`${HEX},7,\n`);
  expect(plain({ labels: ['7', 'b'] })).toBe(`${HEX},,7,b\n`);
});

test('lists round-trip', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entryOf(anyHash), { maxLength: 6 }), async (entries) => {
      expect(await readAll(write(entries, 'jsonl'))).toEqual({ entries, problems: [] });
      expect(await readAll(write(entries, 'csv'))).toEqual({ entries, problems: [] });
    }),
    { numRuns: runs(1000) },
  );
});

test('plain lists round-trip hash, labels and quality', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entryOf(anyHash), { maxLength: 6 }), async (entries) => {
      const { entries: read, problems } = await readAll(write(entries, 'plain'));
      expect(problems).toEqual([]);
      expect(read).toEqual(
        entries.map(({ hash, labels, quality }) => ({
          hash,
          labels,
          ...(quality !== undefined && { quality }),
        })),
      );
    }),
    { numRuns: runs(1000) },
  );
});

test('text that cannot be read back is refused', async () => {
  const most = { hash, labels: ['a\n'.repeat(31)] };
  for (const format of ['csv', 'plain', 'jsonl'] as const) {
    expect(await readAll(write([most], format))).toEqual({ entries: [most], problems: [] });
  }
  const more = { hash, labels: ['a\n'.repeat(32)] };
  expect(() => write([more], 'csv')).toThrow(RangeError);
  expect(() => write([more], 'plain')).toThrow(RangeError);
  expect((await readAll(write([more], 'jsonl'))).entries).toEqual([more]);
  expect(() => write([], 'xml' as never)).toThrow(RangeError);
});

test('the files of python-threatexchange', () => {
  const entry = { hash, labels: ['nude', '', 'b'], source: 'it\'s "a"\n\\', quality: 9 };
  expect(write([entry], 'local-file')).toBe(`pdq ${HEX}\n`);
  expect(write([entry], 'dataset')).toBe(`pdq ${HEX} 'it\\'s "a"\\n\\\\' POSITIVE_CLASS nude b\n`);
  expect(write([{ hash, labels: [], source: "it's" }], 'dataset')).toBe(
    `pdq ${HEX} "it's" POSITIVE_CLASS\n`,
  );
  expect(write([{ hash, labels: ['a', 'b'], source: 'x, y' }], 'dataset-csv')).toBe(
    `signal_type,signal_str,collab,category,tags\npdq,${HEX},"x, y",POSITIVE_CLASS,a b\n`,
  );
  for (const format of ['dataset', 'dataset-csv'] as const) {
    expect(() => write([{ hash, labels: ['a b'] }], format)).toThrow(RangeError);
  }
});

test('files of python-threatexchange round-trip hash, collab and tags', async () => {
  const tagged = entryOf(anyHash).map(({ hash, labels, source }) => ({
    hash,
    labels: labels.map((label) => label.replace(/\s/g, '_')).filter((label) => label !== ''),
    ...(source !== undefined && { source }),
  }));
  await fc.assert(
    fc.asyncProperty(fc.array(tagged, { maxLength: 6 }), async (entries) => {
      expect(await readAll(write(entries, 'dataset'))).toEqual({ entries, problems: [] });
      expect(await readAll(write(entries, 'dataset-csv'))).toEqual({ entries, problems: [] });
      const bare = entries.map(({ hash }) => ({ hash, labels: [] }));
      expect(await readAll(write(entries, 'local-file'))).toEqual({ entries: bare, problems: [] });
    }),
    { numRuns: runs(1000) },
  );
});
