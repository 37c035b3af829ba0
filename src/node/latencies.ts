/** How long one stage of the pictures took, as a histogram. */
export interface Latencies {
  /** how many pictures */
  readonly count: number;
  /** of all of them together */
  readonly milliseconds: number;
  /** the upper bound of each bucket but the last, in milliseconds: half a millisecond, doubled */
  readonly bounds: readonly number[];
  /** pictures in each bucket: above the bound before it, and at most its own */
  readonly counts: readonly number[];
  /** estimated: half of the pictures took at most so many milliseconds */
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
}

/** 0.5 ms to 65.5 s; what took longer is in a last bucket. */
const BOUNDS: readonly number[] = /* @__PURE__ */ Array.from(
  { length: 18 },
  (_, i) => 2 ** (i - 1),
);

/** Counts latencies in fixed buckets, so that those of several pools can be added. */
export class Histogram {
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #count = 0;
  #milliseconds = 0;

  add(milliseconds: number): void {
    const at = BOUNDS.findIndex((bound) => milliseconds <= bound);
    this.#counts[at < 0 ? BOUNDS.length : at]!++;
    this.#count++;
    this.#milliseconds += milliseconds;
  }

  toLatencies(): Latencies {
    return {
      count: this.#count,
      milliseconds: this.#milliseconds,
      bounds: BOUNDS,
      counts: [...this.#counts],
      median: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
    };
  }

  /** As if those of one bucket lay evenly in it; of the last, its lower bound. */
  #quantile(share: number): number {
    const rank = share * this.#count;
    let below = 0;
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0 && below + count >= rank) {
        const low = at === 0 ? 0 : BOUNDS[at - 1]!;
        const high = BOUNDS[at] ?? low;
        return low + ((high - low) * (rank - below)) / count;
      }
      below += count;
    }
    return 0;
  }
}
