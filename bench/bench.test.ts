import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')
const run = (words: readonly string[]) => promisify(execFile)(process.execPath, [main, ...words])

test('a short run measures everything there is, leaves nothing behind, and fails on no figure', {
  timeout: 600_000,
}, async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-bench-'))
  const before = left()
  const words = ['--users', '120', '--sizes', '100,120', '--seconds', '0.1', '--guesses', '20', '--database', 'sqlite']
  const { stdout, stderr } = await run([...words, '--only', 'sign-in,session-check,guessing,growth'])
  for (const what of ['sign-in, 32 clients', 'session check, page', 'under 20 guesses/s', 'list of users'])
    expect(stdout).toContain(what)
  expect(stdout).toMatch(/SQLite 3\./)
  expect(stderr).toContain('sqlite: 120 people')
  expect(left()).toEqual(before)
})

test('an option that is none is told in a sentence', { timeout: 60_000 }, async () => {
  const failed = run(['--only', 'speed'])
  await expect(failed).rejects.toMatchObject({ code: 1, stdout: '' })
  await expect(failed).rejects.toThrow('"speed" is none of start, sign-in')
})
