// What a long run tells in the end: what was done and measured, what clients asked and were told, and every fault.

import type { Tally } from './nemeses.ts'
import type { Report } from './run.ts'

export interface Chapter {
  title: string
  tally: Tally
  report: Report
}

/** Writes one chapter as tables in Markdown. */
export function writeChapter({ title, tally, report }: Chapter): string {
  const disturbances = [...tally.done].map(([what, times]) => [what, String(times)])
  const outcomes = [...report.outcomes].map(([what, { ok, fail, unknown }]) => [
    what,
    ...[ok, fail, unknown].map(String),
  ])
  return [
    `## ${title}`,
    table(['what happened', 'times'], disturbances),
    ...measured(
      'ready again after a kill',
      tally.starts.map(({ took }) => took),
    ),
    ...measured(
      'the same without the time in which others had the cores',
      tally.starts.map(({ took, waited }) => took - waited),
    ),
    ...measured('ready again after a restart of the database', tally.recoveries),
    `sign-ins finished at another process than they began at: ${report.ways.carriedOver}; after that had been killed or stopped: ${report.ways.outlived}`,
    table(['what was asked', 'done', 'refused', 'nobody knows'], outcomes),
    ...report.faults.map((fault) => `- ${fault}`),
  ].join('\n\n')
}

function measured(what: string, times: readonly number[]): string[] {
  if (times.length === 0) return []
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  return [`${what}, in milliseconds: half within ${at(0.5)}, 99 of 100 within ${at(0.99)}, all within ${at(1)}`]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
