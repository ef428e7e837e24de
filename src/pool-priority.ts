// How the process shares its cores between what computes hashes and what answers requests. Hashes take every core that they
// get; were the two equal, a request that needs no hash would wait for the cores behind those that do.

import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** So many steps give a third of the usual share where somebody else wants the core, and all of it where nobody does. */
const stepBack = 5
const last = 19

/**
 * Lets the threads that hash step back behind the event loop and, where it runs on the same machine, the database. Only Linux
 * gives threads a priority of their own; elsewhere, and where it may not be changed, everything stays as it is.
 */
export function letHashesStepBack(): void {
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim()
      if (name === 'libuv-worker') setPriority(Number(thread), Math.min(last, getPriority(Number(thread)) + stepBack))
    }
  } catch {
    // Slower for some while others hash, and right all the same.
  }
}
