import { readFileSync } from 'node:fs';
import type { CheckedPixels } from '../../src/pixels.js';

/** The pixels of a binary PGM or PPM file with one byte per value. */
export function readPnm(path: string): CheckedPixels {
  const bytes = readFileSync(path);
  const [head, kind, width, height] =
    /^P([56])\n(\d+) (\d+)\n255\n/.exec(bytes.toString('latin1', 0, 40)) ?? [];
  if (head === undefined) throw new Error('expected a binary PGM or PPM file');
  return {
    data: new Uint8Array(bytes.subarray(head.length)),
    width: Number(width),
    height: Number(height),
    channels: kind === '5' ? 1 : 3,
  };
}
