import { pdq } from '../../../src/hashing/pdq.js';
import { dctFolded } from '../../../src/kernels/pdq/dct-folded.js';
import {
  type Arena,
  hasKernels,
  inJavaScript,
  leaseArena,
} from '../../../src/kernels/simd/arena.js';
import type { BenchContext } from '../../harness.js';
import { type Race, type RaceOptions, race, type Timing } from '../../race.js';
import { detailedPixels, random } from '../../workloads.js';
import { dct, pdqBytes } from './kernels-naive.js';

/*
 * Each kernel beside its JavaScript and its naive twin, in one process. Another kernel is another
 * row of a table.
 */

type Answer = readonly ArrayLike<number>[];

/** A kernel with its data. */
export interface MadeKernel {
  /** @returns what it wrote, by arrays that the next run overwrites */
  run(): Answer;
  /** takes memory in each run, which is freed after it */
  readonly takes?: true;
  /** The naive twin, from the same data. Absent if the function does more than the kernel. */
  naive?(): Answer;
  /** absolute error of the naive twin; default 0 */
  readonly within?: number;
}

/** A row of a table. */
export interface Kernel {
  readonly name: string;
  /**
   * @param take for arrays: of an arena, which kernels reach, or of plain memory, which they do not
   * @param side about that of the working plane, in pixels
   */
  make(take: Arena['take'], side: number): MadeKernel;
  /** false: called directly, so it has no JavaScript twin */
  readonly hasTwin?: boolean;
}

export interface KernelScale {
  readonly side: number;
  readonly rounds: number;
  readonly sampleMilliseconds: number;
}

export const FULL_KERNELS: KernelScale = { side: 512, rounds: 15, sampleMilliseconds: 20 };

/** PDQ itself, of pixels. */
const pdqOf = (channels: 3 | 4): Kernel => ({
  name: `pdq, 512 x 512 ${channels === 3 ? 'RGB' : 'RGBA'}`,
  make() {
    const pixels = detailedPixels(512, 512, 3, channels);
    return { run: () => [pdq(pixels).hash.bytes], naive: () => [pdqBytes(pixels)] };
  },
});

/** PDQ, and kernels of its short cut. */
export const PDQ_KERNELS: readonly Kernel[] = [
  pdqOf(3),
  pdqOf(4),
  {
    name: 'dctFolded (dctColumns)',
    make(take) {
      const next = random(11);
      const samples = take(Float64Array, 64 * 64).map(() => (next() % 25_500) / 100);
      const [own, folds] = [take(Float64Array, 64 * 64), take(Float64Array, 64 * 64)];
      const [middle, out] = [take(Float64Array, 64 * 16), take(Float64Array, 16 * 16)];
      own.set(samples);
      return {
        run() {
          dctFolded(own, folds, middle, out);
          return [out];
        },
        naive: () => [dct(samples)],
        // The matrix is rounded to float32.
        within: 1e-2,
      };
    },
  },
];

export const NO_SIMD = 'there is no SIMD here: both forms are JavaScript';

/** Races the kernels of a table, and prints all ratios with their intervals. */
export async function raceKernels(
  context: BenchContext,
  title: string,
  kernels: readonly Kernel[],
  { side, ...options }: KernelScale = FULL_KERNELS,
): Promise<void> {
  if (!hasKernels()) context.note(NO_SIMD);
  const races: Race[] = [];
  for (const kernel of kernels) {
    races.push(await raceOf(kernel, side, options));
    context.report(races.at(-1)!);
  }
  const cell = (timing?: Timing) =>
    timing &&
    `${timing.ratio.toFixed(2)} (${timing.interval.map((n) => n.toFixed(2)).join(' - ')})`;
  const rows = races.map(({ title: kernel, timings: [ours, ...others] }) => ({
    kernel,
    us: ours!.microseconds,
    JavaScript: cell(others.find(({ name }) => name === 'JavaScript')),
    naive: cell(others.find(({ name }) => name === 'naive')),
  }));
  context.table(`${title}: us with SIMD, and times that the others take (95 %)`, rows);
}

/** The race of one kernel, if its answers agree. */
async function raceOf(
  { name, make, hasTwin = true }: Kernel,
  side: number,
  options: RaceOptions,
): Promise<Race> {
  const lease = leaseArena();
  try {
    const { arena } = lease;
    const ours = make(arena.take, side);
    const twin = make((kind, length) => new kind(length), side);
    const once = () => (ours.takes ? arena.within(() => copied(ours.run())) : copied(ours.run()));
    const script = () => inJavaScript(twin.run);
    const answer = once();
    if (hasTwin) check(`${name}, JavaScript`, answer, script(), 0);
    if (ours.naive) check(`${name}, naive`, answer, ours.naive(), ours.within ?? 0);
    const contenders = [
      { name, run: ours.takes ? () => arena.within(ours.run).length : () => ours.run().length },
      ...(hasTwin ? [{ name: 'JavaScript', run: () => script().length }] : []),
      ...(ours.naive ? [{ name: 'naive', run: () => ours.naive!().length }] : []),
    ];
    return await race(name, contenders, options);
  } finally {
    lease.giveBack();
  }
}

const copied = (answer: Answer): Answer => answer.map((values) => Float64Array.from(values));

function check(name: string, ours: Answer, others: Answer, within: number): void {
  for (const [at, values] of ours.entries()) {
    const other = others[at]!;
    let wrong = values.length === other.length ? 0 : values.length;
    for (let i = 0; i < values.length; i++) {
      if (!(Math.abs(values[i]! - other[i]!) <= within)) wrong++;
    }
    if (wrong > 0) throw new Error(`${name}: ${wrong} of ${values.length} differ in array ${at}`);
  }
}
