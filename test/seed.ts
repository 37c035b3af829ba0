import fc from 'fast-check';

/**
 * Vitest runs this file before each test file. The seed applies to every property, so two runs try
 * the same examples; the deep run takes and prints another one, which `SEED` repeats.
 */
export const SEED = Number(process.env.SEED ?? 20_261_126);

/** Share of each property's full size that is tried; the deep run tries all of it. */
const DEPTH = Number(process.env.DEPTH ?? 0.25);

/** Size of a property whose full size is `full`. */
export const runs = (full: number): number => Math.max(1, Math.ceil(full * DEPTH));

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED, numRuns: runs(100) });

/** True for the deep run, which has every case of what otherwise has some. */
export const isDeep: boolean = DEPTH >= 1;
