import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
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
  'test/answers/*.test.ts',
  'test/atomic.test.ts',
  'test/docs/api.test.ts',
  'test/project/{examples,installed,package,readme,runtimes,service-page,site}.test.ts',
  'test/bench/{packed,tour,uploads/run,hash/pdq-band,robustness/recall}.test.ts',
  'test/cli/**/*.test.ts',
  'test/server/{hostile-serve,soak/soak}.test.ts',
];

/**
 * Tests that only the deep run has, each with the files it is of. With `SINCE`, a commit, a run has
 * those of files that changed after it; a run of named files has them all.
 */
const DEEP: readonly [tests: string, of: RegExp][] = [
  [
    'test/browser/pictures.test.ts',
    /^(docs\/(making|pictures)|src\/node\/report|test\/browser\/pictures)/,
  ],
  ['test/bench/**/*.test.ts', /^(bench|docs\/making|test\/bench)\//],
  ['test/project/installed.test.ts', /^(package|test\/project\/(installed|package))/],
  ['test/project/runtimes.test.ts', /^test\/(runtimes\/|project\/runtimes)/],
  ['test/shown/**/*.test.ts', /^test\/shown\//],
];

/** True if the command line names files. */
const NAMES_FILES = process.argv.some((argument) => argument.startsWith('test/'));

/** The tests that a run leaves out. */
function leftOut(mode: string): string[] {
  if (mode === 'deep' || NAMES_FILES) return [];
  const { SINCE } = process.env;
  const changed = SINCE
    ? execFileSync('git', ['diff', '--name-only', SINCE], { encoding: 'utf8' }).split('\n')
    : [];
  return DEEP.filter(([, of]) => !changed.some((path) => of.test(path))).map(([tests]) => tests);
}

/** The deep run tries all of every property, from another seed each time. */
function deepEnvironment(): Record<string, string> {
  const { SEED = String(randomInt(2 ** 31)) } = process.env;
  console.log(`SEED=${SEED}`);
  return { DEPTH: '1', LIST_CASES: 'all', ANSWERS: 'all', SEED };
}

/**
 * Tests of rooms that keep no state between calls: a process runs many of their files, which would
 * take a third of a second each to start their own. Not those with servers or other globals.
 */
const CORE = [
  'test/{formats,indexing,bundle,text,variants,matching}/**/*.test.ts',
  'test/kernels/*/!(simd|arena|concurrent|without-simd).test.ts',
  'test/hashing/!(scratch).test.ts',
  'test/services/**/!(client|remote-matchers|service-connection|videos).test.ts',
  'test/bench/robustness/**/*.test.ts',
  'test/picture/!(pool|waiting).test.ts',
];

/** Spares the many tests of embedded stores the seconds in which a database is initialized. */
const PREPARED_PGLITE = fileURLToPath(
  new URL('test/store/sql/prepared-pglite.ts', import.meta.url),
);

/** What all files of a project share. */
const ONE_SERVER = 'test/store/sql/one-server.ts';
const ONE_TARBALL = 'test/project/one-tarball.ts';

/** As `examples/` name it. */
const SERVER_SOURCE = fileURLToPath(new URL('src/server/index.ts', import.meta.url));

/**
 * Tests of stores and of the service, which load the same large packages: a process runs many of
 * their files, too, but none of CORE, as the code of all WebAssembly is not optimized here.
 */
const SERVER = ['test/{store,server}/**/*.test.ts'];

/**
 * Three files for two cores: many wait for a time-out, a browser or another program. By default one
 * core is left to vitest itself, which is half of two.
 */
const WORKERS = Math.ceil(1.5 * availableParallelism());

/**
 * Milliseconds of a test or a hook, for what hangs: no test is judged by it on a machine that has
 * other work. A deep run, or one of named files, may have sizes that take hours.
 */
const LIMIT = 600_000;
const DEEP_LIMIT = 4 * 3_600_000;

export default defineConfig(({ mode }) => {
  const deep = leftOut(mode);
  const limit = mode === 'deep' || NAMES_FILES ? DEEP_LIMIT : LIMIT;
  const common = {
    setupFiles: ['test/seed.ts'],
    expect: { requireAssertions: true, poll: { timeout: LIMIT / 5 } },
    alias: { '@electric-sql/pglite': PREPARED_PGLITE, 'onlyhashes/server': SERVER_SOURCE },
    env: mode === 'deep' ? deepEnvironment() : {},
    testTimeout: limit,
    hookTimeout: limit,
    maxWorkers: WORKERS,
    sequence: { groupOrder: 0 },
  };
  const projects = {
    core: { ...common, include: CORE, exclude: [...SLOW, ...deep], isolate: false },
    service: {
      ...common,
      include: SERVER,
      exclude: SLOW,
      globalSetup: ONE_SERVER,
      isolate: false,
    },
    library: {
      ...common,
      include: ['test/!(browser|page|shown)/**/*.test.ts', 'test/*.test.ts', ...WITHOUT_ENGINE],
      exclude: [...CORE, ...SERVER, ...SLOW, ...deep],
    },
    slow: {
      ...common,
      include: SLOW,
      exclude: deep,
      globalSetup: [ONE_SERVER, ONE_TARBALL],
    },
    // Real browsers, beside the other tests: they wait as much as they compute. The files that a
    // worker runs share its engines.
    engines: {
      ...common,
      include: ['test/{browser,page,shown}/**/*.test.ts'],
      exclude: [...WITHOUT_ENGINE, ...deep],
      globalSetup: ['test/browser/engines/engines-not-run.ts', ONE_TARBALL],
      isolate: false,
    },
  };
  return {
    test: {
      projects: Object.entries(projects).map(([name, test]) => ({ test: { name, ...test } })),
    },
  };
});
