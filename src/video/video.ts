/*
 * Hashed frames of an upload and a list to a decision. All frames are searched. Those that are near
 * frames of one listed video, and lie on one line of time, are a copy of it if there are enough of
 * them. Others go the way of stills.
 */

import {
  checkedOptions,
  checkKnown,
  checkNumber,
  checkObject,
  checkOptions,
  choice,
  tableOf,
} from '../door.js';
import { type BlocklistEntry, checkEntry, groupOfFrames, type Said } from '../entry.js';
import { differingBits, type Hash, hashToHex } from '../hash.js';
import { type Decision, decisionOf, type VideoMatch } from '../matching/decision.js';
import { MATCH_OPTIONS, type MatchOptions, type SearchableList } from '../matching/match.js';
import { FRAME_QUALITY, type FrameHit, FrameHits } from '../matching/video/frame-hits.js';
import { framesOf, type ListedFrame } from '../matching/video/shared-frames.js';
import { checkedFrames } from '../text/vpdq.js';
import type { HashedVariant } from '../variant.js';
import type { HashedVideo } from './features.js';
import { lineOf } from './line-of-time.js';

/** So many frames of the list on one line are a copy, if they are a fifth of either video. */
const LEAST_FRAMES = 3;
const LEAST_SHARE = 0.2;
/** Frames that differ in no more bits are one scene, and count once. */
const SAME_SCENE = 8;
/** The most listed videos that are looked at, those with the most hits. */
const MOST_VIDEOS = 64;
/** The variant that is a whole frame. */
const WHOLE = 'frame';
/** Variants of a frame on a list: as displayed, if its file has a turn, and without its bars. */
const FURTHER: readonly (string | undefined)[] = ['original', 'inner'];
/** Moments of a match that are given. */
const MOST_MOMENTS = 5;

/**
 * The rule by which a video matches.
 * - `line`: three frames of the list and a fifth of either video, on one line of time
 * - `vpdq`: as the field's C++ program: at most 30 bits, and 80 % of the frames of the list. It
 *   misses copies that begin half a second later, unless all frames are queried
 * - `python-threatexchange`: at most 31 bits, and 80 % of the frames of the query. It misses clips,
 *   and nearly all copies if all frames are queried
 */
export type VideoRule = 'line' | 'vpdq' | 'python-threatexchange';

/** Options of matching a video. */
export interface MatchVideoOptions
  extends Pick<MatchOptions, 'policy' | 'allowList' | 'floodGuard' | 'distance'> {
  /** @defaultValue 'line' */
  rule?: VideoRule;
}

/** A function, so that bundlers can drop it. */
const matchVideoOptions = () => {
  const { policy, allowList, floodGuard, distance } = MATCH_OPTIONS;
  return tableOf(
    { policy, allowList, floodGuard, distance },
    { rule: { is: choice, of: ['line', 'vpdq', 'python-threatexchange'], default: 'line' } },
  );
};

export const MATCH_VIDEO_OPTIONS = /* @__PURE__ */ matchVideoOptions();

/** A share of both videos that is needed, and the distance of frames that are the same. */
const PRESETS = {
  vpdq: { distance: 30, list: 0.8, query: 0 },
  'python-threatexchange': { distance: 31, list: 0, query: 0.8 },
} as const;

/**
 * Decides about a video by its frames. Listed photos are found among them as stills.
 * @param video as `hashVideo` returns it, with every frame
 * @param list the `Blocklist` to search
 * @returns `videos` has the listed videos that it shows. `none` of a video that was decoded in part
 *   says nothing of the rest: look at its `partial`
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const video = await hashVideo('upload.mp4', { frames: 'query' });
 * const { verdict, reason, videos } = matchVideo(video, blocklist);
 */
export function matchVideo(
  video: HashedVideo,
  list: SearchableList,
  options: MatchVideoOptions = {},
): Decision {
  const { rule, ...matching } = checkedOptions(options, MATCH_VIDEO_OPTIONS);
  checkObject(video, 'a hashed video: { frames, seconds }');
  checkNumber('seconds', video.seconds, 0);
  const frames = checkedFrames(video.frames);
  const hits = new FrameHits(list, matching);
  for (const frame of frames) {
    for (const variant of wholesOf(frame)) hits.take(variant, frame.seconds);
  }
  return decided(hits, video, rule);
}

/** A frame as displayed, and its other forms that were hashed. */
export function* wholesOf({
  hash,
  quality,
  frameNumber,
  variants = [],
}: HashedVideo['frames'][number]): Generator<HashedVariant> {
  const frame = frameNumber === undefined ? {} : { frame: frameNumber };
  yield { name: WHOLE, hash, quality, resample: 'none', ...frame };
  for (const variant of variants) yield { ...variant, ...frame };
}

/** The decision by the hits of all frames. */
export function decided(hits: FrameHits, video: HashedVideo, rule: VideoRule): Decision {
  const ofStills = hits.decision();
  const surest = [...hits.byVideo].sort((a, b) => b[1].length - a[1].length);
  const found = surest.slice(0, MOST_VIDEOS).flatMap(([group, own]) => {
    const listed = framesOf(hits.state, group);
    const one =
      rule === 'line' ? onLine(own, listed, video) : byPreset(own, listed, video, PRESETS[rule]);
    return one ? [{ group, ...one }] : [];
  });
  if (found.length === 0) return ofStills;
  const { matches: stills, omitted = 0, ...others } = ofStills;
  const judged = found.map((one) => ({ ...one, ...judgedBy(hits, one.on) }));
  judged.sort((a, b) => a.tier.localeCompare(b.tier) || b.frames - a.frames);
  const groups = new Set(judged.map(({ group }) => group));
  const isOther = ({ entry }: { entry: BlocklistEntry }) => !groups.has(entry.group ?? '');
  const matches = [...judged.flatMap((one) => one.matches), ...stills.filter(isOther)];
  const left = omitted + stills.length - matches.length;
  const isTier = (tier: string) => matches.filter((match) => match.tier === tier);
  const [first] = judged;
  const isStill = first!.tier === 'review' && others.verdict === 'match';
  return decisionOf({
    ...others,
    ...(!isStill && { verdict: first!.tier, reason: first!.doubt ?? 'matched-video' }),
    matches: [...isTier('match'), ...isTier('review')],
    ...(left > 0 && { omitted: left }),
    videos: judged.map(({ matches: _, on: __, doubt: ___, ...shown }) => shown),
  });
}

/** A listed video in an upload. */
interface Found
  extends Pick<VideoMatch, 'speed' | 'offset' | 'frames' | 'listShare' | 'queryShare'> {
  readonly on: readonly FrameHit[];
}

/** The tier of a video, by its nearest frames, and what a decision says of it. */
function judgedBy(hits: FrameHits, on: readonly FrameHit[]) {
  const nearest = [...on].sort((a, b) => a.distance - b.distance).slice(0, MOST_MOMENTS);
  const judged = nearest.map((hit) => hits.judged(hit));
  const doubt = judged.every(([, reason]) => reason !== undefined) ? judged[0]![1] : undefined;
  const { list, source, id } = nearest[0]!.entry;
  const counts = new Map<string, number>();
  for (const { variant } of on) counts.set(variant.name, (counts.get(variant.name) ?? 0) + 1);
  const [[variant]] = [...counts].sort((a, b) => b[1] - a[1]) as [[string, number]];
  const inOrder = nearest.sort((a, b) => a.listSeconds - b.listSeconds);
  return {
    ...{ doubt, matches: judged.map(([match]) => match), variant },
    ...(list !== undefined && { list }),
    ...(source !== undefined && { source }),
    ...(id !== undefined && { id }),
    tier: doubt === undefined ? ('match' as const) : ('review' as const),
    moments: inOrder.map(({ listSeconds, querySeconds, distance }) => ({
      ...{ listSeconds, querySeconds, distance },
    })),
  };
}

/** The hits on one line of time, if they are enough. */
function onLine(
  own: readonly FrameHit[],
  listed: readonly ListedFrame[],
  { seconds }: HashedVideo,
): Found | undefined {
  const line = lineOf(own.filter(({ isShared }) => !isShared));
  if (!line) return undefined;
  // Neither a listed still nor one that was uploaded is three frames by repetition.
  const frames = Math.min(
    scenesOf(line.on.map(({ entry }) => entry.hash)).length,
    scenesOf(line.on.map(({ variant }) => variant.hash)).length,
  );
  if (frames < LEAST_FRAMES) return undefined;
  const counting = listed.filter(
    ({ entry: { quality = 100, variant } }) =>
      quality >= FRAME_QUALITY && !FURTHER.includes(variant),
  );
  const listShare = Math.min(1, frames / scenesOf(counting.map(({ entry }) => entry.hash)).length);
  const covered = line.on.length * line.speed * spacingOf(listed);
  const queryShare = seconds > 0 ? Math.min(1, covered / seconds) : 1;
  if (Math.max(listShare, queryShare) < LEAST_SHARE) return undefined;
  const { speed, offset, on } = line;
  return { speed, offset, frames, listShare, queryShare, on };
}

/** Hashes that are farther than one scene from each other, the first of each. */
function scenesOf(hashes: readonly Hash[]): Hash[] {
  const scenes: Hash[] = [];
  for (const hash of hashes) {
    if (scenes.every((scene) => differingBits(scene, hash) > SAME_SCENE)) scenes.push(hash);
  }
  return scenes;
}

/** The seconds from one frame of a listed video to the next: the median. */
function spacingOf(listed: readonly ListedFrame[]): number {
  const times = [...new Set(listed.map(({ seconds }) => seconds))];
  const gaps = times.slice(1).map((seconds, at) => seconds - times[at]!);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}

/** The hits by a rule of others, which knows no time. */
function byPreset(
  own: readonly FrameHit[],
  listed: readonly ListedFrame[],
  { frames }: HashedVideo,
  preset: (typeof PRESETS)[keyof typeof PRESETS],
): Found | undefined {
  // Others know no variants.
  const near = own.filter(
    ({ distance, variant, entry }) =>
      distance <= preset.distance && variant.name === WHOLE && !FURTHER.includes(entry.variant),
  );
  const ofList = (on: Iterable<BlocklistEntry>) =>
    new Set([...on].map(({ hash, seconds }) => `${seconds} ${hashToHex(hash)}`));
  const isGood = (quality = 100) => quality >= FRAME_QUALITY;
  const plain = listed.filter(({ entry }) => !FURTHER.includes(entry.variant));
  const good = plain.flatMap(({ entry }) => (isGood(entry.quality) ? [entry] : []));
  const hit = ofList(near.map(({ entry }) => entry));
  const queried = new Set(
    frames.flatMap((one) => (isGood(one.quality) ? [hashToHex(one.hash)] : [])),
  );
  const found = new Set(near.map(({ variant }) => hashToHex(variant.hash)));
  const [listShare, queryShare] = [hit.size / ofList(good).size, found.size / queried.size];
  if (near.length === 0 || listShare < preset.list || queryShare < preset.query) return undefined;
  const line = lineOf(near)!;
  const { speed, offset } = line;
  const shares = { listShare: Math.min(1, listShare), queryShare: Math.min(1, queryShare) };
  return { speed, offset, frames: hit.size, ...shares, on: line.on };
}

const VIDEO_SAID = [
  'labels',
  'source',
  'id',
  'list',
  'caseCount',
  'opinions',
  'confirmed',
  'still',
] as const;

/** The data of a listed video besides its frames. */
export type VideoSaid = Pick<Said, (typeof VIDEO_SAID)[number]>;

/**
 * The entries by which a list has a video: one for each frame, all of one group, and more for
 * each frame as displayed, if its file has a turn, and for the picture in its bars.
 * @param video as `hashVideo` returns it, with a frame a second
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const video = await hashVideo('known.mp4');
 * await blocklist.apply({ add: entriesOfVideo(video, { labels: ['known'], id: '17' }) });
 */
export function entriesOfVideo(
  video: Pick<HashedVideo, 'frames'>,
  said: Partial<VideoSaid> = {},
): BlocklistEntry[] {
  checkObject(video, 'a hashed video: { frames }');
  checkOptions(said);
  checkKnown(said, VIDEO_SAID);
  const frames = checkedFrames(video.frames);
  const group = groupOfFrames(frames.map(({ hash }) => hash));
  return frames.flatMap((frame) => {
    const seconds = Math.round(1000 * frame.seconds) / 1000;
    const further = frame.variants?.filter(({ name }) => FURTHER.includes(name)) ?? [];
    return [{ ...frame, name: WHOLE }, ...further].map(({ name: variant, hash, quality }) => {
      const own = {
        ...(quality !== undefined && { quality }),
        resample: 'none',
        variant,
      } as const;
      const entry = { labels: [], ...said, hash, ...own, group, seconds };
      checkEntry(entry);
      return entry;
    });
  });
}
