import { resolve } from 'node:path';
import { DecodeError } from '../../errors.js';
import type { VideoFormat } from '../../formats/video-format.js';
import type { Orientation } from '../../pixels.js';
import { findFfmpeg, Program, textOf, unreadable } from './ffmpeg.js';

/*
 * The frames of a video file, by FFmpeg. Only this file and only these containers are opened: a
 * playlist, or a container that refers to other files or addresses, opens nothing.
 */

/** A video file, and limits on its decoding. */
export interface VideoFile {
  readonly path: string;
  readonly format: VideoFormat;
  readonly maxPixels: number;
  readonly timeoutSeconds: number;
  readonly stallSeconds: number;
  readonly maxMemory: number;
  readonly signal: AbortSignal;
}

/** The first video stream of a file. A cover picture is no video. */
export interface VideoStream {
  /** of all streams of the file */
  readonly index: number;
  /** as stored */
  readonly width: number;
  readonly height: number;
  /** how a player turns it */
  readonly orientation: Orientation;
  /** on average, as the vPDQ reference takes it */
  readonly fps: number;
  /** seconds, as the stream states them; 0 if it does not */
  readonly ofStream: number;
  /** seconds of the whole file, which may have more sound */
  readonly ofFile: number;
  /** seconds at which each frame begins, and the last one ends, if they are not spaced evenly */
  readonly times?: readonly number[];
}

/** The time of a frame, in seconds. */
export const timeOf = ({ times, fps }: VideoStream, frameNumber: number): number =>
  times?.[frameNumber] ?? frameNumber / fps;

/** Threads of the decoder. Each holds frames. */
const THREADS = 4;

/** The largest allocation by FFmpeg: three samples a pixel in 16 bits, or the index of a file. */
const bytesAtOnce = (maxPixels: number) => Math.min(Math.max(8 * maxPixels, 2 ** 28), 2 ** 31 - 1);

const inputOf = ({ path, format, maxPixels }: VideoFile): string[] => [
  ...['-v', 'error', '-max_alloc', `${bytesAtOnce(maxPixels)}`],
  ...['-protocol_whitelist', 'file,pipe'],
  ...['-format_whitelist', 'mov,matroska,webm,mpegts,avi,gif'],
  ...['-f', format === 'avif' ? 'mov' : format, '-threads', `${THREADS}`],
  // Whatever its name, `file:` makes it a file.
  ...['-i', `file:${resolve(path)}`],
];

const SHOWN = [
  'stream=index,nb_frames,width,height,avg_frame_rate,r_frame_rate,duration',
  'stream_side_data=displaymatrix',
  'stream_tags=enc_key_id',
  'packet_side_data=side_data_type',
  'format=duration',
].join(':');

interface Probed {
  readonly streams?: readonly {
    readonly index: number;
    readonly nb_frames?: string;
    readonly width?: number;
    readonly height?: number;
    readonly avg_frame_rate?: string;
    readonly r_frame_rate?: string;
    readonly duration?: string;
    readonly side_data_list?: readonly { readonly displaymatrix?: string }[];
    readonly tags?: { readonly enc_key_id?: string };
  }[];
  readonly packets?: readonly {
    readonly side_data_list?: readonly { readonly side_data_type?: string }[];
  }[];
  readonly format?: { readonly duration?: string };
}

/**
 * Reads the header of a video file.
 * @throws {DecodeError} `decoder-missing`, `corrupt`, `timeout`; `unsupported` if it has no video,
 *   or one that is encrypted, or frames with a side under 5 pixels; `too-many-pixels`
 */
export async function probeVideo(file: VideoFile): Promise<VideoStream> {
  const { ffprobe } = await findFfmpeg();
  const args = [
    ...[
      '-select_streams',
      file.format === 'avif' ? 'V' : 'V:0',
      '-show_packets',
      '-read_intervals',
      '%+#1',
    ],
    ...['-show_entries', SHOWN, '-of', 'json', ...inputOf(file)],
  ];
  const {
    streams = [],
    packets = [],
    format = {},
  } = probedIn(await textOf(new Program(ffprobe, args, file)));
  // Before the sequence of an AVIF, it has a still picture; each may have its alpha.
  const lengths = streams.map(({ nb_frames: frames = 0 }) => Number(frames) || 0);
  const stream = streams[lengths.indexOf(Math.max(...lengths))];
  if (!stream) throw new DecodeError('unsupported', 'expected a video, got a file without one');
  const isEncrypted =
    stream.tags?.enc_key_id !== undefined ||
    packets.some(({ side_data_list: sides = [] }) =>
      sides.some(({ side_data_type: type = '' }) => type.startsWith('Encryption')),
    );
  if (isEncrypted) throw new DecodeError('unsupported', 'the video is encrypted');
  const { width = 0, height = 0 } = stream;
  const fps = rateIn(stream.avg_frame_rate) || rateIn(stream.r_frame_rate);
  if (!(width > 0 && height > 0 && fps > 0)) {
    throw new DecodeError('corrupt', 'the video has no size or no frame rate');
  }
  checkSides(width, height, file.maxPixels);
  const matrix = stream.side_data_list?.find((side) => side.displaymatrix)?.displaymatrix;
  const [ofStream, ofFile] = [stream, format].map(({ duration }) => lengthIn(duration));
  const orientation = orientationOf(matrix);
  const { index } = stream;
  return { index, width, height, orientation, fps, ofStream: ofStream!, ofFile: ofFile! };
}

/** @throws {DecodeError} `too-many-pixels`; `unsupported` if a side is under 5 pixels */
export function checkSides(width: number, height: number, maxPixels: number): void {
  if (width * height > maxPixels) {
    throw new DecodeError('too-many-pixels', `expected at most ${maxPixels} pixels a frame`);
  }
  if (Math.min(width, height) < 5) {
    throw new DecodeError('unsupported', 'expected frames of at least 5 x 5 pixels');
  }
}

function probedIn(text: string): Probed {
  try {
    return JSON.parse(text) as Probed;
  } catch {
    throw unreadable();
  }
}

/** The value of a fraction; 0 for other text. */
function rateIn(text = ''): number {
  const [, over, under] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  return Number(under) > 0 ? Number(over) / Number(under) : 0;
}

/** Seconds; 0 if they are unknown. */
const lengthIn = (text = '') => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : 0);

/**
 * The orientation in a display matrix, by the signs of its first two rows: [a b; c d] takes the
 * stored point (x, y) to (ax + cy, bx + dy). A turn that is no quarter is ignored.
 */
export function orientationOf(matrix = ''): Orientation {
  const rows = [...matrix.matchAll(/:\s*(-?\d+)\s+(-?\d+)/g)];
  const [[a, b] = [1, 0], [c, d] = [0, 1]] = rows.map((row) => [
    Math.sign(+row[1]!),
    Math.sign(+row[2]!),
  ]);
  const known: Record<string, Orientation> = {
    ...{ '1,0,0,1': 1, '-1,0,0,1': 2, '-1,0,0,-1': 3, '1,0,0,-1': 4 },
    ...{ '0,1,1,0': 5, '0,1,-1,0': 6, '0,-1,-1,0': 7, '0,-1,1,0': 8 },
  };
  return known[[a, b, c, d].map((sign) => sign! + 0).join()] ?? 1;
}

/** How the frames are decoded, and which. */
export interface FrameChoice {
  /** every so many-th */
  readonly step: number;
  readonly pixels: 'rgb24' | 'gray';
}

/** The frames of a file while they are decoded. */
export interface DecodedFrames {
  /**
   * Rows of samples, as stored. The bytes are the same each time: they change with the next frame.
   * @throws {DecodeError} once all frames are given that there are, if the program failed
   */
  frames(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Frames decoded so far, also those not given. */
  decoded(): number;
  /** True once FFmpeg has met errors that do not end it. */
  hasErrors(): boolean;
}

/**
 * Decodes the frames whose number is a multiple of `step`, to the pixels of the vPDQ reference: by
 * libswscale's area filter, by BT.601 and the pixel format's own range, whatever the tags of the
 * file say. Frames of another size than the first are scaled to it. The reference reads a corner of
 * them, or beyond their end.
 */
export async function decodeFrames(
  file: VideoFile,
  { index, width, height }: VideoStream,
  { step, pixels }: FrameChoice,
): Promise<DecodedFrames> {
  const { ffmpeg } = await findFfmpeg();
  const filters = [
    // A line for each frame that was decoded.
    "metadata=add:key=a:value=1,metadata=print:file='pipe\\:3':direct=1",
    ...(step > 1 ? [`select=not(mod(n\\,${step}))`] : []),
    'setparams=range=tv:colorspace=smpte170m',
    `scale=${width}:${height}:flags=area`,
    // The output has no times: those of a variable rate would be reported as errors.
    'settb=1,setpts=N',
  ];
  const args = [
    ...['-nostdin', '-timelimit', `${THREADS * Math.ceil(file.timeoutSeconds)}`],
    // The numbers of frames go on where the size changes.
    ...['-filter_threads', '1', '-noautorotate', '-reinit_filter', '0'],
    ...['-max_pixels', `${file.maxPixels}`, ...inputOf(file)],
    ...['-map', `0:${index}`, '-fps_mode', 'passthrough', '-vf', filters.join()],
    ...['-enc_time_base', '-1'],
    ...['-pix_fmt', pixels, '-c:v', 'rawvideo', '-f', 'rawvideo', 'pipe:1'],
  ];
  let lines = 0;
  const onNotes = (text: string) => {
    lines += text.split('\n').length - 1;
  };
  const program = new Program(ffmpeg, args, { ...file, onNotes });
  const frame = new Uint8Array(width * height * (pixels === 'gray' ? 1 : 3));
  return {
    // Two lines each: its number, and the mark.
    decoded: () => Math.floor(lines / 2),
    hasErrors: () => program.errors !== '',
    async *frames() {
      let filled = 0;
      for await (const chunk of program.output()) {
        for (let at = 0; at < chunk.length; ) {
          const part = chunk.subarray(at, at + frame.length - filled);
          frame.set(part, filled);
          at += part.length;
          filled += part.length;
          if (filled < frame.length) continue;
          yield frame;
          filled = 0;
        }
      }
    },
  };
}
