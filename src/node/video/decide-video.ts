/*
 * From the frames of an upload, as they come, to a decision. Every frame is searched, and two
 * frames a second in all variants. If a variant comes near a listed video, its place is locked: the
 * video is decoded once more, and that place of every frame is searched.
 */

import { DecodeError } from '../../errors.js';
import { nextTurn, TURN } from '../../in-turns.js';
import { type Decision, decisionOf } from '../../matching/decision.js';
import type { FrameHit, FrameHits } from '../../matching/video/frame-hits.js';
import type { HashedFrame } from '../../video/features.js';
import { decided, type VideoRule, wholesOf } from '../../video/video.js';
import type { VideoFacts } from './hash-video.js';
import { isSamePlace } from './same-place.js';
import type { FrameForms, Place } from './video-task.js';

/** The most places that are locked. */
const MOST_PLACES = 4;

/**
 * @param hits those of the file's digests so far
 * @param framesOf decodes the video, and hashes every frame: some in all variants, or certain
 *   places of each
 * @returns a match or a review by the first part of a video stands, and `none` of a video that was
 *   decoded in part is `unhashable`, with the cause as its reason
 * @throws {DecodeError} if no frame can be decoded
 */
export async function decideVideo(
  hits: FrameHits,
  framesOf: (places?: readonly Place[]) => AsyncGenerator<FrameForms, VideoFacts, undefined>,
  rule: VideoRule,
): Promise<Decision> {
  const frames: HashedFrame[] = [];
  const facts = await eachOf(framesOf(), ({ frame, variants }) => {
    frames.push(frame);
    for (const whole of wholesOf(frame)) hits.take(whole, frame.seconds);
    for (const variant of variants) hits.take(variant, frame.seconds);
  });
  const video = { ...facts, frames };
  const places = placesOf(hits, facts);
  if (places.length > 0 && !decided(hits, video, rule).videos?.length) {
    const again = eachOf(framesOf(places), ({ frame, variants }) => {
      for (const variant of variants) hits.take(variant, frame.seconds);
    });
    const { partial = facts.partial } = await again.catch((error) => {
      // The hits of the first time stand.
      if (!(error instanceof DecodeError)) throw error;
      return { partial: error.code };
    });
    const all = { ...facts, ...(partial && { partial }) };
    return inPart(decided(await upToDate(hits), video, rule), all);
  }
  return inPart(decided(await upToDate(hits), video, rule), facts);
}

/** The hits in the list as it is. Nothing is awaited after that: no entry that is gone decides. */
async function upToDate(hits: FrameHits): Promise<FrameHits> {
  let latest = hits;
  for (let again = 0; latest.isStale; again++) {
    const steps = latest.renewed();
    let begun = performance.now();
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        latest = value;
        break;
      }
      // A list that changes all the time is searched in one go at last.
      if (again > 1 || performance.now() - begun < TURN) continue;
      await nextTurn();
      begun = performance.now();
    }
  }
  return latest;
}

/** Calls `take` with each frame; other work gets turns meanwhile. */
async function eachOf(
  frames: AsyncGenerator<FrameForms, VideoFacts, undefined>,
  take: (frame: FrameForms) => void,
): Promise<VideoFacts> {
  let begun = performance.now();
  for (;;) {
    const { done, value } = await frames.next();
    if (done) return value;
    take(value);
    if (performance.now() - begun < TURN) continue;
    await nextTurn();
    begun = performance.now();
  }
}

/** The decision about a video: what was not decoded may show anything. */
function inPart(decision: Decision, { partial, seconds }: VideoFacts): Decision {
  if (partial === undefined) return decision;
  const detail = `only the first ${seconds.toFixed(1)} seconds were decoded (${partial})`;
  const { verdict } = decision;
  if (verdict !== 'none') return decisionOf({ ...decision, detail });
  return decisionOf({ ...decision, verdict: 'unhashable', reason: partial, detail });
}

/** The places that came near listed videos, the most frequent first. */
function placesOf({ byVideo }: FrameHits, { width, height }: VideoFacts): Place[] {
  const places: (Place & { hits: number })[] = [];
  const count = ({ variant: { name, geometry } }: FrameHit) => {
    // A part that is tilted, or beyond the frame, is not one that stays.
    if (!geometry || geometry.corners || geometry.angle) return;
    const { rectangle, dihedral } = geometry;
    const { left, top } = rectangle;
    if (left < 0 || top < 0 || left + rectangle.width > width) return;
    if (top + rectangle.height > height) return;
    const known = places.find(
      (one) =>
        one.geometry.dihedral === dihedral &&
        isSamePlace(one.geometry.rectangle, rectangle, { width, height }),
    );
    if (known) known.hits++;
    else places.push({ name, geometry, hits: 1 });
  };
  for (const hits of byVideo.values()) for (const hit of hits) if (!hit.isShared) count(hit);
  places.sort((a, b) => b.hits - a.hits);
  return places.slice(0, MOST_PLACES).map(({ name, geometry }) => ({ name, geometry }));
}
