import { checkedOptions, checkTypeOf, choice, type OptionTable, tableOf } from '../../door.js';
import { DecodeError } from '../../errors.js';
import { pdq } from '../../hashing/pdq.js';
import { type Decision, decisionOf, nothingHashed, unhashable } from '../../matching/decision.js';
import { checkList, digestsOn, type SearchableList } from '../../matching/match.js';
import { type FrameHit, FrameHits } from '../../matching/video/frame-hits.js';
import { policyFor } from '../../policy.js';
import {
  DIHEDRAL_ORIENTATIONS,
  type HashedVariant,
  type Rectangle,
  type VariantGeometry,
} from '../../variant.js';
import { variantsOf } from '../../variants/hash-pixels.js';
import { contiguousPixels, partOf, turned, type View } from '../../variants/view.js';
import type { HashedVideo } from '../../video/features.js';
import {
  decided,
  MATCH_VIDEO_OPTIONS,
  type MatchVideoOptions,
  wholesOf,
} from '../../video/video.js';
import { digestFile } from '../digest-file.js';
import { HASH_VIDEO_OPTIONS, type HashVideoOptions, hashWith } from './hash-video.js';

/** Options for checking a video. */
export interface CheckVideoOptions
  extends MatchVideoOptions,
    Omit<HashVideoOptions, 'frames' | 'secondsPerHash'> {
  /**
   * the variants that are looked for in two frames a second
   * @defaultValue 'thorough'
   */
  variants?: 'none' | 'dihedral' | 'quick' | 'thorough';
}

const { frames: _, secondsPerHash: __, ...DECODING } = HASH_VIDEO_OPTIONS;

export const CHECK_VIDEO_OPTIONS = tableOf(DECODING, MATCH_VIDEO_OPTIONS, {
  variants: { is: choice, of: ['none', 'dihedral', 'quick', 'thorough'], default: 'thorough' },
}) satisfies OptionTable<CheckVideoOptions>;

/** Seconds between frames of which variants are hashed. */
const BETWEEN_VARIANTS = 0.5;
/** The most places that are locked. */
const MOST_PLACES = 4;
/** Places whose sides differ by less than this share of the frame are one. */
const SAME_PLACE = 0.02;

/**
 * Decides about a video in a file. Every frame is searched, and two frames a second in all
 * variants. If a variant comes near a listed video, its place is locked: the video is decoded once
 * more, and that place of every frame is searched.
 *
 * If the list holds digests, one that is listed matches before anything is decoded.
 * @param path of a regular file
 * @returns `unhashable` if no frame can be decoded; a match or a review by its first part stands,
 *   and `none` of a video that was decoded in part is `unhashable`, with the cause as its reason
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const { verdict, videos } = await checkVideo('upload.mp4', blocklist);
 */
export async function checkVideo(
  path: string,
  list: SearchableList,
  options: CheckVideoOptions = {},
): Promise<Decision> {
  const checked = checkedOptions(options, CHECK_VIDEO_OPTIONS);
  const { rule, variants, signal, policy = {}, allowList, floodGuard, distance } = checked;
  checkTypeOf('path', path, 'string');
  checkList(list);
  const hashing = { ...checked, frames: 'query', secondsPerHash: 0 } as const;
  try {
    const hits = new FrameHits(list, { policy, allowList, floodGuard, distance });
    const algorithms = digestsOn(list);
    if (algorithms.length > 0) {
      const digests = await digestFile(path, { algorithms, maxBytes: checked.maxBytes, signal });
      for (const hash of digests) hits.take({ name: 'file', hash }, 0);
      const byDigest = hits.decision();
      if (byDigest.verdict === 'match') return byDigest;
    }
    let next = 0;
    const video = await hashWith(path, hashing, (view, frame) => {
      for (const whole of wholesOf(frame)) hits.take(whole, frame.seconds);
      if (variants === 'none' || frame.seconds < next) return;
      next = frame.seconds + BETWEEN_VARIANTS;
      const [, ...others] = variantsOf(contiguousPixels(view), { variants, resample: 'none' });
      for (const variant of others) {
        hits.take({ ...variant, frame: frame.frameNumber! }, frame.seconds);
      }
    });
    const places = placesOf(hits, video);
    if (places.length > 0 && !decided(hits, video, rule).videos?.length) {
      await hashWith(path, hashing, (view, { frameNumber, seconds }) => {
        for (const place of places) {
          hits.take({ ...place, ...hashIn(view, place.geometry), frame: frameNumber! }, seconds);
        }
      });
    }
    return inPart(decided(hits, video, rule), video);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) {
      return nothingHashed('aborted', policyFor('pdq', 256, policy));
    }
    if (!(error instanceof DecodeError)) throw error;
    return unhashable(error, policy);
  }
}

/** The decision about a video: what was not decoded may show anything. */
function inPart(decision: Decision, { partial, seconds }: HashedVideo): Decision {
  if (partial === undefined) return decision;
  const detail = `only the first ${seconds.toFixed(1)} seconds were decoded (${partial})`;
  const { verdict } = decision;
  if (verdict !== 'none') return decisionOf({ ...decision, detail });
  return decisionOf({ ...decision, verdict: 'unhashable', reason: partial, detail });
}

interface Place {
  readonly name: HashedVariant['name'];
  readonly geometry: VariantGeometry;
}

/** The places that came near listed videos, the most frequent first. */
function placesOf({ byVideo }: FrameHits, { width, height }: HashedVideo): Place[] {
  const places: (Place & { hits: number })[] = [];
  const isNear = (a: number, b: number, side: number) => Math.abs(a - b) <= SAME_PLACE * side;
  const isSame = (a: Rectangle, b: Rectangle) =>
    isNear(a.left, b.left, width) &&
    isNear(a.top, b.top, height) &&
    isNear(a.left + a.width, b.left + b.width, width) &&
    isNear(a.top + a.height, b.top + b.height, height);
  const count = ({ variant: { name, geometry } }: FrameHit) => {
    // A part that is tilted, or beyond the frame, is not one that stays.
    if (!geometry || geometry.corners || geometry.angle) return;
    const { rectangle, dihedral } = geometry;
    const { left, top } = rectangle;
    if (left < 0 || top < 0 || left + rectangle.width > width) return;
    if (top + rectangle.height > height) return;
    const known = places.find(
      (one) => one.geometry.dihedral === dihedral && isSame(one.geometry.rectangle, rectangle),
    );
    if (known) known.hits++;
    else places.push({ name, geometry, hits: 1 });
  };
  for (const hits of byVideo.values()) for (const hit of hits) if (!hit.isShared) count(hit);
  places.sort((a, b) => b.hits - a.hits);
  return places.slice(0, MOST_PLACES).map(({ name, geometry }) => ({ name, geometry }));
}

/** The hash of a place in a frame. */
function hashIn(view: View, { rectangle, dihedral = 'original' }: VariantGeometry) {
  const part = turned(partOf(view, rectangle), DIHEDRAL_ORIENTATIONS[dihedral]);
  return pdq(contiguousPixels(part), { resample: 'none' });
}
