import { between, pick, type Random } from '../robustness/copies/drawing/chance.js';
import { drawnTo } from './clips.js';
import { onDesktop, onPhone, type Recording, stickers, wordsAbove, wordsOver } from './drawn.js';
import { even, f, ffmpeg, X264 } from './making.js';

/** The longer side of a copy is at most this, whatever the clip: large ones take long. */
const MOST_SIDE = 426;

/** A video that is copied. */
export interface Original {
  readonly path: string;
  /** as displayed */
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
}

/** What an edit has at hand. */
interface Hand extends Original {
  readonly random: Random;
  /** path of an unrelated clip that is on no list */
  readonly filler: string;
  /** Writes a drawing. @returns its path */
  draw(width: number, height: number, body: string): Promise<string>;
}

/** How FFmpeg makes a copy: from `[s]`, the clip, and `[1:v]`, the first of `inputs`, to `[o]`. */
interface Recipe {
  readonly filter: string;
  readonly inputs?: readonly string[];
  /** options of the clip as an input */
  readonly before?: readonly string[];
  readonly encode?: readonly string[];
  readonly extension?: string;
}

type Make = (hand: Hand) => Recipe | Promise<Recipe>;

/** A named edit. */
export interface Edit {
  readonly name: string;
  /** the least share that is to match, if the project has set one */
  readonly least?: number;
  readonly make: Make;
}

const PLAIN: Recipe = { filter: '[s]null[o]' };
const filtered = (filter: string): Recipe => ({ filter: `[s]${filter}[o]` });

/** Bits a second that give so many bits a pixel at 25 frames a second. */
function atRate({ width, height, random }: Hand, low: number, high: number): Recipe {
  const rate = `${Math.round((width * height * 25 * between(random, low, high)) / 1000)}k`;
  return { ...PLAIN, encode: [...X264, '-b:v', rate, '-maxrate', rate, '-bufsize', rate] };
}

/** From 0.3 to 3 seconds, but no more than a third of a short clip. */
const trim = ({ seconds, random }: Hand) => between(random, 0.3, Math.min(3, seconds / 3));

/** A part that lies at random within the frame. */
function cropped({ width, height, random }: Hand, low: number, high: number): Recipe {
  const [across, down] = [between(random, low, high), between(random, low, high)];
  const [left, top] = [random(101) / 100, random(101) / 100];
  const sides = `${even(width * (1 - across))}:${even(height * (1 - down))}`;
  return filtered(`crop=${sides}:${f(width * across * left)}:${f(height * down * top)},setsar=1`);
}

function padded({ width, height }: Hand, wide: number, high: number, colour: string): Recipe {
  const [full, tall] = [even(Math.max(width, wide)), even(Math.max(height, high))];
  return filtered(`pad=${full}:${tall}:(ow-iw)/2:(oh-ih)/2:color=${colour}`);
}

async function recorded(hand: Hand, screen: Recording): Promise<Recipe> {
  const { width, height, hole, over } = screen;
  const picture = await hand.draw(width, height, over);
  const size = `${hole.width}:${hole.height}`;
  const placed = `pad=${width}:${height}:${hole.left}:${hole.top}:color=black`;
  const filter = `[s]scale=${size},setsar=1,${placed}[p];[p][1:v]overlay=0:0,fps=30[o]`;
  return { filter, inputs: [picture] };
}

/** A small video in a corner of a large one. */
function inCorner({ width, height, random }: Hand, small: string, large: string): string {
  const share = between(random, 0.28, 0.42);
  const [wide, high] = [even(width * share), even(height * share)];
  const x = pick(random, [0.04 * width, 0.96 * width - wide]);
  const y = pick(random, [0.05 * height, 0.95 * height - high]);
  const sides = `scale=${even(width)}:${even(height)},setsar=1`;
  return (
    `${large}${sides}[l];${small}scale=${wide}:${high},setsar=1[k];` +
    `[l][k]overlay=${f(x)}:${f(y)}:shortest=1[o]`
  );
}

function joined({ width, height }: Hand, first: string, second: string): string {
  const same = `fps=25,scale=${even(width)}:${even(height)},setsar=1,format=yuv420p`;
  return `${first}${same}[a];${second}${same}[b];[a][b]concat=n=2[o]`;
}

async function withDrawing(hand: Hand, body: string): Promise<Recipe> {
  const picture = await hand.draw(hand.width, hand.height, body);
  return { filter: '[s][1:v]overlay=0:0[o]', inputs: [picture] };
}

const edit = (name: string, make: Make, least?: number): Edit => ({
  ...{ name, make },
  ...(least !== undefined && { least }),
});

/** The shares that the project has set itself: all of these, and nine of ten of those. */
const ALL = 1;
const MOST = 0.9;

/** The edits, with amounts from seeded ranges. */
export const EDITS: readonly Edit[] = [
  edit('as it is, encoded again', () => PLAIN, ALL),
  edit('encoded at a high rate', (hand) => atRate(hand, 0.2, 0.3), ALL),
  edit('encoded at a middle rate', (hand) => atRate(hand, 0.08, 0.14), ALL),
  edit('encoded at a low rate', (hand) => atRate(hand, 0.035, 0.06), ALL),
  edit(
    'half size',
    ({ width, height }) =>
      filtered(`scale=${even(width / 2)}:${even(height / 2)}:flags=bicubic,setsar=1`),
    ALL,
  ),
  edit('start cut off', (hand) => ({ ...PLAIN, before: ['-ss', f(trim(hand))] }), ALL),
  edit('end cut off', (hand) => ({ ...PLAIN, before: ['-t', f(hand.seconds - trim(hand))] }), ALL),
  edit(
    'clip of 5 s',
    ({ seconds, random }) => {
      const start = between(random, 0, Math.max(0, seconds - 5));
      return { ...PLAIN, before: ['-ss', f(start), '-t', '5'] };
    },
    ALL,
  ),
  edit('10 to 20 frames a second', ({ random }) => filtered(`fps=${10 + random(11)}`), ALL),
  edit('48 to 60 frames a second', ({ random }) => filtered(`fps=${48 + random(13)}`), ALL),
  edit(
    'slower, to 0.8',
    ({ random }) => filtered(`setpts=PTS/${f(between(random, 0.8, 0.95))}`),
    ALL,
  ),
  edit(
    'faster, to 1.25',
    ({ random }) => filtered(`setpts=PTS/${f(between(random, 1.05, 1.25))}`),
    ALL,
  ),
  edit('mirrored', () => filtered('hflip'), MOST),
  edit(
    'border',
    (hand) => {
      const { width, height, random } = hand;
      const thick = 1 + 2 * between(random, 0.04, 0.14);
      const colour = pick(random, ['white', 'black', '0x224466', '0xcc8844']);
      return padded(hand, width * thick, height * thick, colour);
    },
    MOST,
  ),
  edit(
    '9:16, blurred bars',
    ({ width, height }) => {
      const tall = even((width * 16) / 9);
      const behind = `scale=${even((tall * width) / height)}:${tall},crop=${even(width)}:${tall}`;
      return {
        filter: `[s]split[a][b];[a]${behind},boxblur=10:2[c];[c][b]overlay=0:(H-h)/2[o]`,
      };
    },
    MOST,
  ),
  edit(
    'letterbox',
    (hand) => {
      const { width, height, random } = hand;
      const aspect = pick(random, [1, 4 / 3, 9 / 16, 4 / 5]);
      return padded(hand, height * aspect, width / aspect, 'black');
    },
    MOST,
  ),
  edit(
    'screen recording, desktop',
    (hand) => recorded(hand, onDesktop(hand.width, hand.height, hand.random)),
    MOST,
  ),
  edit(
    'screen recording, phone',
    (hand) => recorded(hand, onPhone(hand.width, hand.height, hand.random)),
    MOST,
  ),
  edit('caption above', async (hand) => {
    const { width, height, random } = hand;
    const bar = even(between(random, 0.18, 0.3) * height);
    const picture = await hand.draw(width, bar, wordsAbove(width, bar, random));
    const filter = `[s]pad=${width}:${height + bar}:0:${bar}[p];[p][1:v]overlay=0:0[o]`;
    return { filter, inputs: [picture] };
  }),
  edit('caption over it', (hand) =>
    withDrawing(hand, wordsOver(hand.width, hand.height, hand.random)),
  ),
  edit('stickers', (hand) => withDrawing(hand, stickers(hand.width, hand.height, hand.random))),
  edit('crop, 2 to 6 %', (hand) => cropped(hand, 0.02, 0.06)),
  edit('crop, 8 to 14 %', (hand) => cropped(hand, 0.08, 0.14)),
  edit('crop, 16 to 30 %', (hand) => cropped(hand, 0.16, 0.3)),
  edit('GIF', ({ width, height, random }) => {
    const wide = even(Math.min(width, between(random, 200, 320)));
    const small = `fps=${8 + random(5)},scale=${wide}:${even((wide * height) / width)}`;
    return {
      filter: `[s]${small},split[a][b];[a]palettegen[p];[b][p]paletteuse[o]`,
      encode: [],
      extension: 'gif',
    };
  }),
  edit('in a corner of another', (hand) => ({
    filter: inCorner(hand, '[s]', '[1:v]'),
    inputs: [hand.filler],
  })),
  edit('another in its corner', (hand) => ({
    filter: inCorner(hand, '[1:v]', '[s]'),
    inputs: [hand.filler],
  })),
  edit('after another', (hand) => ({
    filter: joined(hand, '[1:v]', '[s]'),
    inputs: [hand.filler],
  })),
  edit('before another', (hand) => ({
    filter: joined(hand, '[s]', '[1:v]'),
    inputs: [hand.filler],
  })),
  edit('reversed', () => filtered('reverse')),
];

/**
 * Makes a copy of a clip.
 * @param path of the copy, without its extension
 * @returns its path
 */
export async function makeCopy(
  { make }: Edit,
  original: Original,
  filler: string,
  path: string,
  random: Random,
): Promise<string> {
  const scale = Math.min(1, MOST_SIDE / Math.max(original.width, original.height));
  const [width, height] = [even(scale * original.width), even(scale * original.height)];
  let drawn = 0;
  const draw: Hand['draw'] = async (wide, high, body) => {
    const picture = `${path}-${drawn++}.png`;
    await drawnTo(picture, wide, high, body);
    return picture;
  };
  const recipe = await make({ ...original, width, height, random, filler, draw });
  const { filter, inputs = [], before = [], extension = 'mp4' } = recipe;
  const { encode = [...X264, '-crf', '26'] } = recipe;
  const others = inputs.flatMap((input) => ['-i', input]);
  const whole = `[0:v]scale=${width}:${height},setsar=1[s];${filter}`;
  const out = `${path}.${extension}`;
  const read = [...before, '-i', original.path, ...others];
  await ffmpeg(...read, '-filter_complex', whole, '-map', '[o]', '-an', ...encode, out);
  return out;
}
