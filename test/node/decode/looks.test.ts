import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex, newHash } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { check, createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type { CheckOptions, HashPoolOptions } from '../../../src/node/pool/hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { variantPicture } from '../../../src/node/report/variant-picture.js';
import { isDeep } from '../../seed.js';
import { photoPath } from '../fixtures.js';
import { ownScripts } from '../pool/hash-process.js';

// Processes start, and the machine may be busy.

const scripts = ownScripts('hash-process');

const cut = { left: 320, top: 0, width: 320, height: 240 };
const grey = async () =>
  sharp(
    await sharp(photoPath('march-pastoral-w700.png')).extract(cut).grayscale().png().toBuffer(),
  );

const EDITS: Record<string, (of: Sharp) => Sharp> = {
  mirrored: (of) => of.flop(),
  turned: (of) => of.rotate(90),
  cropped: (of) => of.extract({ left: 16, top: 12, width: 288, height: 216 }),
  bordered: (of) => of.extend({ top: 40, bottom: 30, left: 60, right: 60, background: 'white' }),
};
const FORMATS: Record<string, (of: Sharp) => Sharp> = {
  png: (of) => of.png(),
  webp: (of) => of.webp({ lossless: true }),
  avif: (of) => of.avif({ quality: 90, effort: 0 }),
};

/** A black file whose alpha channel shows a picture on a white page. */
async function black(of: Sharp): Promise<Sharp> {
  const negative = of.removeAlpha().extractChannel(0).negate().raw();
  const { data: alpha, info } = await negative.toBuffer({ resolveWithObject: true });
  const data = Buffer.alloc(4 * alpha.length);
  for (let at = 0; at < alpha.length; at++) data[4 * at + 3] = alpha[at]!;
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } });
}

/** Each edit in one of the formats, and in the deep run in each. */
const editsOf = (format: string) =>
  Object.keys(EDITS).filter(
    (_, at) => isDeep || at % Object.keys(FORMATS).length === Object.keys(FORMATS).indexOf(format),
  );

describe.each(Object.keys(FORMATS))(
  'a black %s whose alpha channel is the listed one',
  (format) => {
    test.each(editsOf(format))('%s, is a match', async (edit) => {
      const { hash } = await hashFile(await (await grey()).png().toBuffer());
      const edited = sharp(
        await EDITS[edit]!(await grey())
          .png()
          .toBuffer(),
      );
      const file = await FORMATS[format]!(await black(edited)).toBuffer();
      const pool = createHashPool({ workers: 1, timeoutSeconds: 3600 });
      const blocklist = createBlocklist([{ hash, labels: [] }]);
      const { verdict, matches } = await check(file, blocklist, { pool });
      await pool.close();
      expect(verdict).toBe('match');
      const [{ variant }] = matches as [(typeof matches)[0]];
      expect(variant.look).toBe('onWhite');
      // The right look is drawn: on black there would be nothing to see.
      const { channels } = await sharp(await variantPicture(file, variant)).stats();
      expect(channels[0]!.stdev).toBeGreaterThan(20);
    });
  },
);

test('a lossless WebP has alpha even if its flag denies it', async () => {
  const { hash } = await hashFile(await (await grey()).png().toBuffer());
  const simple = await (await black(await grey())).webp({ lossless: true }).toBuffer();
  const lossless = simple.subarray(simple.indexOf('VP8L'));
  const sides = Buffer.from([0, 0, 0, 0, 319 & 255, 319 >> 8, 0, 239, 0, 0]);
  const extended = [Buffer.from('WEBPVP8X\x0a\0\0\0', 'latin1'), sides, lossless];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.concat(extended).length);
  const file = Buffer.concat([Buffer.from('RIFF'), length, ...extended]);
  const pool = createHashPool({ workers: 1, timeoutSeconds: 3600 });
  const decision = await pool.check(file, createBlocklist([{ hash, labels: [] }]));
  await pool.close();
  expect(decision).toMatchObject({ verdict: 'match', matches: [{ variant: { name: 'onWhite' } }] });
});

/** No two words are alike: those would be too little to match by. */
const BYTES = Uint8Array.from({ length: 32 }, (_, at) => 37 * at);

describe('unchecked content', () => {
  const near = newHash('pdq', BYTES);
  const far = newHash(
    'pdq',
    BYTES.map((byte) => byte ^ 0x35),
  );

  /** The decision about a file of which its worker says this. */
  async function decided(
    facts: string,
    { listed = far, ...options }: CheckOptions & { listed?: typeof near } = {},
    pool: HashPoolOptions = {},
  ) {
    const played = scripts.played(
      'hash-process',
      `facts-${facts.replaceAll(/\W/g, '')}`,
      `const hash = { algorithm: 'pdq', bytes: Uint8Array.of(${BYTES}) };
       const variants = [{ name: 'original', hash, quality: 100 }];
       const facts = { width: 9, height: 9, format: 'gif', decoding: 'full', ${facts} };
       process.on('disconnect', () => process.exit());
       process.on('message', ({ ask }) => {
         if (ask === 'end') process.send({ residentBytes: 0 });
         else process.send(ask === 'begin' ? 'ready' : { variants, done: true, hashing: 0, facts });
       });
       process.send('ready');`,
    );
    setWorkerScripts(played);
    const checking = createHashPool({ workers: 1, timeoutSeconds: 3600, ...pool });
    const blocklist = createBlocklist([{ hash: listed, labels: [] }]);
    const decision = await checking.check(Uint8Array.of(1), blocklist, options);
    await checking.close();
    setWorkerScripts(scripts.folder);
    return decision;
  }

  test.each(['odd-profile', 'unseen-picture'])('%s is for review', async (unseen) => {
    const decision = await decided(`unseen: '${unseen}'`);
    expect(decision).toMatchObject({ verdict: 'review', reason: unseen, matches: [] });
    expect(decision.upload).not.toHaveProperty('unseen');
    expect(JSON.stringify(decision)).toContain(`"reason":"${unseen}"`);
  });

  test('a match stays one', async () => {
    const decision = await decided("unseen: 'odd-profile'", { listed: near });
    expect(decision).toMatchObject({ verdict: 'match', reason: 'within-match-distance' });
  });

  test('frames are counted, and for review by the option alone', async () => {
    const some = 'frames: { total: 30, checked: 8 }';
    const frames = { total: 30, checked: 8 };
    const none = { verdict: 'none', reason: 'nothing-near' };
    const review = { verdict: 'review', reason: 'unseen-frames', matches: [] };
    expect(await decided(some)).toMatchObject({ ...none, frames });
    expect((await decided(some)).upload).not.toHaveProperty('frames');
    expect(await decided(some, { unseenFrames: 'review' })).toMatchObject({ ...review, frames });
    expect(await decided(some, {}, { unseenFrames: 'review' })).toMatchObject(review);
    const told = { unseenFrames: 'none' } as const;
    expect(await decided(some, told, { unseenFrames: 'review' })).toMatchObject(none);
    const all = 'frames: { total: 8, checked: 8 }';
    expect(await decided(all, { unseenFrames: 'review' })).toMatchObject(none);
    expect(await decided('', { unseenFrames: 'review' })).not.toHaveProperty('frames');
    const match = await decided(some, { unseenFrames: 'review', listed: near });
    expect(match.verdict).toBe('match');
  });

  test('an empty list reports none of it', async () => {
    const dhash = hashFromHex('dhash', '0f'.repeat(8));
    const decision = await decided("unseen: 'odd-profile'", { listed: dhash });
    expect(decision).toMatchObject({ verdict: 'none', reason: 'nothing-comparable' });
  });
});
