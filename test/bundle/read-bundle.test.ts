import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkOf } from '../../src/bundle/bundle-shape.js';
import { FormatError } from '../../src/errors.js';
import { hashFromHex } from '../../src/hash.js';
import {
  type Bundle,
  createBundle,
  createWithdrawal,
  entriesOfBundle,
  readBundle,
  readWithdrawal,
} from '../../src/index.js';
import { ROOT } from '../project/package.js';
import { runs } from '../seed.js';

const ajv = new Ajv2020.default({ strict: true, strictRequired: false, strictTypes: false });
const compiled = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(join(ROOT, 'docs/schemas', name), 'utf8')));
const fitsSchema = compiled('bundle.json');
const fitsWithdrawalSchema = compiled('withdrawal.json');

const { bundle: BUNDLE, withdrawToken: WITHDRAW_TOKEN } = await createBundle(
  [
    { hash: hashFromHex('pdq', '0f'.repeat(32)), quality: 97, variants: [] },
    { hash: hashFromHex('blockhash', '3c'.repeat(8)), variants: [] },
  ],
  { digests: [{ algorithm: 'sha256', digest: 'ab'.repeat(32) }], day: '2026-11-25' },
);

const OTHER = { algorithm: 'photo-2', resample: undefined };
const PDQ = BUNDLE.hashes.find(({ algorithm }) => algorithm === 'pdq')!;
const withItem = (...changes: object[]) => Object.assign({ ...PDQ }, ...changes);

/** The text of an altered bundle whose check fits. */
const textOf = (value: object) => {
  const { check: _, ...others } = value as Partial<Bundle>;
  return JSON.stringify({ ...others, check: checkOf(others) });
};

const codeOf = (text: string | Uint8Array) => {
  try {
    readBundle(text);
    return 'read';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.code;
  }
};

test('reads any spelling of its JSON', () => {
  expect(readBundle(JSON.stringify(BUNDLE))).toEqual(BUNDLE);
  expect(readBundle(JSON.stringify(BUNDLE, null, 7))).toEqual(BUNDLE);
});

test.each<[string, unknown]>([
  ['a name', { ...BUNDLE, name: 'A. Person' }],
  ['a time', { ...BUNDLE, day: '2026-11-25T10:11:12Z' }],
  ['a day that is none', { ...BUNDLE, day: '2026-11-31' }],
  ['words in the padding', { ...BUNDLE, padding: '..hello..' }],
  ['a file name beside a hash', { ...BUNDLE, hashes: [{ ...PDQ, file: 'me.jpg' }] }],
  ['no hash', { ...BUNDLE, hashes: [] }],
  ['a hash cut short', { ...BUNDLE, hashes: [{ ...PDQ, hash: '0f' }] }],
  ['an algorithm that is no name', { ...BUNDLE, hashes: [withItem({ algorithm: 'My photo' })] }],
  [
    'an algorithm of many letters',
    { ...BUNDLE, hashes: [withItem({ algorithm: 'a'.repeat(33) })] },
  ],
  ['a digest among the hashes', { ...BUNDLE, hashes: [withItem({ algorithm: 'sha256' })] }],
  ['no hash of an unknown algorithm', { ...BUNDLE, hashes: [withItem(OTHER, { hash: 'mine' })] }],
  ['a short unknown hash', { ...BUNDLE, hashes: [withItem(OTHER, { hash: '0'.repeat(15) })] }],
  ['a long unknown hash', { ...BUNDLE, hashes: [withItem(OTHER, { hash: '0'.repeat(129) })] }],
  ['a member of an unknown hash', { ...BUNDLE, hashes: [withItem(OTHER, { name: 'me.jpg' })] }],
  ['a list of unknown hashes', { ...BUNDLE, unknown: [withItem(OTHER)] }],
  ['a quality over 100', { ...BUNDLE, hashes: [{ ...PDQ, quality: 101 }] }],
  ['a case that is a word', { ...BUNDLE, case: 'mine' }],
  ['no case', { ...BUNDLE, case: undefined }],
  ['a state that is a word', { ...BUNDLE, state: 'mine' }],
  ['no state', { ...BUNDLE, state: undefined }],
  ['no check', { ...BUNDLE, check: undefined }],
  ['a check of another file', { ...BUNDLE, check: '00000000' }],
  ['an own __proto__', JSON.parse(`{"__proto__": {}, ${JSON.stringify(BUNDLE).slice(1)}`)],
  ['another file', { hello: 'world' }],
  ['a list', []],
  ['nothing', null],
])('%s is refused, and not quoted', (_, value) => {
  const text = JSON.stringify(value);
  expect(codeOf(text)).toBe('bad-bundle');
  try {
    readBundle(text);
  } catch (error) {
    expect((error as Error).message).not.toMatch(/Person|hello\.\.|me\.jpg|photo|mine|0f0f/);
  }
});

test('upper-case hex is folded', () => {
  const bare = JSON.stringify(BUNDLE).replace(/"[0-9a-f]{16,64}"/g, (hex) => hex.toUpperCase());
  const upper = textOf(JSON.parse(bare)).replace(/[0-9a-f]+(?="}$)/, (hex) => hex.toUpperCase());
  expect(upper).not.toBe(JSON.stringify(BUNDLE));
  expect(readBundle(upper)).toEqual(BUNDLE);
  expect(codeOf(bare)).toBe('bad-bundle');
  expect(fitsSchema(JSON.parse(upper))).toBe(true);
});

test('a hash of an unknown algorithm is kept apart and in the text, but is never an entry', async () => {
  const others = ['00'.repeat(8), 'AB'.repeat(64), '0'.repeat(17)].map((hash) =>
    withItem(OTHER, { hash }),
  );
  const value = { ...BUNDLE, hashes: [others[0], ...BUNDLE.hashes, ...others.slice(1)] };
  const read = readBundle(textOf(value));
  expect(fitsSchema(JSON.parse(textOf(value)))).toBe(true);
  const { unknown, check: _, ...known } = read;
  const { check: __, ...bundle } = BUNDLE;
  expect(known).toEqual(bundle);
  expect(unknown!.map(({ algorithm, hash }) => [algorithm, hash])).toEqual(
    others.map(({ hash }) => ['photo-2', hash.toLowerCase()]),
  );
  expect(entriesOfBundle(read)).toEqual(entriesOfBundle(BUNDLE));
  const { text } = read;
  for (const { hash } of unknown!) expect(text).toContain(hash);
  expect(readBundle(text)).toEqual(read);
  // Also if there is no other hash.
  const alone = readBundle(textOf({ ...BUNDLE, hashes: others }));
  // The digest alone is left.
  expect(entriesOfBundle(alone)).toEqual(entriesOfBundle(BUNDLE).slice(-1));
  expect(alone.text).toContain('ab'.repeat(64));
});

test('digests are entries, too', () => {
  const hash = { algorithm: 'sha256', bytes: new Uint8Array(32).fill(0xab) };
  const expected = { hash, labels: [], source: 'bundle', id: BUNDLE.case };
  expect(entriesOfBundle(BUNDLE).at(-1)).toEqual(expected);
  expect(entriesOfBundle(BUNDLE)).toHaveLength(3);
});

test('a known algorithm must have its own number of digits', () => {
  for (const hash of ['0'.repeat(16), '0'.repeat(63), '0'.repeat(128)]) {
    expect(codeOf(textOf({ ...BUNDLE, hashes: [withItem({ hash })] }))).toBe('bad-bundle');
  }
});

test('padded: the text must be exactly as long as its size class', () => {
  const { text } = BUNDLE;
  const bytes = new TextEncoder().encode(text);
  expect(readBundle(text, { padded: true })).toEqual(BUNDLE);
  expect(readBundle(bytes, { padded: true })).toEqual(BUNDLE);
  const padded = (length: number) => {
    const padding = '.'.repeat(length);
    const check = checkOf({ ...BUNDLE, padding });
    return text.replace(/(?<="padding": ")\.*/, padding).replace(BUNDLE.check, check);
  };
  const { length } = BUNDLE.padding;
  expect(padded(length)).toBe(text);
  expect(padded(length - 8192)).toHaveLength(8192);
  const wrongs = [length - 1, length + 2, length + 16_384, length - 8192].map(padded);
  for (const wrong of [...wrongs, JSON.stringify(BUNDLE)]) {
    expect(codeOf(wrong)).toBe('read');
    expect(() => readBundle(wrong, { padded: true })).toThrow(
      expect.objectContaining({ code: 'bad-bundle' }),
    );
  }
});

test('a later version, a file too large and other bytes each have a code of their own', () => {
  expect(codeOf(JSON.stringify({ ...BUNDLE, version: 2, more: true }))).toBe('bad-version');
  expect(() => readBundle(BUNDLE.text, { maxBytes: 1000 })).toThrow(
    expect.objectContaining({ code: 'bad-length' }),
  );
  expect(codeOf(new Uint8Array([0xff, 0xfe, 0x00]))).toBe('bad-bundle');
  expect(codeOf('{"format": "onlyhashes-bundle"')).toBe('bad-bundle');
});

test('a flipped bit is noticed, wherever it is', () => {
  const bytes = new TextEncoder().encode(BUNDLE.text);
  const read = (bit: number) => {
    const damaged = bytes.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    return codeOf(damaged) === 'read' && damaged;
  };
  // The hashes and all that is before them, and the check.
  const last = 8 * BUNDLE.text.indexOf('"padding"');
  const bits = Array.from({ length: last }, (_, bit) => bit);
  for (let bit = 8 * (bytes.length - 30); bit < 8 * bytes.length; bit++) bits.push(bit);
  for (const bit of bits) {
    const damaged = read(bit);
    // White space may be another, which changes nothing.
    if (damaged) expect(readBundle(damaged)).toEqual(BUNDLE);
  }
});

test('any text and any bytes are refused by a FormatError', () => {
  const refused = (value: string | Uint8Array) => {
    expect(codeOf(value)).toMatch(/^bad-/);
  };
  fc.assert(fc.property(fc.string({ maxLength: 300 }), refused));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), refused));
  fc.assert(fc.property(fc.json(), refused));
});

/** A bundle with one member, at any depth, replaced, removed or added. */
const mutated = fc
  .tuple(
    fc.constantFrom<(keyof Bundle)[]>(
      ...(['format', 'case', 'state', 'day', 'hashes', 'digests', 'padding'] as const),
    ),
    fc.oneof(
      fc.constant(undefined),
      fc.constantFrom('', '...', 'aA'.repeat(16), 'aA'.repeat(32), 'G'.repeat(64), '2026-01-01'),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    fc.option(
      fc.tuple(
        fc.constantFrom('algorithm', 'hash', 'resample', 'quality', 'variant', 'digest', 'extra'),
        fc.oneof(
          fc.constantFrom<unknown[]>(
            'pdq',
            'dhash',
            'md5',
            'photo-2',
            'Photo',
            512,
            'none',
            -1,
            7,
            7.5,
            100,
            'flipX',
            'Not',
          ),
          fc.constantFrom(
            ...[15, 16, 32, 64, 128, 129].map((digits) => 'aB'.repeat(65).slice(0, digits)),
          ),
          fc.constant(undefined),
          fc.jsonValue({ maxDepth: 1 }),
        ),
        fc.nat(1),
      ),
    ),
  )
  .map(([member, value, inner]) => {
    const list = (BUNDLE as unknown as Record<string, unknown>)[member];
    if (!inner || !Array.isArray(list)) return { ...BUNDLE, [member]: value };
    const [key, put, at] = inner;
    return {
      ...BUNDLE,
      [member]: list.map((item, i) => (i === at % list.length ? { ...item, [key]: put } : item)),
    };
  });

test('the schema and the reader agree', () => {
  expect(fitsSchema(JSON.parse(BUNDLE.text))).toBe(true);
  let accepted = 0;
  fc.assert(
    fc.property(mutated, (value) => {
      const text = textOf(value);
      const read = codeOf(text) === 'read';
      if (read) accepted++;
      expect(fitsSchema(JSON.parse(text))).toBe(read);
    }),
    { numRuns: runs(3000) },
  );
  expect(accepted).toBeGreaterThan(runs(100));
});

const WITHDRAWAL = await createWithdrawal(WITHDRAW_TOKEN);

test.each<[unknown, boolean]>([
  [WITHDRAWAL, true],
  [{ ...WITHDRAWAL, token: 'ABCD' }, false],
  [{ ...WITHDRAWAL, case: 'x' }, false],
  [{ ...WITHDRAWAL, token: undefined }, false],
  [{ ...WITHDRAWAL, name: 'me' }, false],
  [{ format: 'onlyhashes-bundle', version: 1 }, false],
])('the schema and the reader agree on withdrawal %#', async (value, fits) => {
  const text = JSON.stringify(value);
  expect(fitsWithdrawalSchema(JSON.parse(text))).toBe(fits);
  if (fits) expect(await readWithdrawal(text)).toEqual(value);
  else await expect(readWithdrawal(text)).rejects.toThrow(FormatError);
});

test('a group is a hash of the bundle, of the same algorithm, that names no group itself', async () => {
  const [main, window] = ['0f', '5a'].map((byte) => hashFromHex('pdq', byte.repeat(32)));
  const windows = [{ name: 'window1x1' as const, hash: window! }];
  const { bundle } = await createBundle([{ hash: main!, variants: windows }]);
  const [whole, part] = [...bundle.hashes].sort(({ variant }) => (variant === 'original' ? -1 : 1));
  expect(part).toMatchObject({ variant: 'window1x1', group: '0f'.repeat(32) });
  const read = (...hashes: object[]) => readBundle(textOf({ ...bundle, hashes })).hashes;
  expect(read(part!, { ...whole, hash: '0F'.repeat(32) })).toEqual([part, whole]);
  for (const wrong of [
    [part],
    [whole, { ...part, group: part!.hash }],
    [whole, { ...part, group: 'ab'.repeat(32) }],
    [whole, { ...part, group: 7 }],
    [{ ...whole, algorithm: 'blockhash' }, part],
  ]) {
    expect(() => read(...(wrong as object[]))).toThrow(
      expect.objectContaining({ name: 'FormatError', code: 'bad-bundle' }),
    );
  }
});
