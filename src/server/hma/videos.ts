import type { Blocklist } from '../../blocklist/blocklist.js';
import { type BlocklistEntry, listOf } from '../../entry.js';
import { bytesOf, differingBits, type Hash, hashToHex, newHash } from '../../hash.js';
import { typeOf } from '../../packed-words.js';
import { keyOfEntry, videoOf } from '../../store/stored-entry.js';
import type { VpdqFrame } from '../../text/vpdq.js';
import type { HashedVideo } from '../../video/features.js';
import { entriesOfVideo } from '../../video/video.js';
import { Refusal } from '../http/route.js';

/*
 * Videos as content. The entries of a video, on one list and of one source and id, are one content:
 * its frames, and the MD5 of its file if that was listed with them. Its number is that of the MD5,
 * or else the lowest of its frames.
 */

/** The entries of content: of the hash of its file, and of its frames if it is a video. */
export function entriesOfContent(
  hashes: readonly Hash[],
  frames: HashedVideo['frames'],
): BlocklistEntry[] {
  const ofFrames = frames.length > 0 ? entriesOfVideo({ frames }) : [];
  const group = ofFrames[0] && videoOf(ofFrames[0]);
  return [...hashes.map((hash) => ({ hash, labels: [], ...(group && { group }) })), ...ofFrames];
}

/** A listed video. */
export interface VideoContent {
  readonly entry: BlocklistEntry;
  /** the number by which callers name it */
  readonly number: number;
}

/** Equal for the entries of one content, given the same video. */
export const keyOfContent = ({ source, id, ...entry }: BlocklistEntry): string =>
  JSON.stringify([listOf(entry), source, id]);

/** The contents that have the video of this entry, by their keys; none if it is of no video. */
export function contentsOfVideo(
  list: Pick<Blocklist, 'state'>,
  entry: BlocklistEntry,
): ReadonlyMap<string, VideoContent> {
  const video = videoOf(entry);
  if (video === undefined) return new Map();
  const files = firstOf(list, newHash('md5', bytesOf(video)));
  if (entry.seconds === undefined) return files;
  const frames = firstOf(list, newHash('pdq', bytesOf(entry.group!)));
  for (const [key, { entry, number }] of frames) {
    frames.set(key, { entry, number: files.get(key)?.number ?? number });
  }
  return frames;
}

/** Of each content, the entry with the lowest number that names this group. */
function firstOf({ state }: Pick<Blocklist, 'state'>, group: Hash): Map<string, VideoContent> {
  const contents = new Map<string, VideoContent>();
  const kind = state.of(typeOf(group));
  for (const at of kind.ofGroup(group)) {
    const entry = kind.entryAt(at);
    if (videoOf(entry) === undefined) continue;
    const number = kind.numberAt(at) ?? madeNumber(entry);
    const key = keyOfContent(entry);
    if (number < (contents.get(key)?.number ?? Infinity)) contents.set(key, { entry, number });
  }
  return contents;
}

/** A number for an entry without one. They start at 2^52, beyond any store's. */
export const madeNumber = (entry: BlocklistEntry): number =>
  2 ** 52 + Buffer.from(keyOfEntry(entry)).readUIntBE(0, 6);

/** The quality, the distance in bits and the share of the query by which HMA compares videos. */
const COMPARED = { quality: 50, distance: 31, percent: 80 } as const;
/** Pairs of frames that are compared in about a tenth of a second. */
const MOST_PAIRS = 4_000_000;

/**
 * Two videos as python-threatexchange compares them: by the percentages of their different frames
 * that are near one of the other, in whatever order.
 * @throws {Refusal} 400 if they are too long
 */
export function compareFrames(a: readonly VpdqFrame[], b: readonly VpdqFrame[]) {
  const [query, compared] = [hashesOf(a), hashesOf(b)];
  if (query.length * compared.length > MOST_PAIRS) {
    throw new Refusal('bad-request', 'expected shorter videos');
  }
  const percent = (some: readonly Hash[], others: readonly Hash[]) => {
    const isNear = (one: Hash) =>
      others.some((other) => differingBits(one, other) <= COMPARED.distance);
    return some.length === 0 ? 0 : (100 * some.filter(isNear).length) / some.length;
  };
  const query_match_percent = percent(query, compared);
  const compared_match_percent = percent(compared, query);
  const isMatch = query_match_percent >= COMPARED.percent;
  return [isMatch, { query_match_percent, compared_match_percent }];
}

/** The different hashes of the frames that count. */
function hashesOf(frames: readonly VpdqFrame[]): Hash[] {
  const good = frames.filter(({ quality }) => quality >= COMPARED.quality);
  return [...new Map(good.map(({ hash }) => [hashToHex(hash), hash])).values()];
}
