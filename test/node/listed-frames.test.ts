import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { createBundle, entriesOfBundle } from '../../src/bundle/bundle.js';
import { hashToHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { readHashList } from '../../src/text/hash-list.js';
import { writeHashList } from '../../src/text/write-hash-list.js';
import { type HashedImage, listedPicture } from '../../src/variant.js';
import {
  apng,
  gifAnimation,
  MAKERS,
  type MadeFrame,
  photoFilm,
  photoFrame,
  webpAnimation,
} from './decode/animations.js';
import { riff } from './decode/costly-files.js';

const SIDES = { width: 240, height: 240 };
const PHOTOS = ['dust-bowl-home.jpg', 'locomotion-house-cat.jpg', 'acanthus-mollis.jpg'] as const;
const list = await Promise.all(PHOTOS.map((file) => photoFrame(file, SIDES)));
const [first, second, third] = list as [MadeFrame, MadeFrame, MadeFrame];
const blank = { ...first, data: new Uint8Array(first.data.length).fill(255) };

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The frames beside the picture, by their number, with their hash and quality. */
const framesOf = ({ variants }: HashedImage) =>
  variants
    .filter(({ name }) => name === 'frame')
    .map(({ frame, hash, quality }) => [frame, hashToHex(hash), quality]);

/** The same of frames as sharp draws them, each as a still picture. */
async function bySharp(bytes: Uint8Array, numbers: readonly number[]) {
  return await Promise.all(
    numbers.map(async (page) => {
      const { hash, quality } = await hashFile(await sharp(bytes, { page }).png().toBuffer());
      return [page, hashToHex(hash), quality];
    }),
  );
}

describe.each(['gif', 'webp', 'png'] as const)('%s', (format) => {
  const made = (frames: readonly MadeFrame[]) => MAKERS[format](frames, SIDES);

  test('the later frames are variants with `inner`, as sharp draws them', async () => {
    const bytes = await made(list);
    const still = await hashFile(bytes);
    const listed = await hashFile(bytes, { inner: true });
    expect(framesOf(still)).toEqual([]);
    expect({ ...listed, variants: [] }).toEqual({ ...still, variants: [] });
    const pages = format === 'png' ? await webpAnimation(list, SIDES) : bytes;
    const frames = framesOf(listed);
    expect(frames).toEqual(await bySharp(pages, [1, 2]));
    expect(listed.variants).toHaveLength(2);
    for (const variants of ['none', 'dihedral'] as const) {
      expect(framesOf(await hashFile(bytes, { inner: true, variants }))).toEqual(frames);
    }
  });

  test('a blank frame, and one that was there before, are left out', async () => {
    const { variants } = await hashFile(await made([first, second, first, second, blank]), {
      inner: true,
    });
    expect(variants.map(({ name, frame }) => [name, frame])).toEqual([['frame', 1]]);
  });

  test('a still of a later frame is found by what a list and a bundle hold', async () => {
    const image = await hashFile(await made(list), { inner: true });
    const still = await sharp(Buffer.from(third.data), { raw: { ...SIDES, channels: 4 } })
      .removeAlpha()
      .resize(400)
      .jpeg({ quality: 70 })
      .toBuffer();
    const copy = await hashFile(still, { variants: 'none' });
    const verdicts = (['whole', 'both', 'inner'] as const).map(async (listing) => {
      const { bundle } = await createBundle([listedPicture(image, listing)]);
      const entries = entriesOfBundle(bundle);
      const frames = entries.filter(({ variant }) => variant === 'frame');
      expect(frames.map(({ group }) => group)).toEqual(Array(2).fill(hashToHex(image.hash)));
      const text = [...writeHashList(entries, { format: 'jsonl' })].join('');
      const lines = await all(readHashList(text));
      expect(lines.filter(({ variant }) => variant === 'frame')).toHaveLength(2);
      return [entries, lines].map((each) => match(copy, createBlocklist(each)).verdict);
    });
    expect((await Promise.all(verdicts)).flat()).toEqual(Array(6).fill('match'));
    expect(match(copy, createBlocklist([{ hash: image.hash, labels: [] }])).verdict).toBe('none');
  });
});

test('frames that cover a part, have holes or are cleared are drawn as sharp draws them', async () => {
  const film = await photoFilm(SIDES);
  const webp = await webpAnimation(film, SIDES);
  const expected = await bySharp(webp, [1, 2, 3, 4, 5]);
  for (const bytes of [webp, apng(film, SIDES)]) {
    expect(framesOf(await hashFile(bytes, { inner: true }))).toEqual(expected);
  }
});

test('a picture that is no frame is listed beside all frames', async () => {
  const bytes = apng([second, third], SIDES, { beside: first });
  const image = await hashFile(bytes, { inner: true });
  expect(framesOf(image).map(([frame]) => frame)).toEqual([0, 1]);
});

test('frames are turned as the picture is', async () => {
  const file = await webpAnimation(list, SIDES);
  const exif = Buffer.from(
    'II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0',
    'latin1',
  );
  const turned = Buffer.concat([file, riff('EXIF', exif)]);
  turned.writeUInt32LE(turned.length - 8, 4);
  turned[20]! |= 8;
  for (const orientation of ['display', 'stored'] as const) {
    const image = await hashFile(turned, { inner: true, orientation });
    const page = sharp(file, { page: 1 });
    if (orientation === 'display') page.rotate(90);
    const still = await hashFile(await page.png().toBuffer());
    expect(framesOf(image)[0]).toEqual([1, hashToHex(still.hash), still.quality]);
  }
});

test('with `thorough` a frame is among the looks, and once', async () => {
  const { variants } = await hashFile(apng(list, SIDES), { inner: true, variants: 'thorough' });
  const whole = variants.filter(({ name }) => name === 'frame');
  expect(whole.map(({ frame }) => frame)).toEqual([1, 2]);
});

describe('hostile animations', () => {
  /** The numbers of the frames. The picture has its hash, as without them. */
  const listed = async (bytes: Uint8Array) => {
    const image = await hashFile(bytes, { inner: true });
    expect(image.hash).toEqual((await hashFile(bytes)).hash);
    return framesOf(image).map(([frame]) => frame);
  };
  const small = { width: 64, height: 64 };

  test('one that is cut off has the frames before', async () => {
    const gif = await gifAnimation(list, SIDES);
    expect(await listed(gif)).toEqual([1, 2]);
    expect(await listed(gif.subarray(0, -5000))).toEqual([1]);
  });

  test('a frame that no decoder reads ends the frames, not the picture', async () => {
    const png = apng(list, SIDES);
    png.fill(0xff, png.length - 9000, png.length - 5000);
    expect(await listed(png)).toEqual([1]);
  });

  test('ten thousand frames are refused', async () => {
    const frames = Array.from({ length: 10_000 }, () => ({ ...blank, ...small }));
    const bytes = await webpAnimation(frames, small);
    await expect(listed(bytes)).rejects.toMatchObject({ code: 'too-many-frames' });
  });

  test('frames beyond the bound on pixels are left out', async () => {
    const patch = await photoFrame(PHOTOS[1], { width: 24, height: 24, over: true });
    const found = await listed(await webpAnimation([first, ...Array(2100).fill(patch)], SIDES));
    // The last one would need all of those before it.
    expect(found.length).toBeLessThan(7);
    expect(found).not.toContain(2100);
  });

  test('a screen that is too large has no frames', async () => {
    const gif = await gifAnimation(list, SIDES);
    gif.fill(0xff, 6, 10);
    expect(await listed(gif)).toEqual([]);
  });
});
