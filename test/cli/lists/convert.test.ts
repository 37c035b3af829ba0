import { copyFileSync, createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { openIndex } from '../../../src/node/files/index-file.js';
import { loadBlocklist as openBlocklist } from '../../../src/node/files/list-records.js';
import { readHashList } from '../../../src/text/hash-list.js';
import { testFolder } from '../../folder.js';
import { hexOf } from '../../node/files/fed-services.js';
import { saveList } from '../../node/files/saved-list.js';
import { onlyhashes, PHOTOS } from '../program.js';

const folder = testFolder();
const at = (name: string) => join(folder, name);
beforeAll(() => {
  writeFileSync(at('list.txt'), `${hexOf(1)},one\n${hexOf(2)}\n`);
});

const convert = (...words: string[]) => onlyhashes(['convert', ...words]);

test('a list round-trips through every format', async () => {
  let from = at('list.txt');
  const steps = [
    ['a.csv'],
    ['b.jsonl'],
    ['c.ohx'],
    ['d', '--format', 'dataset'],
    ['e', '--format', 'dataset-csv'],
    ['f.txt'],
  ];
  for (const [name, ...more] of steps) {
    const to = at(name!);
    const { lines, err, code } = await convert(from, to, ...more);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(lines[0]).toMatch(/^2,[a-z-]+,/);
    from = to;
  }
  expect(readFileSync(at('f.txt'), 'utf8')).toBe(readFileSync(at('list.txt'), 'utf8'));
  const local = await convert(at('list.txt'), '-', '--format', 'local-file');
  expect(local.out).toBe(`pdq ${hexOf(1)}\npdq ${hexOf(2)}\n`);
});

/** Each field of an entry, with a value; the required ones apart. */
const FIELDS: Required<Omit<BlocklistEntry, 'hash'>> = {
  labels: ['nudity'],
  quality: 49,
  source: 'exchange',
  id: 'case-7',
  resample: 'none',
  variant: 'window1x1',
  group: 'a5'.repeat(32),
  parts: '0123456789abcdef'.repeat(24),
  seconds: 61.033,
  still: false,
  list: 'theirs',
  caseCount: 3,
  opinions: [{ from: 'a platform', says: 'Blocked' }],
  confirmed: true,
};
const ALL = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** What each form holds. */
const HELD: Record<string, readonly (keyof typeof FIELDS)[]> = {
  plain: ['labels', 'quality'],
  csv: [
    ...(['labels', 'quality', 'source', 'id', 'resample', 'variant', 'group'] as const),
    ...(['seconds', 'still'] as const),
  ],
  jsonl: [
    ...(['labels', 'quality', 'source', 'id', 'resample', 'variant', 'group'] as const),
    ...(['parts', 'seconds', 'still'] as const),
  ],
  dataset: ['labels', 'source'],
  'dataset-csv': ['labels', 'source'],
  'local-file': [],
  index: ALL,
  blocklist: ALL,
};

async function entriesIn(path: string, format: string): Promise<BlocklistEntry[]> {
  if (format === 'blocklist') return [...(await openBlocklist(path)).entries()];
  const found: BlocklistEntry[] = [];
  if (format === 'index') {
    const { entries } = await openIndex(path);
    for (const id of entries.rows()) found.push(entries.entryAt(id));
  } else for await (const entry of readHashList(createReadStream(path))) found.push(entry);
  return found;
}

describe.each(['pdq', 'blockhash'] as const)('fields of entries of %s', (algorithm) => {
  // Only PDQ has parts and videos.
  const all = ALL.filter((field) => algorithm === 'pdq' || !['parts', 'seconds'].includes(field));
  const whole = Object.fromEntries(all.map((field) => [field, FIELDS[field]]));
  // One with every field, one without any, and one for each field alone.
  const bare = all.map((field) => ({ [field]: FIELDS[field] }));
  const entries: BlocklistEntry[] = [whole, {}, ...bare].map((fields, at) => ({
    labels: [],
    hash: hashFromHex(algorithm, hexOf(at + 1)),
    ...fields,
  }));
  const kept = (fields: readonly string[]) =>
    entries.map((entry) => ({
      hash: entry.hash,
      labels: fields.includes('labels') ? entry.labels : [],
      ...Object.fromEntries(Object.entries(entry).filter(([name]) => fields.includes(name))),
    }));

  test.each(Object.keys(HELD))(
    'as %s: supported fields are kept, the others are counted',
    async (format) => {
      const from = at(`${algorithm}-fields.ohb`);
      await saveList(from, createBlocklist(entries));
      const to = at(`${algorithm}-fields-${format}`);
      const { err, code } = await convert(from, to, '--format', format);
      expect(code).toBe(0);
      const found = await entriesIn(to, format);
      const byHash = (list: BlocklistEntry[]) =>
        list.sort((a, b) => (hashToHex(a.hash) < hashToHex(b.hash) ? -1 : 1));
      expect(byHash(found)).toEqual(byHash(kept(HELD[format]!)));
      for (const field of all) {
        const isTold = err.includes(`${field} of 2 entries`);
        expect({ field, isTold }).toEqual({ field, isTold: !HELD[format]!.includes(field) });
      }
    },
  );
});

test('a blocklist opens in a program, and keeps its withdrawals', async () => {
  const flat = '0'.repeat(64);
  writeFileSync(at('kinds.txt'), `${hexOf(1)},one\n${flat}\nphash ${hexOf(2).slice(0, 16)}\n`);
  const made = await convert(at('kinds.txt'), at('kinds.ohb'));
  expect(made).toMatchObject({ lines: [`2,blocklist,${at('kinds.ohb')}`], code: 0 });
  expect(made.err).toContain('1 degenerate hash was left out');
  const blocklist = await openBlocklist(at('kinds.ohb'));
  expect(blocklist.size).toBe(2);
  expect(blocklist.has(hashFromHex('pdq', hexOf(1)))).toBe(true);

  await blocklist.apply({ withdraw: [{ ...hashFromHex('pdq', hexOf(1)), reason: 'a mistake' }] });
  await saveList(at('kinds.ohb'), blocklist);
  const before = readFileSync(at('kinds.ohb'));
  const refused = await convert(at('list.txt'), at('kinds.ohb'));
  expect(refused).toMatchObject({ out: '', code: 2 });
  expect(refused.err).toContain('--overwrite');
  expect(readFileSync(at('kinds.ohb'))).toEqual(before);
  // The list has it still.
  const again = await convert(at('list.txt'), at('kinds.ohb'), '--overwrite');
  expect(again).toMatchObject({ lines: [`1,blocklist,${at('kinds.ohb')}`], code: 0 });
  expect(again.err).toContain('1 withdrawn entry was left out');
  const opened = await openBlocklist(at('kinds.ohb'));
  expect([...opened.entries()].map(({ hash }) => hash)).toEqual([hashFromHex('pdq', hexOf(2))]);
  expect(opened.withdrawals).toMatchObject([{ reason: 'a mistake' }]);

  writeFileSync(at('flat.txt'), `${flat}\n`);
  const empty = await convert(at('flat.txt'), at('flat.ohb'));
  expect(empty).toMatchObject({ out: '', code: 2 });
  expect(empty.err).toContain('no hash to match');
  writeFileSync(at('none.txt'), '');
  expect(await convert(at('none.txt'), at('none.ohb'))).toMatchObject({ out: '', code: 2 });
  const piped = await convert(at('list.txt'), '-', '-f', 'blocklist');
  expect(piped).toMatchObject({ out: '', code: 2 });
});

test('a text or index of a blocklist file has its entries; a copy has its withdrawals, too', async () => {
  const [listed, withdrawn] = [1, 2].map((seed) => hashFromHex('pdq', hexOf(seed)));
  const small = hashFromHex('phash', hexOf(3).slice(0, 16));
  const blocklist = createBlocklist([
    { hash: listed!, labels: ['one', 'two words'], id: 'case-1', source: 'x', quality: 90 },
    { hash: withdrawn!, labels: ['three'], id: 'case-2' },
    { hash: small, labels: [], list: 'others' },
  ]);
  await blocklist.apply({ withdraw: [{ id: 'case-2', reason: 'a mistake' }] });
  await blocklist.apply({ withdraw: [withdrawn!] });
  await blocklist.apply({ settings: { others: { enabled: false } } });
  const from = at('saved.ohb');
  await saveList(from, blocklist);

  const csv = await convert(from, at('saved.csv'));
  expect(csv).toMatchObject({ lines: [`2,csv,${at('saved.csv')}`], code: 0 });
  const left =
    'left out: 2 withdrawals, the settings of 1 list; only a blocklist file can hold them';
  const lists = 'left out: list of 1 entry; csv cannot hold that';
  expect(csv.err).toBe(`onlyhashes: ${from}: ${left}\nonlyhashes: ${from}: ${lists}\n`);
  expect(readFileSync(at('saved.csv'), 'utf8').split('\n').slice(1)).toEqual([
    `${hexOf(1)},pdq,90,x,case-1,,,,,,"one;two words"`,
    `${hexOf(3).slice(0, 16)},phash,,,,,,,,,`,
    '',
  ]);
  const json = await convert(from, '-', '-f', 'jsonl');
  expect(json.err).toBe(csv.err.replace('csv cannot', 'jsonl cannot'));
  expect(json.lines.map((line) => JSON.parse(line))).toMatchObject([
    { hash: hexOf(1), labels: ['one', 'two words'], id: 'case-1', source: 'x', quality: 90 },
    { algorithm: 'phash' },
  ]);
  const mixed = await convert(from, at('saved.ohx'));
  expect(mixed).toMatchObject({ out: '', code: 2 });
  expect(mixed.err).toContain(
    'expected one kind of hash for an index, got 256-bit pdq, 64-bit phash',
  );
  await blocklist.apply({ replace: { list: 'others', entries: [] }, settings: { others: null } });
  await saveList(from, blocklist);
  const index = await convert(from, at('saved.ohx'));
  expect(index.err).toContain('left out: 2 withdrawals; only');
  expect((await openIndex(at('saved.ohx'))).entries.entryAt(0)).toMatchObject({ id: 'case-1' });

  await blocklist.apply({ settings: { others: { tier: 'review' } } });
  await saveList(from, blocklist);
  const copied = await convert(from, at('copy.ohb'));
  expect(copied).toMatchObject({ lines: [`1,blocklist,${at('copy.ohb')}`], err: '', code: 0 });
  const copy = await openBlocklist(at('copy.ohb'));
  expect([...copy.entries()]).toEqual([...blocklist.entries()]);
  expect(copy.withdrawals).toEqual(blocklist.withdrawals);
  expect(copy.lists()).toEqual(blocklist.lists());

  // What either has withdrawn stays out.
  await convert(at('list.txt'), at('target.ohb'));
  const target = await openBlocklist(at('target.ohb'));
  await target.apply({ withdraw: [listed!] });
  await saveList(at('target.ohb'), target);
  const over = await convert(from, at('target.ohb'), '--overwrite');
  expect(over).toMatchObject({ lines: [`0,blocklist,${at('target.ohb')}`], code: 0 });
  expect(over.err).toContain('1 withdrawn entry was left out');
  expect((await openBlocklist(at('target.ohb'))).withdrawals).toHaveLength(3);
  // As it is, a list that has withdrawals alone is copied too.
  const emptied = await convert(at('target.ohb'), at('emptied.ohb'));
  expect(emptied).toMatchObject({ lines: [`0,blocklist,${at('emptied.ohb')}`], err: '', code: 0 });
});

test('where text is expected, a blocklist file is refused in one line', async () => {
  await convert(at('list.txt'), at('binary.ohb'));
  const found = 'got a blocklist file: openBlocklist and `onlyhashes convert` read it by its path';
  const piped = await onlyhashes(['convert', '-', at('of-none.csv')], {
    input: readFileSync(at('binary.ohb')),
  });
  const built = await onlyhashes(['index', 'build', at('binary.ohb'), '-o', at('of-none.ohx')]);
  const frames = await convert(at('binary.ohb'), at('of-none.json'), '--vpdq', '-f', 'vpdq-json');
  for (const ended of [piped, built, frames]) {
    expect(ended).toMatchObject({ out: '', code: 2, err: expect.stringContaining(found) });
    expect(ended.err.match(/\n/g)).toHaveLength(1);
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('of-none'))).toEqual([]);
});

test('the frames of a video become JSON, text again, and a list', async () => {
  const text = `0,100,${hexOf(1)},0.000\n30,80,${hexOf(2)},1.001\n`;
  writeFileSync(at('video.vpdq'), text);
  await convert(at('video.vpdq'), at('video.json'), '--vpdq', '--format', 'vpdq-json');
  expect(JSON.parse(readFileSync(at('video.json'), 'utf8'))).toEqual([
    `${hexOf(1)},100,0.000`,
    `${hexOf(2)},80,1.001`,
  ]);
  const again = await convert(at('video.json'), '-', '--vpdq', '-f', 'vpdq');
  expect(again.out).toBe(text.replace(/^30/m, '1'));
  const list = await convert(at('video.vpdq'), '-', '--vpdq', '-f', 'jsonl');
  expect(list.lines.map((line) => JSON.parse(line))).toMatchObject([
    { hash: hexOf(1), quality: 100 },
    { hash: hexOf(2), quality: 80 },
  ]);
});

test('a bad line is reported, and the others are written', async () => {
  writeFileSync(at('bad.txt'), `${hexOf(1)}\nsecret\n`);
  const { out, err, code } = await convert(at('bad.txt'), '-', '-f', 'plain');
  expect(out).toBe(`${hexOf(1)}\n`);
  expect(err).toContain('bad.txt:2: expected');
  expect(err).not.toContain('secret');
  expect(code).toBe(2);
});

test('existing files are not replaced, and a format that does not fit is refused', async () => {
  writeFileSync(at('there.csv'), 'mine');
  expect((await convert(at('list.txt'), at('there.csv'))).err).toContain('--overwrite replaces it');
  expect(readFileSync(at('there.csv'), 'utf8')).toBe('mine');
  expect((await convert(at('list.txt'), at('there.csv'), '--overwrite')).code).toBe(0);
  expect((await convert(at('list.txt'), at('x'))).err).toContain('expected --format');
  expect((await convert(at('list.txt'), at('x.vpdq'))).err).toContain('a list has no timestamps');
  expect((await convert(at('list.txt'), '-', '-f', 'index')).err).toContain('expected a file');
  writeFileSync(at('mixed.txt'), `hash,algorithm\n${hexOf(1)},pdq\n${hexOf(2)},phash\n`);
  const mixed = await convert(at('mixed.txt'), at('mixed.ohx'));
  expect(mixed.err).toContain(
    'expected one kind of hash for an index, got 256-bit pdq, 256-bit phash',
  );
  writeFileSync(at('blank.csv'), `${hexOf(1)},"two words"\n`);
  const { err, code } = await convert(at('blank.csv'), '-', '-f', 'dataset');
  expect([err, code]).toEqual([
    `onlyhashes: ${at('blank.csv')}: expected labels without blanks in a dataset: use csv or jsonl\n`,
    2,
  ]);
});

test('a bundle, semicolons and UTF-16 are reported in one line each', async () => {
  const picture = join(PHOTOS, 'nagasaki-boats-q40.jpg');
  await onlyhashes(['bundle', 'create', picture, '-o', at('bundle.json')]);
  const rows = `Hash;Label\r\n${hexOf(1)};one\r\n`;
  writeFileSync(at('semicolons.csv'), rows);
  writeFileSync(at('utf16.csv'), `\ufeff${rows.replaceAll(';', ',')}`, 'utf16le');
  const convertTo = ['convert', 'FILE', at('of-none.csv')];
  const bundle = 'got a bundle: `onlyhashes bundle show` and readBundle read it';
  for (const [name, found, words] of [
    ['bundle.json', bundle, convertTo],
    ['bundle.json', bundle, ['match', hexOf(1), '-b', 'FILE']],
    ['semicolons.csv', 'got semicolons: save it as CSV with commas', convertTo],
    ['utf16.csv', 'got UTF-16: save it as UTF-8', convertTo],
  ] as const) {
    const ended = await onlyhashes(words.map((word) => (word === 'FILE' ? at(name) : word)));
    expect(ended).toMatchObject({ out: '', code: 2, err: expect.stringContaining(found) });
    expect(ended.err.match(/\n/g)).toHaveLength(1);
    expect(ended.err).toContain(`onlyhashes: ${at(name)}:`);
  }
  expect(readdirSync(folder)).not.toContain('of-none.csv');
});

test('the output of hash is a list: the file is a label, and the quality is not', async () => {
  const names = ['nagasaki-boats-q40.jpg', '7', '-x.jpg'];
  for (const name of names) copyFileSync(join(PHOTOS, names[0]!), at(name));
  const { out, lines } = await onlyhashes(['hash', '--', ...names], { cwd: folder });
  expect(lines).toHaveLength(3);
  writeFileSync(at('hashed.csv'), out);
  const expected = names.map((name) => ({ labels: [name], quality: 100 }));
  const { lines: read } = await convert(at('hashed.csv'), '-', '-f', 'jsonl');
  expect(read.map((line) => JSON.parse(line))).toMatchObject(expected);
  const piped = await onlyhashes(['hash', '-'], { input: readFileSync(at('7')) });
  writeFileSync(at('piped.csv'), piped.out);
  const [line] = (await convert(at('piped.csv'), '-', '-f', 'jsonl')).lines;
  expect(JSON.parse(line!)).toMatchObject({ labels: ['-'], quality: 100 });
});

test('no file name adds a line to the output of hash, nor an entry to a list of it', async () => {
  const names = [`line\n${hexOf(1)}`, '"quoted"'];
  for (const name of names) copyFileSync(join(PHOTOS, 'nagasaki-boats-q40.jpg'), at(name));
  const { out } = await onlyhashes(['hash', ...names], { cwd: folder });
  writeFileSync(at('named.csv'), out);
  const { lines } = await convert(at('named.csv'), '-', '-f', 'jsonl');
  const labels = lines.map((line) => (JSON.parse(line) as { labels: string[] }).labels);
  const shown = `line\\n${hexOf(1)}`;
  expect(labels).toEqual([[shown], ['"quoted"']]);
  const listed = ['-b', at('named.csv')];
  const [name] = names as [string];
  const matched = await onlyhashes(['match', name, ...listed], { cwd: folder });
  // A cell of labels doubles backslashes.
  expect(matched.out).toContain(`,${shown.replace('\\', '\\\\')},"${shown}"\n`);
  const checked = await onlyhashes(['check', name, ...listed], { cwd: folder });
  expect(checked.lines).toHaveLength(1);
  expect(checked.out.endsWith(`,"${shown}"\n`)).toBe(true);
});
