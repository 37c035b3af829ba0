/*
 * Parts on a background of one colour: pixels of other colours, joined to parts, and the exact box
 * of each part in pixels.
 */

import { beside, freeing, kernelsOf } from '../../kernels/simd/arena.js';
import { COLOUR_KERNELS } from '../../kernels/simd/colours.js';
import type { Rectangle } from '../../variant.js';
import { type Colour, isOf, type WorkingPlane } from '../working-plane.js';

/** A pixel is content if one of its channels differs by more than this from the background. */
const AWAY = 14;
/** Pixels a side of a block, and the number of its pixels that must be content. */
const BLOCK = 2;
const BLOCK_CONTENT = 3;
/** The least share of the picture that the box of a part covers. */
const AREA_SHARE = 0.025;
/** The least share of its box that a part fills: photos fill 0.66, half of other parts less. */
const FILL = 0.6;
/** The share of a line that is content where a box begins. */
const LINE_CONTENT = 0.4;
/** The most parts whose boxes are refined: those of a hostile picture may all be as large as it. */
const MOST_REFINED = 40;
/** Pixels a side of the smallest box. */
const LEAST_SIDE = 32;

/** The boxes of the parts of a region that are not of the background's colour: see `partsOf`. */
export const partsOn = (
  plane: WorkingPlane,
  region: Rectangle,
  background: Colour,
  byBox: boolean,
): Rectangle[] =>
  freeing(plane.red, () =>
    partsOf(contentOf(plane, region, background), region.width, region.height, byBox),
  );

/**
 * Marks pixels that are not of the background's colour.
 * @param region in pixels of the plane
 * @returns 1 where a pixel is content, for the pixels of the region, row-major
 */
export function contentOf(
  { red, green, blue, width: stride }: WorkingPlane,
  { left, top, width, height }: Rectangle,
  [r, g, b]: Colour,
): Uint8Array {
  const content = beside(red, Uint8Array, width * height);
  const kernels = kernelsOf(red, COLOUR_KERNELS, green, blue, content);
  if (kernels) {
    const at = top * stride + left;
    kernels.markContent(
      ...([red.byteOffset + at, green.byteOffset + at, blue.byteOffset + at] as const),
      ...([stride, width, height, r | (g << 8) | (b << 16), AWAY, content.byteOffset] as const),
    );
    return content;
  }
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, i = (top + y) * stride + left; x < width; x++, i++, to++) {
      const byRed = red[i]! - r;
      const byGreen = green[i]! - g;
      const byBlue = blue[i]! - b;
      // The sign of any, without a branch: photos took twice as long with one (V8 11.3, x64).
      content[to] =
        ((AWAY - byRed) |
          (AWAY + byRed) |
          (AWAY - byGreen) |
          (AWAY + byGreen) |
          (AWAY - byBlue) |
          (AWAY + byBlue)) >>>
        31;
    }
  }
  return content;
}

/** Connected blocks of content, by their bounds in blocks. */
interface Part {
  left: number;
  top: number;
  /** exclusive */
  right: number;
  bottom: number;
  /** blocks of content */
  count: number;
}

/**
 * The boxes of the parts that are large and full enough, in pixels, the part with the most content
 * first.
 * @param content 1 where a pixel is content, row-major
 * @param byBox judges a part by its exact box, not by its connected blocks: a player's bar under a
 *   photo, or a title above it, joins it and reaches from side to side. It takes longer, and finds
 *   more boxes in ordinary photos
 */
export function partsOf(
  content: Uint8Array,
  width: number,
  height: number,
  byBox = false,
): Rectangle[] {
  const columns = Math.floor(width / BLOCK);
  const rows = Math.floor(height / BLOCK);
  // An extra column, which stays empty, separates blocks at the ends of neighbouring rows.
  const stride = columns + 1;
  const blocks = beside(content, Uint8Array, stride * rows);
  const kernels = kernelsOf(content, COLOUR_KERNELS, blocks);
  kernels?.markBlocks(
    ...([content.byteOffset, width, columns, rows, BLOCK_CONTENT, blocks.byteOffset] as const),
  );
  for (let row = kernels ? rows : 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * BLOCK * width + column * BLOCK;
      const under = at + width;
      const count = content[at]! + content[at + 1]! + content[under]! + content[under + 1]!;
      if (count >= BLOCK_CONTENT) blocks[row * stride + column] = 1;
    }
  }
  const least = AREA_SHARE * columns * rows;
  const isFullPart = ({ left, top, right, bottom, count }: Part): boolean => {
    const area = (right - left) * (bottom - top);
    return area >= least && count >= FILL * area;
  };
  return components(blocks, stride, FILL * least)
    .filter((part) => byBox || isFullPart(part))
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_REFINED)
    .map((part) => ({ isFull: isFullPart(part), box: refine(content, width, height, part) }))
    .filter(({ box }) => box.width >= LEAST_SIDE && box.height >= LEAST_SIDE)
    .filter(({ isFull, box }) => isFull || isFullBox(content, width, box, least * BLOCK * BLOCK))
    .map(({ box }) => box);
}

function isFullBox(
  content: Uint8Array,
  stride: number,
  { left, top, width, height }: Rectangle,
  leastArea: number,
): boolean {
  if (width * height < leastArea) return false;
  let count = 0;
  for (let y = top; y < top + height; y++) {
    count += width * share(content, y * stride + left, 1, width);
  }
  return count >= FILL * width * height;
}

/** At least so many blocks of content that touch along a side, in the order of the first ones. */
function components(blocks: Uint8Array, stride: number, least: number): Part[] {
  // Runs of blocks in a row, each joined to those that it touches in the row above. There is at
  // most one run for two blocks, as the last column is empty.
  const room = (blocks.length >> 1) + 1;
  const starts = beside(blocks, Int32Array, room);
  const ends = beside(blocks, Int32Array, room);
  const firsts = beside(blocks, Int32Array, room);
  let count = 0;
  let above = 0;
  for (let row = 0; row < blocks.length; row += stride) {
    const begin = count;
    let over = above;
    for (let at = row, end = row + stride; at < end; at++) {
      if (blocks[at] === 0) continue;
      const start = at;
      while (blocks[at] !== 0) at++;
      starts[count] = start;
      ends[count] = at;
      firsts[count] = count;
      while (over < begin && ends[over]! + stride <= start) over++;
      for (let other = over; other < begin && starts[other]! + stride < at; other++) {
        join(firsts, other, count);
      }
      count++;
    }
    above = begin;
  }
  const counts = beside(blocks, Int32Array, count);
  for (let run = 0; run < count; run++) counts[firstOf(firsts, run)]! += ends[run]! - starts[run]!;
  const parts = new Map<number, Part>();
  for (let run = 0; run < count; run++) {
    const first = firstOf(firsts, run);
    if (counts[first]! < least) continue;
    const start = starts[run]!;
    const top = Math.floor(start / stride);
    const left = start - top * stride;
    const right = left + ends[run]! - start;
    const part = parts.get(first) ?? { left, top, right, bottom: top, count: counts[first]! };
    parts.set(first, part);
    part.left = Math.min(part.left, left);
    part.right = Math.max(part.right, right);
    part.bottom = top + 1;
  }
  return [...parts.values()];
}

/** The first run that a run is joined to: each points to itself or to an earlier one. */
function firstOf(firsts: Int32Array, run: number): number {
  let first = run;
  while (firsts[first] !== first) {
    firsts[first] = firsts[firsts[first]!]!;
    first = firsts[first]!;
  }
  return first;
}

function join(firsts: Int32Array, run: number, other: number): void {
  const a = firstOf(firsts, run);
  const b = firstOf(firsts, other);
  firsts[Math.max(a, b)] = Math.min(a, b);
}

/** The exact box of a part in pixels: from one block outside to the first line that is content. */
function refine(content: Uint8Array, width: number, height: number, part: Part): Rectangle {
  let left = part.left * BLOCK;
  let top = part.top * BLOCK;
  // The last blocks of the grid reach to the border.
  let right = Math.min(width, part.right * BLOCK + BLOCK);
  let bottom = Math.min(height, part.bottom * BLOCK + BLOCK);
  left = Math.max(0, left - BLOCK);
  top = Math.max(0, top - BLOCK);
  const rowIs = (y: number) => share(content, y * width + left, 1, right - left) >= LINE_CONTENT;
  const columnIs = (x: number) =>
    share(content, top * width + x, width, bottom - top) >= LINE_CONTENT;
  while (top < bottom - 1 && !rowIs(top)) top++;
  while (bottom > top + 1 && !rowIs(bottom - 1)) bottom--;
  while (left < right - 1 && !columnIs(left)) left++;
  while (right > left + 1 && !columnIs(right - 1)) right--;
  return { left, top, width: right - left, height: bottom - top };
}

function share(content: Uint8Array, start: number, along: number, count: number): number {
  let sum = 0;
  for (let i = 0, at = start; i < count; i++, at += along) sum += content[at]!;
  return sum / count;
}

/** The share of a line along a side that has the frame's colour, between rounded corners. */
const FRAME_SHARE = 0.85;
const ROUNDED = 0.1;

/**
 * The colour that runs along two opposite sides of a box, left and right or top and bottom.
 * @param inset distance of the lines from the box's sides, inwards, in pixels of the plane
 */
export function frameColour(
  plane: WorkingPlane,
  box: Rectangle,
  inset: number,
): Colour | undefined {
  const { left, top, width, height } = box;
  if (Math.min(width, height) <= 2 * inset) return undefined;
  const at = (x: number, y: number) => (top + y) * plane.width + left + x;
  const pairs = [
    [at(inset, 0), at(width - 1 - inset, 0), plane.width, height],
    [at(0, inset), at(0, height - 1 - inset), 1, width],
  ] as const;
  for (const [first, last, along, count] of pairs) {
    const middle = first + (count >> 1) * along;
    // Most pixels of a line are of the frame, or there is no frame: the middle one will do.
    const colour: Colour = [plane.red[middle]!, plane.green[middle]!, plane.blue[middle]!];
    const sides = [first, last].map((start) => shareOf(plane, colour, start, along, count));
    if (Math.min(...sides) > FRAME_SHARE) return colour;
  }
  return undefined;
}

function shareOf(
  plane: WorkingPlane,
  colour: Colour,
  start: number,
  along: number,
  count: number,
): number {
  const from = Math.round(ROUNDED * count);
  let sum = 0;
  for (let i = from; i < count - from; i++) {
    if (isOf(plane, start + i * along, colour, AWAY)) sum++;
  }
  return sum / (count - 2 * from);
}
