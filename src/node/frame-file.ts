import { colourTable } from '../formats/gif.js';
import { type FileFrame, type ImageFormat, isAt, viewOf } from '../formats/image-format.js';
import { crc32 } from '../formats/png-rows.js';

/**
 * A frame of a GIF, WebP or PNG animation as a file of its own, with nothing of the frames before.
 * @param bytes the whole animation; only read
 */
export function frameFile(bytes: Uint8Array, format: ImageFormat, frame: FileFrame): Buffer {
  const { width, height, data } = frame;
  const parts: Uint8Array[] = [];
  for (let i = 0; i < data.length; i += 2) parts.push(bytes.subarray(data[i], data[i + 1]));
  if (format === 'gif') {
    const start = Buffer.from(bytes.subarray(0, 13 + colourTable(bytes[10]!)));
    start.writeUInt16LE(width, 6);
    start.writeUInt16LE(height, 8);
    // Its descriptor puts it somewhere on the canvas.
    const picture = Buffer.from(parts.pop()!).fill(0, 1, 5);
    return Buffer.concat([start, ...parts, picture, Buffer.from(';')]);
  }
  if (format === 'webp') {
    const start = Buffer.from('RIFF....WEBPVP8X\x0a\0\0\0\x10\0\0\0wwwhhh', 'latin1');
    start.writeUInt32LE(22 + parts[0]!.length, 4);
    start.writeUIntLE(width - 1, 24, 3);
    start.writeUIntLE(height - 1, 27, 3);
    return Buffer.concat([start, ...parts]);
  }
  const header = Buffer.from(bytes.subarray(16, 29));
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const start = [bytes.subarray(0, 8), chunk('IHDR', header), ...coloursOf(bytes)];
  return Buffer.concat([...start, chunk('IDAT', Buffer.concat(parts)), chunk('IEND')]);
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

function chunk(name: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const out = Buffer.concat([Buffer.from(`....${name}`), data, Buffer.alloc(4)]);
  out.writeUInt32BE(data.length, 0);
  out.writeUInt32BE(crc32(out.subarray(4, -4)), out.length - 4);
  return out;
}
