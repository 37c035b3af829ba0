import {
  colourTable,
  corrupt,
  type FileFrame,
  type ImageHeader,
  MOST_FRAMES,
  NO_EDITS,
  type Screen,
  viewOf,
} from './image-format.js';

type Four = [number, number, number, number];

const EXTENSION = 0x21;
const CONTROL = 0xf9;
const FRAME = 0x2c;
const AFTER = ['kept', 'kept', 'cleared', 'restored', 'restored'] as const;
const TRAILER = 0x3b;
const VERSION_87 = 0x37;
/** Sizes that some programs wrote for the screen they ran on, regardless of the picture. */
const SCREENS = ['640x480', '640x512', '800x600', '1024x768', '1280x1024', '1600x1200'];
/** Longer sides are also ignored. */
const LONGEST_SIDE = 2048;

/**
 * Header of a GIF file (GIF89a), from all of its blocks. The picture is the first frame on the
 * file's screen. If that is too small or implausible, libnsgif, the decoder in sharp, takes another
 * size; so do we, and `edits` write it into the file for browsers. Otherwise, those accept any
 * screen and leave the rest of it transparent. A frame beyond it widens it in Chromium and is cut
 * in Firefox. Firefox and WebKit take the frame for the screen where it is larger, or the version
 * is 87a. `screens` are theirs.
 */
export function gifHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length < 13) throw corrupt('gif');
  const view = viewOf(bytes);
  const screen = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  let { width, height } = screen;
  const screens: Screen[] = [];
  const given = width > 0 && height > 0 && Math.max(width, height) <= LONGEST_SIDE;
  if (!given || SCREENS.includes(`${width}x${height}`)) width = height = 1;
  let frames = 0;
  let unseen = false;
  let isBeyond = false;
  let isOwn = false;
  const list: FileFrame[] = [];
  let control: number | undefined;
  let whole = true;
  let at = 13 + colourTable(bytes[10]!);
  while (whole && at < bytes.length && bytes[at] !== TRAILER) {
    if (bytes[at] === EXTENSION) {
      if (bytes[at + 1] === CONTROL && at + 8 <= bytes.length) control = at;
      at = afterBlocks(bytes, at + 2);
    } else if (bytes[at] === FRAME && at + 10 < bytes.length) {
      const start = at + 11 + colourTable(bytes[at + 9]!);
      // libnsgif counts a frame from its first byte of data on.
      if (start + 1 >= bytes.length) break;
      const end = afterBlocks(bytes, start);
      frames++;
      // Each browser has a palette of its own for a file without one.
      unseen ||= ((bytes[10]! | bytes[at + 9]!) & 0x80) === 0;
      if (frames === 1) {
        const frame = [1, 3, 5, 7].map((i) => view.getUint16(at + i, true)) as Four;
        const [left, top, across, down] = frame;
        width = Math.max(width, left + across);
        height = Math.max(height, top + down);
        whole = end <= bytes.length;
        const wide = {
          width: Math.max(width, screen.width),
          height: Math.max(height, screen.height),
        };
        if (wide.width > across || wide.height > down) screens.push({ ...wide, frame });
        isBeyond = wide.width > screen.width || wide.height > screen.height;
        const isLarger = across > screen.width || down > screen.height;
        isOwn = screens.length > 0 && (isLarger || bytes[4] === VERSION_87);
        if (isBeyond && !isLarger) screens.push({ ...screen, frame });
        if (isOwn) screens.push({ width: across, height: down, frame, at: [0, 0] });
      }
      if (frames <= MOST_FRAMES) list.push(frameAt(view, at, end, control));
      control = undefined;
      at = end;
    } else {
      whole = false;
    }
  }
  if (frames === 0) throw corrupt('gif');
  return {
    format: 'gif',
    width,
    height,
    orientation: 1,
    exif: true,
    // By a transparent colour, or if the frame does not cover the screen.
    alpha: true,
    plain: true,
    frames,
    // Browsers handle such a screen in different ways; an empty one becomes that of the first
    // frame.
    unseen: unseen || (frames > 1 && (isOwn || (isBeyond && screen.width * screen.height > 0))),
    animation: { frames: list },
    whole,
    metadata: NO_EDITS,
    colours: [],
    screens,
    edits: {
      drop: [],
      put: [width, height].flatMap((side, i) => {
        const said = Math.min(side, 0xffff);
        return [6 + 2 * i, said & 255, 7 + 2 * i, said >> 8];
      }),
    },
  };
}

/** A frame by its descriptor, and the control block before it. */
function frameAt(view: DataView, at: number, end: number, control: number | undefined): FileFrame {
  const [x, y, width, height] = [1, 3, 5, 7].map((from) => view.getUint16(at + from, true));
  const flags = control === undefined ? 0 : view.getUint8(control + 3);
  return {
    ...{ x: x!, y: y!, width: width!, height: height! },
    milliseconds: control === undefined ? 0 : 10 * view.getUint16(control + 4, true),
    over: (flags & 1) === 1,
    // 4 is an old mistake for 3, and browsers treat it so.
    after: AFTER[(flags >> 2) & 7] ?? 'kept',
    data: [...(control === undefined ? [] : [control, control + 8]), at, end],
  };
}

/** The end of a chain of blocks, the last one empty; beyond the file if that is missing. */
function afterBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = bytes[at]!;
    at += 1 + length;
    if (length === 0) return at;
  }
  return bytes.length + 1;
}
