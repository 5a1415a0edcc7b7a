import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // More than there are processors: many tests wait for a timer or a child process.
    maxWorkers: availableParallelism() + 2,
    projects: [
      {
        test: { name: 'unit', include: ['src/**/*.test.{ts,tsx}', 'components/**/*.test.{ts,tsx}'] },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          // One VM and one server at a time: the ports and the cores are shared.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
