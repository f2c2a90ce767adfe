import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'services',
          include: [
            '{services/*,local,testing,migrations,migrations/backups}/test/**/*.test.ts',
            '{loadgen,loadgen/bench,monitoring,k8s/tools,exercises,sre}/test/**/*.test.ts',
          ],
          globalSetup: 'testing/src/servers.ts',
          // tests wait for processes most of the time, so two files fit two processors
          maxWorkers: Math.max(2, availableParallelism() - 1),
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
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          // needs Spin and a C compiler
          name: 'model',
          include: ['e2e/model/**/*.test.ts'],
          // each search computes on one processor, and takes up to a gigabyte
          maxConcurrency: 2,
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'compose',
          include: ['e2e/compose/**/*.test.ts', 'e2e/test/{contract,failures}.test.ts'],
          globalSetup: 'e2e/src/images.ts',
          env: { QUICKTICKET_E2E: 'compose' },
          // every file starts containers of its own
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'labs',
          include: ['e2e/labs/**/*.test.ts'],
          // every page runs the one Compose project, on the ports that it shows
          fileParallelism: false,
          // the first build
          testTimeout: 960_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'monitoring',
          include: ['e2e/monitoring/**/*.test.ts'],
          globalSetup: 'e2e/src/images.ts',
          fileParallelism: false,
          // faults one after the other, each until its alerts have resolved
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          // npm run test:cluster starts it, a part at a time
          name: 'cluster',
          include: ['e2e/cluster/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 600_000,
        },
      },
    ],
    coverage: {
      include: [
        'services/*/src/**/*.ts',
        'local/src/**/*.ts',
        'migrations/src/**/*.ts',
        'migrations/backups/src/**/*.ts',
      ],
      exclude: ['**/server.ts'],
    },
  },
})
