// AES-256-GCM, the only cipher here: a nonce of its own each time, and associated data that must be the same for both. What
// was changed in one bit, or is met with another key or other associated data, does not open (ASVS 11.3.2, 11.3.3).

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Encrypts under a 256-bit key: nonce, text and tag as base64url, with dots between them. */
export function encrypt(key: Buffer, plain: Buffer, associated: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associated))
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  return [nonce, text, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

/** Decrypts what `encrypt` made; throws for anything else. */
export function decrypt(key: Buffer, encrypted: string, associated: string): Buffer {
  const [nonce, text, tag] = encrypted.split('.')
  if (!nonce || text === undefined || !tag) throw new Error('A sealed value has an unknown form.')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(associated)).setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()])
}
