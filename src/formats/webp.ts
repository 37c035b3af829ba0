import type { Orientation } from '../pixels.js';
import {
  addStretch,
  corrupt,
  exifOrientation,
  type FileFrame,
  type ImageHeader,
  isAt,
  MOST_FRAMES,
  viewOf,
} from './image-format.js';

/** Flags of VP8X. */
const ALPHA_FLAG = 0x10;
const EXIF_FLAG = 0x08;
const ANIMATION_FLAG = 0x02;
const METADATA = ['EXIF', 'ICCP', 'XMP '];

/**
 * Header of a WebP file (RFC 9649), from all of its chunks. `edits` drop colour profile, EXIF and
 * XMP.
 */
export function webpHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  if (bytes.length < 20) throw corrupt('webp');
  const said = 8 + view.getUint32(4, true);
  const end = Math.min(said, bytes.length);
  let whole = said === end;
  const drop: number[] = [];
  const colours: number[] = [];
  const put: number[] = [];
  let orientation: Orientation | undefined;
  let width = 0;
  let height = 0;
  let alpha = false;
  let flags = 0;
  let flagsAt = 0;
  let animated = false;
  let exif = false;
  let frames = 0;
  const list: FileFrame[] = [];
  let dropped = 0;
  let at = 12;
  while (at + 8 <= end) {
    const data = at + 8;
    const length = view.getUint32(at + 4, true);
    if (data + length > end) {
      whole = false;
      break;
    }
    // Chunks have an even number of bytes.
    const next = Math.min(end, data + length + (length & 1));
    if (isAt(bytes, at, 'VP8X') && length >= 10) {
      flags = bytes[data]!;
      flagsAt = data;
      alpha ||= (flags & ALPHA_FLAG) !== 0;
      exif = (flags & EXIF_FLAG) !== 0;
      animated = (flags & ANIMATION_FLAG) !== 0;
      width = 1 + (view.getUint32(data + 3, true) >>> 8);
      height = 1 + (view.getUint32(data + 6, true) >>> 8);
    } else if (isAt(bytes, at, 'VP8L') && length >= 5) {
      const sides = view.getUint32(data + 1, true);
      alpha ||= ((sides >>> 28) & 1) === 1;
      width ||= 1 + (sides & 0x3fff);
      height ||= 1 + ((sides >>> 14) & 0x3fff);
    } else if (isAt(bytes, at, 'VP8 ') && length >= 10) {
      width ||= view.getUint16(data + 6, true) & 0x3fff;
      height ||= view.getUint16(data + 8, true) & 0x3fff;
    } else if (isAt(bytes, at, 'ANMF')) {
      frames++;
      if (length >= 24 && frames <= MOST_FRAMES) list.push(frameAt(view, bytes, data, next));
    } else if (isAt(bytes, at, 'EXIF') && exif) {
      // Some writers begin the block as in JPEG.
      const prefix = isAt(bytes, data, 'Exif\0\0') ? 6 : 0;
      orientation ??= exifOrientation(bytes.subarray(data + prefix, data + length));
    }
    if (isAt(bytes, at, 'ICCP')) addStretch(colours, data, data + length, 'webp');
    if (METADATA.some((kind) => isAt(bytes, at, kind))) {
      addStretch(drop, at, next, 'webp');
      dropped += next - at;
    }
    at = next;
  }
  if (width === 0 || height === 0) throw corrupt('webp');
  // A lossless picture has alpha whatever the flag says: browsers show it so, and libwebp must too.
  if (flagsAt > 0) put.push(flagsAt, (flags & ANIMATION_FLAG) | (alpha ? ALPHA_FLAG : 0));
  // A lenient decoder takes a part of the chunk that is cut off.
  if (whole) addStretch(drop, at, bytes.length, 'webp');
  const length = (whole ? at : said) - dropped - 8;
  for (let i = 0; i < 4; i++) put.push(4 + i, (length >>> (8 * i)) & 255);
  return {
    format: 'webp',
    width,
    height,
    orientation: orientation ?? 1,
    exif: true,
    alpha: alpha || animated,
    plain: !animated,
    frames: animated ? frames : 1,
    ...(animated && { animation: { frames: list } }),
    whole,
    edits: { drop, put },
    colours,
  };
}

/** A frame by the 16 bytes before its chunks. */
function frameAt(view: DataView, bytes: Uint8Array, at: number, end: number): FileFrame {
  const number = (from: number) => view.getUint32(at + from, true) & 0xffffff;
  const flags = bytes[at + 15]!;
  const clear = isAt(bytes, at + 16, 'ALPH') || isAt(bytes, at + 16, 'VP8L');
  return {
    ...{ x: 2 * number(0), y: 2 * number(3), width: 1 + number(6), height: 1 + number(9) },
    milliseconds: number(12),
    over: (flags & 2) === 0 && clear,
    after: flags & 1 ? 'cleared' : 'kept',
    data: [at + 16, end],
  };
}
