import type { LumaPlane } from '../../hashing/pdq-region.js';
import type { Rectangle } from '../../variant.js';
import { colourAt, isOf, type WorkingPlane } from '../working-plane.js';
import type { Placement } from './detector.js';
import { snapToEdges } from './snap-to-edges.js';

/** The share of the picture that the background's colour covers at least. */
const BACKGROUND_SHARE = 0.03;
/** A pixel is content if one of its channels is further than this from the background. */
const AWAY = 14;
/** Pixels a side of a block, and how many of its pixels must be content. */
const BLOCK = 2;
const BLOCK_CONTENT = 3;
/** Only the largest parts become boxes. */
const MOST_PARTS = 4;
/** The share of the picture that the box of a part covers at least. */
const AREA_SHARE = 0.025;
/** The share of its box that a part fills at least: photos fill 0.66, half of other parts less. */
const FILL = 0.6;
/** The share of a line that is content where a box begins. */
const LINE_CONTENT = 0.4;
/** Pixels a side of the smallest box. */
const LEAST_SIDE = 32;
/** Pixels of an encoder's ringing that may pass for content. */
const RINGING = 2;

/**
 * Finds what lies on a background of one colour: the connected parts that are not of the picture's
 * commonest colour, the largest first. These are most photos in a phone's screenshot, and the cells
 * of a collage with gaps.
 */
export function* backgroundBoxes(plane: WorkingPlane): Generator<Placement> {
  const { width, height } = plane;
  const content = contentOf(plane);
  if (content === undefined) return;
  for (const part of largestParts(content, width, height)) {
    const box = refine(content, width, height, part);
    if (box.width < LEAST_SIDE || box.height < LEAST_SIDE) continue;
    if (box.width === width && box.height === height) continue;
    const rectangle = snapToEdges(plane, box, RINGING);
    yield {
      name: 'box',
      geometry: { rectangle },
      plane: withoutRoundedCorners(plane, rectangle),
    };
  }
}

/** 1 where a pixel is not of the commonest colour; undefined if no colour is common. */
function contentOf(plane: WorkingPlane): Uint8Array | undefined {
  const { red, green, blue } = plane;
  const bins = new Uint32Array(1 << 15);
  const binOf = (i: number) => ((red[i]! >> 3) << 10) | ((green[i]! >> 3) << 5) | (blue[i]! >> 3);
  for (let i = 0; i < red.length; i++) bins[binOf(i)]!++;
  let common = 0;
  for (let bin = 1; bin < bins.length; bin++) if (bins[bin]! > bins[common]!) common = bin;
  if (bins[common]! < BACKGROUND_SHARE * red.length) return undefined;
  let r = 0;
  let g = 0;
  let b = 0;
  for (let i = 0; i < red.length; i++) {
    if (binOf(i) !== common) continue;
    r += red[i]!;
    g += green[i]!;
    b += blue[i]!;
  }
  r = Math.round(r / bins[common]!);
  g = Math.round(g / bins[common]!);
  b = Math.round(b / bins[common]!);
  const content = new Uint8Array(red.length);
  // Written out: `isOf` took 4 ms more for all pixels of a plane (V8 11.3, x64).
  for (let i = 0; i < red.length; i++) {
    const away = Math.max(Math.abs(red[i]! - r), Math.abs(green[i]! - g), Math.abs(blue[i]! - b));
    if (away > AWAY) content[i] = 1;
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

function largestParts(content: Uint8Array, width: number, height: number): Part[] {
  const columns = Math.floor(width / BLOCK);
  const rows = Math.floor(height / BLOCK);
  // One more column, which stays empty, keeps blocks at the ends of neighbouring rows apart.
  const stride = columns + 1;
  const blocks = new Uint8Array(stride * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * BLOCK * width + column * BLOCK;
      const under = at + width;
      const count = content[at]! + content[at + 1]! + content[under]! + content[under + 1]!;
      if (count >= BLOCK_CONTENT) blocks[row * stride + column] = 1;
    }
  }
  const parts = components(blocks, stride).filter(({ left, top, right, bottom, count }) => {
    const area = (right - left) * (bottom - top);
    return area >= AREA_SHARE * columns * rows && count >= FILL * area;
  });
  return parts.sort((a, b) => b.count - a.count).slice(0, MOST_PARTS);
}

/** Blocks of content that touch along a side. Clears `blocks`. */
function components(blocks: Uint8Array, stride: number): Part[] {
  const parts: Part[] = [];
  const queue = new Int32Array(blocks.length);
  for (let start = 0; start < blocks.length; start++) {
    if (!blocks[start]) continue;
    const part = { left: stride, top: blocks.length, right: 0, bottom: 0, count: 1 };
    queue[0] = start;
    blocks[start] = 0;
    for (let next = 0; next < part.count; next++) {
      const block = queue[next]!;
      const x = block % stride;
      const y = (block - x) / stride;
      part.left = Math.min(part.left, x);
      part.right = Math.max(part.right, x + 1);
      part.top = Math.min(part.top, y);
      part.bottom = Math.max(part.bottom, y + 1);
      for (const step of [-1, 1, -stride, stride]) {
        if (!blocks[block + step]) continue;
        blocks[block + step] = 0;
        queue[part.count++] = block + step;
      }
    }
    parts.push(part);
  }
  return parts;
}

/** The box of a part to the pixel: from one block outside to the first line that is content. */
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

/** How far a channel may be from the background beside a corner. */
const CORNER_TOLERANCE = 24;
/** The share of a side that a rounded corner takes at most, and its least size in pixels. */
const MOST_CORNER = 0.15;
const LEAST_CORNER = 3;
/** Pixels between background and photo that mix both. */
const MIXED = 2;

/** A corner of a box: its pixel in the plane, and the steps that lead into the box. */
type Corner = readonly [x: number, y: number, inX: 1 | -1, inY: 1 | -1];

/**
 * Fills up the rounded corners of a photo: where the background reaches into the corners of a box,
 * each row is continued by the photo's pixel next to it. Left as they are, they cost up to a third
 * of the matches in a phone's screenshots.
 * @param box a rectangle in pixels of the picture
 * @returns a plane with another luma, or `undefined` unless at least two corners are rounded
 */
export function withoutRoundedCorners(plane: WorkingPlane, box: Rectangle): LumaPlane | undefined {
  const { scale, width, height } = plane;
  const left = Math.round(box.left / scale);
  const top = Math.round(box.top / scale);
  const right = Math.min(width, Math.round((box.left + box.width) / scale)) - 1;
  const bottom = Math.min(height, Math.round((box.top + box.height) / scale)) - 1;
  const corners: Corner[] = [
    [left, top, 1, 1],
    [right, top, -1, 1],
    [left, bottom, 1, -1],
    [right, bottom, -1, -1],
  ];
  const luma = plane.luma.slice();
  const filled = corners.filter((corner) =>
    fillCorner(plane, luma, corner, right - left + 1, bottom - top + 1),
  );
  return filled.length >= 2 ? { ...plane, luma } : undefined;
}

/** Continues the rows of one corner into it, if it is rounded. */
function fillCorner(
  plane: WorkingPlane,
  luma: Float32Array,
  [x, y, inX, inY]: Corner,
  boxWidth: number,
  boxHeight: number,
): boolean {
  const { width, height } = plane;
  const corner = y * width + x;
  // The background lies diagonally outside; beside the box where that reaches the border.
  const outX = x - 2 * inX;
  const outY = y - 2 * inY;
  const isOutX = outX >= 0 && outX < width;
  const isOutY = outY >= 0 && outY < height;
  if (!isOutX && !isOutY) return false;
  const background = colourAt(plane, (isOutY ? outY : y) * width + (isOutX ? outX : x));
  const runs: number[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (let row = 0; row < MOST_CORNER * boxHeight; row++) {
    const start = corner + row * inY * width;
    let run = 0;
    while (
      run < MOST_CORNER * boxWidth &&
      isOf(plane, start + run * inX, background, CORNER_TOLERANCE)
    ) {
      run++;
    }
    // A curve recedes from row to row; what does not is content of the background's colour.
    if (run >= MOST_CORNER * boxWidth || run > last + MIXED) return false;
    if (run === 0) break;
    last = run;
    runs.push(run);
  }
  if (runs.length < LEAST_CORNER || runs.length >= MOST_CORNER * boxHeight) return false;
  if (runs[0]! < LEAST_CORNER) return false;
  for (let row = 0; row < runs.length; row++) {
    const start = corner + row * inY * width;
    const end = runs[row]! + MIXED;
    const value = luma[start + end * inX]!;
    for (let i = 0; i < end; i++) luma[start + i * inX] = value;
  }
  return true;
}
