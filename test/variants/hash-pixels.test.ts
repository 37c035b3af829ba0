import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance, hashToHex } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { rankedPdq } from '../../src/hashing/pdq-ranks.js';
import { checkedPixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES, type DihedralName } from '../../src/variant.js';
import { dihedral } from '../../src/variants/forms.js';
import { hashPixels, variantsOf } from '../../src/variants/hash-pixels.js';
import { listCropsOf } from '../../src/variants/list-crops.js';
import { MOST_HASHES, VARIANT_PROFILES } from '../../src/variants/variant-profile.js';
import { movedPixels, partOf, viewOf } from '../../src/variants/view.js';
import { pixelsOf } from '../arbitraries.js';
import { runs } from '../seed.js';
import { drawn, laidOn, patches, photo } from './pictures.js';

const names = (
  pixels: Parameters<typeof variantsOf>[0],
  options: Parameters<typeof variantsOf>[1],
) => [...variantsOf(pixels, options)].map(({ name }) => name);

test('the profiles give 1 to 160 hashes', async () => {
  const pixels = await photo('airplane-from-above.jpg');
  expect(names(pixels, { variants: 'none' })).toEqual(['original']);
  expect(names(pixels, {})).toEqual(['original']);
  expect(names(pixels, { variants: 'dihedral' })).toEqual([...DIHEDRAL_NAMES]);
  const quick = names(pixels, { variants: 'quick' });
  expect(quick.slice(0, 3)).toEqual(['original', 'flipY', 'inverted']);
  expect(quick.length).toBeLessThanOrEqual(20);
  const thorough = names(pixels, { variants: 'thorough' });
  expect(thorough.slice(0, 2)).toEqual(['original', 'otherResample']);
  for (const name of DIHEDRAL_NAMES) expect(thorough).toContain(name);
  expect(thorough.length).toBeLessThanOrEqual(MOST_HASHES);
});

test('forms have the hashes of moved pixels; the other size convention is that of PDQ', async () => {
  const pixels = await photo('dust-bowl-home.jpg');
  const { variants, ...main } = hashPixels(pixels, { variants: 'dihedral' });
  expect(main).toEqual(rankedPdq(pixels));
  for (const { name, hash: form, geometry } of variants) {
    const dihedralName = geometry!.dihedral!;
    expect(name).toBe(dihedralName);
    expect(hashToHex(form)).toBe(hashToHex(pdq(dihedral(pixels, dihedralName)).hash));
  }
  const { variants: thorough } = hashPixels(pixels, { variants: 'thorough' });
  const of = (wanted: string) => thorough.find(({ name }) => name === wanted)!.hash;
  // Sampled from a reduced plane: an edit moves the bits of real pixels as far.
  expect(distance(of('otherResample'), pdq(pixels, { resample: 'none' }).hash)).toBeLessThanOrEqual(
    12,
  );
  expect(distance(of('flipY'), pdq(dihedral(pixels, 'flipY')).hash)).toBeLessThanOrEqual(12);
});

test('each PDQ hash names its size convention, and no other hash has one', async () => {
  const pixels = await photo('dust-bowl-home.jpg');
  for (const resample of [512, 'none'] as const) {
    const options = { resample, variants: 'thorough', crops: true } as const;
    const all = [...variantsOf(pixels, options)];
    const other = all.filter((variant) => variant.resample !== resample);
    expect(other).toMatchObject([
      { name: 'otherResample', resample: resample === 512 ? 'none' : 512 },
    ]);
    expect(hashPixels(pixels, options).resample).toBe(resample);
  }
  for (const variant of variantsOf(pixels, { algorithm: 'dhash', resample: 512 })) {
    expect(variant).not.toHaveProperty('resample');
  }
  expect(hashPixels(pixels, { algorithm: 'phash' })).not.toHaveProperty('resample');
});

test.each(['quick', 'thorough'] as const)('list crops take no place of %s', (variants) => {
  const pixels = patches(900, 300, 4);
  const isCrop = (name: string) => name.startsWith('window');
  const all = names(pixels, { variants, crops: 'anywhere' });
  expect(all.filter(isCrop).length).toBeGreaterThan(50);
  expect(all.filter((name) => !isCrop(name))).toEqual(names(pixels, { variants }));
});

test('adds the other readings of a file, where they differ', () => {
  const opaque = { ...patches(80, 60, 1), channels: 3 as const };
  const clear = { data: new Uint8Array(80 * 60 * 4).fill(128), width: 80, height: 60 };
  expect(names(opaque, {})).toEqual(['original']);
  expect(names(opaque, { stored: dihedral(opaque, 'rotate90') })).toEqual(['original', 'stored']);
  expect(names(clear, {})).toEqual(['original', 'onWhite', 'onBlack']);
  expect(names(clear, { variants: 'none' })).toEqual(['original']);
});

test('undoes a border, and gives the place of the picture', () => {
  const part = patches(300, 200, 7, 25);
  const framed = laidOn(part, 360, 240, 40, 10, [255, 255, 255]);
  const { hash } = pdq(part);
  const near = [...variantsOf(framed, { variants: 'thorough' })].find(
    (variant) => distance(variant.hash, hash) <= 16,
  );
  expect(near).toMatchObject({
    name: 'unletterbox',
    geometry: { rectangle: { left: 40, top: 10, width: 300, height: 200 } },
  });
});

test('an inverted picture has the hash with every bit changed, and the same quality', async () => {
  for (const name of [
    'airplane-from-above.jpg',
    'dust-bowl-home.jpg',
    'acanthus-mollis-w700.png',
  ]) {
    const pixels = await photo(name);
    const negative = { ...pixels, data: pixels.data.map((value) => 255 - value) };
    const { hash, quality } = pdq(negative);
    const inverted = [...variantsOf(pixels, { variants: 'quick' })].find(
      (variant) => variant.name === 'inverted',
    )!;
    expect(distance(inverted.hash, hash)).toBeLessThanOrEqual(2);
    expect(inverted.quality).toBe(quality);
  }
});

test('where the bits are not half ones, the inverted form is that of inverted pixels', () => {
  // A picture of four columns has no bit set, inverted or not.
  const { hash, variants } = hashPixels(
    drawn(4, 80, (_, y) => y),
    { variants: 'quick' },
  );
  expect(variants.find(({ name }) => name === 'inverted')!.hash).toEqual(hash);
});

test('adds the list crops, each by the hash of its pixels', async () => {
  // Over 512 pixels, at 512 and below; square, upright and wide.
  const large = await photo('dust-bowl-home.jpg');
  const pictures = [large, patches(1600, 900, 1), patches(512, 512, 2), patches(200, 150, 3)];
  for (const [i, pixels] of pictures.entries()) {
    for (const resample of [512, 'none'] as const) {
      const [original, ...windows] = variantsOf(pixels, { crops: true, resample, exact: i > 1 });
      expect(original!.name).toBe('original');
      const expected = [...listCropsOf(pixels)].map(({ name, rectangle }) => ({
        name,
        ...rankedPdq(movedPixels(partOf(viewOf(checkedPixels(pixels)), rectangle)), {
          resample,
          exact: i > 1,
        }),
        geometry: { rectangle },
      }));
      expect(windows).toEqual(expected);
      expect(windows.length).toBeGreaterThanOrEqual(3);
    }
  }
});

test('leaves out list crops of low quality, and only those', async () => {
  // Detail at the left and right ends alone: only the widest window has any.
  const pixels = drawn(1000, 500, (x, y) => (x > 200 && x < 800 ? 128 : 40 * ((x + y) % 5)));
  const detailed = patches(1000, 500, 1, 40);
  for (let y = 0; y < 500; y++) {
    detailed.data.fill(128, 3 * (1000 * y + 140), 3 * (1000 * y + 860));
  }
  expect(pdq(pixels).quality).toBeLessThan(50);
  expect([...variantsOf(pixels, { crops: true })].map(({ name }) => name)).toEqual(['original']);
  expect([...variantsOf(detailed, { crops: true })].map(({ name }) => name)).toEqual([
    'original',
    'window16x9',
  ]);
  const names = [...variantsOf(detailed, { crops: true, algorithm: 'phash' })];
  expect(names).toHaveLength(5);
});

test('other algorithms have variants too', () => {
  const pixels = patches(200, 150, 5, 20);
  for (const algorithm of ['phash', 'dhash', 'ahash', 'blockhash'] as const) {
    const variants = [...variantsOf(pixels, { algorithm, variants: 'thorough' })];
    expect(variants.length).toBeGreaterThan(8);
    expect(variants.every(({ hash }) => hash.algorithm === algorithm)).toBe(true);
    expect(variants.map(({ name }) => name)).not.toContain('otherResample');
  }
});

test('any picture: at most 160 hashes, the same each time, and unchanged pixels', () => {
  fc.assert(
    fc.property(
      pixelsOf(40),
      fc.constantFrom(...VARIANT_PROFILES),
      fc.boolean(),
      (pixels, variants, crops) => {
        const before = pixels.data.slice();
        const first = [...variantsOf(pixels, { variants, crops })];
        expect(first[0]!.name).toBe('original');
        expect(first.length).toBeLessThanOrEqual(MOST_HASHES);
        expect([...variantsOf(pixels, { variants, crops })]).toEqual(first);
        expect(pixels.data).toEqual(before);
      },
    ),
    { numRuns: runs(60) },
  );
});

test('pictures of one colour and of one line', () => {
  for (const pixels of [drawn(700, 3, () => 0), drawn(2, 900, () => 9), drawn(64, 64, () => 5)]) {
    expect(names(pixels, { variants: 'thorough' }).length).toBeLessThanOrEqual(MOST_HASHES);
  }
});

test('hashes a variant only when it is requested', () => {
  const { data, ...sides } = patches(120, 90, 2);
  const others = patches(120, 90, 3);
  const pixels = { data: data.slice(), ...sides };
  const variants = variantsOf(pixels, { variants: 'dihedral' });
  // Callers should not write to borrowed pixels. Here it shows when they are read.
  pixels.data.set(others.data);
  expect(variants.next().value).toMatchObject(pdq(others));
  pixels.data.set(data);
  const second = variants.next().value!;
  expect(second.hash).toEqual(pdq(dihedral({ data, ...sides }, second.name as DihedralName)).hash);
});

test('refuses invalid options and pixels at once', () => {
  const pixels = patches(20, 20, 1);
  expect(() => variantsOf(pixels, { variants: 'all' as never })).toThrow(RangeError);
  expect(() => variantsOf(pixels, { algorithm: 'md5' as never })).toThrow(RangeError);
  expect(() => variantsOf({ ...pixels, width: 21 })).toThrow(RangeError);
  expect(() => hashPixels({ ...pixels, data: 'x' as never })).toThrow(TypeError);
});
