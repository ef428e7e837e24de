/** How the unit, journey and abuse tests run. It shares nothing with the build: bundling for every test would be slow. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    include: [
      '{src,bench}/**/*.test.{ts,tsx}',
      'test/{journeys,abuse,crash}/**/*.test.{ts,tsx}',
      'test/*.test.{ts,tsx}',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'threads',
    maxWorkers: 2,
    // For machines that have other things to do as well: no test is about its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: !process.env.CI,
    unstubEnvs: true,
    restoreMocks: true,
  },
})
