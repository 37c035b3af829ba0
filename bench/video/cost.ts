import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { findFfmpeg } from '../../src/node/video/ffmpeg.js';
import { hashVideo } from '../../src/node/video/hash-video.js';
import { entriesOfVideo } from '../../src/video/video.js';
import { inFolder } from '../folder.js';
import type { BenchContext } from '../harness.js';
import { usageOfTree } from '../programs/usage.js';
import { median, turns } from '../race.js';
import { decide } from './decide.js';
import { f, ffmpeg, fixture, X264 } from './making.js';

/** How much is measured. */
export interface CostScale {
  /** of the frames */
  readonly heights: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
}

export const COST_SCALE: CostScale = { heights: [360, 720, 1080], seconds: 12, rounds: 3 };
/** In these, starting the programs weighs more. */
export const QUICK_SCALE: CostScale = { ...COST_SCALE, seconds: 4, rounds: 1 };

const FPS = 25;
const MOST_PLAIN = { atMost: 3 };
const MOST_CHECKED = { atMost: 5 };

/** In `fixtures/photos`. */
const PHOTOS = ['dust-bowl-home.jpg', 'acanthus-mollis.jpg', 'french-alpine-landscape.jpg'];
const UNRELATED = 'nagasaki-boats-q40.jpg';

const photo = (name: string) => fixture(`photos/${name}`);

/** A pan over each of some photos, as a video of 16:9. */
async function panned(path: string, names: readonly string[], height: number, seconds: number) {
  const width = Math.round((height * 16) / 9 / 2) * 2;
  const [wide, high] = [Math.round(width * 0.65) * 2, Math.round(height * 0.65) * 2];
  const each = seconds / names.length;
  const parts = names.map((_, at) => {
    const looped = `[${at}:v]scale=${wide}:${high},loop=-1:1:0,setpts=N/(${FPS}*TB)`;
    const moved = (room: number) => `'${f(room)}*t/${f(each)}'`;
    const crop = `crop=${width}:${height}:x=${moved(wide - width)}:y=${moved(high - height)}`;
    return `${looped},${crop},trim=duration=${f(each)},setpts=PTS-STARTPTS,setsar=1[c${at}];`;
  });
  const labels = names.map((_, at) => `[c${at}]`).join('');
  const filter = `${parts.join('')}${labels}concat=n=${names.length}[o]`;
  const inputs = names.flatMap((name) => ['-framerate', String(FPS), '-i', photo(name)]);
  await ffmpeg(...inputs, '-filter_complex', filter, '-map', '[o]', ...X264, '-crf', '23', path);
}

/** FFmpeg that decodes to raw RGB, read and dropped here. */
async function bare(path: string): Promise<void> {
  const { ffmpeg: program } = await findFfmpeg();
  const words = ['-nostdin', '-v', 'error', '-i', path, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.resume();
  await once(child, 'close');
}

/**
 * Processor time of hashing and checking beside that of the bare pipe: of this process and its
 * children, user and system.
 */
export async function runCost(context: BenchContext, scale = COST_SCALE): Promise<object> {
  return await inFolder(async (folder) => {
    const all: Record<string, unknown> = {};
    for (const height of scale.heights) {
      all[`${height}p`] = await costAt(context, height, scale, folder);
    }
    return { fps: FPS, ...scale, ...all };
  });
}

async function costAt(
  { figure, table, note }: BenchContext,
  height: number,
  { seconds, rounds }: CostScale,
  folder: string,
) {
  const path = join(folder, `${height}.mp4`);
  const [other, mirrored] = ['other', 'mirrored'].map((name) =>
    join(folder, `${height}-${name}.mp4`),
  );
  await panned(path, PHOTOS, height, seconds);
  await panned(other!, [UNRELATED], height, 4);
  await ffmpeg('-i', path, '-vf', 'hflip', ...X264, '-crf', '23', mirrored!);
  const listOf = async (video: string, id: string) =>
    createBlocklist(entriesOfVideo(await hashVideo(video), { id }));
  const unlisted = await listOf(other!, 'other');
  const listed = await listOf(path, 'listed');
  // The answers first.
  const [nothing, copy] = [await decide(path, unlisted), await decide(mirrored!, listed)];
  if (nothing.verdict !== 'none') throw new Error('expected that an unrelated video is none');
  if (copy.verdict !== 'match') throw new Error('expected that a mirrored copy matches');
  const ways = [
    { name: 'bare rgb24 pipe', run: () => bare(path) },
    { name: "hashVideo, frames: 'query'", run: () => hashVideo(path, { frames: 'query' }) },
    { name: 'check, all variants, none found', run: () => decide(path, unlisted) },
    { name: 'check, all variants, a place locked', run: () => decide(mirrored!, listed) },
  ];
  const costs = ways.map((): { cpu: number; wall: number }[] => []);
  const used = () => usageOfTree(process.pid)?.cpuSeconds;
  for (const { at } of turns(rounds, ways.length)) {
    const [before, start] = [used(), performance.now()];
    await ways[at]!.run();
    const wall = (performance.now() - start) / 1000;
    const after = used();
    costs[at]!.push({ cpu: (after ?? Number.NaN) - (before ?? Number.NaN), wall });
  }
  const rows = ways.map(({ name }, at) => {
    const [cpu, wall] = (['cpu', 'wall'] as const).map((what) =>
      median(costs[at]!.map((cost) => cost[what])),
    );
    const ratios = costs[at]!.map((cost, round) => cost.cpu / costs[0]![round]!.cpu);
    return {
      ...{ way: name, cpuSeconds: cpu!, wallSeconds: wall!, ratio: median(ratios) },
      secondsOfVideoPerCpuSecond: seconds / cpu!,
      secondsOfVideoPerSecond: seconds / wall!,
    };
  });
  if (used() === undefined) {
    note('processor time of other processes is known on Linux only');
    return rows;
  }
  table(
    `${height}p, ${seconds} s at ${FPS} frames a second, medians of ${rounds}`,
    rows.map(({ way, cpuSeconds, wallSeconds, ratio, ...speeds }) => ({
      ...{ way, 'CPU, s': cpuSeconds, 'wall, s': wallSeconds, 'CPU of the pipe': ratio },
      'video s / CPU s': speeds.secondsOfVideoPerCpuSecond,
      'video s / s': speeds.secondsOfVideoPerSecond,
    })),
  );
  const [, hashing, checking, locked] = rows;
  figure(`${height}p, hashing: CPU of the pipe`, hashing!.ratio, MOST_PLAIN);
  figure(`${height}p, all variants: CPU of the pipe`, checking!.ratio, MOST_CHECKED);
  figure(`${height}p, a place locked: CPU of the pipe`, locked!.ratio, MOST_CHECKED);
  return rows;
}
