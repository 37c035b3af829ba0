import type { Orientation } from '../pixels.js';
import { corrupt } from './corrupt.js';
import { exifOrientation } from './exif.js';
import type { ImageHeader } from './image-header.js';
import { textAt } from './text-at.js';

/** The picture and what it needs; all else is taken out: colour, gamma, EXIF, text, animation. */
const KEPT = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** A chunk whose name begins below says what the picture is to be read by. */
const LOWER_CASE = 0x61;

/** Header of a PNG file (PNG, third edition): all of its chunks. Without `acTL` an animated one is its default image. */
export function pngHeader(bytes: Uint8Array<ArrayBuffer>): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let orientation: Orientation | undefined;
  let transparency = false;
  let begun = false;
  let kept = 8;
  let at = 8;
  for (let last = ''; last !== 'IEND'; ) {
    if (at + 12 > bytes.length) throw corrupt('png');
    const next = at + 12 + view.getUint32(at);
    if (next > bytes.length) throw corrupt('png');
    last = textAt(bytes, at + 4, 4);
    if (last === 'IDAT') begun = true;
    if (last === 'tRNS') transparency = true;
    // libpng reads none that follows the picture, and of several the first.
    if (last === 'eXIf' && !begun)
      orientation ??= exifOrientation(bytes.subarray(at + 8, next - 4));
    if (KEPT.includes(last)) {
      bytes.copyWithin(kept, at, next);
      kept += next - at;
    } else if (bytes[at + 4]! < LOWER_CASE) {
      throw corrupt('png');
    }
    at = next;
  }
  if (kept < 8 + 25) throw corrupt('png');
  const colourType = bytes[25]!;
  return {
    bytes: bytes.subarray(0, kept),
    width: view.getUint32(16),
    height: view.getUint32(20),
    orientation: orientation ?? 1,
    exif: true,
    alpha: transparency || (colourType & 4) !== 0,
    plain: true,
  };
}
