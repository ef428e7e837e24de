/**
 * Runs every kind of check and adds them up. `npm test` runs all; `npm test -- --only vitest,browser` some of them, and
 * any further words go to those that run tests (`npm test -- --only vitest totp`).
 *
 * Invariant: the last line is `N passed, N failed`, and the exit code is 0 only if something passed and nothing failed.
 * A stage that fails without saying which test (a type error, a crash, no tests at all) counts as one failed.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { installDebianPackages, packagesForBrowser, packagesForVitest } from './debian-packages.ts'

type Counts = { passed: number; failed: number; skipped: number }
type Stage = { title: string; command: string[]; packages?: string[]; count?: () => Counts }

type VitestReport = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}
type PlaywrightReport = {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
  errors: unknown[]
}

const reports = 'test-results'
const vitestReport = `${reports}/vitest.json`
const playwrightReport = `${reports}/playwright.json`

function read<Report>(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report
}

function countVitest(): Counts {
  const report = read<VitestReport>(vitestReport)
  // A file that could not even be loaded has failed, though no test in it has.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((it) => it.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function countPlaywright(): Counts {
  const { stats, errors } = read<PlaywrightReport>(playwrightReport)
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped }
}

const vitest = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`]
const lint = ['biome', process.env.CI ? 'ci' : 'check', '--error-on-warnings', '--max-diagnostics=20', '.']
// Colours are for people: in a log they are noise.
if (!process.stdout.isTTY) {
  delete process.env.FORCE_COLOR
  lint.push('--colors=off')
  vitest.push('--no-color')
}
const stages: Record<string, Stage> = {
  types: { title: 'Types', command: ['tsc', '--noEmit'] },
  lint: { title: 'Lint and format', command: lint },
  vitest: { title: 'Unit, journey and abuse tests', command: vitest, packages: packagesForVitest, count: countVitest },
  api: { title: 'The API against its description', command: ['node', 'scripts/check-api.ts'] },
  browser: {
    title: 'Browser tests',
    command: ['playwright', 'test'],
    packages: packagesForBrowser,
    count: countPlaywright,
  },
}

function runStage(stage: Stage, filters: string[]): Counts {
  console.log(`\n── ${stage.title}`)
  const [program = '', ...parameters] = [...stage.command, ...(stage.count === undefined ? [] : filters)]
  const succeeded = spawnSync(program, parameters, { stdio: 'inherit' }).status === 0
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    counts = stage.count?.() ?? counts
  } catch {
    counts.failed = 1
  }
  if (!succeeded && counts.failed === 0) counts.failed = 1
  return counts
}

function readStages(only: string | undefined): string[] {
  const names = only?.split(',') ?? Object.keys(stages)
  const unknown = names.filter((name) => stages[name] === undefined)
  if (unknown.length === 0) return names
  console.error(`There is no stage "${unknown.join('", "')}"; there are: ${Object.keys(stages).join(', ')}.`)
  console.log('0 passed, 1 failed')
  process.exit(1)
}

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true })
const chosen = readStages(values.only)
mkdirSync(reports, { recursive: true })
for (const report of [vitestReport, playwrightReport]) rmSync(report, { force: true })

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
const summary: string[] = []
const packages = chosen.flatMap((name) => stages[name]?.packages ?? [])
if (!installDebianPackages(packages)) total.failed += 1

for (const name of chosen) {
  const stage = stages[name]
  if (stage === undefined) continue
  const began = Date.now()
  const counts = runStage(stage, positionals)
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key]
  const outcome =
    stage.count === undefined
      ? counts.failed > 0
        ? 'failed'
        : 'ok'
      : `${counts.passed} passed, ${counts.failed} failed`
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  summary.push(`  ${stage.title}: ${outcome}${skipped} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
}

console.log(`\n${summary.join('\n')}`)
if (packages.length > 0 && total.passed + total.failed === 0) {
  console.log('No test ran.')
  total.failed = 1
}
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 ? 0 : 1)
