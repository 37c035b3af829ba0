import { readFile } from 'node:fs/promises';
import { DecodeError } from '../../errors.js';
import { corrupt } from '../../formats/image-format.js';
import { readHeader } from '../../formats/read-header.js';
import { greyRows } from '../../kernels/pixels/grey.js';
import { MOST_CANVAS, screenOf, shownFor } from '../../picture/frames.js';
import { laterFrames } from '../decode/frames.js';
import {
  checkSides,
  type DecodedFrames,
  type FrameChoice,
  type VideoFile,
  type VideoStream,
} from './video-stream.js';

/** The most bytes of an animated picture, all of which are held in memory. */
const MOST_BYTES = 2 ** 28;

/** An animated picture, and its frames. */
export interface Animation {
  readonly stream: VideoStream;
  decode(choice: FrameChoice): DecodedFrames;
}

/**
 * Reads an animated WebP or PNG. Its frames are drawn as browsers draw them, and keep their own
 * times: FFmpeg 7 reads no animated WebP, and spaces the frames of a PNG evenly.
 * @param size bytes of the file
 * @throws {DecodeError}
 */
export async function readAnimation(file: VideoFile, size: number): Promise<Animation> {
  const { path, signal } = file;
  if (size > MOST_BYTES) {
    throw new DecodeError('too-many-bytes', `expected an animation of at most ${MOST_BYTES} bytes`);
  }
  const bytes = await readFile(path, { signal });
  const header = await readHeader(bytes, file.maxPixels);
  const { format, orientation, frames: total = 0, animation } = header;
  const { frames = [] } = animation ?? {};
  if (frames.length === 0) throw corrupt(format);
  const { width, height } = screenOf(header);
  checkSides(width, height, Math.min(file.maxPixels, MOST_CANVAS));
  const times = [0];
  let milliseconds = 0;
  for (const frame of frames) {
    milliseconds += shownFor(frame);
    times.push(milliseconds / 1000);
  }
  const seconds = milliseconds / 1000;
  const stream: VideoStream = {
    ...{ index: 0, width, height, orientation, times },
    ...{ fps: frames.length / seconds, ofStream: seconds, ofFile: seconds },
  };
  /** @returns RGBA of each frame */
  async function* drawn(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const all = laterFrames(bytes, header, true, signal, [...frames.keys()]);
      for await (const { pixels } of all) yield pixels.data;
    } catch (error) {
      if (error instanceof DecodeError || signal.aborted) throw error;
      throw corrupt(format, error);
    }
    if (total > frames.length) {
      throw new DecodeError('too-many-frames', `expected at most ${frames.length} frames`);
    }
  }
  return {
    stream,
    decode({ step, pixels }) {
      let decoded = 0;
      const grey = new Uint8Array(pixels === 'gray' ? width * height : 0);
      const row = new Int32Array(width);
      return {
        decoded: () => decoded,
        hasErrors: () => false,
        async *frames() {
          for await (const rgba of drawn()) {
            if (decoded++ % step > 0) continue;
            for (let at = 0; at < grey.length; at += width) {
              greyRows(rgba, 4, at, width, 1, row);
              grey.set(row, at);
            }
            yield pixels === 'gray' ? grey : rgba;
          }
        },
      };
    },
  };
}
