import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test, vi } from 'vitest';
import type { BlocklistEntry } from '../../src/entry.js';
import { distance, type Hash, hashFromHex, hashToHex, newHash } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqOutline } from '../../src/hashing/pdq-outline.js';
import {
  createBlocklist,
  createBundle,
  entriesOfBundle,
  hashPixels,
  match,
  readBundle,
  readHashList,
  type WrittenBundle,
  writeHashList,
} from '../../src/index.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import type { Pixels } from '../../src/pixels.js';
import {
  type HashedImage,
  LIST_CROP_NAMES,
  VARIANT_NAMES,
  type VariantName,
} from '../../src/variant.js';
import { runs } from '../seed.js';
import { hashedImage, hashedImages } from './arbitrary.js';

const ONE = hashFromHex('pdq', '0f'.repeat(32));
const TWO = hashFromHex('pdq', '5a'.repeat(32));

test('a bundle refuses a draft, also as a variant', async () => {
  const decoding = 'draft';
  await expect(createBundle([{ hash: ONE, decoding, variants: [] }])).rejects.toThrow('draft');
  const hash = structuredClone(newHash(ONE.algorithm, ONE.bytes, decoding));
  await expect(createBundle([{ hash, variants: [] }])).rejects.toThrow('draft');
  for (const one of [{ hash }, { hash: TWO, decoding } as const]) {
    const variants = [{ name: 'stored', ...one }] as const;
    await expect(createBundle([{ hash: ONE, variants }])).rejects.toThrow(TypeError);
  }
});

test('a bundle holds the hashes, a day, a random case, and nothing else', async () => {
  const { bundle, withdrawToken } = await createBundle(
    [
      {
        hash: ONE,
        quality: 97,
        resample: 512,
        variants: [{ name: 'stored', hash: TWO, quality: 96 }],
      },
    ],
    { day: '2026-11-25' },
  );
  expect(Object.keys(bundle)).toEqual([
    'format',
    'version',
    'case',
    'state',
    'day',
    'hashes',
    'padding',
    'check',
  ]);
  expect(new Set(bundle.hashes)).toEqual(
    new Set([
      { algorithm: 'pdq', hash: '0f'.repeat(32), resample: 512, quality: 97, variant: 'original' },
      {
        algorithm: 'pdq',
        hash: '5a'.repeat(32),
        quality: 96,
        variant: 'stored',
        group: '0f'.repeat(32),
      },
    ]),
  );
  expect(bundle.day).toBe('2026-11-25');
  expect(bundle.case).toMatch(/^[0-9a-f]{32}$/);
  expect(withdrawToken).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
  expect(bundle.text).not.toContain(withdrawToken);
});

test('a PDQ hash names its size convention if known; nothing is guessed', async () => {
  const pixels = { data: new Uint8Array(700 * 600), width: 700, height: 600 };
  pixels.data.forEach((_, i) => {
    pixels.data[i] = (i * i) % 251;
  });
  for (const resample of [512, 'none'] as const) {
    const image = hashPixels(pixels, { variants: 'thorough', resample });
    const { bundle } = await createBundle([image]);
    const conventions = new Map(bundle.hashes.map((item) => [item.variant, item.resample]));
    expect(conventions.get('original')).toBe(resample);
    expect(conventions.get('flipY')).toBe(resample);
    expect(conventions.get('otherResample')).toBe(resample === 512 ? 'none' : 512);
    expect(readBundle(bundle.text)).toEqual(bundle);
    expect(entriesOfBundle(bundle).map((entry) => entry.resample)).toEqual(
      bundle.hashes.map((item) => item.resample),
    );
  }
  const { bundle } = await createBundle([{ hash: ONE, variants: [{ name: 'stored', hash: TWO }] }]);
  for (const item of bundle.hashes) expect(item).not.toHaveProperty('resample');
  expect(readBundle(bundle.text)).toEqual(bundle);
  for (const entry of entriesOfBundle(bundle)) expect(entry).not.toHaveProperty('resample');
});

test('no two bundles share a case or a token', async () => {
  const made = await Promise.all(
    Array.from({ length: 50 }, () => createBundle([{ hash: ONE, variants: [] }])),
  );
  expect(new Set(made.map(({ bundle }) => bundle.case)).size).toBe(50);
  expect(new Set(made.map(({ withdrawToken }) => withdrawToken)).size).toBe(50);
});

test('the default day is today in UTC, and there is no hour', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    for (const time of ['2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00Z']) {
      vi.setSystemTime(time);
      const { bundle } = await createBundle([{ hash: ONE, variants: [] }]);
      expect(bundle.day).toBe(time.slice(0, 10));
    }
  } finally {
    vi.useRealTimers();
  }
});

test('the text of a bundle is ASCII, and its size class does not reveal the number of hashes', async () => {
  await fc.assert(
    fc.asyncProperty(hashedImages, async (images) => {
      const { bundle } = await createBundle(images);
      const { text } = bundle;
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      expect(Math.log2(text.length / 16_384) % 1).toBe(0);
      // The class is no larger than needed.
      const bare = text.length - bundle.padding.length;
      expect(text.length === 16_384 || bare > text.length / 2).toBe(true);
    }),
    { numRuns: runs(100) },
  );
});

test('one picture and eight give the same size, with list crops or without', async () => {
  const hash = (seed: number) => hashFromHex('pdq', (seed + 16).toString(16).repeat(32));
  const sizes = new Set<number>();
  // The longest lines that there are, and the hash of a file that is stored turned.
  for (const names of [[], LIST_CROP_NAMES, ['stored', ...LIST_CROP_NAMES]] as VariantName[][]) {
    for (const count of [1, 2, 5, 8]) {
      const images = Array.from({ length: count }, (_, i) => ({
        hash: hash(6 * i),
        quality: 100,
        resample: 'none' as const,
        variants: names.map((name, k) => ({
          name,
          hash: hash(6 * i + k + 1),
          quality: 100,
          resample: 'none' as const,
        })),
      }));
      const { bundle } = await createBundle(images);
      expect(bundle.hashes).toHaveLength(count * (1 + names.length));
      sizes.add(bundle.text.length);
    }
  }
  expect([...sizes]).toEqual([16_384]);
});

test('above the smallest, a class holds twice the hashes of the one below', async () => {
  const sizes: number[] = [];
  for (const count of [1, 50, 60, 100, 120, 200]) {
    const images = Array.from({ length: count }, (_, i) => ({
      hash: hashFromHex('pdq', (i + 16).toString(16).padStart(4, '0').repeat(16)),
      quality: 100,
      resample: 512 as const,
      variants: [],
    }));
    sizes.push((await createBundle(images)).bundle.text.length);
  }
  expect(sizes).toEqual([16_384, 16_384, 16_384, 16_384, 32_768, 32_768]);
});

test('text and bundle round-trip', async () => {
  await fc.assert(
    fc.asyncProperty(hashedImages, async (images) => {
      const { bundle } = await createBundle(images);
      const { text } = bundle;
      expect(readBundle(text)).toEqual(bundle);
      expect(readBundle(new TextEncoder().encode(text))).toEqual(bundle);
      expect(readBundle(text).text).toBe(text);
      expect(readBundle(JSON.stringify(bundle)).text).toBe(text);
      expect(JSON.parse(text)).toEqual(bundle);
    }),
    { numRuns: runs(100) },
  );
});

test('a bundle holds every hash of every image once, and no others', async () => {
  await fc.assert(
    fc.asyncProperty(hashedImages, async (images) => {
      const { bundle } = await createBundle([...images, ...images]);
      const expected = images.flatMap((image) => [
        `${image.hash.algorithm}:${hashToHex(image.hash)}`,
        ...image.variants.map(({ hash }) => `${hash.algorithm}:${hashToHex(hash)}`),
      ]);
      const held = bundle.hashes.map(({ algorithm, hash }) => `${algorithm}:${hash}`);
      expect(new Set(held)).toEqual(new Set(expected));
      expect(held.length).toBe(new Set(held).size);
    }),
    { numRuns: runs(50) },
  );
});

test('the order of the hashes does not reveal the order of the images', async () => {
  const images = ['11', '22', '33'].map((byte) => ({
    hash: hashFromHex('pdq', byte.repeat(32)),
    variants: [],
  }));
  const orders = new Map<string, number>();
  for (let run = 0; run < 600; run++) {
    const { bundle } = await createBundle(images);
    const order = bundle.hashes.map(({ hash }) => hash[0]).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  // Six orders, each 100 times on average with a deviation of 9: below 40 less than once in 10^9
  // runs.
  expect([...orders.keys()].sort()).toEqual(['123', '132', '213', '231', '312', '321']);
  expect(Math.min(...orders.values())).toBeGreaterThan(40);
});

test('a file digest is included only on request', async () => {
  const images = [{ hash: ONE, variants: [] }];
  expect('digests' in (await createBundle(images)).bundle).toBe(false);
  const digests = [{ algorithm: 'sha256', digest: 'ab'.repeat(32) }] as const;
  const { bundle } = await createBundle(images, { digests });
  expect(bundle.digests).toEqual(digests);
  expect(readBundle(bundle.text)).toEqual(bundle);
});

test('entriesOfBundle returns the hashes as entries of the case', async () => {
  await fc.assert(
    fc.asyncProperty(hashedImage, async (image) => {
      const { bundle } = await createBundle([image]);
      const entries = entriesOfBundle(bundle);
      expect(entries.every(({ id, source }) => id === bundle.case && source === 'bundle')).toBe(
        true,
      );
      const same = entries.filter(
        ({ hash }) =>
          hash.algorithm === image.hash.algorithm &&
          hash.bytes.length === image.hash.bytes.length &&
          distance(hash, image.hash) === 0,
      );
      expect(same).toHaveLength(1);
      expect(same[0]!.quality).toBe(image.quality);
    }),
    { numRuns: runs(50) },
  );
});

/** Mostly valid; else what a tampered Worker might send instead. */
const mostly = (good: fc.Arbitrary<unknown>, ...bad: unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 30, arbitrary: good },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(undefined, null, Number.NaN, 1n, Symbol('x'), [[]], ...bad),
    },
  );
const hostileHash = mostly(
  hashedImage.map(({ hash }) => hash),
  { algorithm: 'photo', bytes: new Uint8Array(32) },
  { algorithm: '__proto__', bytes: new Uint8Array(32) },
  { algorithm: 'pdq', bytes: new Uint8Array(70) },
);
const hostileQuality = mostly(fc.integer({ min: 0, max: 100 }), 101, -1, 0.5, '50');
const hostileResample = mostly(fc.constantFrom(512, 'none'), 256, '512', 'x'.repeat(50_000));
const hostileName = mostly(
  fc.constantFrom(...VARIANT_NAMES),
  'aaaaaaaaaaaaaaaa',
  '/9j/4AAQ',
  '__proto__',
  'x'.repeat(50_000),
);
const hostileImage = fc.record(
  {
    hash: hostileHash,
    quality: hostileQuality,
    resample: hostileResample,
    width: mostly(fc.integer()),
    height: mostly(fc.integer()),
    variants: mostly(
      fc.array(
        mostly(
          fc.record(
            {
              name: hostileName,
              hash: hostileHash,
              quality: hostileQuality,
              resample: hostileResample,
              geometry: fc.jsonValue(),
            },
            { requiredKeys: ['name', 'hash'] },
          ),
        ),
        { maxLength: 3 },
      ),
    ),
  },
  { requiredKeys: ['hash', 'variants'] },
);

test('whatever the input, a bundle holds nothing that readBundle refuses', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mostly(hostileImage), { maxLength: 3 }), async (images) => {
      let bundle: WrittenBundle;
      try {
        ({ bundle } = await createBundle(images as HashedImage[]));
      } catch (error) {
        expect(error instanceof TypeError || error instanceof RangeError, String(error)).toBe(true);
        expect((error as Error).message).toMatch(/^expected /);
        return;
      }
      made++;
      const { text } = bundle;
      expect(readBundle(text, { padded: true })).toEqual(bundle);
      // Only known names: a picture hidden in names would go unnoticed.
      const names = VARIANT_NAMES as readonly string[];
      for (const { variant } of bundle.hashes) expect(names).toContain(variant);
    }),
    { numRuns: runs(2000) },
  );
  expect(made).toBeGreaterThan(runs(300));
  expect(made).toBeLessThan(runs(1500));
});

test('a value that changes on each access is written as it was checked', async () => {
  let looks = 0;
  const changing = (...values: unknown[]) => ({
    enumerable: true,
    get: () => values[Math.min(looks++, values.length - 1)],
  });
  const other = { ...ONE, bytes: ONE.bytes.map((byte) => byte ^ 1) };
  let written = 0;
  for (let at = 0; at < 6; at++) {
    const values = [...Array(at).fill('stored'), 'data:image/jpeg;base64,'];
    looks = 0;
    const variant = Object.defineProperties({ hash: other }, { name: changing(...values) });
    const images = [{ hash: ONE, variants: [variant] }] as unknown as HashedImage[];
    const made = await createBundle(images).catch(() => undefined);
    if (made === undefined) continue;
    written++;
    expect(made.bundle.hashes.map((hash) => hash.variant).sort()).toEqual(['original', 'stored']);
    expect(readBundle(made.bundle.text)).toEqual(made.bundle);
  }
  // Only the first access counts: if its value is not a known name, no bundle is made.
  expect(written).toBe(5);
});

test('an invalid bundle is never written as text', async () => {
  const { bundle } = await createBundle([{ hash: ONE, variants: [] }]);
  const item = bundle.hashes[0]!;
  for (const wrong of [
    undefined,
    'text',
    {},
    { ...bundle, name: 'A. Person' },
    { ...bundle, hashes: [] },
    { ...bundle, hashes: [{ ...item, file: 'me.jpg' }] },
    { ...bundle, hashes: [{ ...item, variant: '/9j/4AAQ' }] },
    { ...bundle, unknown: [{ ...item, algorithm: 'My photo' }] },
    { ...bundle, padding: 'words' },
    { ...bundle, day: 'today' },
  ]) {
    expect(() => entriesOfBundle(wrong as never)).toThrow(TypeError);
  }
});

test('a bundle too large to be read back is not made', async () => {
  const images = [{ hash: ONE, variants: [] }];
  const digest = { algorithm: 'sha256', digest: 'ab'.repeat(32) } as const;
  // 104 bytes per line, of at most 16 MiB.
  const digests = Array<typeof digest>(170_000).fill(digest);
  await expect(createBundle(images, { digests })).rejects.toThrow(RangeError);
});

test('the hashes themselves show which list crops belong to which picture', async () => {
  const photos = [
    'acanthus-mollis.jpg',
    'airplane-from-above.jpg',
    'allium-oreophilum.jpg',
    'black-canyon-grey.jpg',
    'dust-bowl-home.jpg',
    'french-alpine-landscape.jpg',
    'locomotion-house-cat.jpg',
    'march-pastoral-w700.png',
    'nagasaki-boats-q40.jpg',
  ];
  const images = await Promise.all(
    photos.map((photo) =>
      hashFile(join(import.meta.dirname, '../../fixtures/photos', photo), {
        exact: true,
        crops: true,
      }),
    ),
  );
  // Who has a bundle knows the shape of a window, and guesses that of its picture.
  const guesses = [3 / 4, 4 / 3, 2 / 3, 3 / 2, 9 / 16, 16 / 9];
  const cuts = new Map<string, Hash[][]>();
  let linked = 0;
  let windows = 0;
  for (const [at, { variants }] of images.entries()) {
    for (const { name, hash } of variants) {
      const [, across, down] = /^window(\d+)x(\d+)$/.exec(name)!.map(Number);
      if (!cuts.has(name)) {
        cuts.set(
          name,
          images.map((image) => {
            const outline = pdqOutline(image.hash);
            return guesses.map((guess) => pdq(middleOf(outline, across! / down! / guess)).hash);
          }),
        );
      }
      const nearest = cuts
        .get(name)!
        .map((all) => Math.min(...all.map((cut) => distance(cut, hash))));
      windows++;
      if (nearest.indexOf(Math.min(...nearest)) === at) linked++;
    }
  }
  expect([windows, linked]).toEqual([35, 34]);
});

/**
 * The middle of a grey picture as a picture of 128 x 128, bilinear: all of its height and `part` of
 * its width, or, over 1, all of its width.
 */
function middleOf({ data, width, height }: Pixels, part: number): Pixels {
  const out = new Uint8Array(128 * 128);
  const place = (i: number, length: number, share: number) => {
    const at = Math.max(0, ((1 - share) / 2 + (share * (i + 0.5)) / 128) * length - 0.5);
    const first = Math.min(length - 2, Math.floor(at));
    return [first, Math.min(1, at - first)] as const;
  };
  for (let y = 0; y < 128; y++) {
    const [top, v] = place(y, height, Math.min(1, 1 / part));
    for (let x = 0; x < 128; x++) {
      const [left, u] = place(x, width, Math.min(1, part));
      const at = top * width + left;
      const row = (from: number) => data[from]! * (1 - u) + data[from + 1]! * u;
      out[128 * y + x] = row(at) * (1 - v) + row(at + width) * v;
    }
  }
  return { data: out, width: 128, height: 128, channels: 1 };
}

test('a bundle holds the parts of a picture and of its list crops if they were made, and no others', async () => {
  const photo = join(import.meta.dirname, '../../fixtures/photos/march-pastoral-w700.png');
  const options = { exact: true, crops: true } as const;
  const [bare, image] = [
    await hashFile(photo, options),
    await hashFile(photo, { ...options, parts: true }),
  ];
  const entriesFrom = async (from: HashedImage) => {
    const { bundle } = await createBundle([from]);
    return entriesOfBundle(readBundle(bundle.text, { padded: true }));
  };
  expect((await entriesFrom(bare)).filter(({ parts }) => parts !== undefined)).toEqual([]);
  const made = [image, ...image.variants].map(({ hash, parts }) => [hashToHex(hash), parts]);
  expect(new Set(made.map(([, parts]) => parts)).size).toBe(5);
  const entries = await entriesFrom(image);
  expect(new Map(entries.map(({ hash, parts }) => [hashToHex(hash), parts]))).toEqual(
    new Map(made as [string, string][]),
  );
  for (const parts of ['ab', 'A'.repeat(384), `${image.parts!.slice(0, 384)}02`]) {
    await expect(createBundle([{ ...image, parts }])).rejects.toThrow('expected parts to be 384');
  }
});

test('a list made of a bundle with list crops finds a copy that was cut to a shape', async () => {
  const photo = join(import.meta.dirname, '../../fixtures/photos/march-pastoral-w700.png');
  const image = await hashFile(photo, { exact: true, crops: true });
  const { bundle } = await createBundle([image]);
  const names = ['original', ...image.variants.map(({ name }) => name)];
  expect(names).toHaveLength(5);
  expect(bundle.hashes.map(({ variant }) => variant).sort()).toEqual(names.sort());
  const entries = entriesOfBundle(readBundle(bundle.text, { padded: true }));
  expect(entries.map(({ variant = 'original' }) => variant).sort()).toEqual(names);

  // A square of the photo, as an app makes it: smaller, and saved as JPEG.
  const { width = 0, height = 0 } = await sharp(photo).metadata();
  const side = Math.min(width, height);
  const left = (width - side) >> 1;
  const top = (height - side) >> 1;
  const square = await sharp(photo)
    .extract({ left, top, width: side, height: side })
    .resize(320)
    .jpeg({ quality: 70 })
    .toBuffer();
  const copy = await hashFile(square);
  for (const format of ['jsonl', 'csv', 'plain'] as const) {
    const read: BlocklistEntry[] = [];
    for await (const entry of readHashList(writeHashList(entries, { format }))) read.push(entry);
    expect(read.map(({ hash }) => hash)).toEqual(entries.map(({ hash }) => hash));
    if (format !== 'plain') expect(read).toEqual(entries);
    else for (const entry of read) expect(entry).not.toHaveProperty('variant');
    const { verdict, matches } = match(copy, createBlocklist(read));
    expect(verdict).toBe('match');
    expect(matches).toHaveLength(1);
    if (format !== 'plain') expect(matches[0]!.entry.variant).toBe('window1x1');
  }
  const alone = entries.filter(({ variant }) => variant === undefined);
  expect(match(copy, createBlocklist(alone)).verdict).toBe('none');
});

describe('createBundle refuses', () => {
  test('no image', async () => {
    await expect(createBundle([])).rejects.toThrow(RangeError);
  });
  test.each(['2026-02-30', '26-1-1', '2026-11-25T10:00', ''])('an invalid day: %s', async (day) => {
    await expect(createBundle([{ hash: ONE, variants: [] }], { day })).rejects.toThrow(RangeError);
  });
  test('an invalid hash', async () => {
    const hash = { algorithm: 'md5', bytes: new Uint8Array(16) } as never;
    await expect(createBundle([{ hash, variants: [] }])).rejects.toThrow(TypeError);
  });
});
