import { type BenchContext, digits } from './harness.js';

/** A figure that must not miss its bound. */
export interface Target {
  readonly name: string;
  readonly measured: number;
  /** in words: `at least 1.8` */
  readonly target: string;
  readonly met: boolean;
}

/** Judges figures as they are measured. */
export interface Targets {
  readonly list: readonly Target[];
  atLeast(name: string, measured: number | undefined, bound: number): void;
  atMost(name: string, measured: number | undefined, bound: number): void;
}

/** Targets that are printed as figures. A figure that was not measured is left out. */
export function targetsOf({ figure }: Pick<BenchContext, 'figure'>): Targets {
  const list: Target[] = [];
  const judge = (name: string, measured: number | undefined, target: string, met: boolean) => {
    if (measured === undefined) return;
    list.push({ name, measured, target, met });
    figure(name, { measured: Number(digits(measured)), target, met });
  };
  return {
    list,
    atLeast: (name, measured, bound) =>
      judge(name, measured, `at least ${bound}`, measured !== undefined && measured >= bound),
    atMost: (name, measured, bound) =>
      judge(name, measured, `at most ${bound}`, measured !== undefined && measured <= bound),
  };
}
