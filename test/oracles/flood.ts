import { naiveDistance } from './hamming.js';

/** A flood guard in words: every match is kept for ever, and all is counted anew each time. */
export class NaiveFloodGuard {
  readonly #matches: { entry: string; upload: Uint8Array; at: number }[] = [];
  readonly #flooded = new Set<string>();
  /** the entry of each alarm */
  readonly alarms: string[] = [];
  readonly #most: number;
  readonly #window: number;
  readonly #limit: number;

  constructor(most: number, window: number, limit: number) {
    this.#most = most;
    this.#window = window;
    this.#limit = limit;
  }

  /** The flooded entries, in order. */
  get flooded(): string[] {
    return [...this.#flooded].sort();
  }

  count(entry: string, upload: Uint8Array, at: number): boolean {
    if (this.#flooded.has(entry)) return true;
    this.#matches.push({ entry, upload, at });
    const isFlooded = this.#distinct(entry, at) > this.#most;
    if (isFlooded) {
      this.#flooded.add(entry);
      this.alarms.push(entry);
    }
    return isFlooded;
  }

  lift(entry: string): void {
    if (!this.#flooded.delete(entry)) return;
    const others = this.#matches.filter((match) => match.entry !== entry);
    this.#matches.splice(0, Number.POSITIVE_INFINITY, ...others);
  }

  /** The uploads that are far from each other, in order, each with its copies. */
  #distinct(entry: string, now: number): number {
    let clusters: { first: Uint8Array; last: number }[] = [];
    for (const match of this.#matches) {
      if (match.entry !== entry) continue;
      clusters = clusters.filter(({ last }) => last >= match.at - this.#window);
      const near = clusters.find(({ first }) => naiveDistance(first, match.upload) <= this.#limit);
      if (near) near.last = match.at;
      else clusters.push({ first: match.upload, last: match.at });
    }
    return clusters.filter(({ last }) => last >= now - this.#window).length;
  }
}
