/**
 * `npm run test:mutation [PART…]`: changes the code of each part a little, many times over, and counts how often a test
 * notices. Ends with 1 when a part stays below its aim. Takes hours for all parts; the tests run on SQLite only.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parts } from './parts.ts'

/** In per cent of those that were tried. */
const aim = 90

const root = join(import.meta.dirname, '..')
const results = join(root, 'test-results/mutation')

interface Report {
  files: Record<string, { mutants: { status: string }[] }>
}

function run(program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): number {
  const { status } = spawnSync(program, words, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  })
  return status ?? 1
}

function install(): void {
  const folder = join(root, 'mutation')
  if (existsSync(join(folder, 'node_modules/.package-lock.json'))) return
  console.log('Installing what mutation testing needs …')
  if (run('npm', ['ci', '--prefix', folder, '--legacy-peer-deps']) !== 0) process.exit(1)
}

function tryPart(name: string): { tried: number; noticed: number; ended: boolean } {
  const { mutate = [] } = parts[name] ?? {}
  const file = join(results, `${name}.json`)
  const words = ['run', 'mutation/stryker.config.js', '--mutate', [...mutate, '!**/*.test.ts'].join(',')]
  const code = run(process.execPath, [join(root, 'mutation/node_modules/.bin/stryker'), ...words], {
    MUTATION_PART: name,
    MUTATION_RESULTS: file,
    DIALECTS: 'sqlite',
  })
  if (code !== 0) return { tried: 0, noticed: 0, ended: false }
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  const states = Object.values(report.files).flatMap(({ mutants }) => mutants.map(({ status }) => status))
  const count = (...wanted: string[]) => states.filter((status) => wanted.includes(status)).length
  const noticed = count('Killed', 'Timeout')
  return { tried: noticed + count('Survived', 'NoCoverage'), noticed, ended: true }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in parts))
if (unknown.length > 0) {
  console.error(`There is no part "${unknown[0]}". There are: ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}
install()
mkdirSync(results, { recursive: true })
const outcomes = (wanted.length > 0 ? wanted : Object.keys(parts)).map((name) => ({ name, ...tryPart(name) }))
console.log('\nNoticed, of the changes tried:')
for (const { name, tried, noticed, ended } of outcomes)
  console.log(
    `  ${name}: ${ended ? `${noticed} of ${tried} (${((100 * noticed) / tried).toFixed(1)} %)` : 'did not end'}`,
  )
process.exitCode = outcomes.every(({ tried, noticed, ended }) => ended && noticed * 100 >= tried * aim) ? 0 : 1
