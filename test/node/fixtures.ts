import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DecodeErrorCode } from '../../src/errors.js';
import type { Orientation, Pixels } from '../../src/pixels.js';

/** A file of fixtures/images that can be decoded, and its expected result (fixtures/README.md). */
export interface ImageFixture {
  file: string;
  error?: undefined;
  width?: number;
  height?: number;
  samples?: 1 | 3;
  pixelsSha256?: string;
  alphaSha256?: string;
  decoder?: string;
  near?: string;
  orientation?: Orientation;
  displayed?: string;
}

/** A file of fixtures/images that must not be decoded. */
export interface HostileFixture {
  file: string;
  error: DecodeErrorCode;
  lenient?: true;
}

const FIXTURES = join(import.meta.dirname, '../../fixtures');

export const imagePath = (file: string) => join(FIXTURES, 'images', file);
export const heicPath = (file: string) => join(FIXTURES, 'heic', file);
export const photoPath = (file: string) => join(FIXTURES, 'photos', file);

const all: (ImageFixture | HostileFixture)[] = JSON.parse(
  readFileSync(imagePath('expected.json'), 'utf8'),
);
export const imageFixtures = all.filter((entry): entry is ImageFixture => !entry.error);
export const hostileFixtures = all.filter((entry): entry is HostileFixture => !!entry.error);

/** The results of the PDQ reference in one size convention. */
export interface Reference {
  pdq: string;
  quality: number;
  dihedral: string[];
}

/**
 * An encoded picture and the results of the PDQ reference for it, with and without resampling to
 * 512.
 */
export interface PhotoFixture extends Reference {
  file: string;
  width: number;
  height: number;
  channels: number;
  pixelsSha256: string;
  fullRes: Reference;
}

export const photoFixtures: PhotoFixture[] = JSON.parse(
  readFileSync(photoPath('expected.json'), 'utf8'),
);

export const sha256 = (bytes: Uint8Array | Uint8ClampedArray) =>
  createHash('sha256').update(bytes).digest('hex');

/** Colours without alpha, and alpha alone (undefined if it is absent or 255 everywhere). */
export function planes({ data, width, height }: Pixels) {
  const channels = data.length / (width * height);
  const samples = channels % 2 === 0 ? channels - 1 : channels;
  if (samples === channels) return { samples, colours: data, alpha: undefined };
  const colours = data.filter((_, i) => i % channels !== samples);
  const alpha = data.filter((_, i) => i % channels === samples);
  return { samples, colours, alpha: alpha.every((value) => value === 255) ? undefined : alpha };
}
