/*
 * Searches the frames of an upload one by one, and gathers which frames of listed videos they are
 * near. Each frame is judged as a still, too: it may show a listed photo, and a frame of a video
 * alone is reason for a review.
 */

import type { BlocklistEntry } from '../../entry.js';
import { listOf } from '../../entry.js';
import type { HashedVariant } from '../../variant.js';
import { PictureExceptions } from '../allow-list.js';
import { Deciding, type Rules } from '../decide.js';
import { type Decision, type DecisionReason, decisionOf, type Match } from '../decision.js';
import { kindRules, limitOf } from '../list-rules.js';
import { type MatchOptions, rulesOf, type SearchableList } from '../match.js';
import { foundIn } from '../search.js';
import { FRAME_DISTANCE, isSharedFrame } from './shared-frames.js';

/** A frame of an upload near a frame of a listed video. */
export interface FrameHit {
  readonly entry: BlocklistEntry;
  readonly listSeconds: number;
  readonly querySeconds: number;
  readonly distance: number;
  readonly variant: HashedVariant;
  /** true if two other listed videos show that frame, too: it then proves nothing */
  readonly isShared: boolean;
}

/** Frames below this quality count on neither side, and make no more than a review. */
export const FRAME_QUALITY = 50;
/** The most entries near a frame that are looked at, the nearest. */
const MOST_NEAR = 1000;

export class FrameHits {
  readonly state: SearchableList['state'];
  /** hits by group, in order of the upload's time */
  readonly byVideo = new Map<string, FrameHit[]>();
  /** variants that were searched */
  searched = 0;
  readonly #list: SearchableList;
  readonly #options: MatchOptions;
  readonly #rules: Rules;
  readonly #stills: Deciding;
  /** variants that came near anything, with their seconds */
  readonly #near: [HashedVariant, number][] = [];
  readonly #changes: number;
  readonly #exceptions: PictureExceptions | undefined;

  /** @throws {TypeError | RangeError} if the list or an option is invalid */
  constructor(list: SearchableList, options: MatchOptions) {
    const rules = rulesOf(list, options);
    this.#list = list;
    this.#options = options;
    this.state = list.state;
    this.#changes = this.#changesNow();
    // A video has so many frames that a farther search would cause wrong reviews.
    const distance = Math.min(rules.distance ?? FRAME_DISTANCE, FRAME_DISTANCE);
    this.#rules = { ...rules, all: true, distance };
    this.#stills = new Deciding(this.state, this.#rules);
    this.#exceptions = rules.allowList && new PictureExceptions(rules.allowList);
  }

  /**
   * Searches a variant of a frame.
   * @throws {TypeError | RangeError} if it is invalid
   */
  take(variant: HashedVariant, querySeconds: number): void {
    this.searched++;
    const searched = this.#stills.widestFor(variant);
    const found = foundIn(this.state, variant, searched);
    if (found.count > 0) {
      this.#near.push([variant, querySeconds]);
      this.#exceptions?.turnTo(variant.hash);
    }
    for (let at = 0; at < Math.min(found.count, MOST_NEAR); at++) {
      const distance = found.distanceAt(at);
      const facts = found.factsAt(at);
      if (facts.seconds === undefined || !found.counts(facts)) continue;
      const quality = Math.min(facts.quality ?? 100, variant.quality ?? 100);
      const listSeconds = facts.seconds;
      const entry = found.entryAt(at);
      if (quality < FRAME_QUALITY || entry.group === undefined) continue;
      if (this.#exceptions?.reasonFor(entry.hash, true) !== undefined) continue;
      const isShared = isSharedFrame(this.state, entry);
      const hits = this.byVideo.get(entry.group) ?? [];
      this.byVideo.set(entry.group, hits);
      hits.push({ entry, listSeconds, querySeconds, distance, variant, isShared });
    }
    this.#stills.take(variant, () => found);
  }

  /** True if the list has changed since: entries that came near may be gone. */
  get isStale(): boolean {
    return this.#changesNow() !== this.#changes;
  }

  #changesNow(): number {
    const { allowList, floodGuard } = this.#options;
    return (
      this.#list.state.generation + (allowList?.generation ?? 0) + (floodGuard?.generation ?? 0)
    );
  }

  /**
   * Searches what came near anything once more, step by step, in the list as it is. Entries that
   * were added since are found only by those variants.
   */
  *renewed(): Generator<void, FrameHits> {
    const fresh = new FrameHits(this.#list, this.#options);
    for (const [variant, seconds] of this.#near) {
      fresh.take(variant, seconds);
      yield;
    }
    return fresh;
  }

  /** The decision about the frames as stills. */
  decision(): Decision {
    return decisionOf({ ...this.#stills.decision(false), generation: this.state.generation });
  }

  /** A hit on the line of a video, by the rules of its list; the reason if it is for review. */
  judged({ entry, distance, variant }: FrameHit): readonly [Match, DecisionReason | undefined] {
    const rules = kindRules(this.state, this.#rules, entry.hash).rulesOf(listOf(entry));
    const limit = limitOf({ confirmed: entry.confirmed }, rules);
    const isFlooded = limit === undefined && this.#rules.isFlooded?.(entry.hash, variant.hash);
    const doubt = isFlooded ? 'flooded' : limit;
    const tier = doubt === undefined ? ('match' as const) : ('review' as const);
    const { ranks: _, parts: __, ...shown } = variant;
    const trust = rules.isListed && { trust: rules.trust };
    return [{ entry, distance, tier, variant: shown, ...trust }, doubt];
  }
}
