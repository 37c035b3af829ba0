import { type ImageFormat, imageFormatOf, isAt, viewOf } from './image-format.js';
import { beginsAsPicture } from './picture-magic.js';

/** Picture formats that may be animated. */
const ANIMATED = ['gif', 'webp', 'png', 'avif'] as const satisfies readonly ImageFormat[];

/** A container of videos, by the name of its FFmpeg demuxer, or the format of a moving picture. */
export type VideoFormat = 'mov' | 'matroska' | 'mpegts' | 'avi' | (typeof ANIMATED)[number];

/** Bytes of a file needed to decide. */
export const VIDEO_HEAD_BYTES = 512;

/** Boxes that an MP4 or MOV file may begin with, beside `ftyp`. */
const FIRST_BOXES = ['moov', 'mdat', 'wide', 'free', 'skip'];

/** Length of a packet of MPEG-TS, and of one with a time before it (Blu-ray, M2TS). */
const PACKETS = [
  { length: 188, sync: 0 },
  { length: 192, sync: 4 },
];

/**
 * The container that `head` begins as; undefined for anything else, such as a still picture. A PNG
 * is known as an animation only if it states that within `head`. A sound file in one of these
 * containers may pass.
 * @param head at least the first `VIDEO_HEAD_BYTES` of a file, or all of it if it is shorter
 * @throws {TypeError} if `head` is not a Uint8Array
 */
export function videoFormatOf(head: Uint8Array): VideoFormat | undefined {
  const animated = ANIMATED.find((format) => format === imageFormatOf(head));
  if (animated) return isStated(head, animated) ? animated : undefined;
  if (isAt(head, 4, 'ftyp')) return beginsAsPicture(head) ? undefined : 'mov';
  if (FIRST_BOXES.some((box) => isAt(head, 4, box))) return 'mov';
  if (isAt(head, 0, '\x1a\x45\xdf\xa3')) return 'matroska';
  if (isAt(head, 0, 'RIFF') && isAt(head, 8, 'AVI ')) return 'avi';
  const isStream = PACKETS.some(({ length, sync }) =>
    [0, 1].every((packet) => head[sync + packet * length] === 0x47),
  );
  return isStream ? 'mpegts' : undefined;
}

/** True if a picture file states that it is animated; any GIF may be. */
function isStated(head: Uint8Array, format: (typeof ANIMATED)[number]): boolean {
  if (format === 'webp') return isAt(head, 12, 'VP8X') && (head[20]! & 2) !== 0;
  if (format === 'avif') {
    const end = Math.min(viewOf(head).getUint32(0), head.length);
    for (let at = 8; at + 4 <= end; at += 4) if (at !== 12 && isAt(head, at, 'avis')) return true;
    return false;
  }
  if (format === 'png') {
    for (let at = 8; at + 8 <= head.length; at += 12 + viewOf(head).getUint32(at)) {
      if (isAt(head, at + 4, 'acTL')) return true;
      if (isAt(head, at + 4, 'IDAT')) return false;
    }
    return false;
  }
  return true;
}
