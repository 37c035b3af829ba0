import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { imagePath } from '../../node/fixtures.js';
import { clipPath, MADE, videoTest } from '../../node/video/ffmpeg.js';
import { onlyhashes, PHOTOS } from '../program.js';

const folder = testFolder();
const CLIP = clipPath('pan-h264-2997.mp4');
const PHOTO = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const reference = (kind: string) => readFileSync(join(MADE, kind, 'pan-h264-2997.txt'), 'utf8');

videoTest('prints the frames of a video as the vPDQ tool does', async () => {
  expect(await onlyhashes(['hash', CLIP])).toMatchObject({
    out: reference('one-second'),
    err: '',
    code: 0,
  });
  const every = await onlyhashes(['hash', '--seconds-per-hash', '0', CLIP]);
  expect(every.out).toBe(reference('every-frame'));
  const input = readFileSync(CLIP);
  const piped = await onlyhashes(['hash', '--seconds-per-hash', '1', '-'], { input });
  expect(piped.out).toBe(reference('one-second'));
});

videoTest('--json prints one line, beside those of pictures', async () => {
  const { lines, code } = await onlyhashes(['hash', '--json', CLIP, PHOTO]);
  expect(code).toBe(0);
  expect(lines).toHaveLength(2);
  const { frames, ...video } = JSON.parse(lines[0]!);
  expect(video).toEqual({ file: CLIP, algorithm: 'vpdq', seconds: 5.005, width: 480, height: 360 });
  const rows = reference('one-second').trim().split('\n');
  expect(frames).toEqual(
    rows.map((row) => {
      const [frame, quality, hash, seconds] = row.split(',');
      return { frame: Number(frame), quality: Number(quality), hash, seconds: Number(seconds) };
    }),
  );
  expect(JSON.parse(lines[1]!)).toMatchObject({ file: PHOTO, algorithm: 'pdq' });
});

videoTest('a GIF is a picture, or with the option a video', async () => {
  const gif = imagePath('animated.gif');
  expect((await onlyhashes(['hash', gif])).out).toMatch(/^[\da-f]{64},\d+,/);
  const { out } = await onlyhashes(['hash', '--seconds-per-hash', '0', gif]);
  expect(out).toMatch(/^0,\d+,[\da-f]{64},0\.000\n1,/);
});

videoTest('videos in a folder, one of them cut off, one empty', async () => {
  const inner = join(folder, 'films');
  mkdirSync(inner);
  copyFileSync(clipPath('anamorphic.mp4'), join(inner, 'a.mp4'));
  const broken = readFileSync(clipPath('pan-vp9-25.webm'));
  writeFileSync(join(inner, 'b.webm'), broken.subarray(0, broken.length >> 1));
  copyFileSync(imagePath('film.mp4'), join(inner, 'c.mp4'));
  const { lines, err, code } = await onlyhashes(['hash', '--json', inner]);
  expect(code).toBe(2);
  expect(lines.map((line) => JSON.parse(line).partial)).toEqual([undefined, 'corrupt', undefined]);
  expect(JSON.parse(lines[2]!).error.code).toBe('corrupt');
  expect(err).toMatch(/b\.webm: only the first [\d.]+ seconds were hashed \(corrupt\)\n/);
  expect(err).toMatch(/c\.mp4: the video is cut off or malformed/);
});

test('the option takes a number of seconds', async () => {
  for (const value of ['-1', 'x', '1e9', '99999999', '1s']) {
    const { err, code } = await onlyhashes(['hash', `--seconds-per-hash=${value}`, PHOTO]);
    expect([err.includes('--seconds-per-hash: expected 0 to 86400 seconds'), code]).toEqual([
      true,
      2,
    ]);
  }
  const { out } = await onlyhashes(['hash', '--seconds-per-hash', '.5', PHOTO]);
  expect(out).toMatch(/^[\da-f]{64},/);
});

test('without FFmpeg, pictures are hashed, and the error of a video says what is missing', async () => {
  const { lines, err, code } = await onlyhashes(['hash', CLIP, PHOTO], { env: { PATH: folder } });
  expect([lines.length, code]).toEqual([1, 2]);
  expect(err).toMatch(/pan-h264-2997\.mp4: videos need FFmpeg 5\.1 or later: apt-get install/);
});

test('other algorithms take no videos', async () => {
  const { err, code } = await onlyhashes(['hash', '--algorithm', 'phash', CLIP]);
  expect([err.includes('expected a picture'), code]).toEqual([true, 2]);
  expect((await onlyhashes(['hash', '--algorithm', 'md5', CLIP])).out).toMatch(/^md5:/);
});
