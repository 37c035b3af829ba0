import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex } from '../../../src/hash.js';
import { decode } from '../../../src/node/decode/decode.js';
import { check as checkUpload, createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { chunk } from '../../browser/png-file.js';
import { isDeep } from '../../seed.js';
import { photoFixtures, photoPath } from '../fixtures.js';
import { ownScripts } from '../pool/hash-process.js';
import {
  avifWithExif,
  compressedText,
  exifAtItself,
  flatAvif,
  gifOfFrames,
  jpegWithExif,
  pngOfFrames,
  pngWith,
  tiffOfPages,
  webpOfFrames,
  webpWithExif,
} from './costly-files.js';

const MIB = 2 ** 20;
const list = createBlocklist([
  { hash: hashFromHex('pdq', 'f'.repeat(32) + '0'.repeat(32)), labels: ['a'] },
]);
const photo = readFileSync(photoPath(photoFixtures[0]!.file));

ownScripts('hash-process');
const pool = createHashPool({ workers: 1, cpuSeconds: 2, timeoutSeconds: 3600 });
afterAll(() => pool.close());

const check = (bytes: Uint8Array) => checkUpload(bytes, list, { pool });
const statOf = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** The most memory that a process has had. */
const peakOf = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(statOf(pid, 'status'))![1]) * 1024;

/** libexif takes 0.6 ms for one entry of a hundred, and 76 s for 1,000 of them. */
const EXIF = exifAtItself(1000);

describe('metadata is not read by a decoder', () => {
  test.each([
    ['EXIF that points at itself, in a JPEG', () => jpegWithExif(EXIF)],
    ['in a PNG', () => pngWith([chunk('eXIf', EXIF)])],
    ['in a WebP', () => webpWithExif(EXIF)],
    ['in an AVIF', () => avifWithExif(EXIF)],
    [
      // libpng keeps so many, each of 8 MB at most.
      '8 MB of compressed text in a PNG',
      () => pngWith(Array<Buffer>(1000).fill(compressedText(7_900_000))),
    ],
  ])('%s', async (_, bytesOf) => {
    const bytes = await bytesOf();
    const before = Uint8Array.from(bytes);
    expect((await check(bytes)).verdict).toBe('none');
    await decode(bytes);
    expect(before.every((byte, i) => bytes[i] === byte)).toBe(true);
  });
});

test.each([
  ['a WebP', webpOfFrames],
  ['a GIF', gifOfFrames],
  ['a PNG', pngOfFrames],
  ['a TIFF', tiffOfPages],
])('%s has at most 4,000 frames', async (_, ofFrames) => {
  if (isDeep || ofFrames !== webpOfFrames)
    expect((await check(await ofFrames(4000))).reason).not.toBe('too-many-frames');
  expect((await check(await ofFrames(4001))).reason).toBe('too-many-frames');
  expect((await check(await ofFrames(60_000))).reason).toBe('too-many-frames');
});

test('an AVIF that needs more memory than a worker has is not decoded', async () => {
  const fresh = createHashPool({ workers: 1, maxMemory: 256 * MIB, timeoutSeconds: 3600 });
  const bytes = await flatAvif(4096);
  expect(bytes.length).toBeLessThan(1000);
  expect((await checkUpload(bytes, list, { pool: fresh })).reason).toBe('too-many-pixels');
  const smaller = await flatAvif(2560);
  expect((await checkUpload(smaller, list, { pool: fresh })).verdict).toBe('none');
  const [pid] = fresh.stats().pids;
  expect(peakOf(pid!)).toBeLessThan(256 * MIB);
  await fresh.close();
});

describe('CPU of a picture', () => {
  test('beyond the limit makes it too-costly, and ends its worker', async () => {
    const small = createHashPool({ workers: 1, cpuSeconds: 0.1 });
    expect(await checkUpload(photo, list, { pool: small })).toMatchObject({
      verdict: 'unhashable',
      reason: 'too-costly',
    });
    expect(small.stats()).toMatchObject({ restarts: 1, failed: 1 });
    await small.close();
  });

  test('is its own: not that of the pictures before', async () => {
    const one = createHashPool({ workers: 1, cpuSeconds: 1, timeoutSeconds: 3600 });
    const first = await checkUpload(photo, list, { pool: one });
    const [pid] = one.stats().pids;
    // In hundredths of a second.
    const spent = () => {
      const [, user, system] = /(\d+) (\d+)(?: -?\d+){7}/.exec(
        statOf(pid!, 'stat').split(' ').slice(13).join(' '),
      )!;
      return (Number(user) + Number(system)) / 100;
    };
    while (spent() < 1.5)
      expect(await checkUpload(photo, list, { pool: one })).toMatchObject({ reason: first.reason });
    expect(one.stats()).toMatchObject({ restarts: 0, failed: 0 });
    await one.close();
  });
});
