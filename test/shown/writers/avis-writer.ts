import { uint16, uint32 } from '../numbers.js';
import type { Raster } from '../raster.js';
import type { Film } from '../scenes.js';
import { box, type Coded, coded, fullBox } from './isobmff.js';

const MATRIX = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
/** Ticks of a second. */
const SCALE = 1000;

/** A track of the frames, which all have the sides of the first. */
export interface Sequence {
  readonly samples: readonly Coded[];
  /** the moov box, for samples that begin at `start` */
  moov(start: number): Buffer;
}

/** The frames of a film as a track of AV1 pictures, each a key frame. */
export async function sequenceOf({ frames, plays }: Film, edited: boolean): Promise<Sequence> {
  const [first] = frames;
  const { width, height }: Raster = first!.raster;
  const samples = await Promise.all(frames.map(({ raster }) => coded(raster)));
  const durations = frames.map(({ milliseconds }) => Math.max(1, milliseconds));
  const total = durations.reduce((sum, one) => sum + one, 0);
  const entry = box(
    'av01',
    ...[uint32(0), uint16(0, 1), uint32(0, 0, 0, 0), uint16(width, height)],
    ...[uint32(0x480000, 0x480000, 0), uint16(1), Buffer.alloc(32), uint16(0x18, 0xffff)],
    samples[0]!.av1C,
    // No track of an image sequence has another constraint here.
    fullBox('ccst', 0, 0, uint32(0x7c000000)),
  );
  const table = (start: number) =>
    box(
      'stbl',
      fullBox('stsd', 0, 0, uint32(1), entry),
      fullBox('stts', 0, 0, uint32(frames.length), ...durations.map((one) => uint32(1, one))),
      fullBox('stsc', 0, 0, uint32(1, 1, frames.length, 1)),
      fullBox(
        'stsz',
        0,
        0,
        uint32(0, frames.length),
        ...samples.map(({ data }) => uint32(data.length)),
      ),
      fullBox('stco', 0, 0, uint32(1, start)),
      fullBox('stss', 0, 0, uint32(frames.length), ...frames.map((_, i) => uint32(i + 1))),
    );
  // An edit list with the flag of repetition tells how often the track plays.
  const played = plays === 0 ? 0xffffffff : plays * total;
  return {
    samples,
    moov: (start) =>
      box(
        'moov',
        fullBox(
          ...(['mvhd', 0, 0] as const),
          ...[
            uint32(0, 0, SCALE, edited ? played : total, 0x10000),
            uint16(0x100, 0),
            uint32(0, 0),
          ],
          ...[MATRIX, Buffer.alloc(24), uint32(2)],
        ),
        box(
          'trak',
          fullBox(
            ...(['tkhd', 0, 3] as const),
            ...[uint32(0, 0, 1, 0, edited ? played : total, 0, 0), uint16(0, 0, 0, 0)],
            ...[MATRIX, uint32(width << 16, height << 16)],
          ),
          ...(edited ? [box('edts', fullBox('elst', 0, 1, uint32(1, total, 0, 0x10000)))] : []),
          box(
            'mdia',
            fullBox('mdhd', 0, 0, uint32(0, 0, SCALE, total), uint16(0x55c4, 0)),
            fullBox('hdlr', 0, 0, uint32(0), 'pict', uint32(0, 0, 0), '\0'),
            box(
              'minf',
              fullBox('vmhd', 0, 1, uint32(0, 0)),
              box('dinf', fullBox('dref', 0, 0, uint32(1), fullBox('url ', 0, 1))),
              table(start),
            ),
          ),
        ),
      ),
  };
}
