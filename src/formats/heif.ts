import type { Orientation } from '../pixels.js';
import { corrupt } from './corrupt.js';
import type { ImageFormat } from './image-format.js';
import type { ImageHeader } from './image-header.js';
import { textAt } from './text-at.js';

/** The way to the properties: each box lies in the one before it (ISO/IEC 14496-12, ISO/IEC 23008-12). */
const PATH = ['meta', 'iprp', 'ipco'];
const ALPHA = 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha';
/**
 * Orientations by `imir` (none, 0 bottom to top, 1 left to right) and `irot` (quarter turns against the clock), the turn
 * before the mirror as MIAF (ISO/IEC 23000-22) has it.
 */
const TURNS: readonly (readonly Orientation[])[] = [
  [1, 8, 3, 6],
  [4, 5, 2, 7],
  [2, 7, 4, 5],
];

/**
 * Header of an AVIF or HEIC file: the largest extents among its properties, since a picture of tiles has those of the
 * tiles too. The turn that an AVIF's own properties tell is taken out, since WebKitGTK does not apply it; EXIF's nobody does.
 */
export function heifHeader(
  bytes: Uint8Array<ArrayBuffer>,
  format: Extract<ImageFormat, 'avif' | 'heic'>,
): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let width = 0;
  let height = 0;
  /** where the data of each turn and the name of the alpha plane lie */
  const rotations: number[] = [];
  const mirrors: number[] = [];
  let alphaName = 0;
  const walk = (start: number, end: number, depth: number) => {
    for (let at = start; at + 8 <= end; ) {
      let length = view.getUint32(at);
      let data = at + 8;
      if (length === 1 && at + 16 <= end) {
        length = Number(view.getBigUint64(at + 8));
        data = at + 16;
      }
      const next = length === 0 ? end : at + length;
      if (next < data || next > end) throw corrupt(format);
      const kind = textAt(bytes, at + 4, 4);
      // `meta` alone begins with a version.
      if (kind === PATH[depth]) walk(data + (kind === 'meta' ? 4 : 0), next, depth + 1);
      if (depth === PATH.length) {
        if (kind === 'ispe' && next >= data + 12) {
          const [across, down] = [view.getUint32(data + 4), view.getUint32(data + 8)];
          if (across * down > width * height) [width, height] = [across, down];
        } else if (kind === 'irot' && next > data) {
          rotations.push(data);
        } else if (kind === 'imir' && next > data) {
          mirrors.push(data);
        } else if (kind === 'auxC' && textAt(bytes, data + 4, ALPHA.length) === ALPHA) {
          alphaName = data + 4;
        }
      }
      at = next;
    }
  };
  walk(0, bytes.length, 0);
  if (width === 0) throw corrupt(format);
  let orientation: Orientation = 1;
  // Several of a kind belong to several pictures, and which to which is not read here: the browser applies them.
  if (format === 'avif' && rotations.length <= 1 && mirrors.length <= 1) {
    const rotation = rotations[0];
    const mirror = mirrors[0];
    const flip = mirror === undefined ? 0 : 1 + (bytes[mirror]! & 1);
    orientation = TURNS[flip]![rotation === undefined ? 0 : bytes[rotation]! & 3]!;
    if (rotation !== undefined) bytes[rotation] = 0;
    // No mirror does nothing, but a turn by nothing does.
    if (mirror !== undefined) {
      bytes.set(bytesOf('irot'), mirror - 4);
      bytes[mirror] = 0;
    }
  }
  return {
    bytes,
    width,
    height,
    orientation,
    exif: false,
    alpha: true,
    plain: true,
    ...(alphaName === 0
      ? {}
      : {
          withoutAlpha() {
            bytes[alphaName] = 0x55;
            return bytes;
          },
        }),
  };
}

const bytesOf = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
