import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DecodeError } from '../../../src/errors.js';
import { MOST_FRAMES } from '../../../src/formats/image-format.js';
import { distance } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import type { HashedVideo } from '../../../src/video/features.js';
import {
  apng,
  type MadeFrame,
  photoFilm,
  photoFrame,
  webpAnimation,
} from '../decode/animations.js';

/* Animated WebP and PNG files as videos: their frames, at their own times, and without FFmpeg. */

const SIDES = { width: 200, height: 200 };
const DELAYS = [100, 40, 2000, 10, 70, 500];
/** Of the 10 ms, browsers make 100. */
const STARTS = [0, 0.1, 0.14, 2.14, 2.24, 2.31];
const MAKERS = { webp: webpAnimation, png: apng };
let film: MadeFrame[];

beforeAll(async () => {
  const frames = await photoFilm(SIDES);
  film = frames.map((frame, at) => ({ ...frame, milliseconds: DELAYS[at]! }));
});
afterEach(() => vi.unstubAllEnvs());

const timesOf = ({ frames }: HashedVideo) => frames.map(({ seconds }) => seconds);

describe.each(Object.entries(MAKERS))('%s', (_, make) => {
  test('its frames are drawn one over another, and keep their times', async () => {
    vi.stubEnv('PATH', '');
    const bytes = await make(film, SIDES);
    const list = await hashVideo(bytes, { secondsPerHash: 0 });
    expect(list).toMatchObject({ ...SIDES, seconds: 2.81 });
    expect(list.partial).toBeUndefined();
    expect(timesOf(list)).toEqual(STARTS);
    const { hash, quality } = pdq({ ...SIDES, data: film[0]!.data }, { resample: 'none' });
    expect(list.frames[0]).toEqual({ frameNumber: 0, hash, quality, seconds: 0 });
    // The fourth covers all that was drawn before, the others a part.
    const fourth = pdq({ ...SIDES, data: film[3]!.data }, { resample: 'none' });
    expect(list.frames[3]!.hash).toEqual(fourth.hash);
    for (const [at, { hash }] of list.frames.entries()) {
      for (const other of list.frames.slice(0, at)) expect(hash).not.toEqual(other.hash);
    }
    const query = await hashVideo(bytes, { frames: 'query' });
    expect(timesOf(query)).toEqual(STARTS);
    for (const [at, frame] of query.frames.entries()) {
      expect(distance(frame.hash, list.frames[at]!.hash)).toBeLessThanOrEqual(8);
    }
    expect(timesOf(await hashVideo(bytes, { secondsPerHash: 1 }))).toEqual([0, 0.14, 2.24]);
  });

  test('limits and a broken frame leave the frames before', async () => {
    const bytes = await make(film, SIDES);
    const few = await hashVideo(bytes, { secondsPerHash: 0, maxFrames: 2 });
    expect([few.partial, few.frames.length, few.seconds]).toEqual(['too-many-frames', 2, 0.14]);
    const short = await hashVideo(bytes, { secondsPerHash: 0, maxSeconds: 2 });
    expect([short.partial, timesOf(short)]).toEqual(['too-many-frames', STARTS.slice(0, 3)]);
    const codes = [{ maxPixels: 1000 }, { maxBytes: 1000 }].map((limits) =>
      hashVideo(bytes, limits).catch(({ code }: DecodeError) => code),
    );
    expect(await Promise.all(codes)).toEqual(['too-many-pixels', 'too-many-bytes']);
  });

  test('one of more frames than are read says so', async () => {
    const dot = await photoFrame('acanthus-mollis.jpg', { width: 16, height: 16 });
    const bytes = await make(Array(MOST_FRAMES + 1).fill(dot), dot);
    const { partial, frames, seconds } = await hashVideo(bytes, { frames: 'query' });
    expect([partial, frames.length, seconds]).toEqual(['too-many-frames', 1, MOST_FRAMES / 10]);
  });
});

test('a WebP with a broken frame has those before it', async () => {
  const bytes = await webpAnimation(film, SIDES);
  const third = [0, 0, 0].reduce((at) => bytes.indexOf('ANMF', at + 1), 0);
  bytes.fill(0xff, third + 40, third + 400);
  const { partial, frames } = await hashVideo(bytes, { secondsPerHash: 0 });
  expect([partial, frames.length]).toEqual(['corrupt', 2]);
});

test('an abort ends it', async () => {
  const bytes = await webpAnimation(film, SIDES);
  const end = new AbortController();
  const reason = new Error('enough');
  const onProgress = () => end.abort(reason);
  await expect(hashVideo(bytes, { signal: end.signal, onProgress })).rejects.toBe(reason);
});
