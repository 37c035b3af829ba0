import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { between, type Random } from '../robustness/copies/drawing/chance.js';
import { numberOf } from '../robustness/measure.js';
import type { PhotoFile } from '../robustness/photo-lists.js';
import { photoOf } from '../robustness/photos.js';
import { covering, pipeline } from '../robustness/raster.js';
import { random as seeded } from '../workloads.js';
import { f, ffmpeg, X264 } from './making.js';

/** What moves in a made clip. A still talks: only its mouth moves, so it is one scene. */
export const KINDS = ['pan', 'zoom', 'shake', 'cuts', 'talking still'] as const;

export type Kind = (typeof KINDS)[number];

/** A listed video. */
export interface Clip {
  readonly id: string;
  readonly path: string;
  readonly kind: Kind | 'as it is';
  /** those that it is made of, none of a file that is there */
  readonly photos: readonly PhotoFile[];
}

const [WIDTH, HEIGHT] = [320, 180];
/** A photo is brought to this size first, twice that of the clip. */
const STAGE = 2;
const PHOTOS_IN_CUTS = 3;

/** Random integers that follow from a seed and names. */
export function chanceOf(seed: number, ...names: readonly string[]): Random {
  const next = seeded(numberOf(`${seed} ${names.join(' ')}`));
  return (below) => next() % below;
}

/** The same items, in an order that follows from a seed and a name. */
export function shuffled<T>(items: readonly T[], seed: number, name: string): T[] {
  const random = chanceOf(seed, 'order', name);
  const out = [...items];
  for (let at = out.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [out[at], out[other]] = [out[other]!, out[at]!];
  }
  return out;
}

/**
 * Clips of photos, in rounds: no photo is in two clips of a round, so the clips of one round are
 * unrelated. The next round takes the photos again, in other motions.
 * @param folder of the files
 */
export function roundsOf(
  photos: readonly PhotoFile[],
  count: number,
  seed: number,
  folder: string,
): Clip[][] {
  const rounds: Clip[][] = [];
  if (photos.length === 0) return rounds;
  let left: PhotoFile[] = [];
  for (let made = 0; made < count; made++) {
    const kind = KINDS[made % KINDS.length]!;
    const needed = Math.min(kind === 'cuts' ? PHOTOS_IN_CUTS : 1, photos.length);
    if (left.length < needed) {
      left = shuffled(photos, seed, `round ${rounds.length}`);
      rounds.push([]);
    }
    const id = `${kind} ${made}`;
    rounds.at(-1)!.push({
      ...{ id, kind, path: join(folder, `${id.replaceAll(' ', '-')}.mp4`) },
      photos: left.splice(0, needed),
    });
  }
  return rounds;
}

/** One clip of each photo, to be listed beside those that are copied. Equal files count once. */
export function unrelatedClips(
  photos: readonly PhotoFile[],
  most: number,
  seed: number,
  folder: string,
): Clip[] {
  const seen = new Set<string>();
  const isNew = ({ path }: PhotoFile) => {
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    return !seen.has(digest) && seen.add(digest);
  };
  const kinds = ['pan', 'zoom', 'shake'] as const;
  return shuffled(photos, seed, 'unrelated')
    .filter(isNew)
    .slice(0, most)
    .map((photo, at) => ({
      id: `unrelated ${photo.source}`,
      kind: kinds[at % kinds.length]!,
      path: join(folder, `unrelated-${at}.mp4`),
      photos: [photo],
    }));
}

/** The videos of a folder, as they are. */
export function clipsIn(folder: string): Clip[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(mp4|webm)$/.test(name))
    .sort()
    .map((name) => ({ id: name, path: join(folder, name), kind: 'as it is', photos: [] }));
}

/** A clip of which only the list's frames are looked at has few frames a second. */
const FEW = 6;

/** Makes the file of a clip: 10 to 12 seconds at 320 x 180. */
export async function makeClip(
  { id, kind, photos, path }: Clip,
  seed: number,
  isCopied = true,
): Promise<void> {
  const random = chanceOf(seed, 'clip', id, ...photos.map(({ source }) => source));
  const usual = [24, 25, 30][random(3)]!;
  const fps = isCopied ? usual : FEW;
  const seconds = between(random, 10, 12);
  const each = seconds / photos.length;
  const inputs: string[] = [];
  for (const [at, photo] of photos.entries()) {
    const stage = `${path}-${at}.png`;
    const raster = await covering(await photoOf(photo), STAGE * WIDTH, STAGE * HEIGHT);
    await pipeline(raster).png({ compressionLevel: 1 }).toFile(stage);
    inputs.push('-framerate', String(fps), '-i', stage);
  }
  const parts = photos.map((_, at) => {
    const moving = motion(kind === 'cuts' ? 'pan' : kind, random, each, fps);
    const looped = `[${at}:v]loop=-1:1:0,setpts=N/(${fps}*TB),${moving}`;
    return `${looped},setsar=1,trim=duration=${f(each)},setpts=PTS-STARTPTS[c${at}];`;
  });
  const labels = photos.map((_, at) => `[c${at}]`).join('');
  const filter = `${parts.join('')}${labels}concat=n=${photos.length},fps=${fps}[o]`;
  await ffmpeg(...inputs, '-filter_complex', filter, '-map', '[o]', ...X264, '-crf', '20', path);
}

/** The filter that moves over a photo of twice the size. */
function motion(kind: Clip['kind'], random: Random, seconds: number, fps: number): string {
  const crop = (x: string, y: string) => `crop=${WIDTH}:${HEIGHT}:x='${x}':y='${y}'`;
  const scaled = (scale: number) =>
    [2 * Math.round((WIDTH * scale) / 2), 2 * Math.round((HEIGHT * scale) / 2)] as const;
  if (kind === 'pan') {
    const [width, height] = scaled(between(random, 1.4, 2));
    const from = random(2);
    const across = (room: number, other: number) => {
      const [start, end] = from === other ? [0.05, 0.95] : [0.9, 0.1];
      return `${f(room * start)}+${f(room * (end - start))}*t/${f(seconds)}`;
    };
    const moved = crop(across(width - WIDTH, 0), across(height - HEIGHT, random(2)));
    return `scale=${width}:${height},${moved}`;
  }
  if (kind === 'zoom') {
    const [near, far] = [between(random, 1.5, 2.2), between(random, 1, 1.1)];
    const [start, end] = random(2) === 0 ? [far, near] : [near, far];
    const zoom = `${f(start)}+${f(end - start)}*on/${f(seconds * fps)}`;
    const size = `s=${WIDTH}x${HEIGHT}:fps=${fps}`;
    return `zoompan=z='${zoom}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d=1:${size}`;
  }
  if (kind === 'shake') {
    const [width, height] = scaled(1.3);
    const swing = (most: number) => {
      const wave = (part: number) => {
        const rate = between(random, 0.3, 1.6);
        return `${f(part * most)}*sin(2*PI*${f(rate)}*t+${f(between(random, 0, 6))})`;
      };
      return `${f(most)}+${wave(0.65)}+${wave(0.3)}`;
    };
    const tilt = `${f(between(random, 0.008, 0.025))}*sin(2*PI*${f(between(random, 0.3, 0.9))}*t)`;
    const shaken = crop(swing((width - WIDTH) / 2), swing((height - HEIGHT) / 2));
    return `scale=${width}:${height},rotate=a='${tilt}',${shaken}`;
  }
  // Two boxes take turns: a mouth that opens and closes.
  const [left, top] = [random(WIDTH - 60) + 20, 90 + random(50)];
  const mouth = (height: number, when: string) =>
    `drawbox=x=${left}:y=${top}:w=22:h=${height}:color=0x301010:t=fill:enable='${when}'`;
  const beat = f(between(random, 0.25, 0.5));
  const open = mouth(12, `lt(mod(t,${beat}),${f(Number(beat) / 2)})`);
  return `scale=${WIDTH}:${HEIGHT},${open},${mouth(3, `gte(mod(t,${beat}),${f(Number(beat) / 2)})`)}`;
}

/** Writes a drawing as a PNG with transparency. */
export async function drawnTo(path: string, width: number, height: number, body: string) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`;
  await sharp(Buffer.from(svg)).png().toFile(path);
}
