import { checkArray } from '../door.js';

/** An image format that is read here. `avif` and `heic` are one container with two ways of coding. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'heic';

/** Brands of an ISO base media file (ISO/IEC 23008-12 Annex B, AV1 Image File Format) that hold AV1 and HEVC pictures. */
const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
/** Brands that say "a picture, or a sequence of them" and leave its coding to the others in the list. */
const ANY_CODING = ['mif1', 'mif2', 'msf1', 'miaf', 'MiHE', 'MiPr', 'MiHB'];

/**
 * The image format that `bytes` begin as, told by their magic number alone; undefined where it is none that is read
 * here. This is the allow-list: what has no name here (SVG, PDF, BMP, camera raw …) never meets a decoder.
 * @throws {TypeError} if `bytes` are none
 */
export function imageFormatOf(bytes: Uint8Array): ImageFormat | undefined {
  checkArray('bytes', bytes, Uint8Array);
  if (startsWith(bytes, '\xff\xd8\xff')) return 'jpeg';
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n')) return 'png';
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return 'webp';
  if (startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')) return 'gif';
  // Both byte orders, of TIFF and of BigTIFF.
  if (startsWith(bytes, 'II*\0') || startsWith(bytes, 'MM\0*')) return 'tiff';
  if (startsWith(bytes, 'II+\0') || startsWith(bytes, 'MM\0+')) return 'tiff';
  if (startsWith(bytes, 'ftyp', 4)) return brandedFormat(bytes);
  return undefined;
}

function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false;
  }
  return true;
}

/** The format by the `ftyp` box: its length, `ftyp`, the major brand, a version, then compatible brands. */
function brandedFormat(bytes: Uint8Array): ImageFormat | undefined {
  const boxLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  // 64 brands are more than any file has; a longer box is read so far.
  const end = Math.min(boxLength, bytes.length, 16 + 64 * 4);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) {
    if (at !== 12) brands.push(String.fromCharCode(...bytes.subarray(at, at + 4)));
  }
  const major = brands[0] ?? '';
  if (AVIF_BRANDS.includes(major)) return 'avif';
  if (HEIC_BRANDS.includes(major)) return 'heic';
  if (!ANY_CODING.includes(major)) return undefined;
  return brands.some((brand) => AVIF_BRANDS.includes(brand)) ? 'avif' : 'heic';
}
