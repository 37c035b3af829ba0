import sharp from 'sharp';
import { uint32 } from '../numbers.js';
import type { Raster } from '../raster.js';

/** A box of ISO base media. */
export function box(name: string, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  );
  return Buffer.concat([uint32(body.length + 8), Buffer.from(name, 'latin1'), body]);
}
/** A box with a version and flags. */
export const fullBox = (
  name: string,
  version: number,
  flags: number,
  ...parts: readonly (Uint8Array | string)[]
) => box(name, uint32((version << 24) | flags), ...parts);

/** AV1 of a picture, and its configuration. */
export interface Coded {
  readonly data: Buffer;
  readonly av1C: Buffer;
  readonly planes: 1 | 3;
}

/** The coded picture, cut from a file that sharp makes. */
export async function coded(raster: Raster, { grey = false, quality = 90 } = {}): Promise<Coded> {
  const { width, height, data } = raster;
  const picture = sharp(data, { raw: { width, height, channels: 4 } }).removeAlpha();
  if (grey) picture.extractChannel(0).toColourspace('b-w');
  const file = await picture.avif({ quality, effort: 0, chromaSubsampling: '4:4:4' }).toBuffer();
  const at = file.indexOf('av1C') - 4;
  const start = file.indexOf('mdat') + 4;
  return {
    data: file.subarray(start),
    av1C: file.subarray(at, at + file.readUInt32BE(at)),
    planes: grey ? 1 : 3,
  };
}
