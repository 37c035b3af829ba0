import { defineConfig } from 'vitest/config';

const limits = { testTimeout: 120_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...limits,
          name: 'library',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{browser,demo}/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real browsers, one file at a time: two engines at once starve each other on two cores.
        test: {
          ...limits,
          name: 'engines',
          include: ['test/{browser,demo}/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
