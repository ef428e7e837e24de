// The file of the master key, where it is no setting: for its owner's eyes only, written whole or not at all, never written
// over. While the key is being replaced there are two files, and between any two steps at least one of them holds the key
// that the database needs.

import { randomBytes } from 'node:crypto'
import { chown, link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
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

/** Gives the new file the name of one that has gone. An error when there is one after all. */
export async function replaceLostKeyFile(path: string, by: string): Promise<void> {
  await link(by, path)
  await rm(by)
  await syncFolder(path)
}

/** Removes what making this file leaves under a name of its own when it is killed: the same key, which nobody would look for there. */
export async function removeLeftovers(path: string): Promise<void> {
  const name = `${basename(path)}.`
  const isLeftover = (one: string) => one.startsWith(name) && /^[0-9a-f]{16}$/.test(one.slice(name.length))
  for (const one of (await readdir(dirname(path))).filter(isLeftover)) {
    const leftover = join(dirname(path), one)
    // With one name only, somebody else may be writing it at this moment; it is nobody's key yet.
    if ((await stat(leftover)).nlink > 1) await rm(leftover)
  }
}

/** Tells whether anybody but the owner may read it; false when it is not there. */
export async function isReadByOthers(path: string): Promise<boolean> {
  try {
    return ((await stat(path)).mode & 0o077) !== 0
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
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
