import type { Orientation } from '../pixels.js';
import { exifOrientation } from './exif.js';
import { addStretch, corrupt, type ImageHeader, textAt, viewOf } from './image-format.js';

/** The picture and what it needs; all else is dropped: colour, gamma, EXIF, text, animation. */
const KEPT = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** A chunk whose name begins below says what the picture is to be read by. */
const LOWER_CASE = 0x61;

/**
 * Header of a PNG file (PNG, third edition): all of its chunks. Without `acTL` an animated one is its
 * default image.
 */
export function pngHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  const drop: number[] = [];
  let orientation: Orientation | undefined;
  let transparency = false;
  let frames = 1;
  let begun = false;
  let at = 8;
  if (bytes.length < 8 + 25) throw corrupt('png');
  let last = '';
  while (last !== 'IEND' && at + 12 <= bytes.length) {
    const next = at + 12 + view.getUint32(at);
    if (next > bytes.length) break;
    last = textAt(bytes, at + 4, 4);
    const needed = bytes[at + 4]! < LOWER_CASE;
    if (last === 'IDAT') begun = true;
    if (last === 'tRNS') transparency = true;
    if (last === 'acTL' && next >= at + 20) frames = view.getUint32(at + 8);
    // libpng reads none that follows the picture, and of several the first.
    if (last === 'eXIf' && !begun) {
      orientation ??= exifOrientation(bytes.subarray(at + 8, next - 4));
    }
    if (!KEPT.includes(last)) {
      if (needed && begun) break;
      if (needed) throw corrupt('png');
      addStretch(drop, at, next);
    }
    at = next;
  }
  if (textAt(bytes, 12, 4) !== 'IHDR') throw corrupt('png');
  addStretch(drop, at, bytes.length);
  return {
    format: 'png',
    width: view.getUint32(16),
    height: view.getUint32(20),
    orientation: orientation ?? 1,
    exif: true,
    alpha: transparency || (bytes[25]! & 4) !== 0,
    plain: true,
    frames,
    whole: last === 'IEND',
    edits: { drop, put: [] },
  };
}
