/*
 * What is known of a video: the PDQ hash of each of some frames, its quality and its time. A list
 * has a frame a second, as the vPDQ reference keeps them. A query has every frame that differs from
 * the one before: the reference's own frames of a video that was cut by half a second are others.
 */

import type { DecodeErrorCode } from '../errors.js';
import type { VpdqFrame } from '../text/vpdq.js';
import type { HashedVariant } from '../variant.js';

/** A hashed frame of a video. */
export interface HashedFrame extends VpdqFrame {
  /** its turned and mirrored forms, and its parts, if they were hashed */
  readonly variants?: readonly HashedVariant[];
}

/** A hashed video. */
export interface HashedVideo {
  /** in order of time */
  readonly frames: readonly HashedFrame[];
  /** the length that was decoded */
  readonly seconds: number;
  /** of a frame as it was hashed, in pixels */
  readonly width: number;
  readonly height: number;
  /** why frames are missing, mostly at the end; absent: none are */
  readonly partial?: DecodeErrorCode;
}

/**
 * The step from one frame of a list to the next, as the vPDQ reference computes it: its frames are
 * those whose number is a multiple of it.
 * @param fps frames per second of the file, on average
 * @param secondsPerHash 0 keeps every frame
 */
export const listStep = (fps: number, secondsPerHash: number): number =>
  Math.max(1, Math.trunc(secondsPerHash * fps));
