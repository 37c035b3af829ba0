import { DecodeError } from '../../errors.js';
import { type VideoFormat, videoFormatOf } from '../../formats/video-format.js';
import { beginningOf, tooMany } from '../read-bytes.js';
import { findFfmpeg } from './ffmpeg.js';

/** True if it is decoded without FFmpeg. */
export const isDrawn = (format: VideoFormat): boolean => format === 'webp' || format === 'png';

/** Bytes that are noted: a colour profile may come before the mark of a PNG that moves. */
const NOTED_BYTES = 2 ** 16;

/** The first bytes of a video, noted as they pass, and its length. */
export class Head {
  readonly #bytes = new Uint8Array(NOTED_BYTES);
  length = 0;

  async *of(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      const wasKnown = this.length >= NOTED_BYTES;
      this.add(chunk);
      // Nothing more is written to the disk of a file that is no video, or without FFmpeg.
      if (!wasKnown && this.length >= NOTED_BYTES) await this.#canBeRead();
      yield chunk;
    }
    await this.#canBeRead();
  }

  async #canBeRead(): Promise<void> {
    if (!isDrawn(this.format())) await findFfmpeg();
  }

  add(chunk: Uint8Array): void {
    const part = chunk.subarray(0, Math.max(0, NOTED_BYTES - this.length));
    if (part.length > 0) this.#bytes.set(part, this.length);
    this.length += chunk.length;
  }

  format(): VideoFormat {
    if (this.length === 0) throw new DecodeError('empty', 'expected a video, got no bytes');
    const format = videoFormatOf(this.#bytes.subarray(0, this.length));
    if (format) return format;
    const known = 'MP4, MOV, WebM, Matroska, MPEG-TS, AVI, or a picture that moves';
    throw new DecodeError('unsupported', `expected a video: ${known}`);
  }

  /** True if an AVI file states a greater length. FFmpeg does not report that. */
  get isCut(): boolean {
    const stated = new DataView(this.#bytes.buffer).getUint32(4, true);
    return this.format() === 'avi' && stated + 8 > this.length;
  }
}

/** @throws {DecodeError} `unreadable`; `too-many-bytes` */
export async function headOf(path: string, maxBytes: number): Promise<Head> {
  const { head: bytes, size } = await beginningOf(path, NOTED_BYTES);
  if (size > maxBytes) throw tooMany(maxBytes);
  const head = new Head();
  head.add(bytes);
  head.length = size;
  return head;
}
