// Browsers that an account has fully signed in from before. Their guesses are counted apart, so that somebody else's
// failures cannot keep the owner out. A known browser proves nothing and skips nothing: it only has a count of its own.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { DataKey } from '../secrets/data-key.ts'
import { days, type Instant } from '../time.ts'

export const knownBrowserLife = days(180)

export interface BrowserOwner {
  userId: string
  /** Part of the signature: a new password makes every browser unknown again. */
  passwordChangedAt: Instant | null
  /** Cookies that are not younger are worth nothing: after a reset of MFA every browser is unknown again, and stays so. */
  knownSince: Instant | null
}

/** Takes from a user what the cookies of their browsers hang on. */
export function browserOwner(user: {
  id: string
  passwordChangedAt: Instant | null
  browsersKnownSince: Instant | null
}): BrowserOwner {
  return { userId: user.id, passwordChangedAt: user.passwordChangedAt, knownSince: user.browsersKnownSince }
}

/** Makes the cookie value for a browser that has just signed in completely. */
export function issueKnownBrowser(key: DataKey, owner: BrowserOwner, now: Instant): string {
  const body = `${key.number}.${now}.${randomBytes(16).toString('base64url')}`
  return `${body}.${signature(key, owner, body)}`
}

/** Returns the browser's id when the cookie was issued for this account, under a key in use, and is not too old; else null. */
export function knownBrowserId(
  keys: readonly DataKey[],
  owner: BrowserOwner | null,
  cookie: string | null,
  now: Instant,
): string | null {
  const parts = cookie?.split('.') ?? []
  // Cookies from before there were several keys name none.
  const [number, issuedAt, id, given] = parts.length === 3 ? ['1', ...parts] : parts
  const key = keys.find((one) => String(one.number) === number)
  if (!owner || !key || !issuedAt || !id || !given || !/^[0-9]{1,15}$/.test(issuedAt)) return null
  const expected = Buffer.from(signature(key, owner, parts.slice(0, -1).join('.')))
  const offered = Buffer.from(given)
  if (offered.length !== expected.length || !timingSafeEqual(offered, expected)) return null
  const at = Number(issuedAt)
  return at > now - knownBrowserLife && (owner.knownSince === null || at > owner.knownSince) ? id : null
}

function signature(key: DataKey, { userId, passwordChangedAt }: BrowserOwner, body: string): string {
  return createHmac('sha256', key.derive('known-browser'))
    .update(`${userId}.${passwordChangedAt}.${body}`)
    .digest('base64url')
}
