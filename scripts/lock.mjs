/**
 * A lock between processes that prepare the same folder: `npm start` and `npm test` may well begin together. Built-ins
 * only, for Node 20, like its caller.
 *
 * Invariant: the lock is held while any process that it names is alive and it has had a heartbeat of late. The heartbeat
 * is for numbers used again: in a container the same few process numbers come back at every start.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const heartbeat = 2_000
const longestSilence = 120_000

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Takes the lock, or tells that another has it. A link is made whole or not at all, so no lock is without its owner. */
function tryToLock(lock) {
  const own = `${lock}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

function clearIfStale(lock) {
  const beat = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
  if (beat === undefined) return
  try {
    const owners = readFileSync(lock, 'utf8').split(' ').map(Number)
    if (owners.some(isAlive) && Date.now() - beat < longestSilence) return
    renameSync(lock, `${lock}.${process.pid}`)
    rmSync(`${lock}.${process.pid}`, { force: true })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** Waits for the lock, keeps it until this process ends, and calls `interrupt` when it is told to end. */
export async function takeLock(lock, interrupt) {
  mkdirSync(dirname(lock), { recursive: true })
  for (let waited = false; !tryToLock(lock); waited = true) {
    if (!waited) console.log('Another process is preparing this folder; waiting for it …')
    clearIfStale(lock)
    await new Promise((go) => setTimeout(go, 250))
  }
  process.on('exit', () => rmSync(lock, { force: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt)
  setInterval(() => utimesSync(lock, new Date(), new Date()), heartbeat).unref()
}

/**
 * Names a child beside this process as an owner: npm may outlive this process when that is killed, and two of it at work
 * would ruin `node_modules`.
 */
export function shareLock(lock, child) {
  writeFileSync(lock, `${process.pid} ${child}`)
}
