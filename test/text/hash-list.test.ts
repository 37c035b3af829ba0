import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { bitsOf, hashFromHex, hashToHex, hashToJSON } from '../../src/hash.js';
import { readHashList } from '../../src/text/hash-list.js';
import { ListRecords } from '../../src/text/list-records.js';
import { writeHashList } from '../../src/text/write-hash-list.js';
import { runs } from '../seed.js';
import { hostileText, readsHostile } from '../services/hostile.js';
import { anyHash, awkwardText, cut, entryOf, readAll } from '../services/lists.js';

const HEX = '0123456789abcdef'.repeat(4);
const hash = hashFromHex('pdq', HEX);
const BUNDLE = `{
  "format": "onlyhashes-bundle",
  "version": 1,
  "hashes": [
    {"algorithm":"pdq","hash":"${HEX}","resample":512,"quality":100,"variant":"original"}
  ]
}
`;
const byteOf = (byte: number) => Uint8Array.of(byte);
const FIXTURES = join(import.meta.dirname, '../../fixtures/lists');

describe('plain lists', () => {
  test('one hash per line, with or without labels', async () => {
    const text = `${HEX}\n${HEX},nudity\n${HEX},nudity,minor\n`;
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: [] },
        { hash, labels: ['nudity'] },
        { hash, labels: ['nudity', 'minor'] },
      ],
      problems: [],
    });
  });

  test('blank lines, comments, CRLF, a byte order mark, capitals and a last line without a line break', async () => {
    const text = `\ufeff# a list\r\n\r\n  \t\r\n${HEX.toUpperCase()} , a \r\n${HEX}`;
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: ['a'] },
        { hash, labels: [] },
      ],
      problems: [],
    });
  });

  test('the output of the PDQ tool: hash, quality and file, or key=value', async () => {
    const text = [
      `${HEX},95,photo.jpg`,
      `${HEX},,photo.jpg`,
      `${HEX},100,`,
      `hash=${HEX}`,
      `hash=${HEX},norm=123,delta=4,quality=88,filename=photo=1.jpg`,
    ].join('\n');
    expect((await readAll(text)).entries).toEqual([
      { hash, labels: ['photo.jpg'], quality: 95 },
      { hash, labels: ['photo.jpg'] },
      { hash, labels: [], quality: 100 },
      { hash, labels: [] },
      { hash, labels: ['photo=1.jpg'], quality: 88 },
    ]);
  });

  test('a number that is not a quality, or that is the last cell, is a label', async () => {
    const text = `${HEX},95\n${HEX},101,x\n${HEX},095,x\n${HEX},,95,x`;
    expect((await readAll(text)).entries.map(({ labels }) => labels)).toEqual([
      ['95'],
      ['101', 'x'],
      ['095', 'x'],
      ['95', 'x'],
    ]);
  });

  test('the local files of python-threatexchange', async () => {
    const text = `pdq ${HEX}\nPDQ  ${HEX.toUpperCase()}\nvideo_md5 ${HEX.slice(32)}\npdq\n`;
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: [] },
        { hash, labels: [] },
        { hash: hashFromHex('md5', HEX.slice(32)), labels: [] },
      ],
      problems: ['4 bad-hash'],
    });
  });

  test('the output of the dataset command of python-threatexchange', async () => {
    const text = [
      `pdq ${HEX} 'Sample, "data"' POSITIVE_CLASS nude b,c`,
      `pdq ${HEX.toUpperCase()} "it's" INVESTIGATION_SEED `,
      `${HEX} 'a\\x27\\u2028\\\\' DISPUTED`,
      `pdq ${HEX} POSITIVE_CLASS x\r`,
      `pdq ${HEX} 'a' NEGATIVE_CLASS`,
      `pdq ${HEX} 'a' UNHEARD_CLASS`,
      `video_md5 ${HEX.slice(32)} 'a' POSITIVE_CLASS`,
      `${HEX},INVESTIGATION_SEED`,
      `${HEX} 'open POSITIVE_CLASS`,
    ].join('\n');
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: ['nude', 'b,c'], source: 'Sample, "data"' },
        { hash, labels: [], source: "it's" },
        { hash, labels: [], source: "a'\u2028\\" },
        { hash, labels: ['x'] },
        { hash: hashFromHex('md5', HEX.slice(32)), labels: [], source: 'a' },
        { hash, labels: ['INVESTIGATION_SEED'] },
      ],
      problems: ['5 bad-line', '6 bad-hash', '9 bad-hash'],
    });
  });

  test('digests of files, by their names or as the only ones', async () => {
    const [md5, sha1] = [HEX.slice(32), HEX.slice(24)];
    const text = `md5:${md5},a\nMD5 ${md5.toUpperCase()}\nsha-1:${sha1}\nsha256:${HEX}\n${md5}\nsha1:${md5}\n`;
    const { entries, problems } = await readAll(text);
    expect(entries.map(({ hash }) => hash)).toEqual([
      hashFromHex('md5', md5),
      hashFromHex('md5', md5),
      hashFromHex('sha1', sha1),
      hashFromHex('sha256', HEX),
    ]);
    expect(problems).toEqual(['5 bad-hash', '6 bad-hash']);
    const columns = [
      ...['hash,algorithm,label', `${md5},MD5,a`, `md5:${md5},,b`, `${sha1},sha-1,`],
      ...[`{"hash":"sha256:${HEX}"}`, `{"signal_type":"video_md5","signal_str":"${md5}"}`],
    ];
    const { entries: ofColumns, ...others } = await readAll(columns.join('\n'));
    const named = ofColumns.map(({ hash, labels }) => [hash.algorithm, hashToHex(hash), ...labels]);
    expect(named.map((each) => each.join())).toEqual([
      ...[`md5,${md5},a`, `md5,${md5},b`, `sha1,${sha1}`, `sha256,${HEX}`, `md5,${md5}`],
    ]);
    expect(others).toEqual({ problems: [] });
    const { entries: alone } = await readAll(md5, { algorithm: 'md5' });
    expect(alone).toEqual([{ hash: hashFromHex('md5', md5), labels: [] }]);
  });

  test('each width may have an algorithm of its own', async () => {
    const algorithm = { 64: 'phash', 256: 'pdq' } as const;
    const text = `${HEX.slice(0, 16)}\n${HEX},a\nblockhash ${HEX}\n${HEX}\n`;
    const { entries, problems } = await readAll(text, { algorithm });
    expect(problems).toEqual([]);
    const names = ['phash', 'pdq', 'blockhash', 'pdq'];
    expect(entries.map(({ hash }) => hash.algorithm)).toEqual(names);
    for (const wrong of [{ 64: 'phash' }, { 64: 'phash', 256: 'md5' }]) {
      await expect(readAll(text, { algorithm: wrong as never })).rejects.toThrow(TypeError);
    }
  });

  test('16 digits need an algorithm', async () => {
    const hex = HEX.slice(48);
    expect(await readAll(`${hex}\ndhash ${hex}`)).toEqual({
      entries: [{ hash: hashFromHex('dhash', hex), labels: [] }],
      problems: ['1 bad-hash'],
    });
    expect((await readAll(`${hex}\n${HEX}`, { algorithm: 'phash' })).entries).toEqual([
      { hash: hashFromHex('phash', hex), labels: [] },
      { hash: hashFromHex('phash', HEX), labels: [] },
    ]);
  });
});

describe('CSV', () => {
  test('quotes, commas in quotes, quotes in quotes, several lines in quotes', async () => {
    const text = `${HEX},"a, b","say ""x""" , "two\nlines",it's "so"\n${HEX}`;
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: ['a, b', 'say "x"', 'two\nlines', `it's "so"`] },
        { hash, labels: [] },
      ],
      problems: [],
    });
  });

  test('a header names the columns', async () => {
    const text = [
      'ID,Hash,algorithm,labels,quality,resample,source,colour',
      `7,${HEX},pdq,a; b\\;c;,95,none,here,red`,
      `8,${HEX.slice(48)},dhash,,,,,`,
      `9,${HEX},,x`,
      `10,${HEX},,x,,,,,beyond`,
    ].join('\n');
    expect(await readAll(text)).toEqual({
      entries: [
        { id: '7', hash, labels: ['a', 'b;c'], quality: 95, resample: 'none', source: 'here' },
        { id: '8', hash: hashFromHex('dhash', HEX.slice(48)), labels: [] },
        { id: '9', hash, labels: ['x'] },
        { id: '10', hash, labels: ['x', 'beyond'] },
      ],
      problems: [],
    });
  });

  test('the dataset of python-threatexchange, without its entries known to be harmless', async () => {
    const text = [
      'signal_type,signal_str,collab,category,tags',
      `pdq,${HEX},Some list,POSITIVE_CLASS,bad worse`,
      `pdq,${HEX},Some list,NEGATIVE_CLASS,`,
      `video_md5,${HEX.slice(32)},Some list,POSITIVE_CLASS,`,
      `video_tmk,${HEX.slice(32)},Some list,POSITIVE_CLASS,`,
    ].join('\r\n');
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: ['bad', 'worse'], source: 'Some list' },
        { hash: hashFromHex('md5', HEX.slice(32)), labels: [], source: 'Some list' },
      ],
      problems: ['3 bad-line', '5 bad-line'],
    });
  });

  test('a header counts before any entry, or if it is repeated', async () => {
    const text = `a list of hashes\nlabel,hash\nx,${HEX}\nlabel,hash\nsource,hash\ny,${HEX}`;
    const { entries, problems } = await readAll(text);
    expect(entries).toEqual([
      { hash, labels: ['x'] },
      { hash, labels: ['y'] },
    ]);
    expect(problems).toEqual(['1 bad-hash', '5 bad-hash']);
  });

  test('a stray quote costs only its own line', async () => {
    const text = `${HEX},"a\n${HEX},b\n"${HEX}",c\n"x"y,${HEX}\n${HEX},"d\n`;
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: ['b'] },
        { hash, labels: ['c'] },
      ],
      problems: ['1 bad-line', '4 bad-line', '5 bad-line'],
    });
  });

  test('as Python writes it', async () => {
    const text = readFileSync(join(FIXTURES, 'python.csv'), 'utf8');
    const expected = JSON.parse(readFileSync(join(FIXTURES, 'python.json'), 'utf8'));
    const { entries, problems } = await readAll(text);
    expect(problems).toEqual([]);
    expect(entries.map((entry) => ({ ...entry, hash: hashToHex(entry.hash) }))).toEqual(expected);
  });
});

describe('JSONL', () => {
  test('one object per line', async () => {
    const text = [
      `{"hash":"${HEX}","algorithm":"pdq","labels":["a"],"quality":95,"source":"s","id":7,"resample":512,"more":[]}`,
      `  {"hash":"${HEX.toUpperCase()}","quality":null}`,
      `{"signal_type":"dhash","signal_str":"${HEX.slice(48)}","tags":"a b"}`,
    ].join('\n');
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, labels: ['a'], quality: 95, source: 's', id: '7', resample: 512 },
        { hash, labels: [] },
        { hash: hashFromHex('dhash', HEX.slice(48)), labels: ['a b'] },
      ],
      problems: [],
    });
  });

  test('the output of `onlyhashes hash --json`: the file is a label, an error is a problem', async () => {
    const variants = [{ name: 'stored', hash: HEX.replace('0', '1'), quality: 99 }];
    const fine = {
      file: 'a.jpg',
      algorithm: 'pdq',
      hash: HEX,
      quality: 99,
      resample: 512,
      width: 4,
      height: 3,
      variants,
    };
    const failed = { file: 'b.jpg', error: { code: 'corrupt', message: 'expected an image' } };
    const text = `${JSON.stringify(fine)}\n${JSON.stringify(failed)}\n`;
    expect(await readAll(text)).toEqual({
      entries: [{ hash, labels: ['a.jpg'], quality: 99, resample: 512 }],
      problems: ['2 bad-line'],
    });
  });

  test('of `onlyhashes hash --crops --json` also the list crops, and no other variant', async () => {
    const digits = (digit: string) => `${digit}${HEX.slice(1)}`;
    const of = (digit: string) => hashFromHex('pdq', digits(digit));
    const line = (fields: object) => JSON.stringify({ file: 'a.jpg', hash: HEX, ...fields });
    const variants = [
      { name: 'window1x1', hash: digits('a'), quality: 80, geometry: {} },
      { name: 'stored', hash: digits('b'), quality: 99 },
      { name: 'rectangle', hash: digits('c') },
      { name: 'window9x16', hash: digits('d') },
    ];
    const text = [
      line({ quality: 99, resample: 'none', id: 'i', source: 's', variants }),
      line({ variant: 'onWhite', variants: [null, 7, 'window1x1', [], {}, { name: 'window' }] }),
      line({ variants: 'window1x1' }),
      line({ variant: {}, variants: [{ name: 'window1x1', hash: 'x' }] }),
      line({ hash: 'x', variants }),
      line({ category: 'NEGATIVE_CLASS', variants }),
    ].join('\n');
    const shared = { labels: ['a.jpg'], resample: 'none', source: 's', id: 'i' };
    expect(await readAll(text)).toEqual({
      entries: [
        { hash, quality: 99, ...shared },
        { hash: of('a'), quality: 80, variant: 'window1x1', group: HEX, ...shared },
        { hash: of('d'), variant: 'window9x16', group: HEX, ...shared },
        { hash, labels: ['a.jpg'], variant: 'onWhite' },
        { hash, labels: ['a.jpg'] },
        { hash, labels: ['a.jpg'] },
      ],
      problems: ['4 bad-line', '4 bad-hash', '5 bad-hash', '6 bad-line'],
    });
  });

  test('but no hash of a draft, nor its list crops', async () => {
    const json = hashToJSON(hash, { decoding: 'draft' });
    const variants = [{ name: 'window1x1', hash: HEX }];
    const text = `${JSON.stringify({ ...json, variants })}\n{"hash":"${HEX}","decoding":"full"}`;
    const entries = [{ hash, labels: [] }];
    expect(await readAll(text)).toEqual({ entries, problems: ['1 bad-line'] });
  });

  test('a field that cannot be read is reported, and its entry is kept', async () => {
    const text = [
      { quality: 101 },
      { quality: '9x' },
      { labels: ['a', 7] },
      { id: 2 ** 60 },
      { source: {} },
      { resample: 256 },
      { group: HEX.slice(2) },
    ]
      .map((fields) => JSON.stringify({ hash: HEX, ...fields }))
      .join('\n');
    const { entries, problems } = await readAll(text);
    expect(entries).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((at) => ({ hash, labels: at === 2 ? ['a'] : [] })),
    );
    expect(problems).toEqual([1, 2, 3, 4, 5, 6, 7].map((line) => `${line} bad-line`));
  });

  test('no member reaches a prototype', async () => {
    const text = `{"hash":"${HEX}","__proto__":{"quality":3},"constructor":1,"toString":2}`;
    expect((await readAll(text)).entries).toEqual([{ hash, labels: [] }]);
    expect(Object.hasOwn(Object.prototype, 'quality')).toBe(false);
  });

  test('as Python writes it', async () => {
    const text = readFileSync(join(FIXTURES, 'python.jsonl'), 'utf8');
    const expected = JSON.parse(readFileSync(join(FIXTURES, 'python.json'), 'utf8'));
    const { entries, problems } = await readAll(text);
    expect(problems).toEqual([]);
    expect(entries.map((entry) => ({ ...entry, hash: hashToHex(entry.hash) }))).toEqual(expected);
  });
});

describe('problems', () => {
  const bad = `${HEX}\n${HEX},"x" y\nnot a hash\n{"hash":\n${'a'.repeat(300)}\n${HEX}\n`;

  test('are reported with their lines, and reading continues', async () => {
    const { entries, problems } = await readAll(bad, { maxLineLength: 200 });
    expect(entries).toHaveLength(2);
    expect(problems).toEqual(['2 bad-line', '3 bad-hash', '4 bad-line', '5 line-too-long']);
  });

  test('in a record of several lines are at its first line', async () => {
    const text = `${HEX}\nzz,"a\nb"\n${HEX},"a\nb"c\n`;
    expect((await readAll(text)).problems).toEqual(['2 bad-hash', '4 bad-line', '5 bad-hash']);
  });

  test.each([
    ['md5', 32],
    ['video_md5', 32],
    ['sha1', 40],
    ['sha256', 64],
  ])('of digests by %s quote nothing, and the others are read', async (name, digits) => {
    const good = HEX.slice(0, digits);
    const base64 = Buffer.from(good, 'hex').toString('base64');
    const wrong = [good.slice(1), `${good}0`, HEX.slice(0, digits === 40 ? 32 : 40), base64];
    const rows = [good, ...wrong, `0x${good.slice(2)}`, `${good.slice(1)}g`, good.toUpperCase()];
    const plain = rows.map((hex) => `${name}:${hex},a`);
    const csv = ['algorithm,hash', ...rows.map((hex) => `${name},${hex}`)];
    const json = rows.map((hash) => JSON.stringify({ algorithm: name, hash }));
    for (const lines of [plain, csv, json]) {
      const messages: string[] = [];
      const onProblem = ({ message }: FormatError) => messages.push(message);
      const unknown = [`sha512:${HEX}${HEX}`, `md5sum ${good}`];
      const text = [...lines, ...unknown].join('\n');
      const hashes: string[] = [];
      for await (const { hash } of readHashList(text, { onProblem })) hashes.push(hashToHex(hash));
      expect(hashes).toEqual([good, good]);
      expect(messages).toHaveLength(rows.length);
      for (const message of messages) expect(message).not.toMatch(/[\da-f]{5}|[+/=]|0x/i);
    }
  });

  test('without onProblem, the first is thrown after the entries before it', async () => {
    const entries: unknown[] = [];
    const read = async () => {
      for await (const entry of readHashList(bad)) entries.push(entry);
    };
    await expect(read).rejects.toMatchObject({ name: 'FormatError', code: 'bad-line', line: 2 });
    expect(entries).toHaveLength(1);
  });

  test('are in the order of the list', async () => {
    const order: string[] = [];
    const onProblem = ({ line }: FormatError) => order.push(`problem ${line}`);
    for await (const _ of readHashList(`${HEX}\nx\n${HEX}\ny`, { onProblem })) order.push('entry');
    expect(order).toEqual(['entry', 'problem 2', 'entry', 'problem 4']);
  });

  test('too many lines end the reading, even with onProblem', async () => {
    const entries: unknown[] = [];
    const read = async (text: string) => {
      const options = { maxLines: 2, onProblem: () => {} };
      for await (const entry of readHashList(text, options)) entries.push(entry);
    };
    await read(`${HEX}\n${HEX}\n`);
    expect(entries).toHaveLength(2);
    await expect(() => read(`${HEX}\n${HEX}\n${HEX}`)).rejects.toMatchObject({
      code: 'too-many-lines',
      line: 3,
    });
    expect(entries).toHaveLength(4);
  });

  const rows = (mark: string) => `${HEX}${mark}a\r\n${HEX}${mark}b\r\n`;
  const utf16 = Buffer.from(`\ufeff${rows(',')}`, 'utf16le');
  test.each([
    ['UTF-16', utf16, 'got UTF-16: save it as UTF-8'],
    ['big-endian UTF-16', Buffer.from(utf16).swap16(), 'got UTF-16: save it as UTF-8'],
    ['UTF-16 without a mark', utf16.subarray(2), 'got UTF-16: save it as UTF-8'],
    ['UTF-16 read as Latin-1', utf16.toString('latin1'), 'got UTF-16: save it as UTF-8'],
    ['semicolons', rows(';'), 'got semicolons: save it as CSV with commas'],
    ['digests and semicolons', `md5:${HEX.slice(32)};a\n`, 'got semicolons'],
    ['a header and semicolons', `Label;Hash\n${rows(';')}`, 'got semicolons'],
    ['quotes and semicolons', `"Hash";"Label"\n"${HEX}";"a"\n`, 'got semicolons'],
    ['tabs', `\n\n${rows('\t')}`, 'got tabs: save it as CSV with commas'],
    ['a header and tabs', `Hash\tLabel\n${rows('\t')}`, 'got tabs'],
    ['a bundle', BUNDLE, 'got a bundle: `onlyhashes bundle show` and readBundle read it'],
    ['a bundle in a line', JSON.stringify(JSON.parse(BUNDLE)), 'got a bundle'],
    ['a withdrawal', '{\n  "format": "onlyhashes-withdrawal",\n', 'got a withdrawal'],
    ['a sealed file', 'age-encryption.org/v1\n-> X25519 a\n', 'got a sealed file'],
    ['a blocklist file', `OHBLIST\n\x01\0\0\0${JSON.stringify({ hash: HEX })}\n`, 'openBlocklist'],
    ['an index file', `OHINDEX\n\x05\0\0\0\n${HEX}\n`, 'got an index file: openIndex'],
  ])('%s is no list, and is reported as one error, however it is cut', async (_, text, message) => {
    const bytes = Buffer.from(text as string);
    const problems: unknown[] = [];
    const onProblem = (problem: unknown) => problems.push(problem);
    for (const source of [typeof text === 'string' ? text : [text], [...bytes].map(byteOf)]) {
      const expected = { code: 'not-a-list', message: expect.stringContaining(message) };
      await expect(readHashList(source, { onProblem }).next()).rejects.toMatchObject(expected);
    }
    expect(problems).toEqual([]);
  });

  test('a separator in a later row, or in a readable row, belongs to a label', async () => {
    const text = `${HEX},a;b\tc\n${HEX};a\n${HEX}\tPOSITIVE_CLASS\n`;
    const { entries, problems } = await readAll(text);
    expect(entries.map(({ labels }) => labels)).toEqual([['a;b\tc'], []]);
    expect(problems).toEqual(['2 bad-hash']);
    expect(await readAll(`zz;a\n${rows(',')}`)).toMatchObject({ problems: ['1 bad-hash'] });
  });

  test('a line of a list is returned without waiting for the next', async () => {
    async function* open() {
      yield `${HEX}\n`;
      await new Promise(() => {});
    }
    const { value } = await readHashList(open()).next();
    expect(value).toEqual({ hash, labels: [] });
  });

  test('options are checked', async () => {
    const read = (options: object) => readHashList('', options).next();
    await expect(() => read({ algorithm: 'md4' })).rejects.toThrow(TypeError);
    await expect(() => read({ maxLineLength: 0 })).rejects.toThrow(RangeError);
    await expect(() => read({ maxLines: Number.NaN })).rejects.toThrow(RangeError);
    await expect(() => readHashList([7] as never).next()).rejects.toThrow(TypeError);
  });
});

describe('properties', () => {
  const listText = fc
    .array(
      fc.oneof(
        fc.constantFrom(HEX, `${HEX},a`, `pdq ${HEX}`, 'label,hash', `{"hash":"${HEX}"}`, '', '"'),
        awkwardText,
        awkwardText.map((text) => `${HEX},"${text}"`),
        awkwardText.map((text) => `${HEX},${text}`),
        awkwardText.map((text) => JSON.stringify({ hash: HEX, labels: [text] })),
      ),
      { maxLength: 40 },
    )
    .chain((lines) => fc.constantFrom('\n', '\r\n').map((newline) => lines.join(newline)));

  test('the result does not depend on how text is cut into chunks, as strings or as bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        listText,
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.constantFrom({}, { maxLineLength: 70 }),
        async (text, cuts, options) => {
          const whole = await readAll(text, options);
          expect(await readAll(cut(text, cuts), options)).toEqual(whole);
          expect(await readAll([...text], options)).toEqual(whole);
          // Lone surrogates have no encoding in UTF-8.
          const bytes = Buffer.from(text);
          const at = [
            ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b),
            bytes.length,
          ];
          const pieces = at.map((end, i) => bytes.subarray(i === 0 ? 0 : at[i - 1], end));
          expect(await readAll(pieces, options)).toEqual(await readAll(bytes.toString(), options));
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test('any bytes give entries or problems, and no message quotes them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 500 }).map((bytes) => [bytes]),
          listText.map((text) => [text]),
        ),
        async (chunks) => {
          const before = chunks.map((chunk) => chunk.slice());
          const options = {
            onProblem: (error: FormatError) => {
              expect(error).toBeInstanceOf(FormatError);
              expect(error.line).toBeGreaterThan(0);
              expect(error.message).toMatch(/^[\w ,:'-]+$/);
              expect(error.message).not.toContain(HEX.slice(0, 8));
            },
          };
          for await (const entry of readHashList(chunks, options)) {
            expect(entry.hash.bytes).toHaveLength(32);
          }
          expect(chunks).toEqual(before);
        },
      ),
      { numRuns: runs(10_000) },
    );
  });

  test.each([
    ['local file', `pdq ${HEX}\n${HEX}\n`],
    ['dataset', `pdq ${HEX} 'a \\'b\\'' POSITIVE_CLASS c d\n${HEX} 'a' NEGATIVE_CLASS\n`],
    [
      'dataset as CSV',
      `signal_type,signal_str,collab,category,tags\npdq,${HEX},a,POSITIVE_CLASS,c d\n`,
    ],
    ['JSONL', `{"algorithm":"pdq","hash":"${HEX}","labels":["a"],"quality":9}\n`],
  ])('hostile texts are read or refused: %s', async (_, good) => {
    const more = ['"', "'", '\\', '\r', '\t', ' ', '{', '}', '__proto__', '_CLASS', 'DISPUTED'];
    await readsHostile(hostileText(good, more), async (text, onProblem) => {
      for await (const { hash } of readHashList(text, { onProblem })) bitsOf(hash);
      // It stops at the first problem.
      for await (const _ of readHashList(text));
    });
  });

  test('a bad line affects no other line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entryOf(anyHash), { maxLength: 8 }),
        fc.nat(),
        fc.constantFrom('zz', '{', `${HEX},"a"b`, 'x'.repeat(70_000), `${HEX}0,x`),
        async (entries, at, line) => {
          const lines = [...writeHashList(entries, { format: 'jsonl' })];
          const where = at % (lines.length + 1);
          const { entries: read, problems } = await readAll([
            ...lines.slice(0, where),
            `${line}\n`,
            ...lines.slice(where),
          ]);
          expect(read).toEqual(entries);
          expect(problems).toHaveLength(1);
          expect(problems[0]).toMatch(new RegExp(`^${where + 1} `));
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('unclosed quotes cost at most 32 readings of each line', async () => {
    const line = vi.spyOn(ListRecords.prototype, 'line');
    try {
      for (const hostile of ['x",y,"c', '"', ',"', '"""', `${HEX},"`, '"a\r']) {
        line.mockClear();
        const lines = 3000;
        await readAll(`${hostile}\n`.repeat(lines));
        expect(line.mock.calls.length).toBeLessThanOrEqual(33 * lines);
      }
    } finally {
      line.mockRestore();
    }
  });
});
