import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { inflateSync } from 'node:zlib';

/*
 * Text as outlines. The fonts come from packages that the lockfile pins, and their glyphs become
 * paths, so that text has the same pixels on machines with other fonts or none. The build copies the
 * files beside the program, which has no such packages where it is installed.
 */

/** The faces that apps and people write with. */
export const FONT_FILES = {
  plain: '@fontsource/inter/files/inter-latin-400-normal.woff',
  bold: '@fontsource/inter/files/inter-latin-700-normal.woff',
  serif: '@fontsource/lora/files/lora-latin-400-normal.woff',
  'serif bold': '@fontsource/lora/files/lora-latin-700-normal.woff',
  poster: '@fontsource/anton/files/anton-latin-400-normal.woff',
  hand: '@fontsource/caveat/files/caveat-latin-700-normal.woff',
} as const;

export type Face = keyof typeof FONT_FILES;

/** The outline of a glyph in font units, y upwards, as contours of points. */
interface Point {
  x: number;
  y: number;
  on: boolean;
}

interface Font {
  readonly unitsPerEm: number;
  glyphOf(character: string): number;
  advanceOf(glyph: number): number;
  contoursOf(glyph: number): Point[][];
}

const require = createRequire(import.meta.url);
const fonts = new Map<Face, Font>();

function fontOf(face: Face): Font {
  let font = fonts.get(face);
  if (font === undefined) {
    const beside = new URL(basename(FONT_FILES[face]), import.meta.url);
    const path = existsSync(beside) ? beside : require.resolve(FONT_FILES[face]);
    font = fontFrom(tablesOf(readFileSync(path)));
    fonts.set(face, font);
  }
  return font;
}

/** The tables of a WOFF 1.0 file (W3C 2012), by tag. */
export function tablesOf(file: Buffer): Map<string, DataView> {
  const tables = new Map<string, DataView>();
  for (let table = 0; table < file.readUInt16BE(12); table++) {
    const at = 44 + 20 * table;
    const [offset, packed, size] = [4, 8, 12].map((field) => file.readUInt32BE(at + field));
    const part = file.subarray(offset!, offset! + packed!);
    const bytes = packed! < size! ? inflateSync(part) : part;
    tables.set(
      file.toString('latin1', at, at + 4),
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  }
  return tables;
}

/** Reads the tables of a font with TrueType outlines (OpenType 1.9: cmap 4, glyf, hmtx). */
function fontFrom(tables: Map<string, DataView>): Font {
  const [head, hhea, hmtx, loca, glyf, cmap] = ['head', 'hhea', 'hmtx', 'loca', 'glyf', 'cmap'].map(
    (tag) => tables.get(tag)!,
  ) as [DataView, DataView, DataView, DataView, DataView, DataView];
  const long = head.getInt16(50) === 1;
  const metrics = hhea.getUint16(34);
  const startOf = (glyph: number) =>
    long ? loca.getUint32(4 * glyph) : 2 * loca.getUint16(2 * glyph);
  const glyphs = new Map<number, Point[][]>();
  const contoursOf = (glyph: number): Point[][] => {
    let contours = glyphs.get(glyph);
    if (contours === undefined) {
      const start = startOf(glyph);
      contours = start === startOf(glyph + 1) ? [] : outlineAt(glyf, start, contoursOf);
      glyphs.set(glyph, contours);
    }
    return contours;
  };
  return {
    unitsPerEm: head.getUint16(18),
    glyphOf: mapOf(cmap),
    advanceOf: (glyph) => hmtx.getUint16(4 * Math.min(glyph, metrics - 1)),
    contoursOf,
  };
}

/** The glyph of each character, from the first subtable of format 4. */
function mapOf(cmap: DataView): (character: string) => number {
  let at = 0;
  for (let table = 0; table < cmap.getUint16(2); table++) {
    const offset = cmap.getUint32(8 + 8 * table);
    if (cmap.getUint16(offset) === 4) at = offset;
  }
  const twice = cmap.getUint16(at + 6);
  return (character) => {
    const code = character.charCodeAt(0);
    for (let segment = 0; segment < twice; segment += 2) {
      if (code > cmap.getUint16(at + 14 + segment)) continue;
      const first = cmap.getUint16(at + 16 + twice + segment);
      if (code < first) return 0;
      const delta = cmap.getUint16(at + 16 + 2 * twice + segment);
      const place = at + 16 + 3 * twice + segment;
      const range = cmap.getUint16(place);
      if (range === 0) return (code + delta) & 0xffff;
      const glyph = cmap.getUint16(place + range + 2 * (code - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}

function outlineAt(
  glyf: DataView,
  start: number,
  contoursOf: (glyph: number) => Point[][],
): Point[][] {
  const count = glyf.getInt16(start);
  return count < 0
    ? compositeAt(glyf, start + 10, contoursOf)
    : contoursAt(glyf, start + 10, count);
}

function contoursAt(glyf: DataView, from: number, count: number): Point[][] {
  const ends = Array.from({ length: count }, (_, contour) => glyf.getUint16(from + 2 * contour));
  const points = (ends.at(-1) ?? -1) + 1;
  let at = from + 2 * count;
  at += 2 + glyf.getUint16(at);
  const flags: number[] = [];
  while (flags.length < points) {
    const flag = glyf.getUint8(at++);
    const times = flag & 8 ? glyf.getUint8(at++) + 1 : 1;
    for (let i = 0; i < times; i++) flags.push(flag);
  }
  /** The running sum of one coordinate: `short` and `same` are its bits in a flag. */
  const coordinates = (short: number, same: number): number[] => {
    let value = 0;
    return flags.map((flag) => {
      if (flag & short) value += glyf.getUint8(at++) * (flag & same ? 1 : -1);
      else if (!(flag & same)) {
        value += glyf.getInt16(at);
        at += 2;
      }
      return value;
    });
  };
  const xs = coordinates(2, 16);
  const ys = coordinates(4, 32);
  return ends.map((end, contour) => {
    const first = contour === 0 ? 0 : ends[contour - 1]! + 1;
    return Array.from({ length: end - first + 1 }, (_, i) => ({
      x: xs[first + i]!,
      y: ys[first + i]!,
      on: (flags[first + i]! & 1) === 1,
    }));
  });
}

/** A glyph made of others, such as i from a stem and a dot. */
function compositeAt(
  glyf: DataView,
  from: number,
  contoursOf: (glyph: number) => Point[][],
): Point[][] {
  const contours: Point[][] = [];
  let at = from;
  let flags: number;
  do {
    flags = glyf.getUint16(at);
    const part = contoursOf(glyf.getUint16(at + 2));
    at += 4;
    const words = flags & 1;
    const dx = words ? glyf.getInt16(at) : glyf.getInt8(at);
    const dy = words ? glyf.getInt16(at + 2) : glyf.getInt8(at + 1);
    at += words ? 4 : 2;
    if (flags & 0xc8) throw new Error('expected a font that scales no part of a glyph');
    for (const contour of part) {
      contours.push(contour.map(({ x, y, on }) => ({ x: x + dx, y: y + dy, on })));
    }
  } while (flags & 0x20);
  return contours;
}

/** A contour as a path. Between two points off the curve, one on it is implied. */
function pathOf(contour: readonly Point[], shift: number): string {
  const middle = (a: Point, b: Point): Point => ({
    x: (a.x + b.x) / 2,
    y: (a.y + b.y) / 2,
    on: true,
  });
  const start = contour.findIndex(({ on }) => on);
  const turned =
    start < 0
      ? [middle(contour.at(-1)!, contour[0]!), ...contour]
      : [...contour.slice(start), ...contour.slice(0, start)];
  const write = ({ x, y }: Point) => `${Math.round(x + shift)} ${Math.round(y)}`;
  let path = `M${write(turned[0]!)}`;
  for (let i = 1; i < turned.length; i++) {
    const point = turned[i]!;
    if (point.on) {
      path += `L${write(point)}`;
      continue;
    }
    const next = turned[(i + 1) % turned.length]!;
    path += `Q${write(point)} ${write(next.on ? next : middle(point, next))}`;
    if (next.on) i++;
  }
  return `${path}Z`;
}

/** The width of a line of text. */
export function widthOf(text: string, size: number, face: Face): number {
  const font = fontOf(face);
  let width = 0;
  for (const character of text) width += font.advanceOf(font.glyphOf(character));
  return (width * size) / font.unitsPerEm;
}

/**
 * The path data of a line of text from its origin in font units, y upwards, and the factor that
 * scales it to `size`.
 */
export function outlineOf(text: string, size: number, face: Face): { path: string; scale: number } {
  const font = fontOf(face);
  let x = 0;
  let path = '';
  for (const character of text) {
    const glyph = font.glyphOf(character);
    for (const contour of font.contoursOf(glyph)) path += pathOf(contour, x);
    x += font.advanceOf(glyph);
  }
  return { path, scale: size / font.unitsPerEm };
}
