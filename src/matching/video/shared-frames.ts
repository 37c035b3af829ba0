/*
 * Frames that many videos share prove nothing: titles, intros, outros, black leads. A listed frame
 * is shared if frames of two other listed videos are within 31 bits of it. This is asked of the
 * list as it is, so it holds after each change, in whatever order videos came and went.
 *
 * A video may be listed several times: whole, in part, encoded again. Such copies are no
 * others, or the videos that are reported most would never match.
 */

import type { ListState } from '../../blocklist/list-state.js';
import { type BlocklistEntry, listOf } from '../../entry.js';
import { bytesOf, differingBits, type Hash, hashToHex, newHash } from '../../hash.js';
import { hitsWithin } from '../search.js';

/** Up to this distance, two frames are the same. */
export const FRAME_DISTANCE = 31;
/** So many other videos make a frame a shared one. */
const OTHERS = 2;
/** This part of the frames of either makes two videos copies. */
const COPY = 0.8;
/** Frames of a video that are compared with all of another. */
const COMPARED = 64;
/** The most videos and frames that are kept in mind: some 50 MB. */
const MOST_VIDEOS = 1000;
const MOST_FRAMES = 100_000;
/** The most listed frames near one frame that are looked at. */
const MOST_NEAR = 4096;

const PDQ = { algorithm: 'pdq', bits: 256 } as const;

/** A frame of a listed video. */
export interface ListedFrame {
  readonly entry: BlocklistEntry;
  readonly seconds: number;
}

/** Answers about a list's videos. They are dropped with the list's state, or when they are many. */
interface Known {
  readonly frames: Map<string, readonly ListedFrame[]>;
  /** by two groups */
  readonly copies: Map<string, boolean>;
  /** by group and hash */
  readonly shared: Map<string, boolean>;
}

const known = /* @__PURE__ */ new WeakMap<ListState, Known>();

function knownOf(state: ListState): Known {
  const there = known.get(state);
  const isLarge = there && (there.frames.size > MOST_VIDEOS || there.shared.size > MOST_FRAMES);
  if (there && !isLarge) return there;
  const none: Known = { frames: new Map(), copies: new Map(), shared: new Map() };
  known.set(state, none);
  return none;
}

/** The frames of a video on all lists that are enabled, in order of time, each once. */
export function framesOf(state: ListState, group: string): readonly ListedFrame[] {
  const { frames } = knownOf(state);
  const there = frames.get(group);
  if (there) return there;
  const kind = state.of(PDQ);
  const once = new Map<string, ListedFrame>();
  for (const number of kind.ofGroup(newHash('pdq', bytesOf(group)))) {
    const entry = kind.entryAt(number);
    const { seconds } = entry;
    if (seconds === undefined || !state.lists.isEnabled(listOf(entry))) continue;
    once.set(`${seconds} ${hashToHex(entry.hash)}`, { entry, seconds });
  }
  const all = [...once.values()].sort((a, b) => a.seconds - b.seconds);
  frames.set(group, all);
  return all;
}

/** True if an entry is a frame of a video that frames of two other listed videos are near. */
export function isSharedFrame(state: ListState, { hash, seconds, group }: BlocklistEntry): boolean {
  if (seconds === undefined || group === undefined) return false;
  const { shared } = knownOf(state);
  const key = `${group} ${hashToHex(hash)}`;
  const there = shared.get(key);
  if (there !== undefined) return there;
  const is = hasOthers(state, hash, group);
  shared.set(key, is);
  return is;
}

function hasOthers(state: ListState, hash: Hash, group: string): boolean {
  const kind = state.of(PDQ);
  const near = hitsWithin(kind, hash, FRAME_DISTANCE);
  const asked = new Set([group]);
  let others = 0;
  for (let i = 0; i < Math.min(near.length, 2 * MOST_NEAR); i += 2) {
    const entry = kind.entryAt(near[i]!);
    const { group: other, seconds } = entry;
    if (seconds === undefined || other === undefined || asked.has(other)) continue;
    if (!state.lists.isEnabled(listOf(entry))) continue;
    asked.add(other);
    if (!areCopies(state, group, other) && ++others === OTHERS) return true;
  }
  return false;
}

/** True if nearly all frames of one of two videos are near frames of the other. */
function areCopies(state: ListState, a: string, b: string): boolean {
  const { copies } = knownOf(state);
  const key = a < b ? `${a} ${b}` : `${b} ${a}`;
  const there = copies.get(key);
  if (there !== undefined) return there;
  const [ofA, ofB] = [framesOf(state, a), framesOf(state, b)];
  const are = Math.max(shareIn(ofA, ofB), shareIn(ofB, ofA)) >= COPY;
  copies.set(key, are);
  return are;
}

/** The part of the frames of one video that are near frames of another. */
function shareIn(frames: readonly ListedFrame[], others: readonly ListedFrame[]): number {
  const step = Math.max(1, frames.length / COMPARED);
  let compared = 0;
  let near = 0;
  for (let at = 0; at < frames.length; at += step) {
    const { hash } = frames[Math.floor(at)]!.entry;
    compared++;
    const isNear = ({ entry }: ListedFrame) => differingBits(hash, entry.hash) <= FRAME_DISTANCE;
    if (others.some(isNear)) near++;
  }
  return compared === 0 ? 0 : near / compared;
}
