/** One way to do a job, timed against the others. */
export interface Contender {
  readonly name: string;
  /** Does the job once. Its result goes to a sink, so that no engine can optimise the job away. */
  run(): unknown;
  /** operations per `run`; times are given per operation */
  readonly operations?: number;
}

/** The timing of one contender. */
export interface Timing {
  readonly name: string;
  /** median over the rounds, per operation */
  readonly microseconds: number;
  /** the fastest and the slowest round */
  readonly range: readonly [number, number];
  /**
   * median over the rounds of (this contender's time / the first one's); above 1, the first is
   * faster
   */
  readonly ratio: number;
  /** the 95 % interval of `ratio` */
  readonly interval: readonly [low: number, high: number];
}

/** The result of one race. The first timing is ours. */
export interface Race {
  readonly title: string;
  readonly timings: readonly Timing[];
  /** what else was measured or left out, in words */
  readonly notes: readonly string[];
}

export interface RaceOptions {
  rounds?: number;
  /** each sample repeats `run` until it has lasted about this long */
  sampleMilliseconds?: number;
  /**
   * Cuts each sample into at most this many slices, which the contenders take in turn: a slow moment
   * of the machine then slows all of them. All run equally often, so that none gains more from
   * caches its own runs have filled.
   */
  slices?: number;
  /**
   * Makes the contender at this place anew, before every fourth round. Its speed depends on where
   * its memory happens to lie; made once, it would be lucky or unlucky in every round.
   */
  renew?: (at: number) => Contender;
  /**
   * bytes written before each sample or slice to evict the contenders' data from the caches; 0 keeps
   * them warm
   */
  evictBytes?: number;
  notes?: readonly string[];
}

let sink = 0;
/** Uses a value in a way that no optimiser can see through. */
export function feed(value: unknown): void {
  sink = (sink + (typeof value === 'number' ? value : value ? 1 : 0)) | 0;
  if (sink === 0x7fffffff) process.stderr.write('');
}

let evictor = new Uint8Array(0);
function evict(byteLength: number): void {
  if (evictor.length < byteLength) evictor = new Uint8Array(byteLength);
  for (let i = 0; i < byteLength; i += 64) evictor[i]!++;
  feed(evictor[0]);
}

const RENEWED_ROUNDS = 4;

/**
 * Times the contenders side by side in this process. Samples are of about equal length, and the
 * order rotates from round to round, so that a slow moment of the machine affects all of them.
 * Check the answers before you call it.
 * @returns medians, and each contender's time as a multiple of the first one's, taken round by
 *   round
 */
export async function race(
  title: string,
  contenders: readonly Contender[],
  {
    rounds = 11,
    sampleMilliseconds = 30,
    slices,
    renew,
    evictBytes = 0,
    notes = [],
  }: RaceOptions = {},
): Promise<Race> {
  const repeats: number[] = [];
  for (const contender of contenders) {
    // Warm up until the engine has had time to optimise, then count how many runs fill a sample.
    let runs = 0;
    const start = performance.now();
    let last = start;
    let fastest = Number.POSITIVE_INFINITY;
    do {
      feed(await contender.run());
      const now = performance.now();
      fastest = Math.min(fastest, now - last);
      last = now;
      runs++;
    } while (last - start < 4 * sampleMilliseconds && runs < 100_000);
    const cost = runs > 1000 ? (last - start) / runs : fastest;
    repeats.push(Math.max(1, Math.round(sampleMilliseconds / Math.max(cost, 1e-4))));
  }
  const times: number[][] = contenders.map(() => []);
  let parts = 1;
  if (slices !== undefined) {
    const fewest = Math.min(...repeats);
    parts = Math.min(slices, fewest);
    repeats.fill(fewest);
  }
  const current = [...contenders];
  for (let round = 0; round < rounds; round++) {
    if (renew && round > 0 && round % RENEWED_ROUNDS === 0) {
      for (let turn = 0; turn < current.length; turn++) {
        const at = (round / RENEWED_ROUNDS + turn) % current.length;
        current[at] = renew(at);
        feed(await current[at].run());
      }
    }
    const elapsed = contenders.map(() => 0);
    for (let slice = 0; slice < parts; slice++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const at = (round + slice + turn) % contenders.length;
        const contender = current[at]!;
        if (evictBytes > 0) evict(evictBytes);
        const count = Math.round(repeats[at]! / parts);
        const start = performance.now();
        for (let i = 0; i < count; i++) {
          const result = contender.run();
          feed(result instanceof Promise ? await result : result);
        }
        elapsed[at]! += (performance.now() - start) / count / parts;
      }
    }
    for (const [at, { operations = 1 }] of contenders.entries()) {
      times[at]!.push((1000 * elapsed[at]!) / operations);
    }
  }
  return {
    title,
    notes,
    timings: contenders.map(({ name }, at) => timingOf(name, times[at]!, times[0]!)),
  };
}

/** Places 0 to `count` - 1, once each round. The order rotates from round to round. */
export function* turns(rounds: number, count: number): Generator<{ round: number; at: number }> {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < count; turn++) yield { round, at: (round + turn) % count };
  }
}

/** The timing of a contender, from its times and the first one's, in microseconds, round by round. */
export function timingOf(name: string, times: readonly number[], first: readonly number[]): Timing {
  const ratios = times.map((time, round) => time / first[round]!);
  return {
    name,
    microseconds: median(times),
    range: [Math.min(...times), Math.max(...times)],
    ratio: median(ratios),
    interval: medianInterval(ratios),
  };
}

/**
 * The 95 % interval of the true median, for any distribution: from the k-th value to the k-th last.
 * The chance that fewer than k of n values lie below the median is that of fewer than k heads in n
 * tosses of a coin; k is the largest that keeps it at most 2.5 %. Fewer than six values give no such
 * k; their interval is the whole range.
 */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = Float64Array.from(values).sort();
  const count = sorted.length;
  let k = 0;
  // The chance of exactly k heads, and of at most k.
  let exactly = 0.5 ** count;
  for (let atMost = exactly; atMost <= 0.025; atMost += exactly) {
    k++;
    exactly *= (count - k + 1) / k;
  }
  const at = Math.max(0, k - 1);
  return [sorted[at]!, sorted[count - 1 - at]!];
}

/** The middle value, or the mean of the middle two if the count is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The `q` quantile, 0…1, interpolated between neighbours. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

/** Three significant digits, and no exponent. */
export function digits(value: number): string {
  return String(value >= 1000 ? Math.round(value) : Number(value.toPrecision(3)));
}
