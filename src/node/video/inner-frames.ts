import type { HashedVariant, Rectangle } from '../../variant.js';
import { variantsOf } from '../../variants/hash-pixels.js';
import { contiguousPixels, type View } from '../../variants/view.js';
import type { HashedFrame } from '../../video/features.js';
import { isSamePlace } from './same-place.js';

/** Seconds between frames that are looked at. */
const BETWEEN = 0.4;
/** Nothing else, and in the size convention of videos. */
const ALONE = { variants: 'none', resample: 'none' } as const;
/** The share of them that must have a picture at one place: a few may only seem to. */
const LEAST_SHARE = 0.5;

/**
 * The picture in a video that has bars of its own, or shows a screen. Copies without them are found
 * by it alone.
 */
export class InnerFrames {
  readonly #found = new Map<HashedFrame, [Rectangle, HashedVariant]>();
  #sides = { width: 0, height: 0 };
  #looked = 0;
  #next = 0;

  /** @param view of the whole frame, as displayed; only read */
  look(view: View, frame: HashedFrame): void {
    if (frame.seconds < this.#next) return;
    this.#next = frame.seconds + BETWEEN;
    this.#looked++;
    this.#sides = { width: view.width, height: view.height };
    const pixels = contiguousPixels(view);
    const [, inner, ...others] = variantsOf(pixels, { ...ALONE, inner: true });
    // Several are a collage.
    if (!inner?.geometry || others.length > 0) return;
    const { geometry, ...variant } = inner;
    this.#found.set(frame, [geometry.rectangle, variant]);
  }

  /** The frames with it, if it has one place in most of them. */
  addedTo(frames: readonly HashedFrame[]): readonly HashedFrame[] {
    const sides = this.#sides;
    const places = [...this.#found.values()].map(([place]) => place);
    const agreeing = (place: Rectangle) =>
      places.filter((other) => isSamePlace(place, other, sides)).length;
    const [place] = places.toSorted((a, b) => agreeing(b) - agreeing(a));
    if (!place || agreeing(place) < LEAST_SHARE * this.#looked) return frames;
    return frames.map((frame) => {
      const [own, inner] = this.#found.get(frame) ?? [];
      if (!own || !isSamePlace(place, own, sides)) return frame;
      return { ...frame, variants: [...(frame.variants ?? []), inner!] };
    });
  }
}
