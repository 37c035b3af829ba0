import { corrupt } from './corrupt.js';
import type { ImageHeader } from './image-header.js';

/** Header of a GIF file (GIF89a): its blocks up to the end of the first frame, which is the picture. */
export function gifHeader(bytes: Uint8Array<ArrayBuffer>): ImageHeader {
  if (bytes.length < 13) throw corrupt('gif');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 13 + colourTable(bytes[10]!);
  for (;;) {
    const block = bytes[at];
    if (block === 0x21) {
      at = afterBlocks(bytes, at + 2);
    } else if (block === 0x2c && at + 10 < bytes.length) {
      afterBlocks(bytes, at + 11 + colourTable(bytes[at + 9]!));
      break;
    } else {
      throw corrupt('gif');
    }
  }
  return {
    bytes,
    width: view.getUint16(6, true),
    height: view.getUint16(8, true),
    orientation: 1,
    exif: true,
    // By its transparent colour, or where the frame does not cover the picture.
    alpha: true,
    plain: true,
  };
}

const colourTable = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

/** Skips blocks of a length and as many bytes, up to the empty one. */
function afterBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = bytes[at]!;
    at += 1 + length;
    if (length === 0) return at;
  }
  throw corrupt('gif');
}
