// One-time codes: HOTP (RFC 4226) and TOTP (RFC 6238). Pure. A verification returns the matched step and never a mere
// yes, because the caller must spend that step: a code works once.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Instant } from '../time.ts'

/** SHA-1, 6 digits, 30 seconds: the only combination that every authenticator app understands. */
export const totpDigits = 6
export const totpPeriodSeconds = 30
/** One step either way is accepted: a 90-second window (RFC 6238 §5.2 allows one step of delay; see decision 0003). */
export const acceptedDrift = 1

/** Computes the HOTP value for a counter (RFC 4226 §5.3). */
export function hotp(
  secret: Buffer,
  counter: number,
  digits: number = totpDigits,
  algorithm: 'sha1' | 'sha256' | 'sha512' = 'sha1',
): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac(algorithm, secret).update(message).digest()
  const offset = mac.readUInt8(mac.length - 1) & 0x0f
  const binary = mac.readUInt32BE(offset) & 0x7fffffff
  return String(binary % 10 ** digits).padStart(digits, '0')
}

/** Tells the step that an instant lies in (RFC 6238 §4.2, T0 = 0). */
export function stepAt(now: Instant): number {
  return Math.floor(now / 1000 / totpPeriodSeconds)
}

/** Reads a typed code: exactly six ASCII digits once spaces are gone; null for everything else (RFC 4226 §5.3). */
export function parseCode(typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > 32) return null
  const digits = typed.replace(/[\s\u00a0\u202f]/g, '')
  return /^[0-9]{6}$/.test(digits) ? digits : null
}

/** Looks for the code in the steps from `from` to `to`, nearest to `around` first; compares in constant time. */
export function findStep(
  secret: Buffer,
  code: string,
  { from, to, around }: { from: number; to: number; around: number },
): number | null {
  const wanted = Buffer.from(code)
  let found: number | null = null
  for (let step = from; step <= to; step += 1) {
    if (step < 0 || !timingSafeEqual(Buffer.from(hotp(secret, step)), wanted)) continue
    if (found === null || Math.abs(step - around) < Math.abs(found - around)) found = step
  }
  return found
}

/** Finds the step that a code belongs to within the accepted window. The caller must spend the step. */
export function matchCode(secret: Buffer, code: string, now: Instant): number | null {
  const around = stepAt(now)
  return findStep(secret, code, { from: around - acceptedDrift, to: around + acceptedDrift, around })
}

/** How far outside the window a code is recognised, for the hint about the phone's clock: one hour. */
const recognisedDrift = 120

/**
 * Tells whether a refused code belongs to a step near by, outside the window: then the phone's clock is off. Never
 * accepted. `future` is asked only while enrolling: at sign-in, a hint about a step to come would tell a guesser a code
 * that is going to be valid.
 */
export function clockIsOff(
  secret: Buffer,
  code: string,
  now: Instant,
  look: 'past' | 'past-and-future',
): 'behind' | 'ahead' | null {
  const around = stepAt(now)
  const past = findStep(secret, code, { from: around - recognisedDrift, to: around - acceptedDrift - 1, around })
  if (past !== null) return 'behind'
  if (look === 'past') return null
  const future = findStep(secret, code, { from: around + acceptedDrift + 1, to: around + recognisedDrift, around })
  return future === null ? null : 'ahead'
}
