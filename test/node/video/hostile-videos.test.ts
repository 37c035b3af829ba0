import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { testFolder } from '../../folder.js';
import { mutant } from '../../pictures/mutant.js';
import { runs, SEED } from '../../seed.js';
import { clipPath, ffmpeg, ffmpegs, filmed, videoTest } from './ffmpeg.js';

const folder = testFolder();
const CLIP = readFileSync(clipPath('odd-size-h264-15.mp4'));

afterEach(() => expect(ffmpegs()).toEqual([]));

/** The code of the error, or of the partial result; `whole` if it is neither. */
const endOf = (source: string | Uint8Array, options = {}) =>
  hashVideo(source, { timeoutSeconds: 60, ...options }).then(
    ({ partial = 'whole', frames }) => {
      expect(frames.length).toBeGreaterThan(0);
      return partial;
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(DecodeError);
      expect((error as DecodeError).message).not.toContain(folder);
      return (error as DecodeError).code;
    },
  );

/** A server that counts its connections. */
async function listener() {
  let connections = 0;
  const server = createServer((_, response) => void response.end()).on('connection', () => {
    connections++;
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.mp4`;
  return { url, connections: () => connections };
}

/** A named pipe. Whoever opens it waits: no one writes to it. */
function pipe(): string {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', path]);
  onTestFinished(() => rmSync(path));
  return path;
}

/** A box of a file that has the data of an MP4: as an address, or as an alias of QuickTime. */
function reference(kind: 'url ' | 'alis', address: string): Buffer {
  const text = Buffer.from(address);
  const length = Buffer.from([0, 2, text.length >> 8, text.length & 255]);
  const padding = Buffer.alloc(text.length & 1);
  const end = Buffer.from([255, 255, 0, 0]);
  // Levels of folders, an absolute path (type 2), and the end.
  const levels = Buffer.from([0, 1, 0, 1]);
  const alias = [Buffer.alloc(130), levels, Buffer.alloc(16), length, text, padding, end];
  const content = kind === 'alis' ? alias : [text, Buffer.alloc(1)];
  const box = Buffer.concat([Buffer.alloc(4), Buffer.from(kind), Buffer.alloc(4), ...content]);
  box.writeUInt32BE(box.length, 0);
  return box;
}

/** A copy of an MP4 whose data is said to be elsewhere. */
function withReference(bytes: Buffer, kind: 'url ' | 'alis', address: string): Buffer {
  const at = bytes.indexOf('url \0\0\0\x01', 0, 'latin1') - 4;
  const box = reference(kind, address);
  const out = Buffer.concat([bytes.subarray(0, at), box, bytes.subarray(at + 12)]);
  for (const name of ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']) {
    const start = bytes.lastIndexOf(name, at, 'latin1') - 4;
    out.writeUInt32BE(bytes.readUInt32BE(start) + box.length - 12, start);
  }
  return out;
}

describe('a file opens nothing else', () => {
  videoTest('a playlist or a script, by any name', async () => {
    const { url, connections } = await listener();
    const fifo = pipe();
    for (const target of ['/etc/passwd', `file://${fifo}`, url, clipPath('anamorphic.mp4')]) {
      for (const [name, text] of [
        ['list.m3u8', `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`],
        ['list.ffconcat', `ffconcat version 1.0\nfile '${target}'\n`],
        ['list.mp4', `#EXTM3U\n#EXTINF:1,\n${target}\n`],
        ['list.sdp', `v=0\nc=IN IP4 127.0.0.1\nm=video ${new URL(url).port} RTP/AVP 96\n`],
        ['list.mpd', `<MPD><BaseURL>${target}</BaseURL></MPD>`],
        // It begins as a video, but goes on as a playlist.
        ['head.mp4', `\0\0\0\x08free#EXTM3U\n#EXTINF:1,\n${target}\n`],
        ['head.mkv', `\x1a\x45\xdf\xa3#EXTM3U\n#EXTINF:1,\n${target}\n`],
      ]) {
        const path = join(folder, name!);
        writeFileSync(path, text!);
        expect(await endOf(path), name).toMatch(/^(unsupported|corrupt)$/);
      }
    }
    expect(connections()).toBe(0);
  });

  videoTest('an MP4 whose data is elsewhere', async () => {
    const { url, connections } = await listener();
    const fifo = pipe();
    for (const address of ['file:///etc/passwd', '/etc/passwd', url, fifo, `file://${fifo}`]) {
      const path = join(folder, 'reference.mp4');
      // FFmpeg takes an address for this file, as if it had no reference, and skips an alias.
      writeFileSync(path, withReference(CLIP, 'url ', address));
      expect(await endOf(path), address).toBe('whole');
      writeFileSync(path, withReference(CLIP, 'alis', address));
      expect(await endOf(path), address).toMatch(/^(corrupt|unsupported)$/);
    }
    expect(connections()).toBe(0);
  });

  videoTest('names are files, whatever they say', async () => {
    const { url, connections } = await listener();
    const names = ['-i.mp4', 'http:x.mp4', 'concat:a|b.mp4', 'file:x.mp4', '%03d.mp4', '*?[a].mp4'];
    for (const name of [...names, 'a \'b\' "c" \\ $HOME.mp4', url.replaceAll('/', ':')]) {
      const path = join(folder, name);
      writeFileSync(path, CLIP);
      expect(await endOf(path), name).toBe('whole');
    }
    const nested = join(folder, 'http:', '127.0.0.1');
    mkdirSync(nested, { recursive: true });
    writeFileSync(join(nested, 'a.mp4'), CLIP);
    expect(await endOf(join(nested, 'a.mp4'))).toBe('whole');
    expect(connections()).toBe(0);
  });

  videoTest('a pipe and a device are no files', async () => {
    expect(await endOf(pipe())).toBe('unreadable');
    expect(await endOf('/dev/zero')).toBe('unreadable');
    expect(await endOf('a\0b')).toBe('unreadable');
  });
});

/** Random numbers from the seed of all tests. */
function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

const CONTAINERS = ['mp4', 'mov', 'webm', 'mkv', 'ts', 'avi', 'gif', 'webp', 'apng', 'avif'];

/** So many of each in the deep run, a hundredth otherwise. */
const MUTANTS = runs(4) > 1 ? 1000 : 10;

describe('cut off or changed, it has a typed error or a result; nothing hangs', () => {
  videoTest.each(CONTAINERS)('%s', async (container) => {
    const next = random(SEED + CONTAINERS.indexOf(container));
    const bytes = readFileSync(filmed(join(folder, `whole.${container}`), '96x64'));
    expect(await endOf(bytes)).toBe('whole');
    const path = join(folder, `mutant.${container}`);
    for (let at = 0; at < MUTANTS; at++) {
      const isCut = at % 2 === 0;
      const changed = isCut
        ? bytes.subarray(0, next() % bytes.length)
        : mutant(bytes, next, [200, 2000, bytes.length]);
      writeFileSync(path, changed);
      await endOf(path, { frames: at % 3 === 0 ? 'query' : 'list', secondsPerHash: 0.2 });
    }
  });
});

videoTest('a film that breaks off has a partial result', async () => {
  const fast = join(folder, 'fast.mp4');
  ffmpeg('-i', clipPath('pan-h264-2997.mp4'), '-c', 'copy', '-movflags', 'faststart', fast);
  const bytes = readFileSync(fast);
  const { partial, frames, seconds } = await hashVideo(bytes.subarray(0, bytes.length >> 1));
  expect(partial).toBe('corrupt');
  expect(seconds).toBeGreaterThan(1);
  expect(seconds).toBeLessThan(4);
  expect(frames.length).toBe(Math.ceil((seconds * 30) / 1.001 / 29 - 1e-9));
  // Its index is at the end.
  expect(await endOf(CLIP.subarray(0, -1000))).toBe('corrupt');
});

videoTest.each(['avi', 'webm', 'mkv', 'gif'])('so has half of a file: %s', async (container) => {
  const bytes = readFileSync(filmed(join(folder, `half.${container}`), '96x64'));
  expect(await endOf(bytes.subarray(0, bytes.length >> 1))).toBe('corrupt');
});

videoTest('a variable rate, and more sound than video, are no sign of that', async () => {
  const path = join(folder, 'variable.mkv');
  const sound = ['-f', 'lavfi', '-i', 'sine=duration=20'];
  const rare = ['-vf', "select='lt(t,1)+not(mod(n,5))'", '-fps_mode', 'vfr'];
  for (const container of ['mkv', 'mp4', 'ts', 'avi']) {
    const whole = join(folder, `whole.${container}`);
    ffmpeg('-i', clipPath('pan-h264-2997.mp4'), ...sound, '-c:v', 'mpeg4', whole);
    expect(await endOf(whole), container).toBe('whole');
  }
  ffmpeg('-i', clipPath('pan-h264-2997.mp4'), ...rare, path);
  expect(await endOf(path)).toBe('whole');
});
