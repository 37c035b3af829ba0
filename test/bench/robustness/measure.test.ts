import { expect, test } from 'vitest';
import { type Edited, type Transform, whole } from '../../../bench/robustness/edit.js';
import {
  type Entry,
  EntryTable,
  entryOf,
  FAR,
  materials,
  numberOf,
  PROFILES,
} from '../../../bench/robustness/measure.js';
import { PEERS } from '../../../bench/robustness/peers.js';
import type { Raster } from '../../../bench/robustness/raster.js';
import { TECHNIQUES } from '../../../bench/robustness/techniques.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { THOROUGH } from '../../../src/variants/thorough.js';
import { photo } from '../../variants/pictures.js';

const pixels = (await photo('dust-bowl-home.jpg')) as Raster;
const variants = [...variantsOf(pixels, { variants: 'thorough' })];
const itself = await entryOf(pixels, 'photo', true);

function flipped(bytes: Uint8Array, bits: number): Uint8Array {
  const out = bytes.slice();
  for (let bit = 0; bit < bits; bit++) out[bit % 32]! ^= 1 << (bit >> 5);
  return out;
}

/** An entry this many bits from one variant of the picture, perhaps with a window. */
function entry(
  source: string,
  variant: string,
  bits: number,
  window?: number,
  isCentred = true,
): Entry {
  const { hash } = variants.find((other) => other.name === variant)!;
  const listed = (bits: number) => ({ bytes: flipped(hash.bytes, bits), quality: 100 });
  const windows = window === undefined ? [] : [{ ...listed(window), isCentred }];
  return { source, queried: true, listed: listed(bits), windows, peers: itself.peers };
}

async function asked(entries: readonly Entry[], edit = 0) {
  const edited: Edited = { pixels, truth: { ...whole(pixels), dihedral: 'flipY' } };
  const transform: Transform = { name: 'as it is', family: 'tone', apply: async () => edited };
  return new EntryTable(entries).measure(0, pixels, edit, [transform], 1, []);
}

test.each([
  ['flipY', 31, 'match'],
  ['flipY', 32, 'review'],
  ['flipY', 61, 'none'],
  ['original', 31, 'match'],
  ['original', 32, 'review'],
  ['original', 61, 'none'],
] as const)('an entry whose %s is %i bits off: %s', async (variant, bits, verdict) => {
  const result = await asked([entry('a', variant, bits)]);
  expect(Math.min(...result.own)).toBe(bits);
  expect(result.own[result.names.indexOf(variant)]).toBe(bits);
  expect(result).toMatchObject({
    verdicts: { bare: verdict, windows: verdict },
    wrong: { bare: 'none' },
  });
});

test('a list crop is found beside the photo, and only with list crops', async () => {
  const result = await asked([entry('a', 'original', 100, 12)]);
  expect(result).toMatchObject({ verdicts: { bare: 'none', windows: 'match' } });
  expect(result.own[0]).toBe(100);
  expect(result.ownWindows[0]).toBe(12);
});

test('a crop beside the centre is found only with crops anywhere', async () => {
  const result = await asked([entry('a', 'original', 100, 12, false)]);
  expect(result).toMatchObject({
    verdicts: { bare: 'none', windows: 'none', both: 'none', anywhere: 'match' },
  });
  expect(result.ownWindows[0]).toBe(FAR);
});

test('every hash has the technique that found it', async () => {
  expect(TECHNIQUES).toHaveLength(THOROUGH.length);
  const { names, techniques } = await asked([entry('a', 'original', 100)]);
  const of = (technique: string) => names.filter((_, at) => techniques[at] === technique);
  expect(techniques[0]).toBe('original');
  expect(of('mirrored')).toEqual(['flipY']);
  expect(of('turned by quarters, flipped')).toHaveLength(6);
  expect(new Set(of('cuts and turns'))).toEqual(new Set(['uncrop', 'unturnCropped']));
});

test('other photos are wrong, each at its nearest variant', async () => {
  const result = await asked([
    entry('a', 'original', 100),
    entry('b', 'rotate180', 12),
    entry('c', 'original', 50, 9),
  ]);
  expect(result).toMatchObject({
    verdicts: { bare: 'none' },
    wrong: { bare: 'match', windows: 'match' },
  });
  expect([...result.nearest]).toEqual([FAR, 12, 50]);
  expect(Math.min(...result.others)).toBe(12);
  expect(result.others[0]).toBeLessThanOrEqual(50);
  expect(result.nearestWindows[9]).toBe(1);
  expect(result.unrelated.reduce((a, b) => a + b, 0)).toBe(
    2 * result.own.filter((distance) => distance < FAR).length,
  );
});

test("a match gives the photo's place if its variant has one", async () => {
  expect((await asked([entry('a', 'flipY', 8)])).placement).toMatchObject({
    variant: 'flipY',
    right: true,
  });
  expect((await asked([entry('a', 'flipX', 8)])).placement).toMatchObject({ right: false });
  expect((await asked([entry('a', 'original', 8)])).placement).toBeUndefined();
});

test('profiles and peers are reported beside it, in their order', async () => {
  const result = await asked([itself]);
  expect(result.profiles.map(({ distance }) => distance)).toEqual(PROFILES.map(() => 0));
  expect(result.profiles[PROFILES.indexOf('none')]).toMatchObject({ hashes: 1, verdict: 'match' });
  expect(result.peers.map((peer) => peer?.distance)).toEqual(PEERS.map(() => 0));
});

test('an unchanged photo counts like an edit that does nothing', async () => {
  const edited = await asked([itself, entry('b', 'original', 90)]);
  const plain = await asked([itself, entry('b', 'original', 90)], -1);
  expect(plain.edit).toBe(-1);
  expect(plain.own).toEqual(edited.own);
  expect(plain.nearest).toEqual(edited.nearest);
});

test('an edit is seeded by names, not by its place in a list', () => {
  const draws = (photo: string, edit: string) => {
    const { random } = materials(1, numberOf(photo), numberOf(edit), []);
    return [random(1e6), random(1e6), random(1e6)].join();
  };
  expect(draws('a', 'b')).toBe(draws('a', 'b'));
  const all = ['a', 'b', 'c'].flatMap((photo) => ['x', 'y', 'z'].map((edit) => draws(photo, edit)));
  expect(new Set(all).size).toBe(9);
  // FNV-1a of the empty string, of "a" and of "foobar", by its authors' test vectors.
  expect([numberOf(''), numberOf('a'), numberOf('foobar')]).toEqual([
    0x811c9dc5, 0xe40c292c, 0xbf9cf968,
  ]);
});
