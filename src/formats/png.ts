import type { Orientation } from '../pixels.js';
import {
  addStretch,
  corrupt,
  exifOrientation,
  type FileFrame,
  type ImageHeader,
  isAt,
  MOST_FRAMES,
  viewOf,
} from './image-format.js';

/** Chunks of the picture itself. The others hold colour, gamma, EXIF, text and animation. */
const KEPT = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** Chunks that define the colours of the samples. */
const COLOURS = ['cICP', 'iCCP', 'gAMA', 'cHRM'];
/** A chunk whose name begins below this is critical: a reader must know it. */
const LOWER_CASE = 0x61;

/**
 * Header of a PNG file (PNG, third edition), from all of its chunks. `edits` drop everything except
 * the picture; of an animation the default image stays.
 */
export function pngHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  const drop: number[] = [];
  const colours: number[] = [];
  let orientation: Orientation | undefined;
  let transparency = false;
  let counted = 0;
  let frames = 0;
  let begun = false;
  let isPast = false;
  let isBroken = false;
  let isHidden = false;
  const list: (FileFrame & { data: number[] })[] = [];
  let at = 8;
  if (bytes.length < 8 + 25) throw corrupt('png');
  let ended = false;
  while (!ended && at + 12 <= bytes.length) {
    const next = at + 12 + view.getUint32(at);
    if (next > bytes.length) break;
    const name = at + 4;
    ended = isAt(bytes, name, 'IEND');
    const isImage = isAt(bytes, name, 'IDAT');
    // Chromium and Firefox end the picture at the first other chunk behind an IDAT.
    isBroken ||= isImage && isPast;
    isPast ||= begun && !isImage;
    begun ||= isImage;
    if (isAt(bytes, name, 'tRNS')) transparency = true;
    if (isAt(bytes, name, 'acTL') && next >= at + 20 && !begun) counted = view.getUint32(at + 8);
    if (counted > 0) {
      const isData = isAt(bytes, name, 'fdAT');
      if (isAt(bytes, name, 'fcTL') && next === at + 38) {
        isHidden ||= begun && frames === 0;
        if (++frames <= Math.min(counted, MOST_FRAMES)) list.push(frameAt(view, at + 8));
      } else if (isData || (isImage && !isHidden && frames === 1)) {
        list[frames - 1]?.data.push(at + (isData ? 12 : 8), next - 4);
      }
    }
    // Decoders read the first, and none after the picture.
    if (isAt(bytes, name, 'eXIf') && !begun) {
      orientation ??= exifOrientation(bytes.subarray(at + 8, next - 4));
    }
    if (!begun && COLOURS.some((kind) => isAt(bytes, name, kind))) {
      addStretch(colours, name, next - 4, 'png');
    }
    if (!KEPT.some((kept) => isAt(bytes, name, kept))) {
      const critical = bytes[name]! < LOWER_CASE;
      if (critical && begun) break;
      if (critical) throw corrupt('png');
      addStretch(drop, at, next, 'png');
    }
    at = next;
  }
  if (!isAt(bytes, 12, 'IHDR')) throw corrupt('png');
  if (ended) addStretch(drop, at, bytes.length, 'png');
  const alpha = transparency || (bytes[25]! & 4) !== 0;
  return {
    format: 'png',
    width: view.getUint32(16),
    height: view.getUint32(20),
    orientation: orientation ?? 1,
    exif: true,
    alpha,
    plain: true,
    frames: Math.max(1, Math.min(frames, counted)),
    ...(frames > 0 && {
      animation: {
        frames: list.map((frame) => ({ ...frame, over: frame.over && alpha })),
        beside: isHidden,
      },
    }),
    // Firefox paints a part of a picture that is turned and interlaced.
    unseen: isBroken || (bytes[28] === 1 && (orientation ?? 1) > 1),
    whole: ended,
    edits: { drop, put: [] },
    colours,
  };
}

/** A frame by the data of its fcTL. */
function frameAt(view: DataView, at: number): FileFrame & { data: number[] } {
  const [width, height, x, y] = [4, 8, 12, 16].map((from) => view.getUint32(at + from));
  return {
    ...{ x: x!, y: y!, width: width!, height: height! },
    milliseconds: (1000 * view.getUint16(at + 20)) / (view.getUint16(at + 22) || 100),
    over: view.getUint8(at + 25) === 1,
    after: (['kept', 'cleared', 'restored'] as const)[view.getUint8(at + 24)] ?? 'kept',
    data: [],
  };
}
