// The one secret kept outside the database: 256 bits, from `COUNTERSIGN_SECRET_KEY` or from a file that only its owner
// may read. Every use has a key of its own derived from it, so a value made for one purpose is worth nothing for another.

import { hkdfSync, randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'

export type Purpose = 'columns' | 'first-administrator' | 'known-browser' | 'audit-chain'

/** Derives keys from the master key. The master key itself cannot be read back, logged or serialised. */
export interface MasterKey {
  /** Derives the 256-bit key for one purpose (HKDF-SHA-256, RFC 5869). */
  derive(purpose: Purpose): Buffer
}

/** Wraps 32 bytes as the key, which gives out only keys derived from it. Throws for any other length. */
export function masterKey(bytes: Buffer): MasterKey {
  if (bytes.length !== 32) throw new Error('The secret key must have 32 bytes.')
  return {
    derive: (purpose) => Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), `countersign ${purpose}`, 32)),
  }
}

/** Reads a key written as 64 hexadecimal digits or as base64 of 32 bytes; null when it is neither. */
export function parseMasterKey(text: string): Buffer | null {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null
  const bytes = Buffer.from(trimmed, 'base64')
  return bytes.length === 32 ? bytes : null
}

/** Reads the key file. Null when there is none; an error when it is there and does not hold a key. */
export async function readKeyFile(path: string): Promise<Buffer | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const bytes = parseMasterKey(text)
  if (!bytes) throw new Error(`${path} does not hold a secret key (64 hexadecimal digits, or base64 of 32 bytes).`)
  return bytes
}

/** Makes a key file, for its owner's eyes only. Never overwrites: when another process was quicker, its key is read. */
export async function createKeyFile(path: string): Promise<Buffer> {
  const bytes = randomBytes(32)
  // Written whole under a name of its own, then linked: nobody reads half a key, and a crash leaves none.
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await writeDraft(draft, `${bytes.toString('base64')}\n`)
    await link(draft, path)
    return bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const existing = await readKeyFile(path)
    if (!existing) throw error
    return existing
  } finally {
    await rm(draft, { force: true })
  }
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
