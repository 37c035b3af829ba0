import type { Orientation } from '../pixels.js';
import { corrupt } from './corrupt.js';
import { exifOrientation } from './exif.js';
import type { ImageHeader } from './image-header.js';
import { textAt } from './text-at.js';

const PROFILE_FLAG = 0x20;
const ALPHA_FLAG = 0x10;
const ANIMATION_FLAG = 0x02;

/** Header of a WebP file (RFC 9649): its chunks. Colour profile, EXIF and XMP are taken out. */
export function webpHeader(bytes: Uint8Array<ArrayBuffer>): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 20) throw corrupt('webp');
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw corrupt('webp');
  let orientation: Orientation = 1;
  let width = 0;
  let height = 0;
  let alpha = false;
  let animated = false;
  let kept = 12;
  for (let at = 12; at + 8 <= end; ) {
    const kind = textAt(bytes, at, 4);
    const data = at + 8;
    const length = view.getUint32(at + 4, true);
    // Chunks have an even number of bytes.
    const next = Math.min(end, data + length + (length & 1));
    if (data + length > end) throw corrupt('webp');
    if (kind === 'VP8X' && length >= 10) {
      const flags = bytes[data]!;
      alpha ||= (flags & ALPHA_FLAG) !== 0;
      animated = (flags & ANIMATION_FLAG) !== 0;
      width = 1 + (view.getUint32(data + 3, true) >>> 8);
      height = 1 + (view.getUint32(data + 6, true) >>> 8);
      bytes[data] = flags & ~PROFILE_FLAG & (ALPHA_FLAG | ANIMATION_FLAG);
    } else if (kind === 'VP8L' && length >= 5) {
      const sides = view.getUint32(data + 1, true);
      alpha ||= ((sides >>> 28) & 1) === 1;
      width ||= 1 + (sides & 0x3fff);
      height ||= 1 + ((sides >>> 14) & 0x3fff);
    } else if (kind === 'VP8 ' && length >= 10) {
      width ||= view.getUint16(data + 6, true) & 0x3fff;
      height ||= view.getUint16(data + 8, true) & 0x3fff;
    } else if (kind === 'EXIF') {
      // Some writers begin the block as in JPEG.
      const prefix = textAt(bytes, data, 6) === 'Exif\0\0' ? 6 : 0;
      orientation = exifOrientation(bytes.subarray(data + prefix, data + length));
    }
    if (kind !== 'EXIF' && kind !== 'ICCP' && kind !== 'XMP ') {
      bytes.copyWithin(kept, at, next);
      kept += next - at;
    }
    at = next;
  }
  if (width === 0 || height === 0) throw corrupt('webp');
  view.setUint32(4, kept - 8, true);
  return {
    bytes: bytes.subarray(0, kept),
    width,
    height,
    orientation,
    exif: true,
    alpha: alpha || animated,
    plain: !animated,
  };
}
