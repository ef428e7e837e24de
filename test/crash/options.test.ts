import { expect, test } from 'vitest'
import { OptionFaults } from '../support/command-words.ts'
import { readOptions, usage } from './options.ts'

test('without a word it kills a thousand times and takes histories, with a seed of its own', () => {
  expect(readOptions([], 7)).toEqual({
    only: ['kills', 'histories'],
    databases: ['sqlite', 'postgres'],
    kills: 1_000,
    disturbances: 120,
    seed: 7,
    readyWithin: 3_000,
    minutes: Number.POSITIVE_INFINITY,
  })
})

test('each option is read, and a seed that was printed is taken again', () => {
  const words = [
    '--only',
    'kills',
    '--database',
    'postgres',
    '--kills',
    '1,200',
    '--seed',
    '42',
    '--ready-within',
    '900',
  ]
  expect(readOptions([...words, '--disturbances', '6', '--minutes', '20'], 7)).toEqual({
    only: ['kills'],
    databases: ['postgres'],
    kills: 1_200,
    disturbances: 6,
    seed: 42,
    readyWithin: 900,
    minutes: 20,
  })
})

test('everything that is said wrongly is said at once', () => {
  const read = () => readOptions(['--only', 'murder', '--kills', 'many', '--seed', '0'], 7)
  expect(read).toThrow(OptionFaults)
  expect(read).toThrow('--only: "murder" is none of kills, histories.\n--kills: "many" is not a whole number')
  expect(read).toThrow('--seed: "0"')
  expect(() => readOptions(['--fast'], 7)).toThrow(OptionFaults)
})

test('help tells of every option', () => {
  expect(readOptions(['--help'], 7)).toBeNull()
  for (const option of ['only', 'database', 'kills', 'disturbances', 'seed', 'ready-within', 'minutes'])
    expect(usage).toContain(`--${option}`)
})
