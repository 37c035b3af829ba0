/*
 * The part of a pool's worker that decodes a video: its frames, in batches, with their variants.
 */

import { pdq } from '../../hashing/pdq.js';
import { DIHEDRAL_ORIENTATIONS, type HashedVariant, type VariantGeometry } from '../../variant.js';
import { variantsOf } from '../../variants/hash-pixels.js';
import type { VariantProfile } from '../../variants/variant-profile.js';
import { contiguousPixels, partOf, turned, type View } from '../../variants/view.js';
import type { HashedFrame } from '../../video/features.js';
import {
  type DecodedFrame,
  type HashVideoOptions,
  type VideoFacts,
  type VideoProgress,
  videoFrames,
} from './hash-video.js';

/** A place in each frame. */
export interface Place {
  readonly name: HashedVariant['name'];
  readonly geometry: VariantGeometry;
}

/** A video, and what is hashed of it. It is data alone, for a message. */
export interface VideoTask {
  readonly path: string;
  readonly limits: Omit<HashVideoOptions, 'signal' | 'onProgress' | 'spoolFolder'>;
  /** of two frames a second */
  readonly variants: VariantProfile;
  /** hashed in place of variants, and in every frame */
  readonly places?: readonly Place[];
}

/** A frame, and the variants of it that were hashed. */
export interface FrameForms {
  readonly frame: HashedFrame;
  readonly variants: readonly HashedVariant[];
}

/** Some frames, in order of time; with the last of them, what is known of the video. */
export interface FrameBatch {
  readonly frames: readonly FrameForms[];
  /** the seconds of the video, if its file states them */
  readonly of: number | undefined;
  readonly end?: VideoFacts;
}

/** Seconds between frames of which variants are hashed. */
const BETWEEN_VARIANTS = 0.5;
/** The time that a batch takes, or one frame. */
const BATCH_MILLISECONDS = 100;

/** A video at work. */
export class VideoAtWork {
  readonly #task: VideoTask;
  readonly #frames: AsyncGenerator<DecodedFrame, VideoFacts, undefined>;
  #next = 0;
  #of: number | undefined;

  constructor(task: VideoTask) {
    this.#task = task;
    const onProgress = ({ of }: VideoProgress) => {
      this.#of = of;
    };
    this.#frames = videoFrames(task.path, { ...task.limits, frames: 'query', onProgress });
  }

  /** @throws {DecodeError} if no frame can be decoded */
  async batch(): Promise<FrameBatch> {
    const begun = performance.now();
    const frames: FrameForms[] = [];
    do {
      const { done, value } = await this.#frames.next();
      if (done) return { frames, of: this.#of, end: value };
      frames.push({ frame: value.frame, variants: this.#variantsOf(value) });
    } while (performance.now() - begun < BATCH_MILLISECONDS);
    return { frames, of: this.#of };
  }

  /** Ends FFmpeg. */
  async letGo(): Promise<void> {
    await this.#frames.return({ seconds: 0, width: 0, height: 0 });
  }

  #variantsOf({ view, frame: { seconds, frameNumber: frame = 0 } }: DecodedFrame): HashedVariant[] {
    const { places, variants } = this.#task;
    if (places) {
      return places.map((place) => ({ ...place, ...hashIn(view, place.geometry), frame }));
    }
    if (['none', 'orientation'].includes(variants) || seconds < this.#next) return [];
    this.#next = seconds + BETWEEN_VARIANTS;
    const [, ...others] = variantsOf(contiguousPixels(view), { variants, resample: 'none' });
    return others.map((variant) => ({ ...variant, frame }));
  }
}

/** The hash of a place in a frame. */
function hashIn(view: View, { rectangle, dihedral = 'original' }: VariantGeometry) {
  const part = turned(partOf(view, rectangle), DIHEDRAL_ORIENTATIONS[dihedral]);
  return pdq(contiguousPixels(part), { resample: 'none' });
}
