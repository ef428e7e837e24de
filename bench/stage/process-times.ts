// What processes have used, as the kernel counts it: processor time in seconds, also of single threads, and memory.

import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts in hundredths of a second. */
const ticksPerSecond = 100

/** Processor time of a process with all its threads, those that have ended included. */
export function processorTime(pid: number): number {
  return timeIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** Processor time of the threads that hash: Node.js hands that work to the threads of libuv, and little else. */
export function hashingTime(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
    .filter((stat) => /^\d+ \(libuv-worker\)/.test(stat))
    .reduce((sum, stat) => sum + timeIn(stat), 0)
}

/** Processor time of a process and its children, those that have ended included. */
export function familyTime(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return timeIn(stat) + timeIn(stat, 'of children that ended') + children.reduce((sum, child) => sum + timeOf(child), 0)
}

function timeOf(child: string): number {
  try {
    return timeIn(readFileSync(`/proc/${child}/stat`, 'utf8'))
  } catch {
    // It has just ended: then it is counted with its parent.
    return 0
  }
}

function timeIn(stat: string, whose: 'own' | 'of children that ended' = 'own'): number {
  // The name stands in brackets and may hold anything, so fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const first = whose === 'own' ? 11 : 13
  return (Number(fields[first]) + Number(fields[first + 1])) / ticksPerSecond
}

/** Memory that a process has in use at present, in MB. */
export function residentMemory(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}
