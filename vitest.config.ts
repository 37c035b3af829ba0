import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests of the browser's side that need no browser. */
const WITHOUT_ENGINE = [
  'test/browser/{decode/{decode-png,load-decoder},worker/{reply,workers}}.test.ts',
  'test/page/{copies-message,language,outline}.test.ts',
];

/**
 * The slow tests, which `npm run test:library` leaves out and `npm test` runs: they start real
 * programs, or try every step of many failures.
 */
const SLOW = [
  'test/{answers,atomic}.test.ts',
  'test/project/{examples,installed,package,readme,runtimes,site}.test.ts',
  'test/bench/{tour,uploads/run,hash/pdq-band,robustness/recall}.test.ts',
  'test/cli/**/*.test.ts',
  'test/server/{hostile-serve,soak/soak}.test.ts',
];

/**
 * Tests of rooms that keep no state between calls: a process runs many of their files, which would
 * take a third of a second each to start their own. Not those with servers or other globals.
 */
const CORE = [
  'test/{formats,indexing,bundle,text,variants,matching}/**/*.test.ts',
  'test/{kernels/*/!(simd),hashing/!(scratch)}.test.ts',
  'test/services/**/!(client|remote-matchers|service-connection).test.ts',
  'test/bench/robustness/**/*.test.ts',
  'test/picture/!(pool|waiting).test.ts',
];

/** Spares the many tests of embedded stores the seconds in which a database is initialized. */
const PREPARED_PGLITE = fileURLToPath(
  new URL('test/store/sql/prepared-pglite.ts', import.meta.url),
);

/** As `examples/` name it. */
const SERVER_SOURCE = fileURLToPath(new URL('src/server/index.ts', import.meta.url));

/**
 * Tests of stores and of the service, which load the same large packages: a process runs many of
 * their files, too, but none of CORE, as the code of all WebAssembly is not optimized here.
 */
const SERVER = ['test/{store,server}/**/*.test.ts'];

const common = {
  setupFiles: ['test/seed.ts'],
  expect: { requireAssertions: true },
  alias: { '@electric-sql/pglite': PREPARED_PGLITE, 'onlyhashes/server': SERVER_SOURCE },
};

/**
 * Three files for two cores: many wait for a time-out, a browser or another program. By default one
 * core is left to vitest itself, which is half of two.
 */
const WORKERS = Math.ceil(1.5 * availableParallelism());

/** It ends what hangs. Of three files on two cores, a test that computes for 5 s took 21 s once. */
const SECONDS_OF_A_TEST = 60;

/** For work that takes its time on two busy cores. */
const patient = { ...common, testTimeout: 120_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'core',
          testTimeout: 1000 * SECONDS_OF_A_TEST,
          hookTimeout: 60_000,
          include: CORE,
          exclude: SLOW,
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'service',
          testTimeout: 1000 * SECONDS_OF_A_TEST,
          hookTimeout: 60_000,
          include: SERVER,
          exclude: SLOW,
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'library',
          testTimeout: 1000 * SECONDS_OF_A_TEST,
          hookTimeout: 60_000,
          include: ['test/!(browser|page|shown)/**/*.test.ts', 'test/*.test.ts', ...WITHOUT_ENGINE],
          exclude: [...CORE, ...SERVER, ...SLOW],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...patient,
          name: 'slow',
          include: SLOW,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real browsers, beside the other tests: they wait as much as they compute. The files that a
        // worker runs share its engines.
        test: {
          ...patient,
          name: 'engines',
          include: ['test/{browser,page,shown}/**/*.test.ts'],
          exclude: WITHOUT_ENGINE,
          globalSetup: 'test/browser/engines/engines-not-run.ts',
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
});
