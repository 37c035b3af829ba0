import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { ownMark } from '../../../src/disk/writer-lock.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { testFolder } from '../../folder.js';
import { ROOT } from '../../project/package.js';
import { clipPath, ffmpeg, ffmpegs, isMissing, videoTest } from './ffmpeg.js';

/* A video's child and its spool file are gone, whatever ended it. */

const folder = testFolder();
const spoolFolder = join(folder, 'spool');
const CLIP = readFileSync(clipPath('odd-size-h264-15.mp4'));
/** Far more frames than are decoded before a test ends it. */
const long = join(folder, 'long.mkv');

const isLinux = existsSync('/proc/self/stat');
const childTest = isLinux ? videoTest : test.skip;

beforeAll(() => {
  if (isMissing) return;
  const source = 'testsrc2=size=640x480:rate=30:duration=120';
  ffmpeg('-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-preset', 'ultrafast', long);
});

afterEach(() => {
  expect(ffmpegs()).toEqual([]);
  if (existsSync(spoolFolder)) expect(readdirSync(spoolFolder)).toEqual([]);
});

childTest('an abort kills FFmpeg', async () => {
  for (const source of [long, readFileSync(long)]) {
    const end = new AbortController();
    const reason = new Error('enough');
    const onProgress = () => {
      expect(ffmpegs()).toHaveLength(1);
      end.abort(reason);
    };
    const work = hashVideo(source, { signal: end.signal, onProgress, spoolFolder });
    await expect(work).rejects.toBe(reason);
    expect(ffmpegs()).toEqual([]);
  }
  const aborted = hashVideo(long, { signal: AbortSignal.abort('before') });
  await expect(aborted).rejects.toBe('before');
});

childTest('so does an error of the caller', async () => {
  const onProgress = () => {
    throw new Error('of the caller');
  };
  await expect(hashVideo(long, { onProgress })).rejects.toThrow('of the caller');
});

childTest.each([
  ['a stall', { stallSeconds: 60, timeoutSeconds: 86_400 }, 60_000],
  ['the time limit', { stallSeconds: 86_400, timeoutSeconds: 60 }, 60_000],
])('%s ends it, with the frames until then', async (_, options, milliseconds) => {
  // Time passes only once FFmpeg has been stopped.
  const advance = () => void vi.advanceTimersByTime(milliseconds);
  let clock: NodeJS.Timeout | undefined;
  const start = setInterval;
  onTestFinished(() => {
    vi.useRealTimers();
    clearInterval(clock);
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const onProgress = () => {
    for (const pid of ffmpegs()) process.kill(pid, 'SIGSTOP');
    clock ??= start(advance, 50);
  };
  const { partial, frames } = await hashVideo(long, { ...options, onProgress });
  expect(partial).toBe('timeout');
  expect(frames.length).toBeGreaterThan(0);
  expect(frames.length).toBeLessThan(120);
});

childTest('too much memory ends it', async () => {
  const small = hashVideo(long, { secondsPerHash: 0, maxMemory: 2 ** 20 });
  const { partial } = await small.catch(({ code }) => ({ partial: code as string }));
  expect(partial).toBe('too-costly');
  expect((await hashVideo(CLIP, { maxMemory: 2 ** 31 })).partial).toBeUndefined();
});

childTest('a child that is killed has crashed', async () => {
  const onProgress = () => {
    for (const pid of ffmpegs()) process.kill(pid, 'SIGSEGV');
  };
  expect((await hashVideo(long, { onProgress })).partial).toBe('crashed');
});

childTest.each(['SIGKILL', 'SIGTERM', 'exit'] as const)(
  'it ends with our process: %s',
  async (how) => {
    const script = join(folder, 'hash.mjs');
    const entry = JSON.stringify(join(ROOT, 'dist/node.js'));
    const options = JSON.stringify({ spoolFolder, secondsPerHash: 0 });
    writeFileSync(
      script,
      `import { readFileSync } from 'node:fs';
import { hashVideo } from ${entry};
let isFirst = true;
const onProgress = () => {
  if (isFirst) console.log('started');
  isFirst = false;
  if (${how === 'exit'}) process.exit();
};
await hashVideo(readFileSync(${JSON.stringify(long)}), { ...${options}, onProgress });`,
    );
    const program = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(program.stdout, 'data');
    const children = ffmpegs(program.pid);
    if (how !== 'exit') program.kill(how);
    if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
    await expect.poll(() => children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    if (how !== 'exit') {
      expect(readdirSync(spoolFolder)).toHaveLength(1);
      // The next start removes it.
      await hashVideo(CLIP, { spoolFolder });
    }
  },
);

videoTest("a spool file is its owner's alone, and removed in every ending", async () => {
  const seen: string[] = [];
  const onProgress = () => {
    for (const name of readdirSync(spoolFolder)) {
      seen.push((statSync(join(spoolFolder, name)).mode & 0o777).toString(8));
    }
  };
  await hashVideo(CLIP, { spoolFolder, onProgress });
  expect(new Set(seen)).toEqual(new Set(['600']));
  expect((statSync(spoolFolder).mode & 0o777).toString(8)).toBe('700');
  const broken = async function* () {
    yield CLIP.subarray(0, 5000);
    throw new Error('the stream broke');
  };
  for (const [source, code] of [
    [CLIP.subarray(0, 9000), 'corrupt'],
    [Buffer.alloc(9000, 'text'), 'unsupported'],
    [new Uint8Array(0), 'empty'],
    [Readable.from(broken()), 'unreadable'],
  ] as const) {
    const work = hashVideo(source, { spoolFolder });
    await expect(work).rejects.toMatchObject({ name: 'DecodeError', code });
    expect(readdirSync(spoolFolder)).toEqual([]);
  }
  await expect(
    hashVideo(Readable.from([CLIP, CLIP]), { spoolFolder, maxBytes: CLIP.length }),
  ).rejects.toMatchObject({ code: 'too-many-bytes' });
});

videoTest('a folder that cannot be written is an error that does not name it', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const error = await hashVideo(CLIP, { spoolFolder: file }).catch((caught: Error) => caught);
  expect(error).toMatchObject({ code: 'unreadable' });
  expect((error as Error).message).not.toContain(folder);
});

videoTest('only files of ended processes are left over', async () => {
  await hashVideo(CLIP, { spoolFolder });
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const name = (mark: string) => `${mark}.00000000-0000-4000-8000-000000000000.video`;
  for (const each of [name(`${pid}-1`), name(await ownMark()), 'notes.txt']) {
    writeFileSync(join(spoolFolder, each), '');
  }
  await hashVideo(CLIP, { spoolFolder });
  const own = [name(await ownMark()), 'notes.txt'];
  expect(readdirSync(spoolFolder).sort()).toEqual(own.sort());
  for (const each of own) spawnSync('rm', [join(spoolFolder, each)]);
});

/** What another `PATH` finds. */
async function withPath(path: string): Promise<unknown> {
  vi.stubEnv('PATH', path);
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.resetModules();
  const own = await import('../../../src/node/video/hash-video.js');
  return await own.hashVideo(clipPath('anamorphic.mp4')).catch((error: unknown) => error);
}

test('without FFmpeg, the error says how to get it', async () => {
  for (const path of ['', join(folder, 'nowhere'), '.:bin']) {
    const error = (await withPath(path)) as Error;
    expect(error).toMatchObject({ name: 'DecodeError', code: 'decoder-missing' });
    expect(error.message).toMatch(/5\.1 or later: apt-get install ffmpeg, brew .*, or winget /);
  }
});

test.skipIf(process.platform === 'win32')('an older one is named', async () => {
  for (const name of ['ffmpeg', 'ffprobe']) {
    const path = join(folder, name);
    writeFileSync(
      path,
      "#!/bin/sh\necho 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright'\necho 'libavutil      56. 70.100'\n",
    );
    chmodSync(path, 0o700);
  }
  const error = (await withPath(folder)) as Error;
  expect(error).toMatchObject({ name: 'DecodeError', code: 'decoder-missing' });
  expect(error.message).toContain('got 4.4.2-0ubuntu0.22.04.1');
});
