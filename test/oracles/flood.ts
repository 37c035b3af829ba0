import { naiveDistance } from './hamming.js';

/** A flood guard in words: every match is kept for ever, and all is counted anew each time. */
export class NaiveFloodGuard {
  readonly #matches: { entry: string; upload: Uint8Array; bytes: Uint8Array; at: number }[] = [];
  readonly #flooded = new Set<string>();
  /** the entry of each alarm */
  readonly alarms: string[] = [];
  readonly #most: number;
  readonly #window: number;
  readonly #limit: number | undefined;

  /** @param limit bits between copies; absent: those of a match distance of 31 are told by bits */
  constructor(most: number, window: number, limit?: number) {
    this.#most = most;
    this.#window = window;
    this.#limit = limit;
  }

  /** The flooded entries, in order. */
  get flooded(): string[] {
    return [...this.#flooded].sort();
  }

  /** @param bytes the entry's, where there is no limit */
  count(entry: string, upload: Uint8Array, at: number, bytes = upload): boolean {
    if (this.#flooded.has(entry)) return true;
    if (this.#limit === undefined && naiveDistance(bytes, upload) <= 7) return false;
    this.#matches.push({ entry, upload, bytes, at });
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
      const near = clusters.find(({ first }) =>
        this.#limit === undefined
          ? areCopies(turnedBits(match.bytes, first), turnedBits(match.bytes, match.upload))
          : naiveDistance(first, match.upload) <= this.#limit,
      );
      if (near) near.last = match.at;
      else clusters.push({ first: match.upload, last: match.at });
    }
    return clusters.filter(({ last }) => last >= now - this.#window).length;
  }
}

/** The numbers of the bits in which two hashes differ. */
function turnedBits(a: Uint8Array, b: Uint8Array): Set<number> {
  const turned = new Set<number>();
  for (let bit = 0; bit < 8 * a.length; bit++) {
    const mask = 128 >> (bit % 8);
    if ((a[bit >> 3]! & mask) !== (b[bit >> 3]! & mask)) turned.add(bit);
  }
  return turned;
}

/** Whether more than a third of the smaller set is in the other. */
function areCopies(a: Set<number>, b: Set<number>): boolean {
  const shared = [...a].filter((bit) => b.has(bit)).length;
  return shared > Math.min(a.size, b.size) / 3;
}
