import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Bits,
  bitsOf,
  copyOfHash,
  distance,
  hashFromHex,
  hashFromJSON,
  hashToHex,
  hashToJSON,
  newHash,
} from '../src/hash.js';
import { flipBits, hashOf } from './arbitraries.js';
import { naiveDistance } from './oracles/hamming.js';

const HEX = 'f8f8f0cee0f4a84f06370a2a038f63f0b36e26d596621e1d33e6b39c4e9c9b22';

test('hex round-trips', () => {
  const hash = hashFromHex('pdq', HEX.toUpperCase());
  expect(hash.bytes[0]).toBe(0xf8);
  expect(hashToHex(hash)).toBe(HEX);
  expect(hashToJSON(hash)).toEqual({ algorithm: 'pdq', hash: HEX });
  const phash = hashFromHex('phash', '00ff00ff00ff00ff');
  expect(hashToJSON(phash)).toEqual({ algorithm: 'phash', hash: '00ff00ff00ff00ff' });
});

test('the JSON of a hash names the given size convention, and never guesses one', () => {
  const hash = hashFromHex('pdq', HEX);
  for (const resample of [512, 'none'] as const) {
    expect(hashToJSON(hash, { resample })).toEqual({ algorithm: 'pdq', hash: HEX, resample });
    expect(hashFromJSON(hashToJSON(hash, { resample }))).toEqual(hash);
  }
  expect(Object.keys(hashToJSON(hash))).not.toContain('resample');
  const phash = hashFromHex('phash', '00ff00ff00ff00ff');
  expect(Object.keys(hashToJSON(phash, { resample: 512 }))).not.toContain('resample');
  expect(() => hashToJSON(hash, { resample: 256 as never })).toThrow(RangeError);
});

test('the JSON of a hash states that it is a draft; that of a full hash does not', () => {
  const hash = hashFromHex('pdq', HEX);
  const draft = { algorithm: 'pdq', hash: HEX, decoding: 'draft' };
  expect(hashToJSON(hash, { decoding: 'draft' })).toEqual(draft);
  expect(hashToJSON(hash, { decoding: 'full' })).toEqual({ algorithm: 'pdq', hash: HEX });
  expect(() => hashToJSON(hash, { decoding: 'half' as never })).toThrow(RangeError);
  expect(() => hashFromJSON({ ...draft, decoding: 'half' } as never)).toThrow(RangeError);
});

test('the draft mark of a hash survives clone, JSON and spread, but not hex', () => {
  const full = hashFromHex('pdq', HEX);
  const draft = newHash('pdq', full.bytes, 'draft');
  expect(Object.keys(full)).not.toContain('decoding');
  for (const copy of [
    structuredClone(draft),
    { ...draft },
    hashFromJSON(JSON.parse(JSON.stringify(draft))),
    hashFromJSON(hashToJSON(draft)),
    hashFromJSON(hashToJSON(full, { decoding: 'draft' })),
    copyOfHash(structuredClone(draft)),
  ]) {
    expect({ ...copy }).toEqual({ algorithm: 'pdq', bytes: full.bytes, decoding: 'draft' });
  }
  expect(hashToJSON(draft, { decoding: 'full' }).decoding).toBe('draft');
  expect(hashFromHex('pdq', hashToHex(draft))).toEqual(full);
  expect(distance(full, draft)).toBe(0);
});

test('a copy serializes itself, and shares no memory, not even that of a Buffer', () => {
  const bytes = Buffer.from(HEX, 'hex');
  const copy = copyOfHash({ algorithm: 'pdq', bytes });
  bytes.fill(0);
  expect(JSON.parse(JSON.stringify(copy))).toEqual({ algorithm: 'pdq', hash: HEX });
});

test.each([
  ['pdq', HEX.slice(1), RangeError],
  ['pdq', HEX.slice(0, 16), RangeError],
  ['pdq', `${HEX.slice(0, 63)}g`, RangeError],
  ['pdq', `${HEX.slice(0, 63)}\n`, RangeError],
  ['sha1', HEX, RangeError],
  ['sha512', HEX, TypeError],
  ['__proto__', HEX, TypeError],
  ['pdq', undefined, RangeError],
] as const)('%s %s is refused', (algorithm, hex, error) => {
  expect(() => hashFromHex(algorithm as 'pdq', hex as string)).toThrow(error);
});

test('distance refuses hashes that are not comparable, without quoting them', () => {
  const pdq = hashFromHex('pdq', HEX);
  const blockhash = hashFromHex('blockhash', HEX);
  const short = hashFromHex('blockhash', HEX.slice(0, 16));
  expect(() => distance(pdq, blockhash)).toThrow(TypeError);
  expect(() => distance(blockhash, short)).toThrow(RangeError);
  expect(() => distance(pdq, { algorithm: 'pdq', bytes: new Uint8Array(31) })).toThrow(RangeError);
  expect(() => distance(pdq, undefined as never)).toThrow(TypeError);
  for (const wrong of [blockhash, short]) {
    try {
      distance(pdq, wrong);
    } catch (error) {
      expect(String(error)).not.toContain(HEX.slice(0, 6));
    }
  }
});

describe.each<[Bits]>([[64], [256]])('%i bits', (bits) => {
  const hash = hashOf('blockhash', bits);

  test('round trips', () => {
    fc.assert(
      fc.property(hash, (a) => {
        expect(hashFromHex('blockhash', hashToHex(a))).toEqual(a);
        expect(hashFromJSON(JSON.parse(JSON.stringify(hashToJSON(a))))).toEqual(a);
        expect(bitsOf(a)).toBe(bits);
      }),
    );
  });

  test('distance agrees with the naive one, and is a metric', () => {
    fc.assert(
      fc.property(hash, hash, hash, (a, b, c) => {
        expect(distance(a, b)).toBe(naiveDistance(a.bytes, b.bytes));
        expect(distance(b, a)).toBe(distance(a, b));
        expect(distance(a, a)).toBe(0);
        expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
      }),
    );
  });

  test('flipping k bits gives distance k', () => {
    const order = fc.shuffledSubarray([...Array(bits).keys()]);
    fc.assert(
      fc.property(hash, order, (a, bitNumbers) => {
        expect(distance(a, flipBits(a, bitNumbers, bitNumbers.length))).toBe(bitNumbers.length);
      }),
    );
  });
});
