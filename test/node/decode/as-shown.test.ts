import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { distance, newHash } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { decodeUntil } from '../../../src/node/decode/decode.js';
import type { DecodedLook } from '../../../src/node/decode/looks.js';
import { check, createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type { Pixels } from '../../../src/pixels.js';
import { canInstall, install } from '../../project/debian.js';
import { FORMATS } from '../../shown/formats.js';
import { oddFile } from '../../shown/grammar.js';
import { sceneOf } from '../../shown/raster.js';
import { segment } from '../../shown/writers/jpeg-writer.js';
import { photoPath } from '../fixtures.js';
import { ownScripts } from '../pool/hash-process.js';

const PROFILES = '/usr/share/color/icc';
const PACKAGES = ['colord-data', 'icc-profiles-free', 'libgs-common'];
const isThere = () =>
  ['colord/ProPhotoRGB.icc', 'ghostscript/lab.icc', 'sRGB.icc'].every((name) =>
    existsSync(join(PROFILES, name)),
  );
if (canInstall() && !isThere()) await install(PACKAGES, isThere);

ownScripts('hash-process');
const pool = createHashPool({ timeoutSeconds: 3600 });
afterAll(() => pool.close());

const decoded = (bytes: Uint8Array) =>
  decodeUntil(new AbortController().signal, bytes, { variants: 'thorough' });

/** A JPEG of a photo, in samples of a profile's space, with the profile in parts. */
async function jpegWith(profile: Uint8Array, photo = 'march-pastoral-w700.png'): Promise<Buffer> {
  const space = Buffer.from(profile.subarray(16, 20)).toString();
  const picture = sharp(photoPath(photo)).resize(320);
  if (space === 'CMYK') picture.toColourspace('cmyk');
  if (space === 'GRAY') picture.toColourspace('b-w');
  const jpeg = await picture.jpeg({ quality: 95 }).toBuffer();
  const size = 65_000;
  const count = Math.ceil(profile.length / size);
  const parts = Array.from({ length: count }, (_, i) =>
    segment(
      0xe2,
      Buffer.concat([
        Buffer.from('ICC_PROFILE\0'),
        Buffer.of(i + 1, count),
        profile.subarray(i * size, (i + 1) * size),
      ]),
    ),
  );
  return Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(2)]);
}

const profiles = () =>
  readdirSync(PROFILES, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ic[cm]$/i.test(file))
    .sort()
    .map((file) => ({ file, profile: readFileSync(join(PROFILES, file)) }))
    .filter(({ profile }) => ['RGB ', 'GRAY', 'CMYK'].includes(profile.toString('latin1', 16, 20)));

test.skipIf(!isThere())(
  `no profile of Debian is odd, and those of cameras show no other picture (${PACKAGES})`,
  async () => {
    const looks: string[] = [];
    const all = profiles();
    expect(all.length).toBeGreaterThan(50);
    for (const { file, profile } of all) {
      const { looks: found = [], unseen, pixels } = await decoded(await jpegWith(profile));
      expect([file, unseen]).toEqual([file, undefined]);
      for (const look of found) {
        looks.push(file);
        const { hash, quality } = pdq(look.pixels);
        // It is the photo still, in other tones.
        expect(distance(hash, pdq(pixels).hash)).toBeLessThanOrEqual(40);
        expect(quality).toBeGreaterThan(50);
      }
    }
    const ofCameras = /sRGB|AdobeRGB|a98|ClayRGB|PAL-RGB|Rec709|default_(rgb|gray)|srgb/;
    expect(looks.filter((file) => ofCameras.test(file) && !/sgray|scrgb|esrgb/.test(file))).toEqual(
      [],
    );
    expect(looks).toContain('colord/FOGRA39L_coated.icc');
  },
);

/** Features of odd files whose profile no camera or editor writes. */
const ODD = [
  ...['blue-alone', 'blue-by-black-curves', 'lut-blue', 'inverted', 'halves'],
  ...['of-lab', 'of-links', 'of-printers'],
];
/** Those whose profile some program might write. */
const PLAIN = ['blue-mostly', 'band-in-the-bright'];

test.each(
  ['png', 'jpeg', 'webp', 'avif'].flatMap((format) =>
    [
      // What codes a picture with losses blurs what is scrambled at random.
      ...(format === 'png' || format === 'webp' ? ['permuted', 'permuted-per-channel'] : []),
      ...ODD,
      ...PLAIN,
    ].map((feature) => ({
      format,
      name: `${format}/colour/${feature}`,
      odd: !PLAIN.includes(feature),
    })),
  ),
)('$name has the look that browsers show', async ({ format, name, odd }) => {
  const { bytes } = await oddFile(FORMATS.find((one) => one.name === format)!, [name], 7);
  const { listed } = await sceneOf(random(7));
  const { looks = [], unseen } = await decoded(bytes);
  expect(distanceOf(looks, 'asShown', listed)).toBeLessThanOrEqual(20);
  expect(unseen).toBe(odd ? 'odd-profile' : undefined);
});

const distanceOf = (looks: readonly DecodedLook[], name: string, picture: Pixels) =>
  Math.min(
    ...looks
      .filter(({ look }) => look === name)
      .map(({ pixels }) => distance(pdq(pixels).hash, pdq(picture).hash)),
  );

test.each([
  'avif/geometry/cut-at-an-offset',
  'avif/geometry/cut-at-the-centre',
  'avif/geometry/cut-to-much-less',
])('%s shows all, as in Chromium, and is cut, as in libheif', async (name) => {
  const { bytes } = await oddFile(FORMATS.find((one) => one.name === 'avif')!, [name], 7);
  const { listed } = await sceneOf(random(7));
  const { looks = [], pixels } = await decoded(bytes);
  expect(distance(pdq(pixels).hash, pdq(listed).hash)).toBeGreaterThan(60);
  expect(distanceOf(looks, 'otherReading', listed)).toBeLessThanOrEqual(10);
});

test('a GIF has a look for each screen on which browsers show it', async () => {
  const gif = await sharp(photoPath('march-pastoral-w700.png')).resize(64, 48).gif().toBuffer();
  const on = async (width: number, height: number, left = 0, top = 0) => {
    const bytes = Buffer.from(gif);
    bytes.writeUInt16LE(width, 6);
    bytes.writeUInt16LE(height, 8);
    const frame = bytes.indexOf(Buffer.of(0x2c, 0, 0, 0, 0, 64, 0, 48, 0));
    bytes.writeUInt16LE(left, frame + 1);
    bytes.writeUInt16LE(top, frame + 3);
    const { pixels, looks = [] } = await decoded(bytes);
    return [pixels, ...looks.map((look) => look.pixels)].map((p) => `${p.width}x${p.height}`);
  };
  expect(await on(64, 48)).toEqual(['64x48']);
  // Where sharp sees no transparency, it has black about the frame.
  expect(await on(128, 96)).toEqual(['128x96', '128x96']);
  expect(await on(128, 96, 32, 24)).toEqual(['128x96', '128x96']);
  // Too small: both engines widen it. Not believed by libnsgif.
  expect(await on(32, 24)).toEqual(['64x48']);
  expect(await on(640, 480)).toEqual(['64x48', '640x480']);
  expect(await on(3000, 100)).toEqual(['64x48', '3000x100']);
  // Chromium widens, Firefox cuts.
  expect(await on(64, 48, 32, 24)).toEqual(['96x72', '96x72', '64x48']);
});

/** What browsers show otherwise than sharp, and no camera writes; a part of it is as ever. */
test.each([
  [['png/geometry/6', 'png/container/interlaced'], ['png/container/interlaced']],
  // With as many parts of the picture as that takes.
  [['png/container/chunk-amid-data'], ['png/geometry/6'], 8],
  [['gif/colour/palette-absent'], ['gif/colour/grey']],
  [['gif/frames/in-tiles', 'gif/geometry/frame-outside'], ['gif/geometry/frame-outside']],
  [['gif/frames/first-smaller', 'gif/geometry/screen-of-one'], ['gif/geometry/screen-of-one']],
  [['avif/geometry/turned-and-cut'], ['avif/geometry/cut-and-turned']],
  [['avif/transparency/cut-out', 'avif/geometry/2'], ['avif/transparency/cut-out']],
  [['avif/transparency/premultiplied'], ['avif/geometry/2']],
])(
  '%s may be shown as a picture that is not checked',
  async (features, plain, seed = 2333058405) => {
    const format = FORMATS.find(({ name }) => features[0]!.startsWith(`${name}/`))!;
    const of = async (names: string[]) =>
      (await decoded((await oddFile(format, names, seed)).bytes)).unseen;
    expect(await of(features)).toBe('unseen-picture');
    expect(await of(plain)).toBeUndefined();
  },
);

test.each([
  ...['png/colour/permuted', 'png/colour/blue-alone', 'jpeg/colour/halves'],
  ...['jpeg/colour/blue-alone', 'avif/geometry/cut-at-an-offset'],
])('%s matches as it is shown', async (name) => {
  const format = FORMATS.find((one) => name.startsWith(`${one.name}/`))!;
  const { bytes } = await oddFile(format, [name], 7);
  const { listed } = await sceneOf(random(7));
  const list = createBlocklist([{ hash: pdq(listed).hash, labels: [] }]);
  const { verdict, matches } = await check(bytes, list, { pool });
  expect([verdict, matches[0]?.variant.look ?? matches[0]?.variant.name]).toEqual([
    'match',
    name.includes('/colour/') ? 'asShown' : 'otherReading',
  ]);
  // Nobody lists it: but a profile that nobody writes is not passed over.
  const { algorithm, bytes: bits } = pdq(listed).hash;
  const far = createBlocklist([
    {
      hash: newHash(
        algorithm,
        bits.map((byte) => byte ^ 0x5a),
      ),
      labels: [],
    },
  ]);
  const other = await check(bytes, far, { pool });
  const isOdd = name.includes('/colour/');
  expect([other.verdict, other.reason]).toEqual(
    isOdd ? ['review', 'odd-profile'] : ['none', other.reason],
  );
});
