import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { distance } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { type DecodeOptions, decode, decodeUntil } from '../../../src/node/decode/decode.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { hashAll } from '../../../src/node/hash-files.js';
import { decodeThreads } from '../../../src/node/pool/start-thread.js';
import { variantPicture } from '../../../src/node/report/variant-picture.js';
import { onBackdrop, orient } from '../../../src/variants/forms.js';
import { heicPath, imagePath, photoPath } from '../fixtures.js';
import { ownScripts } from '../pool/hash-process.js';

const scripts = ownScripts('heic-worker');

/** `decode` of a program that has no threads yet, and finds its scripts there. */
async function newDecode(folder = scripts.folder): Promise<typeof decode> {
  vi.resetModules();
  (await import('../../../src/node/pool/start-thread.js')).setWorkerScripts(folder);
  return (await import('../../../src/node/decode/decode.js')).decode;
}

const read = (file: string) => readFileSync(heicPath(file));
const hashOf = (file: string) => hashFile(heicPath(file));
/** What libheif's own heif-dec decodes (fixtures/README.md). */
const native = async (file: string) => (await decode(read(file))).pixels;

const errorOf = (bytes: Uint8Array, options?: DecodeOptions, decodeBytes = decode) =>
  decodeBytes(bytes, options).then(
    () => undefined,
    (error) => error,
  );

describe('the picture that libheif decodes', () => {
  test('has the same hash and quality', async () => {
    const wanted = pdq(await native('photo.png'));
    const { width, height, variants, ranks: _, ...image } = await hashOf('photo.heic');
    expect(image).toEqual(wanted);
    expect([width, height, variants]).toEqual([301, 150, []]);
  });

  test('is turned once, by its own property, and not again by EXIF', async () => {
    const upright = await native('photo.png');
    const { width, height, variants, ranks: _, ...image } = await hashOf('turned.heic');
    expect(image).toEqual(pdq(orient(upright, 6)));
    expect([width, height, variants]).toEqual([150, 301, []]);
    const stored = await hashFile(heicPath('turned.heic'), { orientation: 'stored' });
    expect(stored.hash).toEqual(image.hash);
  });

  test('is mirrored', async () => {
    const { hash } = await hashOf('mirrored.heic');
    expect(distance(hash, pdq(orient(await native('photo.png'), 2)).hash)).toBeLessThanOrEqual(2);
  });

  test('may differ from what a player shows, if it has tracks', async () => {
    const film = Buffer.from('\0\0\0\x10moov\0\0\0\x08free', 'latin1');
    const options = { variants: 'orientation' } as const;
    const { signal } = new AbortController();
    for (const [tracks, unseen] of [
      [[], undefined],
      [[film], 'unseen-picture'],
    ] as const) {
      const bytes = Buffer.concat([read('photo.heic'), ...tracks]);
      expect((await decodeUntil(signal, bytes, options)).unseen).toBe(unseen);
    }
  });

  test('may be a grid of tiles, or have 10 bits', async () => {
    const photo = pdq(await native('photo.png')).hash;
    expect(distance((await hashOf('grid.heic')).hash, photo)).toBeLessThanOrEqual(10);
    const { hash } = await hashOf('ten-bit.heic');
    const { hash: original } = await hashFile(imagePath('rgb-16-bit.png'));
    expect(distance(hash, original)).toBeLessThanOrEqual(10);
  });

  // The JavaScript build lacks HEVC's deblocking filters, and this picture is all edges.
  test('differs most where blocks have hard edges', async () => {
    const { hash } = await hashOf('mosaic.heic');
    expect(distance(hash, pdq(await native('mosaic.png')).hash)).toBeLessThanOrEqual(6);
  });

  test('may be transparent: it is also hashed on white and on black', async () => {
    const pixels = await native('cut-out.png');
    const { hash, variants } = await hashOf('cut-out.heic');
    expect(distance(hash, pdq(pixels).hash)).toBeLessThanOrEqual(2);
    expect(variants.map(({ name }) => name)).toEqual(['onWhite', 'onBlack']);
    for (const [i, backdrop] of [255, 0].entries()) {
      const wanted = pdq(onBackdrop(pixels, backdrop as 255 | 0)).hash;
      expect(distance(variants[i]!.hash, wanted)).toBeLessThanOrEqual(2);
    }
  });

  test('is near the photo it was made from', async () => {
    const { hash } = await hashOf('photo.heic');
    const jpeg = await hashFile(photoPath('locomotion-house-cat-w301.jpg'));
    expect(distance(hash, jpeg.hash)).toBeLessThanOrEqual(10);
    expect((await decode(read('photo.heic'))).format).toBe('heic');
  });
});

test('the results of a batch of HEIC and other files, one of them broken, are in order', async () => {
  const paths = ['photo.heic', 'half.heic', 'photo.png', 'turned.heic', 'photo.heic'].map(heicPath);
  const results = [];
  for await (const { image, error } of hashAll(paths, { variants: 'dihedral' })) {
    results.push(error?.code ?? image?.width);
  }
  expect(results).toEqual([301, 'corrupt', 301, 150, 301]);
});

test('a variant of HEIC can be shown', async () => {
  const png = await variantPicture(heicPath('photo.heic'), { name: 'original' });
  const { pixels } = await decode(png);
  expect([pixels.width, pixels.height]).toEqual([301, 150]);
});

describe('is refused', () => {
  test.each(['half.heic', 'bomb.heic'])('%s', async (file) => {
    const error = await errorOf(read(file));
    const code = file === 'half.heic' ? 'corrupt' : 'too-many-pixels';
    expect(error).toMatchObject({ name: 'DecodeError', code });
    expect(error.message).toMatch(/^[a-z][^\n]{10,120}$/);
  });

  test('with more pixels than maxPixels, from its header', async () => {
    const bytes = read('photo.heic');
    const error = await errorOf(bytes, { maxPixels: 301 * 150 - 1 });
    expect(error.code).toBe('too-many-pixels');
    const { pixels } = await decode(bytes, { maxPixels: 301 * 150 });
    expect(pixels.width).toBe(301);
  });

  test('if it is only a brand', async () => {
    const brand = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
    expect((await errorOf(brand)).code).toBe('corrupt');
    expect((await errorOf(Buffer.concat([brand, Buffer.alloc(4096, 7)]))).code).toBe('corrupt');
  });

  test('without sides', async () => {
    const bytes = read('mosaic.heic');
    bytes.write('free', bytes.indexOf('ispe'));
    expect(await errorOf(bytes)).toMatchObject({ name: 'DecodeError', code: 'corrupt' });
  });

  test('if no thread can be started, with what to do', async () => {
    vi.doMock('node:worker_threads', () => ({
      Worker: class {
        constructor() {
          throw new Error('no threads are allowed');
        }
      },
    }));
    onTestFinished(() => vi.doUnmock('node:worker_threads'));
    const error = await errorOf(read('photo.heic'), {}, await newDecode());
    expect(error).toMatchObject({ name: 'DecodeError', code: 'decoder-missing' });
    expect(error.message).toContain('setWorkerScripts');
    expect(error.cause.message).toBe('no threads are allowed');
  });

  test('if heic-decode is not installed, with what to do', async () => {
    const script = readFileSync(new URL('heic-worker.js', scripts.folder), 'utf8');
    const text = script.replaceAll('heic-decode', 'not-installed');
    const without = await newDecode(scripts.played('heic-worker', 'without', text));
    const error = await errorOf(read('photo.heic'), {}, without);
    expect(error.code).toBe('decoder-missing');
    expect(error.message).toMatch(/HEIC.*npm install heic-decode.*save the picture as JPEG/);
  });

  test('if a bundler left out the thread, with what to do', async () => {
    const left = await newDecode(new URL('nowhere/', scripts.folder));
    const error = await errorOf(read('photo.heic'), {}, left);
    expect(error.code).toBe('decoder-missing');
    expect(error.message).toContain('setWorkerScripts');
  });
});

/** Counts the threads started while `work` ran; `ended` gives how many have ended. */
async function threadsOf(work: () => Promise<void>): Promise<{ started: number; ended(): number }> {
  let started = 0;
  let ended = 0;
  const note = (worker: Worker) => {
    started++;
    worker.once('exit', () => ended++);
  };
  process.on('worker', note);
  await work().finally(() => process.off('worker', note));
  return { started, ended: () => ended };
}

test('one thread serves a batch, and restarts only after an error', async () => {
  const decodeAnew = await newDecode();
  const one = (file: string) => decodeAnew(read(file)).catch(() => {});
  const good = await threadsOf(async () => {
    for (let i = 0; i < 5; i++) await one('photo.heic');
  });
  expect([good.started, good.ended()]).toEqual([1, 0]);
  const bad = await threadsOf(async () => {
    for (const file of ['half.heic', 'photo.heic', 'photo.heic']) await one(file);
  });
  expect(bad.started).toBe(1);
  await expect.poll(good.ended).toBe(1);
  expect(bad.ended()).toBe(0);
});

test('an idle thread does not keep the process alive', async () => {
  const ports = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
  const decodeAnew = await newDecode();
  const before = ports();
  // Counted when its thread starts: a look at intervals may come after its end.
  let busy = 0;
  process.once('worker', () => {
    busy = ports();
  });
  await decodeAnew(read('photo.heic'));
  expect(busy).toBeGreaterThan(before);
  expect(ports()).toBe(before);
});

describe('is aborted', () => {
  test('when the time is up, and its thread ends', async () => {
    const decodeAnew = await newDecode();
    const threads = await threadsOf(async () => {
      const error = await errorOf(read('photo.heic'), { timeoutSeconds: 0.001 }, decodeAnew);
      expect(error).toMatchObject({ code: 'timeout' });
    });
    expect(threads.started).toBe(1);
    await expect.poll(threads.ended).toBe(1);
  });

  test('on abort, with its reason, and its thread ends', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { signal } = controller;
    const decodeAnew = await newDecode();
    const threads = await threadsOf(async () => {
      const many = Array.from({ length: 8 }, () =>
        errorOf(read('photo.heic'), { signal }, decodeAnew),
      );
      await setTimeout(5);
      controller.abort(reason);
      for (const error of await Promise.all(many)) expect(error).toBe(reason);
    });
    // Only those being decoded; the others never began.
    expect(threads.started).toBeLessThanOrEqual(decodeThreads());
    await expect.poll(threads.ended).toBe(threads.started);
    const { pixels } = await decode(read('photo.heic'));
    expect(pixels.width).toBe(301);
  });
});

test('leaves the bytes unchanged, also in a view of a larger buffer', async () => {
  const bytes = read('photo.heic');
  const larger = Buffer.concat([Buffer.alloc(13, 1), bytes, Buffer.alloc(5, 2)]);
  const before = Buffer.from(larger);
  const view = new Uint8Array(larger.buffer, larger.byteOffset + 13, bytes.length);
  const { pixels } = await decode(view);
  expect(Buffer.compare(larger, before)).toBe(0);
  expect(pixels).toEqual((await decode(bytes)).pixels);
});
