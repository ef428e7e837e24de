import { expect, test } from 'vitest'
import { beyondHash, hashCeiling, median, percentile, worstGrowth } from './statistics.ts'

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)

test('a percentile is one of the figures, whatever their order', () => {
  expect(percentile(hundred, 0.99)).toBe(99)
  expect(percentile(hundred, 1)).toBe(100)
  expect(percentile([7], 0.99)).toBe(7)
  expect(percentile([], 0.99)).toBe(0)
})

test('a figure that went astray does not move the median', () => {
  expect(median([10, 11, 9_000])).toBe(11)
})

test('the ceiling is what the driver leaves of the cores', () => {
  const stretch = { wall: 10, driver: 2 }
  expect(hashCeiling(stretch, { cores: 2, clients: 8, secondsPerHash: 0.02 })).toBeCloseTo(90)
})

test('one client keeps one core busy at most', () => {
  const stretch = { wall: 10, driver: 1 }
  expect(hashCeiling(stretch, { cores: 2, clients: 1, secondsPerHash: 0.02 })).toBeCloseTo(45)
})

test('what is no hashing is counted for each sign-in, service and database apart', () => {
  const stretch = { wall: 1, durations: [], driver: 9, done: 50, service: 0.8, hashing: 0.7, database: 0.05 }
  expect(beyondHash(stretch).service).toBeCloseTo(2)
  expect(beyondHash(stretch).database).toBeCloseTo(1)
  expect(beyondHash({ ...stretch, done: 0 })).toEqual({ service: 0, database: 0 })
})

test('growth is the worst against the first, and getting better is none', () => {
  expect(worstGrowth([10, 12, 11])).toBeCloseTo(0.2)
  expect(worstGrowth([10, 9, 8])).toBe(0)
  expect(worstGrowth([])).toBe(0)
})
