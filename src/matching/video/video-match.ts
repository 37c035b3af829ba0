import { checkInteger, checkNumber, checkObject, checkOneOf, checkTypeOf } from '../../door.js';

/** A listed video whose frames an upload shows, on one line of time. */
export interface VideoMatch {
  /** the group that its entries name */
  readonly group: string;
  readonly list?: string;
  readonly source?: string;
  readonly id?: string;
  readonly tier: 'match' | 'review';
  /** of the line: a moment of the list is at `speed` · seconds + `offset` in the upload */
  readonly speed: number;
  readonly offset: number;
  /** frames of the list on the line that count: of quality 50, over 8 bits from each other */
  readonly frames: number;
  /** these of all frames of the listed video that count, 0…1 */
  readonly listShare: number;
  /** the part of the upload that they cover, 0…1 */
  readonly queryShare: number;
  /** the variant of the upload that most of them match */
  readonly variant: string;
  /** the nearest of them, up to five, in order of time: seconds of both, and bits */
  readonly moments: readonly VideoMoment[];
}

/** A moment of a listed video and one of the upload that look the same; bits of distance. */
export interface VideoMoment {
  readonly listSeconds: number;
  readonly querySeconds: number;
  readonly distance: number;
}

/** @throws {TypeError | RangeError} if the videos of a decision are invalid */
export function checkVideos(videos: readonly VideoMatch[] = []): void {
  if (!Array.isArray(videos)) throw new TypeError('expected videos to be a list');
  for (const video of videos as readonly VideoMatch[]) {
    checkObject(video, 'a video: { group, tier, speed, offset, moments }');
    const { group, tier, frames, variant, moments, listShare, queryShare } = video;
    for (const text of [group, variant]) checkTypeOf('group and variant', text, 'string');
    checkOneOf('tier', tier, ['match', 'review']);
    checkInteger('frames', frames, 1);
    checkNumber('listShare', listShare, 0, 1);
    checkNumber('queryShare', queryShare, 0, 1);
    for (const place of [video.speed, video.offset]) checkTypeOf('speed, offset', place, 'number');
    if (!Array.isArray(moments)) throw new TypeError('expected moments to be a list');
    for (const moment of moments as readonly VideoMoment[]) {
      checkObject(moment, 'a moment: { listSeconds, querySeconds, distance }');
      checkNumber('listSeconds', moment.listSeconds, 0);
      checkNumber('querySeconds', moment.querySeconds, 0);
      checkInteger('distance', moment.distance, 0, 256);
    }
  }
}

/** A new copy, without unknown members. */
export const copyOfVideo = (video: VideoMatch): VideoMatch => {
  const { group, list, source, id, tier, speed, offset, frames, variant, moments } = video;
  return {
    group,
    ...(list !== undefined && { list }),
    ...(source !== undefined && { source }),
    ...(id !== undefined && { id }),
    ...{ tier, speed, offset, frames },
    listShare: video.listShare,
    queryShare: video.queryShare,
    variant,
    moments: moments.map(({ listSeconds, querySeconds, distance }) => ({
      ...{ listSeconds, querySeconds, distance },
    })),
  };
};
