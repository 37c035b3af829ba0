import { crc32 } from '../kernels/crc32.js';
import { colourTable, type FileFrame, type ImageFormat, isAt, viewOf } from './image-format.js';

/**
 * A frame of a GIF, WebP or PNG animation as a separate file, without the frames before it.
 * @param bytes the whole animation; only read
 */
export function frameFile(
  bytes: Uint8Array,
  format: ImageFormat,
  { width, height, data }: FileFrame,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < data.length; i += 2) parts.push(bytes.subarray(data[i], data[i + 1]));
  if (format === 'gif') {
    const start = new Uint8Array(bytes.subarray(0, 13 + colourTable(bytes[10]!)));
    viewOf(start).setUint16(6, width, true);
    viewOf(start).setUint16(8, height, true);
    // Its descriptor has a position on the canvas.
    const picture = new Uint8Array(parts.pop()!).fill(0, 1, 5);
    return joined([start, ...parts, picture, ascii(';')]);
  }
  if (format === 'webp') {
    const start = ascii('RIFF....WEBPVP8X\x0a\0\0\0\x10\0\0\0wwwhhh');
    const view = viewOf(start);
    view.setUint32(4, 22 + parts[0]!.length, true);
    view.setUint32(23, (width - 1) << 8, true);
    view.setUint32(26, ((height - 1) << 8) | ((width - 1) >>> 16), true);
    return joined([start, ...parts]);
  }
  const header = new Uint8Array(bytes.subarray(16, 29));
  viewOf(header).setUint32(0, width);
  viewOf(header).setUint32(4, height);
  const start = [bytes.subarray(0, 8), chunk('IHDR', header), ...coloursOf(bytes)];
  return joined([...start, chunk('IDAT', joined(parts)), chunk('IEND')]);
}

/** The chunks of a PNG that its frames share. */
function coloursOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length && !isAt(bytes, at + 4, 'IDAT'); ) {
    const next = at + 12 + viewOf(bytes).getUint32(at);
    const isShared = isAt(bytes, at + 4, 'PLTE') || isAt(bytes, at + 4, 'tRNS');
    if (isShared) chunks.push(bytes.subarray(at, next));
    at = next;
  }
  return chunks;
}

function chunk(name: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const out = joined([ascii(`....${name}`), data, ascii('....')]);
  viewOf(out).setUint32(0, data.length);
  viewOf(out).setUint32(out.length - 4, crc32(out.subarray(4, -4)));
  return out;
}

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
