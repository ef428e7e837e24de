// Writes comma-separated values for spreadsheets (RFC 4180). No cell is ever a formula: what a spreadsheet would take for
// the beginning of one gets an apostrophe in front, which it shows as text.

/** What programs for spreadsheets begin to calculate at; the wide forms are the same keys on keyboards for East Asia. */
const formula = /^[\s\p{Cf}]*[=+\-@\t\r＝＋－＠]/u

/** Writes one line. Every cell is quoted, so that commas, quotes and line breaks stay inside. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: string | number | null): string {
  if (cell === null) return '""'
  if (typeof cell === 'number') return `"${cell}"`
  const text = formula.test(cell) ? `'${cell}` : cell
  return `"${text.replaceAll('"', '""')}"`
}
