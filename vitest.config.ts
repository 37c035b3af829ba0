import { defineConfig } from 'vitest/config';

/** Tests of the browser's side that need no browser. */
const WITHOUT_ENGINE = [
  'test/browser/{decode-png,load-decoder,reply,workers}.test.ts',
  'test/demo/{copies-message,language,outline}.test.ts',
];

/**
 * The slow tests, which `npm run test:library` leaves out and `npm test` runs: they start real
 * programs, or try every step of many failures.
 */
const SLOW = [
  'test/{answers,atomic,package,readme}.test.ts',
  'test/{bench/{tour,uploads-run},hashing/pdq-band,variants/recall}.test.ts',
  'test/cli/*.test.ts',
  'test/service/{hostile-serve,soak}.test.ts',
];

const common = { setupFiles: ['test/seed.ts'], expect: { requireAssertions: true } };

/** By default one core is left to vitest itself, which is half of two. */
const ALL_CORES = '100%';

/** For work that takes its time on two busy cores. */
const patient = { ...common, testTimeout: 120_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'library',
          testTimeout: 10_000,
          hookTimeout: 60_000,
          include: ['test/!(browser|demo)/**/*.test.ts', 'test/*.test.ts', ...WITHOUT_ENGINE],
          exclude: SLOW,
          maxWorkers: ALL_CORES,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...patient,
          name: 'slow',
          include: SLOW,
          maxWorkers: ALL_CORES,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real browsers, one file at a time: two engines at once starve each other on two cores.
        test: {
          ...patient,
          name: 'engines',
          include: ['test/{browser,demo}/**/*.test.ts'],
          exclude: WITHOUT_ENGINE,
          globalSetup: 'test/browser/engines-not-run.ts',
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
