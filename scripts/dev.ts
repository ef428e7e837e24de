/**
 * Serves while you edit: builds, starts, and does both again whenever a source changes. A build that fails leaves the
 * last good service running, so a half-typed line costs nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const watched = ['src', 'messages'].filter(existsSync)
const settling = 150

let service: ChildProcess | undefined
let wanted = true
let working = false

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((settle) => {
    child.once('exit', () => settle())
    child.kill('SIGINT')
  })
}

function build(): Promise<boolean> {
  const child = spawn('vite', ['build', '--app', '--logLevel=warn'], { stdio: 'inherit' })
  return new Promise((settle) => child.once('exit', (code) => settle(code === 0)))
}

async function buildAndRestart(): Promise<void> {
  if (working) return
  working = true
  while (wanted) {
    await wait(settling)
    wanted = false
    if (!(await build()) || wanted) continue
    if (service !== undefined) await end(service)
    service = spawn('node', ['--enable-source-maps', 'dist/server/main.js'], { stdio: 'inherit' })
  }
  working = false
}

for (const folder of watched) {
  watch(folder, { recursive: true }, (_event, file) => {
    if (file !== null && /\.test\.tsx?$/.test(file)) return
    wanted = true
    void buildAndRestart()
  })
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    if (service !== undefined) await end(service)
    process.exit(0)
  })
}

await buildAndRestart()
