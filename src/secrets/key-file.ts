// The file of the master key, where it is no setting: for its owner's eyes only, written whole or not at all, never written
// over. While the key is being replaced there are two files, and between any two steps at least one of them holds the key
// that the database needs.

import { randomBytes } from 'node:crypto'
import { chown, link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseMasterKey } from './master-key.ts'

/** Reads the key file. Null when there is none; an error when it is there and does not hold a key. */
export async function readKeyFile(path: string): Promise<Buffer | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
  const bytes = parseMasterKey(text)
  if (!bytes) throw new Error(`${path} does not hold a secret key (64 hexadecimal digits, or base64 of 32 bytes).`)
  return bytes
}

/**
 * Makes a key file. Never overwrites: when another process was quicker, its key is read. With `like`, it belongs to whom
 * that file belongs to: the service must be able to read what somebody else makes for it.
 */
export async function createKeyFile(path: string, like?: string): Promise<Buffer> {
  const bytes = randomBytes(32)
  // Written whole under a name of its own, then linked: nobody reads half a key, and a crash leaves none.
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await writeDraft(draft, `${bytes.toString('base64')}\n`)
    if (like !== undefined) await giveTo(draft, like)
    await link(draft, path)
    await syncFolder(path)
    return bytes
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    const existing = await readKeyFile(path)
    if (!existing) throw error
    return existing
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Puts the new file in the place of the old one, which is kept under another name. False when the new file is not there any
 * more: then somebody else has done so, and has kept the old one.
 */
export async function replaceKeyFile(path: string, { by, keepAs }: { by: string; keepAs: string }): Promise<boolean> {
  await link(path, keepAs)
  try {
    await rename(by, path)
  } catch (error) {
    await rm(keepAs)
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
  await syncFolder(path)
  return true
}

async function giveTo(path: string, like: string): Promise<void> {
  const [own, wanted] = [await stat(path), await stat(like)]
  if (own.uid !== wanted.uid || own.gid !== wanted.gid) await chown(path, wanted.uid, wanted.gid)
}

async function writeDraft(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A name in a folder is only there for sure once the folder has reached the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code
}
