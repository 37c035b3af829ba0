import { expect, test } from 'vitest';
import { newHash } from '../../src/hash.js';
import { createBundle, type HashedImage, type Listing, listedPicture } from '../../src/index.js';

const hashOf = (byte: number) => newHash('pdq', new Uint8Array(32).fill(byte));
const image = (inner: number): HashedImage => ({
  hash: hashOf(1),
  variants: [
    { name: 'stored', hash: hashOf(2) },
    ...Array.from({ length: inner }, (_, at) => ({
      name: 'inner' as const,
      hash: hashOf(16 + at),
      quality: 90,
      geometry: { rectangle: { left: 9 * at, top: 0, width: 8, height: 8 } },
    })),
  ],
});

/** What a bundle of it holds: hash, variant and group, by their first bytes. */
async function bundled(inner: number, listing: Listing) {
  const { bundle } = await createBundle([listedPicture(image(inner), listing)]);
  return bundle.hashes
    .map(
      ({ hash, variant, group }) => `${hash.slice(0, 2)} ${variant} ${group?.slice(0, 2) ?? '-'}`,
    )
    .sort();
}

test('what is listed together is one group', async () => {
  expect(await bundled(0, 'inner')).toEqual(['01 original -', '02 stored 01']);
  expect(await bundled(2, 'whole')).toEqual(['01 original -', '02 stored 01']);
  expect(await bundled(1, 'inner')).toEqual(['10 original -']);
  expect(await bundled(2, 'inner')).toEqual(['10 original -', '11 inner 10']);
  expect(await bundled(1, 'both')).toEqual(['01 original -', '02 stored 01', '10 inner 01']);
});

test('a lattice is not listed beside its pictures', async () => {
  expect(await bundled(4, 'both')).toEqual(await bundled(4, 'inner'));
  expect(await bundled(3, 'both')).toHaveLength(5);
});

test('the first picture keeps its place and quality', () => {
  const whole = image(2);
  expect(listedPicture(whole, 'inner')).toMatchObject({
    quality: 90,
    geometry: { rectangle: { left: 0 } },
  });
  expect(whole.variants).toHaveLength(3);
  expect(() => listedPicture(whole, 'all' as never)).toThrow(RangeError);
});
