import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { clipPath, ffmpeg, isMissing, videoTest } from '../../node/video/ffmpeg.js';
import { pages } from '../../project/markdown.js';
import { onlyhashes, PHOTOS } from '../program.js';

const folder = testFolder();
const path = (name: string) => join(folder, name);
const CLIP = clipPath('pan-h264-2997.mp4');
const OTHER = clipPath('cut-h264-50.mp4');
const CAT = join(PHOTOS, 'locomotion-house-cat.jpg');

beforeAll(() => {
  if (isMissing) return;
  copyFileSync(CLIP, path('known.mp4'));
  const encoded = ['-an', '-c:v', 'libx264', '-preset', 'ultrafast'];
  ffmpeg('-ss', '0.3', '-i', CLIP, ...encoded, path('copy.mp4'));
  ffmpeg('-i', CLIP, '-vf', 'hflip', ...encoded, path('mirrored.mp4'));
  ffmpeg('-ss', '2', '-i', CLIP, '-frames:v', '1', path('still.png'));
});

const compare = (...args: string[]) => onlyhashes(['compare', ...args], { cwd: folder });

videoTest('of two videos: shares, speed, offset, frames and the verdict', async () => {
  expect(await compare('known.mp4', 'known.mp4')).toMatchObject({
    ...{ out: '1.000,1.000,1.000,0.000,6,match\n', err: '', code: 0 },
  });
  const copy = await compare('known.mp4', 'copy.mp4');
  expect(copy).toMatchObject({ err: '', code: 0 });
  expect(copy.out).toMatch(/^0\.833,1\.000,(1\.0|0\.9)\d\d,-0\.[23]\d\d,5,match\n$/);
  // As page and example state.
  const page = readFileSync(join(import.meta.dirname, '../../../docs/videos.md'), 'utf8');
  const [, ...stated] = /`(0\.\d+),(1\.\d+),1\.000,-0\.301,(5),(match)`/.exec(page)!;
  expect(stated).toEqual([0, 1, 4, 5].map((at) => copy.lines[0]!.split(',')[at]));
});

videoTest('without a line of time, five cells are empty', async () => {
  // Variants are for match.
  for (const other of ['mirrored.mp4', OTHER]) {
    expect(await compare('known.mp4', other)).toMatchObject({ out: ',,,,,none\n', code: 0 });
  }
});

videoTest('of a picture and a video, in any order: the nearest frame and its second', async () => {
  for (const words of [
    ['still.png', 'known.mp4'],
    ['known.mp4', 'still.png'],
  ]) {
    expect(await compare(...words)).toMatchObject({ out: '0,2.002\n', code: 0 });
  }
  const [bits] = (await compare(CAT, 'known.mp4')).out.split(',');
  expect(Number(bits)).toBeGreaterThan(60);
});

videoTest('a turned video is compared as displayed, too', async () => {
  const turned = clipPath('rotated-tag.mp4');
  for (const turn of [[], ['-noautorotate']]) {
    ffmpeg(...turn, '-i', turned, '-frames:v', '1', path('turned.png'));
    const [bits] = (await compare('turned.png', turned)).out.split(',');
    expect(Number(bits)).toBeLessThanOrEqual(8);
  }
});

videoTest('one error for what cannot be compared, and a note about a part', async () => {
  const hex = 'f0'.repeat(32);
  for (const args of [
    ['known.mp4', hex],
    [hex, 'known.mp4'],
    ['--algorithm', 'phash', 'known.mp4', 'copy.mp4'],
    ['--algorithm', 'dhash', 'known.mp4', CAT],
  ]) {
    const { out, err, code } = await compare(...args);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err).toContain('a video is compared by pdq, with a video or a picture, not a hash');
  }
  const webm = readFileSync(clipPath('pan-vp9-25.webm'));
  writeFileSync(path('part.webm'), webm.subarray(0, webm.length >> 1));
  writeFileSync(path('broken.mp4'), readFileSync(CLIP).subarray(0, 2000));
  const part = await compare('part.webm', 'part.webm');
  expect(part.out).toMatch(/^\d.*,(match|none|review)\n$|^,,,,,/);
  expect(part.err).toMatch(/part\.webm: only [\d.]+ seconds were hashed \(corrupt\)/);
  expect(part.code).toBe(2);
  const broken = await compare('known.mp4', 'broken.mp4');
  expect(broken).toMatchObject({ out: '', code: 2, err: expect.stringContaining('broken.mp4: ') });
  ffmpeg('-f', 'lavfi', '-i', 'color=black:s=64x64:d=2', path('black.mp4'));
  const black = await compare('black.mp4', 'known.mp4');
  expect(black).toMatchObject({ out: '', code: 2, err: expect.stringContaining('no frame') });
});

test('without FFmpeg, the error says how to install it', async () => {
  const { err, code } = await onlyhashes(['compare', CLIP, OTHER], { env: { PATH: folder } });
  expect([err.includes('videos need FFmpeg 5.1 or later: apt-get'), code]).toEqual([true, 2]);
});

videoTest('the commands of docs/videos.md run', async () => {
  const { blocks } = pages().find((page) => page.path === 'docs/videos.md')!;
  const shell = blocks.filter(({ language }) => language === 'sh');
  const lines = shell.flatMap(({ text }) => text.trim().split('\n'));
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [command, file] = line.replace(/\s+#.*/, '').split(' > ') as [string, string?];
    const { out, err, code } = await onlyhashes(command.split(' ').slice(2), { cwd: folder });
    expect([line, err.replace(/.* more matches, not printed\n/, ''), code]).toEqual([line, '', 0]);
    if (file) writeFileSync(path(file), out);
  }
  const report = readFileSync(path('report.html'), 'utf8');
  expect(report).toMatch(/<h3>Video 1<\/h3>.*<title>time line: /s);
  expect(report).toContain('the upload begins at 0:00.3 of the listed video');
  expect(report).not.toMatch(/[\da-f]{64}|<img|<script/);
});
