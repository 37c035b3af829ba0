import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { decodeUntil } from '../../../src/node/decode/decode.js';
import { check, createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { chunk } from '../../browser/png-file.js';
import { runs } from '../../seed.js';
import { iccpOf, PROFILES } from '../../shown/profiles.js';
import { sceneOf } from '../../shown/raster.js';
import { photoPath } from '../fixtures.js';
import { ownScripts } from '../pool/hash-process.js';
import { apng, gifAnimation, type MadeFrame, webpAnimation } from './animations.js';

const { signal } = new AbortController();
const looksOf = (bytes: Uint8Array) => decodeUntil(signal, bytes, { variants: 'quick' });

/** Sides of a canvas; WebP's are square here. */
const SIDE = 24;
const CANVAS = { width: SIDE, height: SIDE };

/** A frame of one colour a pixel, clear where a pixel's number says so. */
const frames = (alphas: readonly number[]) =>
  fc.array(
    fc
      .record({
        x: fc.nat(5).map((n) => 2 * n),
        y: fc.nat(5).map((n) => 2 * n),
        isWhole: fc.boolean(),
        seed: fc.nat(255),
        milliseconds: fc.nat(2000),
        over: fc.boolean(),
        after: fc.constantFrom('kept' as const, 'cleared' as const),
      })
      .map(({ isWhole, seed, ...rest }): MadeFrame => {
        const place = isWhole ? { x: 0, y: 0 } : { x: rest.x, y: rest.y };
        const width = SIDE - place.x - (isWhole ? 0 : 2);
        const height = SIDE - place.y;
        const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
          const pixel = (i >> 2) + seed;
          return (i & 3) === 3
            ? alphas[(pixel * 7) % alphas.length]!
            : (pixel * (11 + (i & 3))) & 255;
        });
        return { ...rest, ...place, width, height, data };
      }),
    { minLength: 2, maxLength: 12 },
  );

/** Whether two rasters look alike: what is clear has no colour. */
function mostApart(a: Uint8Array, b: Uint8Array): number {
  let most = a.length === b.length ? 0 : 255;
  for (let i = 0; i < a.length; i += 4) {
    most = Math.max(most, Math.abs(a[i + 3]! - b[i + 3]!));
    if (a[i + 3] === 0) continue;
    for (let c = 0; c < 3; c++) most = Math.max(most, Math.abs(a[i + c]! - b[i + c]!));
  }
  return most;
}

const first = (list: readonly MadeFrame[]): MadeFrame[] => {
  const data = new Uint8Array(4 * SIDE * SIDE).map((_, i) => (i & 3 ? 255 : i & 255));
  const whole = { x: 0, y: 0, ...CANVAS, data };
  return [{ ...list[0]!, ...whole }, ...list.slice(1)];
};

describe('frames are those that libwebp and libvips make', () => {
  test.each([
    ['of holes', [0, 255], 0],
    ['of shades', [0, 9, 130, 255], 4],
  ] as const)('%s', async (_, alphas, most) => {
    await fc.assert(
      fc.asyncProperty(frames(alphas), async (list) => {
        const webp = await webpAnimation(first(list), CANVAS);
        const decoded = await looksOf(webp);
        expect(decoded.unseen).toBeUndefined();
        const png = await looksOf(apng(first(list), CANVAS));
        expect(png.frames).toEqual(decoded.frames);
        for (const [i, look] of decoded.looks!.entries()) {
          const page = await sharp(webp, { page: look.frame! }).ensureAlpha().raw().toBuffer();
          expect(mostApart(page, look.pixels.data as Uint8Array)).toBeLessThanOrEqual(most);
          expect(png.looks![i]!.frame).toBe(look.frame);
          expect(png.looks![i]!.pixels).toEqual(look.pixels);
        }
      }),
      { numRuns: runs(40) },
    );
  });

  test('of GIF', async () => {
    await fc.assert(
      fc.asyncProperty(frames([0, 255, 255]), async (list) => {
        const whole = list.map((frame) => ({
          ...first([frame])[0]!,
          data: first([frame])[0]!.data.map((v, i) => (i < frame.data.length ? frame.data[i]! : v)),
        }));
        const gif = await gifAnimation(whole, CANVAS);
        const { looks } = await looksOf(gif);
        for (const { frame, pixels } of looks!) {
          const page = await sharp(gif, { page: frame! }).ensureAlpha().raw().toBuffer();
          expect(mostApart(page, pixels.data as Uint8Array)).toBe(0);
        }
      }),
      { numRuns: runs(40) },
    );
  });
});

describe('the pictures that an animation shows are checked', () => {
  ownScripts('hash-process');
  const pool = createHashPool({ timeoutSeconds: 3600, cpuSeconds: 600 });
  afterAll(() => pool.close());

  const photo = async (file: string, milliseconds: number): Promise<MadeFrame> => {
    const sides = { width: 160, height: 160 };
    const data = await sharp(photoPath(file))
      .resize({ ...sides, fit: 'fill' })
      .ensureAlpha()
      .raw()
      .toBuffer();
    const place = { x: 0, y: 0, ...sides };
    return { ...place, data: new Uint8Array(data), milliseconds, over: false, after: 'kept' };
  };
  const [shown, other] = ['dust-bowl-home.jpg', 'locomotion-house-cat.jpg'];

  /** @param listed its hash is listed */
  const decisionOf = async (bytes: Uint8Array, { data, width, height }: MadeFrame) => {
    const { hash } = pdq({ data, width, height, channels: 4 });
    return await check(bytes, createBlocklist([{ hash, labels: ['a'] }]), { pool });
  };

  test('an APNG whose fcTL comes after IDAT', async () => {
    const [listed, beside] = [await photo(shown, 100), await photo(other, 100)];
    const { verdict, frames, matches } = await decisionOf(
      apng([listed], listed, { beside }),
      listed,
    );
    expect([verdict, frames]).toEqual(['match', { total: 1, checked: 1 }]);
    expect(matches[0]!.variant).toMatchObject({ name: 'frame', frame: 0 });
  });

  test.each(['gif', 'webp', 'png'])(
    'another picture for 10 ms, then the listed one for good: %s',
    async (format) => {
      const list = [await photo(other, 10), await photo(shown, 1000)];
      const make = { gif: gifAnimation, webp: webpAnimation, png: apng }[format]!;
      const { verdict, frames, matches } = await decisionOf(await make(list, list[0]!), list[1]!);
      expect([verdict, frames]).toEqual(['match', { total: 2, checked: 2 }]);
      expect(matches[0]!.variant).toMatchObject({ name: 'frame', frame: 1 });
    },
  );

  test('of many frames the last and the longest are checked', async () => {
    const decoy = await photo(other, 100);
    const listed = await photo(shown, 150);
    // Browsers show what has no time for 100 ms.
    const of = (at: number, milliseconds: number) =>
      Array.from({ length: 50 }, (_, i) => (i === at ? { ...listed, milliseconds } : decoy));
    for (const [at, milliseconds, verdict] of [
      [49, 0, 'match'],
      [17, 101, 'match'],
      [17, 99, 'none'],
    ] as const) {
      const bytes = await webpAnimation(of(at, milliseconds), decoy);
      expect(await decisionOf(bytes, listed)).toMatchObject({
        verdict,
        frames: { total: 50, checked: 8 },
      });
    }
  });

  test('a frame that costs too much, or is invalid, is to be reviewed', async () => {
    const [decoy, listed] = [await photo(other, 100), await photo(shown, 100)];
    const broken = await webpAnimation([decoy, listed], decoy);
    for (const bytes of [
      broken.fill(0xff, broken.length - 5000),
      await webpAnimation(
        Array(3000).fill({ ...decoy, data: decoy.data.map(() => 128), over: true }),
        decoy,
      ),
    ]) {
      expect(await decisionOf(bytes, listed)).toMatchObject({
        verdict: 'review',
        reason: 'unseen-picture',
      });
    }
  });

  test('a frame is checked in the colours that its file states', async () => {
    const [decoy, listed] = [await photo(other, 10), await photo(shown, 100)];
    const { icc, store } = PROFILES.permuted!(await sceneOf(random(7)));
    const { data } = store({ ...listed, data: Buffer.from(listed.data) }, await sceneOf(random(7)));
    const png = apng([decoy, { ...listed, data }], listed);
    // Behind the signature and IHDR.
    const parts = [png.subarray(0, 33), chunk('iCCP', iccpOf(icc)), png.subarray(33)];
    const { verdict, matches } = await decisionOf(Buffer.concat(parts), listed);
    expect([verdict, matches[0]?.variant]).toEqual([
      'match',
      expect.objectContaining({ name: 'frame', frame: 1 }),
    ]);
  });

  test('an AVIF with tracks is to be reviewed', async () => {
    const listed = await photo(shown, 100);
    const avif = await sharp(photoPath(other)).resize(64).avif().toBuffer();
    const bytes = Buffer.concat([avif, Buffer.from('\0\0\0\x10moov\0\0\0\x08free', 'latin1')]);
    expect((await decisionOf(avif, listed)).verdict).toBe('none');
    expect(await decisionOf(bytes, listed)).toMatchObject({
      verdict: 'review',
      reason: 'unseen-picture',
    });
  });
});
