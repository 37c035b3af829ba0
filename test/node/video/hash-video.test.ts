import { createReadStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { distance, hashToHex } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { writeVpdq } from '../../../src/text/vpdq.js';
import type { HashedFrame } from '../../../src/video/features.js';
import { testFolder } from '../../folder.js';
import { clipPath, ffmpeg, filmed, MADE, videoTest } from './ffmpeg.js';

const folder = testFolder();
const CLIP = clipPath('odd-size-h264-15.mp4');
const hexes = (frames: readonly HashedFrame[]) => frames.map(({ hash }) => hashToHex(hash));

async function equalsReference(data: string, clip: string): Promise<void> {
  const path = join(data, 'clips', clip);
  for (const [kind, secondsPerHash] of [
    ['every-frame', 0],
    ['one-second', 1],
  ] as const) {
    const { frames, partial } = await hashVideo(path, { secondsPerHash });
    const file = join(data, kind, clip.replace(/\.\w+$/, '.txt'));
    expect(writeVpdq(frames), kind).toBe(readFileSync(file, 'utf8'));
    expect(partial).toBeUndefined();
  }
}

describe('the vPDQ reference: its frames, bit for bit, their quality and seconds', () => {
  videoTest.each(readdirSync(join(MADE, 'clips')))('%s', (clip) => equalsReference(MADE, clip));
});

const REFERENCE_DATA = join(process.env.PDQ_REFERENCE_DATA ?? '', 'vpdq');
if (process.env.PDQ_REFERENCE_DATA && existsSync(REFERENCE_DATA)) {
  describe("the reference's own clips", () => {
    const clips = readdirSync(join(REFERENCE_DATA, 'clips'));
    videoTest.each(clips)('%s', (clip) => equalsReference(REFERENCE_DATA, clip));
  });
} else {
  test.skip("the reference's own clips (PDQ_REFERENCE_DATA does not name their folder)", () => {});
}

/** Arguments for FFmpeg: the colours of a file and their tags. */
const COLOURS: readonly (readonly [name: string, format: string, ...args: string[]])[] = [
  ['bt709.mp4', 'yuv420p', '-vf', 'scale=out_color_matrix=bt709', '-colorspace', 'bt709'],
  ['full range.mp4', 'yuvj420p'],
  ['full range 4:4:4.mp4', 'yuvj444p', '-colorspace', 'bt709'],
  ['full range 4:2:2.avi', 'yuvj422p', '-c:v', 'mjpeg'],
  // The pixel format says nothing of the range, only the tag does, which the reference never reads.
  [
    'full range by a tag.webm',
    'yuv420p',
    '-c:v',
    'vp9',
    '-vf',
    'scale=out_range=pc',
    '-color_range',
    'pc',
  ],
  ['10 bits.mp4', 'yuv420p10le', '-colorspace', 'bt2020nc'],
  [
    '10 bits, full range by a tag.mp4',
    'yuv420p10le',
    '-vf',
    'scale=out_range=pc',
    '-color_range',
    'pc',
  ],
  ['4:2:2.mp4', 'yuv422p', '-colorspace', 'bt709'],
  ['4:2:2, 10 bits.mp4', 'yuv422p10le'],
];

/**
 * The reference's conversion: libswscale knows the size and the pixel format, and nothing else.
 * Files of raw samples have no tags, so FFmpeg knows nothing else either.
 */
function referenceFrames(path: string, format: string, [width, height]: [number, number]) {
  const raw = join(folder, 'raw.yuv');
  ffmpeg('-i', path, '-fps_mode', 'passthrough', '-pix_fmt', format, '-f', 'rawvideo', raw);
  const input = ['-f', 'rawvideo', '-pix_fmt', format, '-video_size', `${width}x${height}`];
  const output = ['-vf', 'scale=flags=area', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const all = ffmpeg(...input, '-i', raw, ...output);
  const length = width * height * 3;
  return Array.from({ length: all.length / length }, (_, at) => {
    const data = all.subarray(at * length, (at + 1) * length);
    return pdq({ data, width, height }, { resample: 'none', exact: true });
  });
}

videoTest.each(COLOURS)(
  'ignores the tags of colour, as the reference: %s',
  async (name, format, ...args) => {
    const path = filmed(join(folder, name), '322x242', '-pix_fmt', format, ...args);
    const expected = referenceFrames(path, format, [322, 242]);
    const { frames } = await hashVideo(path, { secondsPerHash: 0 });
    expect(frames).toHaveLength(20);
    expect(hexes(frames)).toEqual(expected.map(({ hash }) => hashToHex(hash)));
    expect(frames.map(({ quality }) => quality)).toEqual(expected.map(({ quality }) => quality));
  },
);

videoTest('a query has every frame that differs, a few bits off', async () => {
  const list = await hashVideo(clipPath('pan-h264-2997.mp4'), { secondsPerHash: 0 });
  const query = await hashVideo(clipPath('pan-h264-2997.mp4'), { frames: 'query' });
  expect(query.frames.map((frame) => frame.frameNumber)).toEqual(list.frames.map((_, at) => at));
  for (const [at, { hash }] of query.frames.entries()) {
    expect(distance(hash, list.frames[at]!.hash)).toBeLessThanOrEqual(8);
  }
  const few = await hashVideo(clipPath('pan-h264-2997.mp4'), { frames: 'query', queryRate: 5 });
  expect(few.frames.map(({ frameNumber }) => frameNumber! % 5)).toEqual(Array(30).fill(0));
  const { fps, still } = { fps: 10, still: join(folder, 'still.mp4') };
  ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=320x240:rate=${fps}:duration=0.1,loop=29:1`, still);
  const held = await hashVideo(still, { frames: 'query' });
  expect([held.frames.length, held.seconds]).toEqual([1, 3]);
});

videoTest(
  'a turned video has both forms: as stored on a list, as displayed in a query',
  async () => {
    const path = clipPath('rotated-tag.mp4');
    // FFmpeg turns it by itself.
    const upright = join(folder, 'upright.mp4');
    ffmpeg('-i', path, '-c:v', 'libx264', '-qp', '1', '-pix_fmt', 'yuvj420p', upright);
    const shown = await hashVideo(upright);
    const list = await hashVideo(path);
    const query = await hashVideo(path, { frames: 'query' });
    expect([list.width, list.height, query.width, query.height]).toEqual([480, 360, 360, 480]);
    for (const [at, { hash, frameNumber, variants }] of list.frames.entries()) {
      const dense = query.frames.find((frame) => frame.frameNumber === frameNumber)!;
      expect(variants!.map(({ name }) => name)).toEqual(['original']);
      expect(dense.variants!.map(({ name }) => name)).toEqual(['stored']);
      expect(distance(variants![0]!.hash, shown.frames[at]!.hash)).toBeLessThanOrEqual(8);
      expect(distance(dense.hash, variants![0]!.hash)).toBeLessThanOrEqual(8);
      expect(distance(dense.variants![0]!.hash, hash)).toBeLessThanOrEqual(8);
      expect(distance(hash, variants![0]!.hash)).toBeGreaterThan(100);
    }
  },
);

videoTest('takes a path, a URL, bytes, a Blob, a stream and a body', async () => {
  const bytes = readFileSync(CLIP);
  const { frames } = await hashVideo(CLIP);
  for (const source of [
    pathToFileURL(CLIP),
    bytes,
    new Uint8Array(bytes).buffer,
    new Blob([bytes]),
    createReadStream(CLIP),
    new Request('http://localhost', { method: 'POST', body: bytes }),
  ]) {
    expect(hexes((await hashVideo(source)).frames)).toEqual(hexes(frames));
  }
});

videoTest('reports its progress, and stops at limits with what it has', async () => {
  const seen: number[] = [];
  const whole = await hashVideo(CLIP, {
    onProgress: ({ seconds, of }) => seen.push(seconds, of!),
  });
  expect(seen).toEqual([0, 4, 1, 4, 2, 4, 3, 4]);
  expect(whole).toMatchObject({ seconds: 4, width: 334, height: 190 });
  const cut = await hashVideo(CLIP, { maxSeconds: 1.5 });
  expect(cut).toMatchObject({ partial: 'too-many-frames', seconds: 2 });
  expect(hexes(cut.frames)).toEqual(hexes(whole.frames.slice(0, 2)));
  const few = await hashVideo(CLIP, { maxFrames: 10, secondsPerHash: 0 });
  expect(few).toMatchObject({ partial: 'too-many-frames', seconds: 10 / 15 });
  expect(few.frames).toHaveLength(10);
  await expect(hashVideo(CLIP, { maxPixels: 334 * 190 - 1 })).rejects.toMatchObject({
    code: 'too-many-pixels',
  });
  for (const source of [CLIP, readFileSync(CLIP), createReadStream(CLIP)]) {
    const error = expect(hashVideo(source, { maxBytes: 1000 })).rejects;
    await error.toMatchObject({ code: 'too-many-bytes' });
  }
});

describe('each has its reason', () => {
  const reasonOf = (path: string, options = {}) =>
    hashVideo(path, options).then(
      ({ partial }) => partial,
      ({ name, code, message }) => [name, code, message].join(': '),
    );

  videoTest('sound alone', async () => {
    const path = join(folder, 'sound.m4a');
    ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', path);
    expect(await reasonOf(path)).toMatch(/^DecodeError: unsupported: .*without one$/);
  });

  videoTest('an encrypted video', async () => {
    const key = '00112233445566778899aabbccddeeff';
    const scheme = ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', key];
    const path = filmed(join(folder, 'locked.mp4'), '64x64', ...scheme, '-encryption_kid', key);
    expect(await reasonOf(path)).toMatch(/^DecodeError: unsupported: .*encrypted$/);
  });

  videoTest('frames of 1 x 1 and 4 x 8 pixels, which the reference refuses as well', async () => {
    for (const size of ['1:1', '4:8']) {
      const scaled = ['-vf', `scale=${size}`, '-c:v', 'ffv1', '-pix_fmt', 'gray'];
      const path = filmed(join(folder, `${size}.mkv`), '64x64', ...scaled);
      expect(await reasonOf(path)).toMatch(/^DecodeError: unsupported: .*5 x 5 pixels$/);
    }
  });

  videoTest('no frames', async () => {
    const path = join(folder, 'none.mkv');
    filmed(path, '64x64', '-frames:v', '0', '-c:v', 'ffv1');
    expect(await reasonOf(path)).toMatch(/^DecodeError: (corrupt|unsupported): /);
  });

  videoTest('a thousand million declared frames', async () => {
    const bytes = readFileSync(CLIP);
    const at = bytes.indexOf('stsz');
    // All of one byte: no table follows.
    bytes.writeUInt32BE(1, at + 8);
    bytes.writeUInt32BE(1e9, at + 12);
    const path = join(folder, 'many.mp4');
    writeFileSync(path, bytes);
    expect(await reasonOf(path, { timeoutSeconds: 60 })).toMatch(/corrupt|timeout|too-costly/);
  });

  videoTest('no video at all', async () => {
    for (const [name, content, code] of [
      ['empty.mp4', '', 'empty'],
      ['text.mp4', 'text', 'unsupported'],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, content);
      expect(await reasonOf(path)).toContain(code);
      await expect(hashVideo(Buffer.from(content))).rejects.toMatchObject({ code });
    }
    expect(await reasonOf(join(folder, 'missing.mp4'))).toContain('unreadable');
    expect(await reasonOf(folder)).toContain('unreadable');
  });
});

videoTest('frames of another size are scaled to the first, and their numbers go on', async () => {
  const [small, large] = ['322x242', '640x480'].map((size) =>
    readFileSync(filmed(join(folder, `${size}.ts`), size, '-c:v', 'libx264')),
  );
  const both = await hashVideo(Buffer.concat([small!, large!]), { secondsPerHash: 0 });
  expect(both.frames.map(({ frameNumber }) => frameNumber)).toEqual([...Array(40).keys()]);
  expect(both.partial).toBeUndefined();
  const alone = await hashVideo(large!, { secondsPerHash: 0 });
  for (const [at, { hash }] of alone.frames.entries()) {
    expect(distance(hash, both.frames[20 + at]!.hash)).toBeLessThanOrEqual(20);
  }
});
