/** How mutants are made and tried. Which, and on which tests, is in `parts.ts`. */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Each is about what a busy machine needs, and only ends what would never end.
  timeoutMS: 30_000,
  dryRunTimeoutMinutes: 30,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { logTests: false },
  jsonReporter: { fileName: process.env.MUTATION_RESULTS },
  tempDirName: 'test-results/mutants',
  // There is nothing in ours to be rewritten, and the compiler that it would be read with offers no way to.
  tsconfigFile: 'none',
  ignorePatterns: ['dist', 'docs', 'bench', 'mutation/node_modules', 'test-results'],
}
