import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'services',
          include: ['{services/*,migrations}/test/**/*.test.ts'],
          globalSetup: 'services/local/src/test-servers.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/test/**/*.test.ts'],
          // every file starts a system of its own
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: { include: ['services/*/src/**', 'migrations/src/**'], exclude: ['**/server.ts'] },
  },
})
