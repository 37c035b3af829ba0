import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { chunk } from '../../browser/png-file.js';

/*
 * Parts of files that cost a decoder much more than files of their size do.
 */

const flat = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#a50' } });

const u32 = (value: number, little = false) => {
  const bytes = Buffer.alloc(4);
  if (little) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};
const u24 = (value: number) => u32(value, true).subarray(0, 3);

/** EXIF whose one directory has so many entries, each of which points at the directory itself. */
export function exifAtItself(entries: number): Buffer {
  const entry = (tag: number) => Buffer.concat([u32(tag * 0x10000 + 4), u32(1), u32(8)]);
  const tags = [0x8769, 0x8825, 0xa005].map(entry);
  return Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    Buffer.from([entries >> 8, entries & 255]),
    ...Array.from({ length: entries }, (_, i) => tags[i % 3]!),
    u32(0),
  ]);
}

export async function jpegWithExif(exif: Uint8Array): Promise<Buffer> {
  const jpeg = await flat(64).jpeg().toBuffer();
  const length = exif.length + 8;
  const start = Buffer.from([0xff, 0xe1, length >> 8, length & 255, ...Buffer.from('Exif\0\0')]);
  return Buffer.concat([jpeg.subarray(0, 2), start, exif, jpeg.subarray(2)]);
}

/** A PNG with these chunks after its header. */
export async function pngWith(chunks: readonly Uint8Array[]): Promise<Buffer> {
  const png = await flat(64).png().toBuffer();
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
}

export const compressedText = (length: number): Buffer =>
  chunk('zTXt', Buffer.concat([Buffer.from('k\0\0'), deflateSync(Buffer.alloc(length))]));

export function riff(kind: string, data: Uint8Array): Buffer {
  const even = Buffer.alloc(data.length & 1);
  return Buffer.concat([Buffer.from(kind), u32(data.length, true), data, even]);
}

/** A WebP of a VP8X chunk with these flags, and of others. */
export function webpOf(flags: number, side: number, chunks: readonly Uint8Array[]): Buffer {
  const header = Buffer.concat([u32(flags, true), u24(side - 1), u24(side - 1)]);
  const data = Buffer.concat([Buffer.from('WEBP'), riff('VP8X', header), ...chunks]);
  return Buffer.concat([Buffer.from('RIFF'), u32(data.length, true), data]);
}

export async function webpWithExif(exif: Uint8Array): Promise<Buffer> {
  const webp = await flat(64).webp().toBuffer();
  return webpOf(0x08, 64, [webp.subarray(12), riff('EXIF', exif)]);
}

/** An animation of one pixel a frame. */
export async function webpOfFrames(count: number): Promise<Buffer> {
  const pixel = (await flat(1).webp({ lossless: true }).toBuffer()).subarray(12);
  const frame = riff('ANMF', Buffer.concat([Buffer.alloc(12), u24(100), Buffer.alloc(1), pixel]));
  const frames = Array<Buffer>(count).fill(frame);
  return webpOf(0x02, 64, [riff('ANIM', Buffer.alloc(6)), ...frames]);
}

export async function gifOfFrames(count: number): Promise<Buffer> {
  const gif = await flat(1).gif().toBuffer();
  const from = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]));
  const frame = gif.subarray(from, -1);
  const frames = Array<Buffer>(count).fill(frame);
  return Buffer.concat([gif.subarray(0, from), ...frames, Buffer.from(';')]);
}

export async function pngOfFrames(count: number): Promise<Buffer> {
  const control = chunk('fcTL', [
    ...u32(0),
    ...u32(64),
    ...u32(64),
    ...Buffer.alloc(8),
    0,
    1,
    0,
    10,
    0,
    0,
  ]);
  return pngWith([
    chunk('acTL', [...u32(count), ...u32(0)]),
    ...Array<Buffer>(count).fill(control),
  ]);
}

/** Pages that have their directories, and share their pixels. */
export async function tiffOfPages(count: number): Promise<Buffer> {
  const tiff = await flat(8).tiff({ compression: 'none' }).toBuffer();
  const first = tiff.readUInt32LE(4);
  const directory = tiff.subarray(first, first + 2 + 12 * tiff.readUInt16LE(first));
  const length = directory.length + 4;
  const pages = Array.from({ length: count }, (_, i) => [
    directory,
    u32(i + 1 < count ? tiff.length + (i + 1) * length : 0, true),
  ]);
  const file = Buffer.concat([tiff, ...pages.flat()]);
  file.writeUInt32LE(tiff.length, 4);
  return file;
}

/** An AVIF whose EXIF, which it has as its last item, is another. */
export async function avifWithExif(exif: Uint8Array): Promise<Buffer> {
  const avif = await flat(64)
    .withExif({ IFD0: { Copyright: 'a' } })
    .avif()
    .toBuffer();
  const item = Buffer.concat([u32(6), Buffer.from('Exif\0\0'), exif]);
  const old =
    avif.indexOf('Exif\0\0MM') < 0 ? avif.indexOf('Exif\0\0II') : avif.indexOf('Exif\0\0MM');
  const file = Buffer.concat([avif.subarray(0, old - 4), item]);
  // Its base offset, a count of extents, and the offset and the length of one.
  file.writeUInt32BE(item.length, file.indexOf(u32(old - 4)) + 10);
  const data = file.indexOf('mdat') - 4;
  file.writeUInt32BE(file.length - data, data);
  return file;
}

export const flatAvif = async (side: number): Promise<Buffer> =>
  await flat(side).avif({ effort: 0 }).toBuffer();
