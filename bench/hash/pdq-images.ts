import type { Channels, CheckedPixels } from '../../src/pixels.js';
import { random } from '../workloads.js';
import { resampled } from './photos.js';

/** What is drawn: a function of position and channel, or a crop of a photo. */
const KINDS = [
  'noise',
  'gradient',
  'flat',
  'checker',
  'stripes',
  'text',
  'photo',
  'waves',
  'blocks',
  'mirrored',
] as const;

/** A kind of picture on which the fast path of PDQ is measured. */
type Kind = (typeof KINDS)[number];

type Painter = (x: number, y: number, c: number) => number;

/**
 * Picture `n` of a fixed, endless series of pictures that are hard on PDQ's roundings. It takes
 * every kind in turn, with every period of checkers and stripes and with sides from 1 to 700. 6 %
 * are 64 x 64, 2 % are 512 x 512 and 2 % are larger. They have 1 to 4 samples per pixel.
 * @param photos to take crops from; without any, waves take their place
 */
export function hardPicture(
  n: number,
  photos: readonly CheckedPixels[],
): { kind: Kind; pixels: CheckedPixels } {
  const next = random(n + 1);
  const below = (limit: number) => next() % limit;
  const kind = KINDS[n % KINDS.length]!;
  const channels = ([3, 4, 1, 3, 4, 2] as const)[Math.floor(n / KINDS.length) % 6]!;
  const [width, height] = sizeOf(below);
  const photo = photos[below(Math.max(1, photos.length))];
  if (kind === 'photo' && photo !== undefined) {
    return { kind, pixels: crop(photo, width, height, channels, below) };
  }
  const paint = painter(kind, width, height, below, next);
  const data = new Uint8Array(width * height * channels);
  const colours = channels < 3 ? 1 : 3;
  let i = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < colours; c++) data[i++] = Math.max(0, Math.min(255, paint(x, y, c)));
      if (channels % 2 === 0) data[i++] = below(256);
    }
  }
  return { kind, pixels: { data, width, height, channels } };
}

/** The width and height of picture `n`, without painting it. */
export function hardSize(n: number): [number, number] {
  const next = random(n + 1);
  return sizeOf((limit) => next() % limit);
}

function sizeOf(below: (limit: number) => number): [number, number] {
  const percent = below(100);
  if (percent < 6) return [64, 64];
  if (percent < 8) return [512, 512];
  if (percent < 10) {
    const [long, short] = [513 + below(188), 1 + below(700)];
    return below(2) === 0 ? [long, short] : [short, long];
  }
  const limit = percent < 25 ? 320 : 130;
  return [1 + below(limit), 1 + below(limit)];
}

function crop(
  photo: CheckedPixels,
  width: number,
  height: number,
  channels: Channels,
  below: (limit: number) => number,
): CheckedPixels {
  const part = { width: 1 + below(photo.width), height: 1 + below(photo.height) };
  const left = below(photo.width - part.width + 1);
  const top = below(photo.height - part.height + 1);
  return resampled(photo, { ...part, left, top }, width, height, channels);
}

function painter(
  kind: Kind,
  width: number,
  height: number,
  below: (limit: number) => number,
  next: () => number,
): Painter {
  // Two colours: arbitrary, black and white, or nearly equal. Half of the time both are grey.
  const grey = below(2) === 0;
  const pair = below(3);
  const colours = [0, 1, 2].map(() => {
    const a = pair === 1 ? 0 : below(256);
    return [a, pair === 1 ? 255 : pair === 2 ? Math.min(255, a + 1 + below(3)) : below(256)];
  });
  const tint = (c: number, which: 0 | 1) => colours[grey ? 0 : c]![which]!;
  const longest = Math.max(width, height);
  const period = 1 + below(below(2) === 0 ? 16 : longest);
  const other = below(2) === 0 ? period : 1 + below(longest);
  const mix = (share: number, c: number) => tint(c, 0) + (tint(c, 1) - tint(c, 0)) * share;
  const [dx, dy] = [(below(2001) - 1000) / 500, (below(2001) - 1000) / 500];
  switch (kind) {
    case 'noise': {
      const least = below(256);
      const spread = 1 + below(256 - least);
      return () => least + below(spread);
    }
    case 'gradient': {
      const steep = below(3);
      return (x, y, c) => {
        const way = (dx * x) / width + (dy * y) / height;
        return steep === 0 ? (1000 * way * (c + 1)) & 255 : mix(Math.abs(way) % 1, c);
      };
    }
    case 'flat': {
      // A few pixels of the other colour, or none.
      const rarity = below(3) === 0 ? 0 : 1 + below(width * height * 3);
      return (_x, _y, c) => tint(c, rarity > 0 && below(rarity) === 0 ? 1 : 0);
    }
    case 'checker': {
      const [shiftX, shiftY] = [below(period), below(other)];
      return (x, y, c) => {
        const odd = Math.floor((x + shiftX) / period) + Math.floor((y + shiftY) / other);
        return tint(c, (odd & 1) as 0 | 1);
      };
    }
    case 'stripes': {
      const direction = below(4);
      return (x, y, c) => {
        const way = [x, y, x + y, x - y + height][direction]!;
        return tint(c, (Math.floor(way / period) & 1) as 0 | 1);
      };
    }
    case 'text': {
      const line = 6 + below(20);
      const glyph = 3 + below(8);
      const bits = Uint32Array.from({ length: 4096 }, next);
      return (x, y, c) => {
        const inLine = y % line < line * 0.6 && Math.floor(x / glyph) % 7 !== 0;
        const cell = 61 * Math.floor(y / line) + Math.floor(x / glyph);
        const stroke = (bits[cell & 4095]! >>> ((3 * (y % line) + (x % glyph)) & 31)) & 1;
        return inLine && stroke === 1 ? tint(c, 1) : tint(c, 0);
      };
    }
    case 'blocks': {
      const values = Uint32Array.from({ length: 4096 }, next);
      return (x, y, c) =>
        values[
          (64 * Math.floor(y / other) + Math.floor(x / period) + 977 * (grey ? 0 : c)) & 4095
        ]! & 255;
    }
    case 'mirrored': {
      const values = Uint32Array.from({ length: 4096 }, next);
      return (x, y, c) => {
        const [u, v] = [Math.min(x, width - 1 - x), Math.min(y, height - 1 - y)];
        return values[(u * 37 + v * 101 + (grey ? 0 : c)) & 4095]! & 255;
      };
    }
    default: {
      // Waves, also in place of photos if there are none.
      const phase = below(100);
      return (x, y, c) => {
        const wave = Math.sin(0.05 * dx * x + phase) * Math.cos(0.05 * dy * y + c);
        return mix((1 + wave) / 2, c);
      };
    }
  }
}
