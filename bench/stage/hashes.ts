// The ceiling of signing in: how many hashes of the service's own cost these cores can do, in a process that does nothing else.
// Started with the number at once and the seconds; writes what came of it as JSON.

import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createHashing } from '../../src/passwords/hashing.ts'

export interface HashSpeed {
  perSecond: number
  /** Processor time of one. */
  secondsPerHash: number
}

/** Measures it in a process of its own. */
export async function measureHashes(atOnce: number, seconds: number): Promise<HashSpeed> {
  const words = [import.meta.filename, String(atOnce), String(seconds)]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  return JSON.parse(stdout) as HashSpeed
}

async function hashAway(atOnce: number, seconds: number): Promise<HashSpeed> {
  const hashing = createHashing(Date.now, { concurrency: atOnce })
  const stored = await hashing.hashPassword('four words nobody would guess')
  const [used, began] = [process.cpuUsage(), performance.now()]
  let done = 0
  const work = async () => {
    while (performance.now() - began < seconds * 1000) {
      await hashing.verifyPassword(stored, 'four words nobody would guess')
      done += 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const { user, system } = process.cpuUsage(used)
  return {
    perSecond: (done * 1000) / (performance.now() - began),
    secondsPerHash: (user + system) / 1_000_000 / done,
  }
}

if (pathToFileURL(process.argv[1] ?? '').href === import.meta.url) {
  const [atOnce, seconds] = process.argv.slice(2).map(Number)
  process.stdout.write(JSON.stringify(await hashAway(atOnce ?? 1, seconds ?? 1)))
}
