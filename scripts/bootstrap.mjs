/**
 * Brings this folder up to date before any other npm script runs: installs the packages when the lock has changed and
 * builds when a source has changed. Built-ins only, and nothing newer than Node 20: on a fresh clone the system's own
 * Node runs this, and every later script runs on the Node that the lock pins.
 *
 * Invariant: a stamp (the hash of what was installed or built) exists only while the work it stands for is whole. It is
 * removed before the work begins and written after it has ended, so an interrupted run is repeated, never trusted.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shareLock, takeLock } from './lock.mjs'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const binaries = join(root, 'node_modules/.bin')
const installStamp = join(root, 'node_modules/.installed')
// Here because every build empties this folder first: one made by hand cannot leave our stamp standing.
const buildStamp = join(root, 'dist/client/.built')
const lock = join(root, 'dist/.preparing')
const oldestNode = 24
const installOnly = process.argv.includes('--install-only')

/** Ends the run with one sentence for the person at the terminal; no stack trace would help them. */
function fail(sentence) {
  console.error(`\nCountersign cannot start: ${sentence}`)
  process.exit(1)
}

function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function filesBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return []
  if (!found.isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}

/** Hashes names and contents; times would lie after a checkout or a copy. */
function hashOf(paths, alsoDependsOn = '') {
  const hash = createHash('sha256').update(alsoDependsOn)
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    if (/\.test\.tsx?$/.test(file)) continue
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

const wantedInstall = () => hashOf(['package-lock.json'], `${process.platform} ${process.arch}`)
const wantedBuild = () =>
  hashOf(['src', 'messages', 'vite.config.ts', 'tsconfig.json', 'package.json', 'package-lock.json'])
const mustInstall = () => readOrNull(installStamp) !== wantedInstall()
const mustBuild = () => !installOnly && readOrNull(buildStamp) !== wantedBuild()

let running = null
let interrupted = false

/** Runs a program to its end; resolves to its exit code and what it said on both outputs. */
function run(program, parameters, path) {
  return new Promise((settle) => {
    const environment = { ...process.env, PATH: path }
    const child = spawn(program, parameters, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    if (child.pid !== undefined) shareLock(lock, child.pid)
    running = child
    let said = ''
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text) => {
        said += text
      })
    }
    child.on('error', (error) => settle({ code: 1, said: String(error) }))
    child.on('close', (code) => {
      running = null
      if (interrupted) process.exit(1)
      settle({ code: code ?? 1, said })
    })
  })
}

/** Ends what is running before this process ends, so that nothing goes on writing behind a released lock. */
function interrupt() {
  interrupted = true
  if (running === null) process.exit(1)
  running.kill('SIGTERM')
}

/** Runs one step with a line before and after it, so that half a minute of silence does not look like a hang. */
async function step(announcement, work) {
  const began = Date.now()
  console.log(`${announcement} …`)
  await work()
  console.log(`  done in ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

function whyInstallFailed(said) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(said)) {
    return 'the packages could not be downloaded. Check the network connection (and the proxy settings of npm), then try again.'
  }
  if (/ENOSPC/.test(said)) return 'the disk is full.'
  if (/EACCES|EPERM|EROFS/.test(said)) return `this user may not write to ${root}.`
  if (/EUSAGE/.test(said))
    return 'package.json and package-lock.json do not fit each other. Run "npm run relock" and commit the lock.'
  if (/ENOENT.*npm|spawn npm/.test(said)) return 'npm was not found. Install it together with Node.js.'
  return 'installing the packages failed; what npm said is above.'
}

async function install() {
  rmSync(installStamp, { force: true })
  const stamp = wantedInstall()
  // npm must not run on the Node inside node_modules: it is about to delete it.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'))
  // Named kinds of packages, because NODE_ENV=production would leave out what the build needs.
  const { code, said } = await run(
    'npm',
    ['ci', '--include=dev', '--include=optional', '--loglevel=error'],
    path.join(delimiter),
  )
  if (code !== 0) {
    console.error(said.trim().split('\n').slice(-15).join('\n'))
    fail(whyInstallFailed(said))
  }
  const node = await run('node', ['--version'], `${binaries}${delimiter}${process.env.PATH}`)
  if (node.code !== 0) fail('the Node.js that the packages brought does not run on this system.')
  if (Number.parseInt(node.said.slice(1), 10) < oldestNode) {
    fail(`Node.js ${oldestNode} or later is needed, and this system has ${node.said.trim()}.`)
  }
  writeFileSync(installStamp, stamp)
}

async function build() {
  rmSync(buildStamp, { force: true })
  const stamp = wantedBuild()
  const { code, said } = await run(
    'vite',
    ['build', '--app', '--logLevel=warn'],
    `${binaries}${delimiter}${process.env.PATH}`,
  )
  if (code !== 0) {
    console.error(said.trim())
    fail('the build failed; what it said is above.')
  }
  writeFileSync(buildStamp, stamp)
}

if (mustInstall() || mustBuild()) {
  try {
    await takeLock(lock, interrupt)
    if (mustInstall()) await step('Installing the packages', install)
    if (mustBuild()) await step('Building', build)
  } catch (error) {
    fail(`${error.message}.`)
  }
}
process.exit(0)
