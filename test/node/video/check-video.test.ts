import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { digestFile } from '../../../src/node/digest-file.js';
import { checkVideo } from '../../../src/node/video/check-video.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { entriesOfVideo } from '../../../src/video/video.js';
import { testFolder } from '../../folder.js';
import { clipPath, ffmpeg, filmed, videoTest } from './ffmpeg.js';

const folder = testFolder();
const CLIPS = ['pan-h264-2997.mp4', 'cut-h264-50.mp4', 'rotated-tag.mp4', 'odd-size-h264-15.mp4'];
let list: Blocklist;

beforeAll(async () => {
  const all = CLIPS.map(async (clip) =>
    entriesOfVideo(await hashVideo(clipPath(clip), { secondsPerHash: 0.5 }), {
      ...{ id: clip, labels: ['known'] },
    }),
  );
  const entries = await Promise.all(all).catch(() => []);
  list = createBlocklist(entries.flat());
});

/** A copy of a clip, edited by FFmpeg. */
function edited(clip: string, name: string, ...args: string[]): string {
  const path = join(folder, `${name}.mp4`);
  ffmpeg('-i', clipPath(clip), '-an', ...args, '-c:v', 'libx264', '-preset', 'ultrafast', path);
  return path;
}

describe('copies of a listed video are found, with their line of time', () => {
  const EDITS: readonly (readonly [name: string, variant: string, ...args: string[]])[] = [
    ['cut', 'frame', '-ss', '0.31'],
    ['small', 'frame', '-vf', 'scale=iw/2:ih/2,setsar=1'],
    ['fast', 'frame', '-vf', 'setpts=PTS/1.2'],
    ['mirrored', 'flipY', '-vf', 'hflip'],
    ['framed', 'unletterbox', '-vf', 'pad=iw*1.3:ih*1.4:(ow-iw)/2:(oh-ih)/2:color=0x224466'],
  ];
  videoTest.each(EDITS)('%s', async (name, variant, ...args) => {
    const clip = 'pan-h264-2997.mp4';
    const { verdict, reason, videos } = await checkVideo(edited(clip, name, ...args), list);
    expect([verdict, reason]).toEqual(['match', 'matched-video']);
    const one = videos!.find(({ id }) => id === clip)!;
    expect(one).toMatchObject({ variant, tier: 'match' });
    expect(one.listShare).toBeGreaterThan(0.3);
  });
});

videoTest('a video with a turn is found as stored and as displayed', async () => {
  const clip = 'rotated-tag.mp4';
  const found = async (path: string) =>
    (await checkVideo(path, list)).videos!.map(({ id, listShare }) => [id, listShare > 0.9]);
  expect(await found(clipPath(clip))).toContainEqual([clip, true]);
  // Encoding it again turns the frames.
  expect(await found(edited(clip, 'upright'))).toContainEqual([clip, true]);
});

videoTest('an unrelated video is none', async () => {
  const path = filmed(join(folder, 'other.mp4'), '320x240');
  expect(await checkVideo(path, list)).toMatchObject({ verdict: 'none', reason: 'nothing-near' });
});

videoTest('a listed digest matches before anything is decoded', async () => {
  const path = join(folder, 'no-video.mp4');
  writeFileSync(path, readFileSync(clipPath(CLIPS[0]!)));
  truncateSync(path, 3000);
  const [hash] = await digestFile(path, { algorithms: ['md5'] });
  const digests = createBlocklist([{ hash: hash!, labels: [] }]);
  expect(await checkVideo(path, digests)).toMatchObject({
    verdict: 'match',
    reason: 'matched-digest',
  });
  expect(await checkVideo(path, list)).toMatchObject({ verdict: 'unhashable', reason: 'corrupt' });
});

videoTest('of a video that is decoded in part, none is not an answer', async () => {
  const options = { maxFrames: 8 };
  const other = filmed(join(folder, 'part.mp4'), '320x240');
  expect(await checkVideo(other, list, options)).toMatchObject({
    verdict: 'unhashable',
    reason: 'too-many-frames',
    detail: expect.stringContaining('only the first 0.8 seconds'),
  });
  expect(await checkVideo(clipPath(CLIPS[0]!), list, { maxSeconds: 2 })).toMatchObject({
    verdict: 'match',
    detail: expect.stringContaining('only the first'),
  });
});

videoTest('an aborted check says so', async () => {
  const signal = AbortSignal.abort();
  expect(await checkVideo(clipPath(CLIPS[0]!), list, { signal })).toMatchObject({
    verdict: 'unhashable',
    reason: 'aborted',
  });
});

test('a missing file and a picture are unhashable, and a wrong option is thrown', async () => {
  const missing = await checkVideo(join(folder, 'missing.mp4'), createBlocklist([]));
  expect(missing).toMatchObject({ verdict: 'unhashable', reason: 'unreadable' });
  const wrong = checkVideo('x', createBlocklist([]), { queryRate: -1 });
  await expect(wrong).rejects.toThrow(/queryRate/);
});
