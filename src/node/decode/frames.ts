import type { ImageHeader } from '../../formats/image-format.js';
import {
  type DecodeFrame,
  framesOf,
  MOST_CANVAS,
  screenOf,
  wantedFrames,
} from '../../picture/frames.js';
import type { Frame } from '../../picture/hash-picture.js';
import { checkedPixels, type Orientation } from '../../pixels.js';
import { reduced, shownRasters } from './as-shown.js';
import type { DecodedLook, Looks, ReadFile } from './looks.js';
import { importSharp, type Sharp } from './sharp.js';

/**
 * The frames of an animation that people see best, as looks in the colours that the file gives
 * them.
 * @param bytes the whole file; only read
 * @param file has an animation
 * @param orientation of the picture beside them
 */
export async function frameLooks(
  bytes: Uint8Array,
  { header, colours }: ReadFile,
  orientation: Orientation,
  end: AbortSignal,
): Promise<Looks> {
  const { frames = [], beside = false } = header.animation ?? {};
  const full = screenOf(header);
  const sides = reduced(full);
  const sharp = await importSharp();
  const seen: Frame[] = [];
  try {
    for await (const { frame, pixels } of framesOf(bytes, header, decoderOf(sharp, true, end))) {
      const { data: rgba, ...raw } = pixels;
      const picture = sharp(rgba, { raw, limitInputPixels: false });
      if (sides !== full) picture.resize({ ...sides, fit: 'fill', kernel: 'linear' });
      const data = await picture.raw().toBuffer();
      seen.push({ frame, pixels: checkedPixels({ data, ...sides, channels: 4 }) });
    }
  } catch (error) {
    if (end.aborted) throw error;
  }
  const looks: DecodedLook[] = [];
  for (const one of seen) {
    const rasters = colours ? await shownRasters(one, colours, end) : [];
    for (const pixels of [one.pixels, ...rasters]) {
      looks.push({ ...one, pixels, full, look: 'frame', orientation });
    }
  }
  return {
    looks,
    frames: { total: frames.length, checked: seen.length + (beside ? 0 : 1) },
    ...(seen.length < wantedFrames(header).length && { unseen: 'unseen-picture' }),
  };
}

/**
 * The same frames in the colours that are stored, for a list; each is decoded on demand.
 * @param lenient as for the picture beside them
 * @param wanted their numbers, if they are others
 */
export async function* laterFrames(
  bytes: Uint8Array,
  header: ImageHeader,
  lenient: boolean,
  end: AbortSignal,
  wanted?: readonly number[],
): AsyncGenerator<Frame, void, undefined> {
  yield* framesOf(bytes, header, decoderOf(await importSharp(), lenient, end), wanted);
}

/** Decodes one frame, without those before it. */
const decoderOf =
  (sharp: Sharp, lenient: boolean, end: AbortSignal): DecodeFrame =>
  async (file, { width, height }) => {
    end.throwIfAborted();
    const failOn = lenient ? 'none' : 'warning';
    const input = { failOn, ignoreIcc: true, limitInputPixels: MOST_CANVAS } as const;
    const { data, info } = await sharp(file, input)
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height || info.channels !== 4) {
      throw new Error('a frame whose size differs from that of its animation');
    }
    return data;
  };
