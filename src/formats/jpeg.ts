import type { Orientation } from '../pixels.js';
import {
  addStretch,
  corrupt,
  exifOrientation,
  type ImageHeader,
  isAt,
  viewOf,
} from './image-format.js';

/** Markers among those of frame headers that are of another kind (T.81, table B.1). */
const NO_FRAME = [0xc4, 0xc8, 0xcc];

/**
 * Header of a JPEG file (ITU-T T.81, annex B): its segments up to the first scan, found as libjpeg
 * finds them. `edits` drop application segments 1 (EXIF, XMP) and 2 (colour profile, further
 * pictures). The first EXIF segment counts.
 */
export function jpegHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  const drop: number[] = [];
  const colours: number[] = [];
  let orientation: Orientation | undefined;
  let width = 0;
  let height = 0;
  let components = 0;
  let stray = false;
  let at = 2;
  for (;;) {
    if (at + 4 > bytes.length) throw corrupt('jpeg');
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff || marker === 0) {
      stray = true;
      at++;
      continue;
    }
    // Any number of FF may come before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    // TEM and RST have no data.
    if (marker === 0x01 || (marker & 0xf8) === 0xd0) {
      at += 2;
      continue;
    }
    // SOI and EOI.
    if (marker === 0xd8 || marker === 0xd9) throw corrupt('jpeg');
    if (marker === 0xda) break;
    // A length includes its own two bytes; libjpeg takes less for no data.
    const next = at + 2 + Math.max(2, view.getUint16(at + 2));
    if (next > bytes.length) throw corrupt('jpeg');
    if (marker === 0xe1 && isAt(bytes, at + 4, 'Exif\0\0')) {
      orientation ??= exifOrientation(bytes.subarray(at + 10, next));
    }
    if ((marker & 0xf0) === 0xc0 && !NO_FRAME.includes(marker)) {
      if (next < at + 10) throw corrupt('jpeg');
      height = view.getUint16(at + 5);
      width = view.getUint16(at + 7);
      components = bytes[at + 9]!;
    }
    if (marker === 0xe2 && next > at + 18 && isAt(bytes, at + 4, 'ICC_PROFILE\0')) {
      addStretch(colours, at + 16, next, 'jpeg');
    }
    if (marker === 0xe1 || marker === 0xe2) addStretch(drop, at, next, 'jpeg');
    at = next;
  }
  if (width === 0 || height === 0) throw corrupt('jpeg');
  return {
    format: 'jpeg',
    width,
    height,
    orientation: orientation ?? 1,
    exif: true,
    alpha: false,
    plain: components === 1 || components === 3,
    frames: 1,
    whole: !stray && hasEnd(bytes, at),
    edits: { drop, put: [] },
    colours,
  };
}

/** In a scan, FF is followed by 0 or is a restart: without an end marker the file breaks off. */
function hasEnd(bytes: Uint8Array, scan: number): boolean {
  for (let at = bytes.length - 2; at > scan; at--) {
    if (bytes[at + 1] === 0xd9 && bytes[at] === 0xff) return true;
  }
  return false;
}
