import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKeyFile, masterKey, parseMasterKey, readKeyFile } from './master-key.ts'

const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

describe('a written key', () => {
  test.each([
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal capitals', bytes.toString('hex').toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace('=', '')],
    ['base64url', bytes.toString('base64url')],
    ['with a line break', `${bytes.toString('base64')}\n`],
  ])('is read in %s', (_, text) => {
    expect(parseMasterKey(text)?.equals(bytes)).toBe(true)
  })

  test.each([
    '',
    'secret',
    bytes.toString('hex').slice(1),
    `${bytes.toString('hex')}0`,
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    randomBytes(16).toString('hex'),
    `${'g'.repeat(63)}!`,
    bytes.toString('hex').replace(/^0/, 'g'),
  ])('%j is none', (text) => {
    expect(parseMasterKey(text)).toBeNull()
  })
})

describe('the master key', () => {
  test('has 256 bits', () => {
    for (const length of [0, 16, 31, 33, 64]) expect(() => masterKey(randomBytes(length))).toThrow()
  })

  test('gives each purpose a key of its own, the same at every start', () => {
    const purposes = ['columns', 'first-administrator', 'known-browser'] as const
    const keys = purposes.map((purpose) => masterKey(bytes).derive(purpose).toString('hex'))
    expect(new Set([...keys, bytes.toString('hex')]).size).toBe(4)
    expect(purposes.map((purpose) => masterKey(bytes).derive(purpose).toString('hex'))).toEqual(keys)
    expect(masterKey(randomBytes(32)).derive('columns').toString('hex')).not.toBe(keys[0])
    for (const key of keys) expect(key).toHaveLength(64)
  })

  test('cannot be read back, logged or serialised', () => {
    const shown = [inspect(masterKey(bytes), { depth: 10, showHidden: true }), JSON.stringify(masterKey(bytes))].join()
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(shown).not.toContain(bytes.toString(encoding))
    expect(shown).not.toContain('00 01 02')
  })
})

describe('the key file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-key-'))
    path = join(folder, 'secret.key')
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('is made for its owner’s eyes only, whatever the umask', async () => {
    await createKeyFile(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('holds the key that was made', async () => {
    const made = await createKeyFile(path)
    expect(made).toHaveLength(32)
    expect((await readKeyFile(path))?.equals(made)).toBe(true)
  })

  test('is never overwritten: who comes second gets the first one’s key', async () => {
    const first = await createKeyFile(path)
    const text = await readFile(path, 'utf8')
    expect((await createKeyFile(path)).equals(first)).toBe(true)
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  test('made by many at once is one', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => createKeyFile(path)))
    expect(new Set(made.map((key) => key.toString('hex'))).size).toBe(1)
  })

  test('is never there in part: whoever looks meanwhile sees a whole key or none', async () => {
    const done = new Int32Array(new SharedArrayBuffer(4))
    const paths = Array.from({ length: 100 }, (_, index) => `${path}-${index}`)
    const looking = new Worker(
      `const { parentPort, workerData: { done, paths } } = require('node:worker_threads')
      const { readFileSync } = require('node:fs')
      const seen = new Set()
      const look = (at) => { try { seen.add(readFileSync(at, 'utf8').length) } catch {} }
      parentPort.postMessage('looking')
      for (const at of paths) do look(at); while (Atomics.load(done, 0) <= paths.indexOf(at))
      parentPort.postMessage([...seen])`,
      { eval: true, workerData: { done, paths } },
    )
    await once(looking, 'message')
    const seen = once(looking, 'message')
    for (const at of paths) {
      await createKeyFile(at)
      Atomics.add(done, 0, 1)
    }
    expect((await seen)[0]).toEqual([45])
    await looking.terminate()
  })

  test('is all that is left in the folder', async () => {
    await createKeyFile(path)
    await createKeyFile(path)
    expect(await readdir(folder)).toEqual(['secret.key'])
  })

  test('that is not there is null', async () => {
    expect(await readKeyFile(path)).toBeNull()
  })

  test.each(['', 'not a key', 'abc123\n'])('that holds %j is an error, and stays as it is', async (text) => {
    await writeFile(path, text)
    await expect(readKeyFile(path)).rejects.toThrow('does not hold a secret key')
    await expect(createKeyFile(path)).rejects.toThrow('does not hold a secret key')
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  test('may have been written by hand, with the other rights', async () => {
    await writeFile(path, `${bytes.toString('hex')}\n`)
    await chmod(path, 0o400)
    expect((await readKeyFile(path))?.equals(bytes)).toBe(true)
  })
})
