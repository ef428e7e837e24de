// The table that comes out. A figure stands beside the ceiling that was measured in the same run and the aim it is held to;
// an aim that is missed is said and is no failure.

export interface Figure {
  what: string
  /** On which database; empty where it makes no difference. */
  database: string
  measured: string
  /** What it is compared with, measured in the same run. */
  ceiling: string
  /** How it stands to that. */
  share: string
  aim: string
  met: boolean | null
}

const columns = [
  ['what', 'what'],
  ['database', 'database'],
  ['measured', 'measured'],
  ['ceiling', 'compared with'],
  ['share', 'share'],
  ['aim', 'aim'],
] as const

/** Writes the figures as a table that reads in a terminal and in Markdown alike. */
export function writeTable(figures: readonly Figure[]): string {
  const verdict = (met: boolean | null) => (met === null ? '' : met ? 'yes' : 'no')
  const rows = figures.map((figure) => [...columns.map(([field]) => figure[field]), verdict(figure.met)])
  const heading = [...columns.map(([, name]) => name), 'met']
  const widths = heading.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Writes a number with as many places as it deserves: 12,345, 345, 34.5, 3.45. */
export function number(value: number): string {
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
}

/** Writes a share as a percentage. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

/** Writes milliseconds. */
export function ms(milliseconds: number): string {
  return `${number(milliseconds)} ms`
}
