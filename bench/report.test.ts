import { expect, test } from 'vitest'
import { number, percent, writeTable } from './report.ts'

test('the table says of each aim whether it is met, and of figures without an aim nothing', () => {
  const figure = { what: 'a', database: 'sqlite', measured: '1', ceiling: '2', share: '50 %', aim: '≥ 65 %' }
  const table = writeTable([
    { ...figure, met: false },
    { ...figure, what: 'longer', met: true },
    { ...figure, aim: '', met: null },
  ])
  const cells = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  expect(cells.map((row) => row.at(-2))).toEqual(['met', '---', 'no', 'yes', ''])
  expect(new Set(table.split('\n').map((line) => line.length)).size).toBe(1)
})

test('numbers are as exact as they are worth', () => {
  expect([12_345.6, 345.6, 34.56, 3.456].map(number)).toEqual(['12,346', '346', '34.6', '3.46'])
  expect(percent(0.904)).toBe('90 %')
})
