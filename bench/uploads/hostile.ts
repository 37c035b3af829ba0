import { crc32, deflateSync } from 'node:zlib';

/*
 * Files that mean harm or are broken. Bombs are put together byte by byte: an encoder would need as
 * much time and memory as the decoder that they are meant for.
 */

const bytesOf = (...parts: readonly (string | readonly number[] | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));
const uint16 = (value: number) => [value >> 8, value & 255];
const uint32 = (value: number) => [...uint16(value >>> 16), ...uint16(value & 0xffff)];

/**
 * A progressive JPEG of one flat grey, `side` pixels wide and high. Its only scan holds a bit for
 * each block of 8 x 8 samples, so that 16,000 x 16,000 pixels take 1.5 MB; a decoder of progressive
 * files keeps all coefficients of such a picture, 1.5 GB, before the first row is out.
 * @param side a multiple of 8
 */
export function progressiveBomb(side: number): Buffer {
  const blocks = 3 * (side / 8) ** 2;
  const segment = (marker: number, ...content: readonly number[]) =>
    bytesOf([0xff, marker, ...uint16(content.length + 2)], content);
  const components = [1, 2, 3];
  return bytesOf(
    [0xff, 0xd8],
    segment(0xdb, 0, ...new Array(64).fill(1)),
    segment(0xc2, 8, ...uint16(side), ...uint16(side), 3, ...components.flatMap((c) => [c, 17, 0])),
    // One code, a single 0 bit: the same DC coefficient as in the block before.
    segment(0xc4, 0, 1, ...new Array(15).fill(0), 0),
    segment(0xda, 3, ...components.flatMap((c) => [c, 0]), 0, 0, 0),
    new Uint8Array(Math.ceil(blocks / 8)),
    [0xff, 0xd9],
  );
}

/**
 * A black PNG of one bit a pixel, `side` pixels wide and high: 16,383 x 16,383 pixels take 33 kB.
 */
export function blackBomb(side: number): Buffer {
  const chunk = (type: string, content: Uint8Array) => {
    const named = bytesOf(type, content);
    return bytesOf(uint32(content.length), named, uint32(crc32(named)));
  };
  const rows = new Uint8Array(side * (1 + Math.ceil(side / 8)));
  return bytesOf(
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    chunk('IHDR', bytesOf(uint32(side), uint32(side), [1, 0, 0, 0, 0])),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array()),
  );
}

/** An SVG that shows a file of the server's disk. */
export function leakingSvg(): Buffer {
  return Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ' +
      'width="512" height="512"><image xlink:href="file:///etc/hostname" width="512" height="512"/></svg>',
  );
}

/** The bombs of a run, each beyond what a server should decode. */
export function bombs(): Buffer[] {
  return [progressiveBomb(16_000), blackBomb(16_383), leakingSvg()];
}

/**
 * What a connection, a disk or a person can make of pictures: half of a JPEG, a PNG with wrong
 * bytes in its middle, a page of HTML, and no picture at all.
 */
export function brokenFiles(jpeg: Uint8Array, png: Uint8Array): Buffer[] {
  const damaged = Buffer.from(png);
  damaged.fill(0x55, damaged.length >> 1, (damaged.length >> 1) + 1024);
  return [
    Buffer.from(jpeg.subarray(0, jpeg.length >> 1)),
    damaged,
    Buffer.from('<!doctype html><title>404 Not Found</title><p>There is no such picture.'),
    Buffer.alloc(64 * 1024, 0xa5),
  ];
}
