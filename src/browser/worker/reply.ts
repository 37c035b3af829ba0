/*
 * A Worker decodes files of strangers. One that such a file has taken over could hide the picture
 * in its answer, in a name or in a member that is never read, and the page would show, save or send
 * it. So every answer is taken apart here: each value must have its kind and length, no other
 * members are allowed, and only a copy is passed on.
 */

import { DecodeError, type DecodeErrorCode } from '../../errors.js';
import { MOST_FRAMES } from '../../formats/image-format.js';
import { type Hash, hasBits, isParts, newHash, type Resample } from '../../hash.js';
import { MAX_PIXELS, type PictureOptions } from '../../picture/options.js';
import {
  DIHEDRAL_NAMES,
  type HashedVariant,
  LIST_CROP_NAMES,
  type Point,
  type Rectangle,
  type VariantGeometry,
  type VariantName,
} from '../../variant.js';
import {
  MOST_HASHES,
  MOST_INNER,
  MOST_LATER,
  MOST_OF_SHAPE,
  MOST_QUICK_HASHES,
} from '../../variants/variant-profile.js';
import type { Readback } from '../decode/readback-canvas.js';
import type { DecodingOptions, DisplayedPixels } from './message.js';

/** The error for an answer that browser-worker.js does not send. */
const noAnswer = (): DecodeError =>
  new DecodeError(
    'decoder-missing',
    'the hashing Worker sent an invalid reply: set workerUrl to browser-worker.js of this version',
  );

function demand(holds: boolean): asserts holds {
  if (!holds) throw noAnswer();
}

/** The members of an object that has all of `needed`, and no others except those of `optional`. */
function membersOf(
  value: unknown,
  needed: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  demand(typeof value === 'object' && value !== null);
  const keys = Object.keys(value);
  demand(needed.every((name) => keys.includes(name)));
  demand(keys.every((key) => needed.includes(key) || optional.includes(key)));
  return value as Record<string, unknown>;
}

function oneOf<T>(value: unknown, values: readonly T[]): T {
  demand(values.includes(value as T));
  return value as T;
}

function integerIn(value: unknown, least: number, most: number): number {
  demand(Number.isInteger(value) && (value as number) >= least && (value as number) <= most);
  return value as number;
}

function finite(value: unknown): number {
  demand(Number.isFinite(value));
  return value as number;
}

/** True if an answer is of that kind. */
export function isReply(reply: unknown, kind: 'bitmapOf' | 'error'): boolean {
  demand(typeof reply === 'object' && reply !== null);
  return kind in reply;
}

/** The bytes that the page is to decode. */
export function bytesIn(reply: unknown): Uint8Array<ArrayBuffer> {
  const { bitmapOf } = membersOf(reply, ['bitmapOf']);
  demand(bitmapOf instanceof Uint8Array);
  return bitmapOf as Uint8Array<ArrayBuffer>;
}

const READBACKS: readonly Readback[] = ['exact', 'altered', 'absent'];

/** The readback of a Worker's canvas. */
export const readbackIn = (reply: unknown): Readback =>
  oneOf(membersOf(reply, ['readback']).readback, READBACKS);

const CODES: Record<DecodeErrorCode, true> = {
  empty: true,
  unreadable: true,
  unsupported: true,
  'not-a-picture': true,
  corrupt: true,
  'too-many-bytes': true,
  'too-many-pixels': true,
  'too-many-frames': true,
  timeout: true,
  'too-slow': true,
  'too-costly': true,
  busy: true,
  crashed: true,
  'decoder-missing': true,
  poisoned: true,
};
/** Our messages are shorter. */
const LONGEST_MESSAGE = 400;

/** An error of the Worker, as an instance of the class that the caller knows. */
export function errorIn(reply: unknown): Error {
  const { error } = membersOf(reply, ['error']);
  const { name, message, code } = membersOf(error, ['name', 'message'], ['code']);
  demand(typeof name === 'string' && typeof message === 'string');
  demand(message.length <= LONGEST_MESSAGE);
  if (code !== undefined) {
    demand(typeof code === 'string' && Object.hasOwn(CODES, code));
    return new DecodeError(code as DecodeErrorCode, message);
  }
  if (name === 'TypeError') return new TypeError(message);
  if (name === 'RangeError') return new RangeError(message);
  return new Error(message);
}

/** Sides that a picture of at most `maxPixels` can have. */
function sidesOf(
  { width, height }: Record<string, unknown>,
  maxPixels = MAX_PIXELS,
): { width: number; height: number } {
  const sides = {
    width: integerIn(width, 1, maxPixels),
    height: integerIn(height, 1, maxPixels),
  };
  demand(sides.width * sides.height <= maxPixels);
  return sides;
}

/** The picture that was requested with `options`. */
export function pixelsIn(reply: unknown, options: DecodingOptions): DisplayedPixels {
  const pixels = membersOf(membersOf(reply, ['pixels']).pixels, [
    'data',
    'width',
    'height',
    'channels',
  ]);
  const { width, height } = sidesOf(pixels, options.maxPixels);
  demand(Math.max(width, height) <= (options.longestSide ?? Number.POSITIVE_INFINITY));
  const { data } = pixels;
  demand(data instanceof Uint8ClampedArray && data.length === 4 * width * height);
  oneOf(pixels.channels, [4]);
  // Memory that the Worker no longer has, and that holds nothing else.
  const own = data.buffer instanceof ArrayBuffer && data.buffer.byteLength === data.byteLength;
  const kept = own ? (data as Uint8ClampedArray<ArrayBuffer>) : data.slice();
  return { data: kept, width, height, channels: 4 };
}

/** The sides of an opened file. */
export const sidesIn = (reply: unknown, maxPixels?: number): { width: number; height: number } =>
  sidesOf(membersOf(reply, ['width', 'height']), maxPixels);

/** Reads the variants of one file, in their order; undefined after the last. */
export function variantReader(
  options: PictureOptions,
): (reply: unknown) => HashedVariant | undefined {
  const { algorithm = 'pdq', crops = false, inner = false } = options;
  const hasParts = options.parts === true && algorithm === 'pdq';
  const names = namesOf(options);
  const cropHashes = crops ? LIST_CROP_NAMES.length * (crops === true ? 1 : MOST_OF_SHAPE) : 0;
  const innerHashes = inner ? MOST_INNER : 0;
  const profileHashes = options.variants === 'quick' ? MOST_QUICK_HASHES : MOST_HASHES;
  const most = innerHashes + cropHashes + profileHashes;
  const quality = algorithm === 'pdq' ? ['quality'] : [];
  const seen: string[] = [];
  const frames: string[] = [];
  return (reply) => {
    const { variant } = membersOf(reply, ['variant']);
    if (variant === undefined) {
      demand(seen.length > 0);
      return undefined;
    }
    const { name: claimed } = Object(variant);
    const isCrop = LIST_CROP_NAMES.includes(claimed);
    const isInner = claimed === 'inner';
    const parts = hasParts && (seen.length === 0 || isCrop || isInner) ? ['parts'] : [];
    const isFrame = claimed === 'frame';
    const needed = ['name', 'hash', ...quality, ...parts, ...(isFrame ? ['frame'] : [])];
    const members = membersOf(variant, needed, isFrame ? ['resample'] : OPTIONAL_MEMBERS);
    const name = oneOf(members.name, seen.length === 0 ? (['original'] as const) : names);
    const { geometry } = members;
    const look = members.look === undefined ? undefined : oneOf(members.look, BACKDROPS);
    const number = isFrame && { frame: integerIn(members.frame, 0, MOST_FRAMES - 1) };
    const place = `${name} ${number ? number.frame : (look ?? '')}`;
    const mayRepeat = isInner || PART_NAMES.includes(name) || (isCrop && crops === 'anywhere');
    const alike = isFrame ? frames : seen;
    demand(mayRepeat || !alike.includes(place));
    demand(!isInner || geometry !== undefined);
    demand(alike.push(place) <= (isFrame ? MOST_LATER : most));
    return {
      name,
      ...hashedIn(members, options),
      ...(geometry === undefined ? {} : { geometry: geometryOf(geometry) }),
      ...(look === undefined ? {} : { look }),
      ...(parts.length > 0 && { parts: partsIn(members.parts) }),
      ...number,
    };
  };
}

const OPTIONAL_MEMBERS = ['resample', 'geometry', 'look'] as const;
/** The looks that a browser's Worker knows. */
const BACKDROPS = ['onWhite', 'onBlack'] as const;

/** Names of the parts that `quick` finds in a picture. */
const QUICK_PART_NAMES = ['unletterbox', 'box', 'unturnCropped', 'uncrop'] as const;
/** Names that `thorough` finds. Several parts of a picture may share one; other names come once. */
const PART_NAMES: readonly VariantName[] = [
  ...QUICK_PART_NAMES,
  'unblurBars',
  'rectangle',
  'quadrilateral',
  'unturn',
];

/** The variants that may follow the first. */
function namesOf({
  variants = 'orientation',
  orientation,
  crops = false,
  inner = false,
}: PictureOptions): readonly VariantName[] {
  const innerNames = inner ? (['inner', 'frame'] as const) : [];
  const listNames = [...innerNames, ...(crops ? LIST_CROP_NAMES : [])];
  if (variants === 'none' || orientation === 'stored') return listNames;
  const own = ['stored', 'onWhite', 'onBlack', ...listNames] as const;
  if (variants === 'quick') return [...own, 'flipY', 'inverted', ...QUICK_PART_NAMES];
  const turned = DIHEDRAL_NAMES.filter((name) => name !== 'original');
  if (variants === 'dihedral') return [...own, ...turned];
  return variants === 'thorough'
    ? [...own, ...turned, 'otherResample', 'inverted', ...PART_NAMES]
    : own;
}

function partsIn(parts: unknown): string {
  demand(typeof parts === 'string' && isParts(parts));
  return parts as string;
}

const RESAMPLES: readonly (Resample | undefined)[] = [512, 'none', undefined];

function hashedIn(
  { hash, quality, resample }: Record<string, unknown>,
  { algorithm = 'pdq', bits }: PictureOptions,
): { hash: Hash; quality?: number; resample?: Resample } {
  const { bytes, algorithm: named } = membersOf(hash, ['algorithm', 'bytes']);
  demand(named === algorithm && bytes instanceof Uint8Array);
  const width = 8 * bytes.length;
  demand(hasBits(algorithm, width) && (bits === undefined || bits === width));
  const convention = oneOf(resample, algorithm === 'pdq' ? RESAMPLES : [undefined]);
  return {
    hash: newHash(algorithm, bytes.slice()),
    ...(algorithm === 'pdq' ? { quality: integerIn(quality, 0, 100) } : {}),
    ...(convention === undefined ? {} : { resample: convention }),
  };
}

function geometryOf(value: unknown): VariantGeometry {
  const optional = ['corners', 'angle', 'dihedral'];
  const { rectangle, corners, angle, dihedral } = membersOf(value, ['rectangle'], optional);
  const sides = ['left', 'top', 'width', 'height'] as const;
  const members = membersOf(rectangle, sides);
  const copy = Object.fromEntries(sides.map((side) => [side, finite(members[side])]));
  return {
    rectangle: copy as unknown as Rectangle,
    ...(corners === undefined ? {} : { corners: cornersOf(corners) }),
    ...(angle === undefined ? {} : { angle: finite(angle) }),
    ...(dihedral === undefined ? {} : { dihedral: oneOf(dihedral, DIHEDRAL_NAMES) }),
  };
}

function cornersOf(value: unknown): NonNullable<VariantGeometry['corners']> {
  const corner = (of: unknown): Point => {
    const [x, y] = listOf(of, 2);
    return [finite(x), finite(y)];
  };
  const [a, b, c, d] = listOf(value, 4);
  return [corner(a), corner(b), corner(c), corner(d)];
}

/** An array of exactly `length` values, without other members. */
function listOf(value: unknown, length: number): readonly unknown[] {
  demand(Array.isArray(value) && value.length === length);
  demand(Object.keys(value).length === length);
  return value;
}
