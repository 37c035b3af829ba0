import { cpus } from 'node:os';

/** How even and how free a machine is, by a short job that is always the same. */
export interface Calibration {
  /** the job's 90th percentile of time / its fastest time; 1 on a quiet machine */
  readonly spread: number;
  /** of all cores, the share that other processes had meanwhile */
  readonly others: number;
}

/** Clocks, in milliseconds. */
export interface Clocks {
  now(): number;
  /** time of this process on all cores */
  own(): number;
  /** time that all cores were busy, and how many there are */
  all(): { readonly busy: number; readonly cores: number };
}

const CLOCKS: Clocks = {
  now: () => performance.now(),
  own() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  all() {
    const cores = cpus();
    const busy = cores.reduce((sum, { times }) => sum + times.user + times.nice + times.sys, 0);
    return { busy, cores: cores.length };
  },
};

/** Long enough beside the ticks of 10 ms in which systems count the time of cores. */
const MILLISECONDS = 600;
const MOST_SPREAD = 1.25;
const MOST_OTHERS = 0.1;

/**
 * Runs the job again and again. The load average would not do: the build that comes before a
 * benchmark is in it for minutes.
 */
export function calibrate(clocks: Clocks = CLOCKS): Calibration {
  const times: number[] = [];
  const start = clocks.now();
  const [own, all] = [clocks.own(), clocks.all()];
  let last = start;
  // Not by a number of runs, since a machine may be slow.
  while (last - start < MILLISECONDS) {
    job();
    const now = clocks.now();
    times.push(now - last);
    last = now;
  }
  const { busy, cores } = clocks.all();
  const foreign = busy - all.busy - (clocks.own() - own);
  // The first runs are slower: the engine has not compiled the job.
  const warm = times.slice(Math.floor(times.length / 4)).sort((a, b) => a - b);
  return {
    spread: warm[Math.floor(0.9 * warm.length)]! / warm[0]!,
    others: Math.max(0, foreign / cores / (last - start)),
  };
}

let state = 1;

function job(): void {
  let x = state;
  for (let i = 0; i < 400_000; i++) {
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + i;
  }
  state = x | 1;
}

export const BUSY = 'this machine is busy: do not quote these figures';

/** Whether a machine was so uneven or so little free that its times say nothing. */
export const isBusy = (calibrations: readonly Calibration[]): boolean =>
  calibrations.some(({ spread, others }) => spread > MOST_SPREAD || others > MOST_OTHERS);
