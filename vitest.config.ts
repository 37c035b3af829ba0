import { defineConfig } from 'vitest/config';

/** Tests of the browser's side that need no browser. */
const WITHOUT_ENGINE = [
  'test/browser/{decode-png,hash-worker,missing-decoder,pools,reply,worker-pool}.test.ts',
  'test/demo/{copies-message,language,outline}.test.ts',
];

const limits = {
  testTimeout: 120_000,
  hookTimeout: 240_000,
  setupFiles: ['test/seed.ts'],
  expect: { requireAssertions: true },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...limits,
          name: 'library',
          include: ['test/!(browser|demo)/**/*.test.ts', 'test/*.test.ts', ...WITHOUT_ENGINE],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real browsers, one file at a time: two engines at once starve each other on two cores.
        test: {
          ...limits,
          name: 'engines',
          include: ['test/{browser,demo}/**/*.test.ts'],
          exclude: WITHOUT_ENGINE,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
