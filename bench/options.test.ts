import { expect, test } from 'vitest'
import { databases, OptionFaults } from '../test/support/command-words.ts'
import { measureNames, readOptions } from './options.ts'

test('without options everything is measured quickly, on both databases', () => {
  expect(readOptions([])).toEqual({
    only: measureNames,
    databases,
    users: 2_000,
    sizes: [1_000, 20_000],
    seconds: 1.5,
    guesses: 500,
  })
})

test('in full a million people are reached, and each figure gets its time', () => {
  expect(readOptions(['--full'])).toMatchObject({ users: 100_000, sizes: [1_000, 100_000, 1_000_000], seconds: 10 })
})

test('what is said stands above what is meant by full', () => {
  const words = ['--full', '--only', 'growth,sign-in', '--database', 'sqlite', '--users', '5_000', '--seconds', '0.5']
  expect(readOptions([...words, '--sizes', '100,200'])).toEqual({
    only: ['sign-in', 'growth'],
    databases: ['sqlite'],
    users: 5_000,
    sizes: [100, 200],
    seconds: 0.5,
    guesses: 500,
  })
})

test('who asks for help gets no measures', () => {
  expect(readOptions(['--help', '--only', 'nonsense'])).toBeNull()
})

test('every fault is said at once', () => {
  const read = () =>
    readOptions(['--only', 'sign-in,speed', '--database', 'oracle', '--users', 'many', '--seconds', '0'])
  expect(read).toThrow(OptionFaults)
  for (const fault of ['"speed"', '"oracle"', '"many"', '"0"']) expect(read).toThrow(fault)
})

test('an option that there is not is a fault', () => {
  expect(() => readOptions(['--quickly'])).toThrow(OptionFaults)
})
