import { fileURLToPath } from 'node:url';
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
  'test/{answers,atomic,examples,package,readme,site}.test.ts',
  'test/{bench/{tour,uploads-run},hashing/pdq-band,variants/recall}.test.ts',
  'test/cli/*.test.ts',
  'test/service/{hostile-serve,soak}.test.ts',
];

/**
 * Tests of rooms that keep no state between calls: a process runs many of their files, which would
 * take a third of a second each to start their own. Not those with servers or other globals.
 */
const CORE = [
  'test/{formats,indexing,submission,variants,matching}/**/*.test.ts',
  'test/{kernels/!(simd),hashing/!(scratch)}.test.ts',
  'test/exchange/!(*-client|remote-matchers|service-connection).test.ts',
];

const common = { setupFiles: ['test/seed.ts'], expect: { requireAssertions: true } };

/** Spares the many tests of embedded stores the seconds in which a database is initialized. */
const PREPARED_PGLITE = fileURLToPath(new URL('test/store/prepared-pglite.ts', import.meta.url));

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
          name: 'core',
          testTimeout: 10_000,
          hookTimeout: 60_000,
          include: CORE,
          exclude: SLOW,
          isolate: false,
          maxWorkers: ALL_CORES,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'library',
          testTimeout: 10_000,
          hookTimeout: 60_000,
          include: ['test/!(browser|demo)/**/*.test.ts', 'test/*.test.ts', ...WITHOUT_ENGINE],
          exclude: [...CORE, ...SLOW],
          maxWorkers: ALL_CORES,
          sequence: { groupOrder: 0 },
          alias: { '@electric-sql/pglite': PREPARED_PGLITE },
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
        // Real browsers, beside the other tests: they wait as much as they compute. The files that a
        // worker runs share its engines.
        test: {
          ...patient,
          name: 'engines',
          include: ['test/{browser,demo}/**/*.test.ts'],
          exclude: WITHOUT_ENGINE,
          globalSetup: 'test/browser/engines-not-run.ts',
          isolate: false,
          maxWorkers: ALL_CORES,
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
});
