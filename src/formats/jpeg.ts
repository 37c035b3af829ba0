import type { Orientation } from '../pixels.js';
import { corrupt } from './corrupt.js';
import { exifOrientation } from './exif.js';
import type { ImageHeader } from './image-header.js';
import { textAt } from './text-at.js';

/**
 * Header of a JPEG file (ITU-T T.81, annex B): segments up to the first scan. Application segments 1 (EXIF, XMP) and 2
 * (colour profile, further pictures) are taken out; of several EXIF segments the first one counts.
 */
export function jpegHeader(bytes: Uint8Array<ArrayBuffer>): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let orientation: Orientation | undefined;
  let width = 0;
  let height = 0;
  let components = 0;
  // What is kept moves towards the front.
  let kept = 2;
  let at = 2;
  for (;;) {
    if (at + 4 > bytes.length || bytes[at] !== 0xff) throw corrupt('jpeg');
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const next = at + 2 + view.getUint16(at + 2);
    if (next > bytes.length || next < at + 4) throw corrupt('jpeg');
    if (marker === 0xda) break;
    const taken = marker === 0xe1 || marker === 0xe2;
    if (marker === 0xe1 && textAt(bytes, at + 4, 6) === 'Exif\0\0') {
      orientation ??= exifOrientation(bytes.subarray(at + 10, next));
    }
    // Frame headers are C0 to CF but for the tables and the reserved one among them.
    if ((marker & 0xf0) === 0xc0 && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (next < at + 10) throw corrupt('jpeg');
      height = view.getUint16(at + 5);
      width = view.getUint16(at + 7);
      components = bytes[at + 9]!;
    }
    if (!taken) {
      bytes.copyWithin(kept, at, next);
      kept += next - at;
    }
    at = next;
  }
  // Inside a scan FF is always followed by 0 or a restart: no end marker means that the file breaks off.
  if (width === 0 || !hasEnd(bytes, at)) throw corrupt('jpeg');
  bytes.copyWithin(kept, at);
  return {
    bytes: bytes.subarray(0, bytes.length - (at - kept)),
    width,
    height,
    orientation: orientation ?? 1,
    exif: true,
    alpha: false,
    plain: components === 1 || components === 3,
  };
}

function hasEnd(bytes: Uint8Array, scan: number): boolean {
  for (let at = bytes.length - 2; at > scan; at--) {
    if (bytes[at + 1] === 0xd9 && bytes[at] === 0xff) return true;
  }
  return false;
}
