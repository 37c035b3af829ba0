import { imageFormatOf, isAt } from './image-format.js';
import { beginsAsPicture } from './picture-magic.js';

/** A container of videos, by the name of its FFmpeg demuxer. GIF is a picture format, too. */
export type VideoFormat = 'mov' | 'matroska' | 'mpegts' | 'avi' | 'gif';

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
 * The container that `head` begins as; undefined for anything else. Picture files in boxes, such as
 * HEIC and AVIF, are not videos. A sound file in one of these containers may pass.
 * @param head the first `VIDEO_HEAD_BYTES` of a file, or all of it if it is shorter
 * @throws {TypeError} if `head` is not a Uint8Array
 */
export function videoFormatOf(head: Uint8Array): VideoFormat | undefined {
  if (imageFormatOf(head) === 'gif') return 'gif';
  if (isAt(head, 4, 'ftyp')) return beginsAsPicture(head) ? undefined : 'mov';
  if (FIRST_BOXES.some((box) => isAt(head, 4, box))) return 'mov';
  if (isAt(head, 0, '\x1a\x45\xdf\xa3')) return 'matroska';
  if (isAt(head, 0, 'RIFF') && isAt(head, 8, 'AVI ')) return 'avi';
  const isStream = PACKETS.some(({ length, sync }) =>
    [0, 1].every((packet) => head[sync + packet * length] === 0x47),
  );
  return isStream ? 'mpegts' : undefined;
}
