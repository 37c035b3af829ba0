import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { distance } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { digestFile } from '../../../src/node/digest-file.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type { CheckOptions, Decide } from '../../../src/node/pool/hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import type { ImageSource } from '../../../src/node/read-bytes.js';
import type { VideoLimits } from '../../../src/node/video/hash-video.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { entriesOfVideo } from '../../../src/video/video.js';
import { testFolder } from '../../folder.js';
import { ownScripts } from '../pool/hash-process.js';
import { clipPath, ffmpeg, ffmpegs, filmed, isMissing, videoTest } from './ffmpeg.js';

const folder = testFolder();
const spoolFolder = join(folder, 'spool');
setWorkerScripts(ownScripts('hash-process', 'heic-worker').folder);
const pool = createHashPool({ workers: 1, videos: { spoolFolder } });
afterAll(() => pool.close());

const checkVideo = (source: ImageSource, blocklist: Blocklist, options: CheckOptions = {}) =>
  pool.check(source, blocklist, options);

/** Files that are left. */
const spooled = () => (existsSync(spoolFolder) ? readdirSync(spoolFolder) : []);

/** A check with other limits. */
async function within(videos: VideoLimits, source: ImageSource, blocklist = list) {
  const own = createHashPool({ workers: 1, videos: { spoolFolder, ...videos } });
  const decision = await own.check(source, blocklist);
  await own.close();
  return decision;
}

const CLIPS = ['pan-h264-2997.mp4', 'cut-h264-50.mp4', 'rotated-tag.mp4', 'odd-size-h264-15.mp4'];
let list: Blocklist;
let entriesOfClips: BlocklistEntry[];

beforeAll(async () => {
  const all = CLIPS.map(async (clip) =>
    entriesOfVideo(await hashVideo(clipPath(clip), { secondsPerHash: 0.5 }), {
      ...{ id: clip, labels: ['known'] },
    }),
  );
  const entries = await Promise.all(all).catch(() => []);
  entriesOfClips = entries.flat();
  list = createBlocklist(entriesOfClips);
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
  const other = filmed(join(folder, 'part.mp4'), '320x240');
  expect(await within({ maxFrames: 8 }, other)).toMatchObject({
    verdict: 'unhashable',
    reason: 'too-many-frames',
    detail: expect.stringContaining('only the first 0.8 seconds'),
  });
  expect(await within({ maxSeconds: 2 }, clipPath(CLIPS[0]!))).toMatchObject({
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

describe('whatever the source, the decision is that about the file, and no file is left', () => {
  const bytes = readFileSync(clipPath(CLIPS[0]!));
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
  };
  const SOURCES: Readonly<Record<string, () => ImageSource>> = {
    path: () => clipPath(CLIPS[0]!),
    url: () => pathToFileURL(clipPath(CLIPS[0]!)),
    bytes: () => bytes,
    buffer: () => new Uint8Array(bytes).buffer,
    blob: () => new Blob([bytes]),
    stream: () => createReadStream(clipPath(CLIPS[0]!)),
    chunks,
    request: () => new Request('http://localhost/', { method: 'POST', body: bytes }),
  };
  videoTest.each(Object.entries(SOURCES))('%s', async (_, source) => {
    const [hash] = await digestFile(bytes, { algorithms: ['sha256'] });
    const [other] = await digestFile(Buffer.from('another'), { algorithms: ['sha256'] });
    const both = createBlocklist([...entriesOfClips, { hash: other!, labels: [] }]);
    const { timings, ...decision } = await pool.check(source(), both);
    expect(decision).toMatchObject({ verdict: 'match', reason: 'matched-video' });
    expect(decision.videos!.map(({ id }) => id)).toContain(CLIPS[0]);
    expect(timings!.hashing).toBeGreaterThan(0);
    expect(spooled()).toEqual([]);
    const digest = createBlocklist([{ hash: hash!, labels: [] }]);
    expect(await pool.check(source(), digest)).toMatchObject({ reason: 'matched-digest' });
    expect(spooled()).toEqual([]);
  });
});

videoTest('without videos, a video is no picture, and only digested', async () => {
  const [hash] = await digestFile(clipPath(CLIPS[0]!), { algorithms: ['md5'] });
  const digest = createBlocklist([{ hash: hash!, labels: [] }]);
  const off = { videos: false };
  for (const source of [clipPath(CLIPS[0]!), readFileSync(clipPath(CLIPS[0]!))]) {
    expect((await pool.check(source, list, off)).reason).toBe('not-a-picture');
    expect((await pool.check(source, digest, off)).reason).toBe('matched-digest');
  }
  const decide: Decide = async (all, options) => await match(all, list, options);
  expect((await pool.check(clipPath(CLIPS[0]!), decide)).reason).toBe('not-a-picture');
});

describe('a listed video with bars of its own is found without them', () => {
  const barred = (name: string, filter: string) => edited('pan-h264-2997.mp4', name, '-vf', filter);
  const BARS = 'pad=iw:ih*1.4:0:(oh-ih)/2:color=0x101010';

  videoTest('its frames have the picture alone, and both are listed', async () => {
    const { frames } = await hashVideo(barred('bars', BARS), { secondsPerHash: 0.5 });
    const plain = await hashVideo(clipPath('pan-h264-2997.mp4'), { secondsPerHash: 0.5 });
    for (const [at, { hash, variants }] of frames.entries()) {
      expect(variants!.map(({ name }) => name)).toEqual(['inner']);
      expect(distance(variants![0]!.hash, plain.frames[at]!.hash)).toBeLessThanOrEqual(20);
      expect(distance(hash, plain.frames[at]!.hash)).toBeGreaterThan(50);
    }
    expect(plain.frames.every(({ variants }) => variants === undefined)).toBe(true);
    const entries = entriesOfVideo({ frames }, { id: 'bars' });
    expect(entries).toHaveLength(2 * frames.length);
    const copy = clipPath('pan-h264-2997.mp4');
    const found = await checkVideo(copy, createBlocklist(entries), { variants: 'none' });
    expect(found).toMatchObject({ verdict: 'match', reason: 'matched-video' });
    const [video] = found.videos!;
    // A moment counts once, whichever form of it was found.
    expect(video!.listShare).toBeLessThanOrEqual(1);
    expect(video!.frames).toBeLessThanOrEqual(frames.length);
    const whole = entries.filter(({ variant }) => variant === 'frame');
    const without = await checkVideo(copy, createBlocklist(whole), { variants: 'none' });
    expect(without.videos).toBeUndefined();
  });

  videoTest('bars that come late are none', async () => {
    const late = barred('late', `${BARS},drawbox=t=fill:color=green:enable='lt(t,3.5)'`);
    const { frames } = await hashVideo(late);
    expect(frames.every(({ variants }) => variants === undefined)).toBe(true);
  });
});

describe('a picture that moves is decided about as a picture, and then as a video', () => {
  const path = join(folder, 'copy.gif');
  beforeAll(() => {
    if (!isMissing) ffmpeg('-i', clipPath(CLIPS[0]!), '-vf', 'fps=10', path);
  });
  videoTest.each([
    ['webp', '-quality', '50'],
    ['apng', '-pred', 'mixed'],
    ['avif', '-cpu-used', '8'],
  ])('%s', async (container, ...args) => {
    const moving = join(folder, `copy.${container}`);
    ffmpeg('-i', clipPath(CLIPS[0]!), '-vf', 'fps=10,scale=160:-2', ...args, moving);
    const decision = await checkVideo(moving, list);
    expect(decision).toMatchObject({ verdict: 'match', reason: 'matched-video' });
    expect(decision.videos!.map(({ id }) => id)).toContain(CLIPS[0]);
    // Sharp reads no such AVIF as a picture.
    const format = { webp: 'webp', apng: 'png' }[container];
    expect(decision.upload?.format).toBe(format);
    expect(await checkVideo(readFileSync(moving), list)).toMatchObject({ verdict: 'match' });
    expect(spooled()).toEqual([]);
  });
  const SOURCES: Readonly<Record<string, () => ImageSource>> = {
    path: () => path,
    bytes: () => readFileSync(path),
    stream: () => createReadStream(path),
  };
  videoTest.each(Object.entries(SOURCES))('%s', async (_, source) => {
    const decision = await checkVideo(source(), list);
    expect(decision).toMatchObject({ verdict: 'match', reason: 'matched-video' });
    expect(decision.videos!.map(({ id }) => id)).toContain(CLIPS[0]);
    const { frames, upload } = decision;
    expect(frames!.total).toBeGreaterThan(10);
    expect(frames!.checked).toBe(frames!.total);
    expect(upload).toMatchObject({ format: 'gif' });
    expect(spooled()).toEqual([]);
    const off = await checkVideo(source(), list, { videos: false });
    expect(off.verdict).toBe('review');
    expect(off.frames!.checked).toBeLessThan(off.frames!.total);
  });

  videoTest('without FFmpeg, or if it decodes a part alone, the picture decides', async () => {
    vi.stubEnv('PATH', folder);
    const missing = await within({}, path).finally(() => vi.unstubAllEnvs());
    const { timings: _, ...asPicture } = await checkVideo(path, list, { videos: false });
    expect(missing).toMatchObject(asPicture);
    const sequence = filmed(join(folder, 'other.avif'), '160x120');
    expect(await checkVideo(sequence, list)).toMatchObject({ verdict: 'none' });
    const unread = { verdict: 'unhashable', reason: 'unsupported' };
    expect(await checkVideo(sequence, list, { videos: false })).toMatchObject(unread);
    expect(await within({ maxFrames: 2 }, sequence)).toMatchObject(unread);
    const other = join(folder, 'other.gif');
    filmed(other, '160x120');
    expect(await checkVideo(other, list)).toMatchObject({ verdict: 'none' });
    const { frames, ...part } = await within({ maxFrames: 2 }, other);
    expect(part).toMatchObject({ verdict: 'none', reason: 'nothing-near' });
    expect(frames!.checked).toBeLessThan(frames!.total);
  });
});

videoTest('a function that decides has its list for videos, and gets the searches', async () => {
  const counts: number[] = [];
  const videos = { list, searched: (count: number) => void counts.push(count) };
  const decide = Object.assign(() => Promise.reject(new Error('never called')), { videos });
  const options = { variants: 'none' } as const;
  expect((await pool.check(clipPath(CLIPS[0]!), decide, options)).verdict).toBe('match');
  const { frames } = await hashVideo(clipPath(CLIPS[0]!), { frames: 'query' });
  expect(counts).toEqual([frames.length]);
});

describe('what is withdrawn while a video is decoded decides nothing', () => {
  const gif = join(folder, 'withdrawn.gif');
  beforeAll(() => {
    if (!isMissing) ffmpeg('-i', clipPath(CLIPS[0]!), '-vf', 'fps=10', gif);
  });
  videoTest.each([
    ['a video', () => clipPath(CLIPS[0]!)],
    ['a GIF', () => gif],
  ])('%s', async (_, source) => {
    const changing = createBlocklist(entriesOfClips);
    let isGone = false;
    const onProgress = () => {
      if (isGone) return;
      isGone = true;
      void changing.apply({ withdraw: CLIPS.map((id) => ({ id })) });
    };
    const { verdict, matches } = await checkVideo(source(), changing, { onProgress });
    expect([isGone, changing.size, verdict, matches]).toEqual([true, 0, 'none', []]);
  });

  videoTest('what stays decides', async () => {
    const changing = createBlocklist(entriesOfClips);
    let isGone = false;
    const onProgress = () => {
      if (!isGone) void changing.apply({ withdraw: [{ id: CLIPS[1]! }] });
      isGone = true;
    };
    const { reason, videos } = await checkVideo(clipPath(CLIPS[0]!), changing, { onProgress });
    expect([isGone, reason]).toEqual([true, 'matched-video']);
    expect(videos!.map(({ id }) => id)).toContain(CLIPS[0]);
  });
});

describe('what ends a check', () => {
  const long = join(folder, 'long.mkv');
  beforeAll(() => {
    const source = 'testsrc2=size=640x480:rate=30:duration=120';
    const fast = ['-c:v', 'libx264', '-preset', 'ultrafast'];
    if (!isMissing) ffmpeg('-f', 'lavfi', '-i', source, ...fast, long);
  });

  videoTest('an abort is answered, and FFmpeg and the file are gone soon after', async () => {
    for (const source of [long, readFileSync(long)]) {
      const end = new AbortController();
      const onProgress = () => end.abort(new Error('enough'));
      const options = { signal: end.signal, onProgress };
      expect((await pool.check(source, list, options)).reason).toBe('aborted');
      await vi.waitFor(() => expect(pool.stats().atWork).toBe(0), 10_000);
      const left = () => pool.stats().pids.flatMap((pid) => ffmpegs(pid));
      await vi.waitFor(() => expect(left()).toEqual([]), 10_000);
      await vi.waitFor(() => expect(spooled()).toEqual([]), 10_000);
    }
  });

  videoTest('of a video on which FFmpeg stalls, the part before is decided about', async () => {
    const own = createHashPool({ workers: 1, videos: { stallSeconds: 1 } });
    const onProgress = () => {
      for (const pid of own.stats().pids.flatMap((worker) => ffmpegs(worker))) {
        process.kill(pid, 'SIGSTOP');
      }
    };
    expect(await own.check(long, list, { onProgress })).toMatchObject({
      ...{ verdict: 'unhashable', reason: 'timeout' },
      detail: expect.stringMatching(/only the first \d+\.\d seconds/),
    });
    await own.close();
  });

  videoTest('limits of bytes are those of videos', async () => {
    const limits = { maxBytes: 1000 };
    for (const source of [long, readFileSync(long), createReadStream(long)]) {
      expect((await within(limits, source)).reason).toBe('too-many-bytes');
    }
    // Their digests are compared all the same.
    const [hash] = await digestFile(long, { algorithms: ['md5'] });
    const digest = createBlocklist([{ hash: hash!, labels: [] }]);
    for (const source of [long, readFileSync(long), createReadStream(long)]) {
      const decision = await within(limits, source, digest);
      expect(decision.reason).toBe('matched-digest');
    }
    const { length } = readFileSync(clipPath(CLIPS[0]!));
    const options = { maxBytes: 1000 };
    expect((await pool.check(clipPath(CLIPS[0]!), list, options)).verdict).toBe('match');
    expect(length).toBeGreaterThan(1000);
  });

  videoTest('files of more than the spool holds wait for each other', async () => {
    const bytes = readFileSync(clipPath(CLIPS[0]!));
    const own = createHashPool({
      ...{ workers: 2, videos: { spoolFolder, maxSpoolBytes: Math.floor(1.5 * bytes.length) } },
    });
    const all = Array.from({ length: 4 }, () => own.check(new Blob([bytes]), list));
    for (const { verdict } of await Promise.all(all)) expect(verdict).toBe('match');
    await own.close();
    expect(spooled()).toEqual([]);
  });

  videoTest('a worker that dies is replaced, and its video says so', async () => {
    const onProgress = () => {
      for (const pid of pool.stats().pids) process.kill(pid, 'SIGKILL');
    };
    expect((await pool.check(long, list, { onProgress })).reason).toBe('crashed');
    expect((await pool.check(clipPath(CLIPS[0]!), list)).verdict).toBe('match');
  });
});

test('a missing file and a picture are unhashable, and a wrong option is thrown', async () => {
  const missing = await checkVideo(join(folder, 'missing.mp4'), createBlocklist([]));
  expect(missing).toMatchObject({ verdict: 'unhashable', reason: 'unreadable' });
  const wrong = checkVideo('x', createBlocklist([]), { queryRate: -1 });
  await expect(wrong).rejects.toThrow(/queryRate/);
});
