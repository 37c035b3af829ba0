import type { Blocklist } from '../../src/blocklist/blocklist.js';
import type { Decision } from '../../src/matching/decision.js';
import { createHashPool } from '../../src/node/pool/create-hash-pool.js';
import type { CheckOptions } from '../../src/node/pool/hash-pool.js';
import { hashVideo } from '../../src/node/video/hash-video.js';
import { matchVideo, type VideoRule } from '../../src/video/video.js';

/** The rules of others, each queried with a frame a second, as they do. */
export const OTHERS = ['vpdq', 'python-threatexchange'] as const satisfies readonly VideoRule[];

export type OtherRule = (typeof OTHERS)[number];

/** Its CPU counts as that of the program. */
const pool = createHashPool({ workers: 1, isolation: 'thread', videos: {} });

/** Decides about a video in a file. All parts of the bench call the library here. */
export async function decide(
  path: string,
  list: Blocklist,
  options: CheckOptions = {},
): Promise<Decision> {
  const decision = await pool.check(path, list, options);
  if (decision.verdict === 'unhashable')
    throw new Error(`expected a video, got ${decision.reason}`);
  return decision;
}

/** The decisions of others about a video in a file: one hash a second, no variants, no time. */
export async function decideAsOthers(
  path: string,
  list: Blocklist,
): Promise<Readonly<Record<OtherRule, Decision>>> {
  const video = await hashVideo(path);
  const [vpdq, python] = OTHERS.map((rule) => matchVideo(video, list, { rule }));
  return { vpdq: vpdq!, 'python-threatexchange': python! };
}

/** What a decision says of one listed video, and which others it names. */
export interface Judged {
  readonly verdict: 'match' | 'review' | 'none';
  /** the ids of other listed videos that match, or are for review */
  readonly wrong: readonly string[];
  readonly wrongReviews: readonly string[];
}

/** Judges a decision about a copy of the listed video `id`. */
export function judged({ videos = [], matches }: Decision, id: string): Judged {
  const tierOf = new Map<string, 'match' | 'review'>();
  const take = (of: string | undefined, tier: 'match' | 'review') => {
    if (of !== undefined && tierOf.get(of) !== 'match') tierOf.set(of, tier);
  };
  for (const video of videos) take(video.id, video.tier);
  for (const match of matches) take(match.entry.id, match.tier);
  const named = (tier: string) =>
    [...tierOf].flatMap(([other, its]) => (other !== id && its === tier ? other : [])).sort();
  return {
    verdict: tierOf.get(id) ?? 'none',
    wrong: named('match'),
    wrongReviews: named('review'),
  };
}

/** True if a rule of others finds the listed video `id` itself, and not only one frame of it. */
export const isFoundAsVideo = ({ videos = [] }: Decision, id: string): boolean =>
  videos.some((video) => video.id === id && video.tier === 'match');

/** How many other listed videos a rule finds. */
export const wrongVideos = ({ videos = [] }: Decision, id: string): number =>
  new Set(videos.flatMap((video) => (video.id === id ? [] : (video.id ?? [])))).size;
