import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKeyFile, readKeyFile, replaceKeyFile } from './key-file.ts'

const bytes = randomBytes(32)

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

  test.runIf(process.getuid?.() === 0)(
    'belongs to whom the one before belongs to, where somebody else makes it',
    async () => {
      await writeFile(path, `${bytes.toString('hex')}\n`)
      await chown(path, 12_345, 23_456)
      await createKeyFile(`${path}.new`, path)
      const { uid, gid, mode } = await stat(`${path}.new`)
      expect([uid, gid, mode & 0o777]).toEqual([12_345, 23_456, 0o600])
    },
  )

  test('takes the place of the one before, which is kept; done again, nothing is lost', async () => {
    const [old, next] = [await createKeyFile(path), await createKeyFile(`${path}.new`)]
    await replaceKeyFile(path, { by: `${path}.new`, keepAs: `${path}.old` })
    expect(await readdir(folder)).toEqual(['secret.key', 'secret.key.old'])
    expect(await readKeyFile(path)).toEqual(next)
    expect(await readKeyFile(`${path}.old`)).toEqual(old)
    await replaceKeyFile(path, { by: `${path}.new`, keepAs: `${path}.older` })
    expect(await readdir(folder)).toEqual(['secret.key', 'secret.key.old'])
    expect(await readKeyFile(path)).toEqual(next)
    expect(await readKeyFile(`${path}.old`)).toEqual(old)
  })
})
