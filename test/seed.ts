import fc from 'fast-check';

/**
 * Vitest runs this file before each test file. The seed applies to every property without its own,
 * so two runs try the same examples.
 */
export const SEED = 20_261_126;
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
