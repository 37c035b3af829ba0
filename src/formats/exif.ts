import type { Orientation } from '../pixels.js';
import { viewOf } from './image-format.js';

const ORIENTATION_TAG = 0x0112;
/**
 * Bytes of a value by its type: BYTE, SHORT and LONG, unsigned and signed. The tag should be a
 * SHORT; libexif, by which sharp reads it, takes any of these.
 */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4 };

/**
 * The orientation in an EXIF block: tag 0x0112 in the first directory after a TIFF header of either
 * byte order (EXIF 2.32, 4.6.4). It is 1 if the block is malformed or the value out of range:
 * nobody turns such a picture.
 */
export function exifOrientation(tiff: Uint8Array): Orientation {
  const view = viewOf(tiff);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const size = SIZES[view.getUint16(at + 2, little)];
    if (size === undefined || view.getUint32(at + 4, little) !== 1) return 1;
    const value = integerAt(view, at + 8, size, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** An unsigned integer of 1, 2, 4 or 8 bytes, as TIFF has them. */
export function integerAt(view: DataView, at: number, size: number, little: boolean): number {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, little);
  return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
}
