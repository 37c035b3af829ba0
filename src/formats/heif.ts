import type { Orientation } from '../pixels.js';
import { corrupt, type ImageFormat, type ImageHeader, isAt, viewOf } from './image-format.js';

/** The name of an alpha plane, and the one that HEVC had for it; Chromium takes both. */
const ALPHA = ['urn:mpeg:mpegB:cicp:systems:auxiliary:alpha', 'urn:mpeg:hevc:2015:auxid:1'];
/** `irot` in ASCII */
const IROT = [0x69, 0x72, 0x6f, 0x74];
/**
 * Orientations by `imir` (none, 0 bottom to top, 1 left to right) and `irot` (quarter turns against
 * the clock), the turn before the mirror as MIAF (ISO/IEC 23000-22) has it.
 */
const TURNS: readonly (readonly Orientation[])[] = [
  [1, 8, 3, 6],
  [4, 5, 2, 7],
  [2, 7, 4, 5],
];
/** The number of a property has 15 bits. */
const MOST_PROPERTIES = 2 ** 15 - 1;

/** More items of metadata than any file has. */
const MOST_ITEMS = 1000;

/** A box (ISO/IEC 14496-12): the places of its name and its data. */
interface Box {
  readonly name: number;
  readonly start: number;
  readonly end: number;
  /** whether it claims to be longer than its container, at whose end `end` then is */
  readonly cut: boolean;
}

/**
 * Header of an AVIF or HEIC file (ISO/IEC 23008-12), from the properties of its primary item.
 * `edits` remove the turn from an AVIF, since WebKitGTK does not apply it. EXIF's orientation
 * counts nowhere.
 */
export function heifHeader(
  bytes: Uint8Array,
  format: Extract<ImageFormat, 'avif' | 'heic'>,
): ImageHeader {
  const { properties, primary, metadata, unseen, whole } = propertiesOf(bytes, format);
  const view = viewOf(bytes);
  let width = 0;
  let height = 0;
  let uncropped: number[] = [];
  let isTurned = false;
  let isTurnedFirst = false;
  for (const { name, start, end } of primary) {
    if (isAt(bytes, name, 'ispe') && end >= start + 12) {
      [width, height] = [view.getUint32(start + 4), view.getUint32(start + 8)];
    } else if (isAt(bytes, name, 'clap') && end >= start + 16) {
      // The clean aperture: each side is a fraction, and so is the offset of its centre from that
      // of the picture. Chromium shows all of an AVIF unless the aperture begins at the corner, and
      // WebKitGTK in any case.
      const full = [width, height];
      // Browsers cut before they turn (MIAF, 7.3.6.7), and libheif follows the file's order.
      isTurnedFirst ||= isTurned;
      width = Math.round(view.getUint32(start) / view.getUint32(start + 4));
      height = Math.round(view.getUint32(start + 8) / view.getUint32(start + 12));
      if (format === 'avif' && (width !== full[0] || height !== full[1])) {
        uncropped = full.flatMap((side, i) => fraction(start + 8 * i, side));
        uncropped.push(...fraction(start + 16, 0), ...fraction(start + 24, 0));
      }
    }
    isTurned ||= isAt(bytes, name, 'irot') || isAt(bytes, name, 'imir');
  }
  if (!(width > 0 && height > 0)) throw corrupt(format);
  const ofKind = (kind: string) =>
    properties.filter((box) => isAt(bytes, box.name, kind) && box.end > box.start);
  const auxiliary = ofKind('auxC');
  const alphaName = auxiliary.find(({ start }) =>
    ALPHA.some((name) => isAt(bytes, start + 4, name)),
  )?.start;
  const [rotations, mirrors] = [ofKind('irot'), ofKind('imir')];
  const isFormed = [rotations, mirrors, ofKind('clap')].some(({ length }) => length > 0);
  let orientation: Orientation = 1;
  const put: number[] = [];
  // If there are several, some may belong to other items: the browser applies them.
  if (format === 'avif' && rotations.length <= 1 && mirrors.length <= 1) {
    const rotation = rotations[0]?.start;
    const mirror = mirrors[0]?.start;
    const flip = mirror === undefined ? 0 : 1 + (bytes[mirror]! & 1);
    orientation = TURNS[flip]![rotation === undefined ? 0 : bytes[rotation]! & 3]!;
    if (rotation !== undefined) put.push(rotation, 0);
    // No value of `imir` is neutral, but a turn by 0 is.
    if (mirror !== undefined)
      [...IROT, 0].forEach((byte, i) => void put.push(mirror - 4 + i, byte));
  }
  return {
    format,
    width,
    height,
    orientation,
    exif: false,
    alpha: auxiliary.length > 0,
    plain: true,
    frames: undefined,
    // Libheif turns and cuts an alpha plane by properties of its own, browsers with the picture.
    unseen: unseen || isTurnedFirst || (alphaName !== undefined && isFormed),
    whole,
    edits: { drop: [], put },
    metadata: { drop: [], put: metadata.flatMap(renamed) },
    ...(format === 'avif' && { memory: memoryOf(bytes, properties, auxiliary.length > 0) }),
    colours: ofKind('colr').flatMap(({ start, end }) => [start, end]),
    ...(uncropped.length > 0 && { uncropped: { drop: [], put: uncropped } }),
    ...(alphaName !== undefined && {
      hideAlpha: { drop: [], put: [alphaName + 4, 0x55] },
    }),
  };
}

/** Hides an item that is EXIF or XMP: `Exif` or `mime` becomes `skip`. */
const renamed = (name: number): number[] =>
  [0x73, 0x6b, 0x69, 0x70].flatMap((byte, i) => [name + i, byte]);

/**
 * Memory in bytes that sharp needs for an AVIF: its largest picture, whose sides libheif verifies,
 * times 12.5 bytes a pixel, two of each sample and 1.5 for alpha. Measured on 4096 x 4096 pixels.
 */
function memoryOf(bytes: Uint8Array, properties: readonly Box[], alpha: boolean): number {
  const view = viewOf(bytes);
  let pixels = 0;
  let samples = 0;
  for (const { name, start, end } of properties) {
    if (isAt(bytes, name, 'ispe') && end >= start + 12) {
      pixels = Math.max(pixels, view.getUint32(start + 4) * view.getUint32(start + 8));
    } else if (isAt(bytes, name, 'av1C') && end >= start + 3) {
      // High depth, 12 bits, grey, and both directions of subsampling, from the second bit on.
      const flags = bytes[start + 2]!;
      const chroma = flags & 0x10 ? 0 : 2 / ((flags & 8 ? 2 : 1) * (flags & 4 ? 2 : 1));
      samples = Math.max(samples, (1 + chroma) * (flags & 0x40 ? 2 : 1));
    }
  }
  return pixels * (12.5 + 2 * samples + (alpha ? 1.5 : 0));
}

/** Puts a whole number at a fraction of two numbers of 32 bits. */
const fraction = (at: number, value: number): number[] =>
  [value >>> 24, value >>> 16, value >>> 8, value, 0, 0, 0, 1].flatMap((byte, i) => [
    at + i,
    byte & 255,
  ]);

/**
 * All properties of a file, those of its primary item in the order they apply, and the offsets of
 * the types of items that hold EXIF or XMP.
 */
function propertiesOf(
  bytes: Uint8Array,
  format: ImageFormat,
): {
  properties: readonly Box[];
  primary: readonly Box[];
  metadata: readonly number[];
  unseen: boolean;
  whole: boolean;
} {
  const view = viewOf(bytes);
  const properties: Box[] = [];
  const associations: Box[] = [];
  let metadata: number[] = [];
  let unseen = false;
  let item: number | undefined;
  let whole = true;
  for (const outer of boxesIn(bytes, 0, bytes.length)) {
    whole &&= !outer.cut;
    unseen ||= isAt(bytes, outer.name, 'moov');
    if (!isAt(bytes, outer.name, 'meta')) continue;
    // Its data begins with a version.
    for (const box of boxesOf({ ...outer, start: outer.start + 4 }, bytes, format)) {
      if (isAt(bytes, box.name, 'pitm') && box.end >= box.start + 6) {
        const wide = bytes[box.start]! > 0 && box.end >= box.start + 8;
        item ??= wide ? view.getUint32(box.start + 4) : view.getUint16(box.start + 4);
      }
      if (isAt(bytes, box.name, 'iref')) {
        // Sharp does not undo premultiplied alpha.
        for (const { name } of boxesIn(bytes, box.start + 4, box.end)) {
          unseen ||= isAt(bytes, name, 'prem');
        }
      }
      if (isAt(bytes, box.name, 'iinf')) metadata = metadataIn(bytes, box, format);
      if (!isAt(bytes, box.name, 'iprp')) continue;
      for (const inner of boxesOf(box, bytes, format)) {
        if (isAt(bytes, inner.name, 'ipma')) associations.push(inner);
        if (!isAt(bytes, inner.name, 'ipco')) continue;
        for (const property of boxesOf(inner, bytes, format)) {
          if (properties.length === MOST_PROPERTIES) throw corrupt(format);
          properties.push(property);
        }
      }
    }
  }
  const primary = associations.flatMap((box) => numbersOf(view, box, item));
  return {
    properties,
    metadata,
    unseen,
    whole,
    primary: primary.map((number) => {
      const property = properties[number - 1];
      if (property === undefined) throw corrupt(format);
      return property;
    }),
  };
}

/** The offsets of types in `iinf` that mean EXIF or XMP. A type follows id and protection. */
function metadataIn(bytes: Uint8Array, box: Box, format: ImageFormat): number[] {
  const start = box.start + (bytes[box.start] === 0 ? 6 : 8);
  const types: number[] = [];
  for (const item of boxesOf({ ...box, start }, bytes, format)) {
    const type = item.start + (bytes[item.start] === 2 ? 8 : 10);
    if (!isAt(bytes, type, 'Exif') && !isAt(bytes, type, 'mime')) continue;
    if (types.push(type) > MOST_ITEMS) throw corrupt(format);
  }
  return types;
}

/**
 * The numbers, from 1, of the properties that an `ipma` box gives an item, as far as the box goes.
 */
function numbersOf(view: DataView, { start, end }: Box, item: number | undefined): number[] {
  const numbers: number[] = [];
  if (start + 8 > end) return numbers;
  const itemSize = view.getUint8(start) > 0 ? 4 : 2;
  const numberSize = (view.getUint8(start + 3) & 1) + 1;
  let left = view.getUint32(start + 4);
  for (let at = start + 8; left > 0 && at + itemSize < end; left--) {
    const owner = itemSize === 4 ? view.getUint32(at) : view.getUint16(at);
    const first = at + itemSize + 1;
    const next = first + view.getUint8(first - 1) * numberSize;
    for (at = first; at < next && at + numberSize <= end; at += numberSize) {
      // The highest bit states whether a reader must know the property. 0 is no property.
      const number = numberSize === 2 ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f;
      if (owner === item && number > 0) numbers.push(number);
    }
  }
  return numbers;
}

/** @throws {DecodeError} `corrupt` if one of the boxes within is longer than the box */
function* boxesOf(
  { start, end, cut }: Box,
  bytes: Uint8Array,
  format: ImageFormat,
): Generator<Box, void, undefined> {
  if (cut) throw corrupt(format);
  for (const box of boxesIn(bytes, start, end)) {
    if (box.cut) throw corrupt(format);
    yield box;
  }
}

function* boxesIn(bytes: Uint8Array, start: number, end: number): Generator<Box, void, undefined> {
  const view = viewOf(bytes);
  for (let at = start; at + 8 <= end; ) {
    let length = view.getUint32(at);
    let data = at + 8;
    if (length === 1 && at + 16 <= end) {
      length = Number(view.getBigUint64(at + 8));
      data = at + 16;
    }
    const next = length === 0 ? end : at + length;
    const cut = next < data || next > end;
    yield { name: at + 4, start: data, end: cut ? end : next, cut };
    at = cut ? end : next;
  }
}
