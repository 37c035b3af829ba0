import type { Orientation } from '../pixels.js';

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/**
 * The orientation that an EXIF block tells: a TIFF header of either byte order, and in its first directory the tag 0x0112
 * (EXIF 2.32, 4.6.4). Whatever is malformed or out of range is 1, as nobody turns such a picture.
 */
export function exifOrientation(tiff: Uint8Array): Orientation {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(at + 8, little);
    const isOne = view.getUint16(at + 2, little) === SHORT && view.getUint32(at + 4, little) === 1;
    return isOne && value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}
