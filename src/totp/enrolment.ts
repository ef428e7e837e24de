// An authenticator being added. The secret waits in a table of its own: it cannot be used by accident, never replaces
// an active one, stays the same while the person looks at it, and runs out. Only the session or sign-in that it was
// shown in can confirm it.

import { randomBytes } from 'node:crypto'
import { type Circumstances, record } from '../audit/record.ts'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { Sealer } from '../secrets/sealing.ts'
import { newId } from '../secrets/tokens.ts'
import { type Instant, minutes } from '../time.ts'
import { toBase32 } from './base32.ts'
import { totpDigits, totpPeriodSeconds } from './otp.ts'

/** Long enough to find a phone, install an app and come back. */
export const enrolmentLife = minutes(30)
/** 160 bits (RFC 4226 §4 R6). */
const secretBytes = 20

export interface Enrolment {
  id: string
  secret: Buffer
}

export interface EnrolmentOwner {
  userId: string
  holder: string
}

/** Names the row that a TOTP secret belongs to, for sealing. The enrolment's id becomes the factor's. */
export function secretBinding(userId: string, id: string): string {
  return `totp:${userId}:${id}`
}

/** Returns the enrolment in progress, or begins one with a new secret. */
export async function openEnrolment(
  db: Database,
  sealer: Sealer,
  { userId, holder }: EnrolmentOwner,
  about: Omit<Circumstances, 'actor' | 'subject'>,
): Promise<Enrolment> {
  const existing = await findEnrolment(db, sealer, { userId, holder }, about.now)
  if (existing) return existing
  const id = newId()
  await db.transaction().execute(async (trx) => {
    await trx
      .deleteFrom('totp_enrolments')
      .where('user_id', '=', userId)
      .where('holder', '=', holder)
      .where('expires_at', '<=', about.now)
      .execute()
    const sealed_secret = await sealer.seal(trx, randomBytes(secretBytes), secretBinding(userId, id))
    const inserted = await trx
      .insertInto('totp_enrolments')
      .values({
        id,
        user_id: userId,
        holder,
        sealed_secret,
        created_at: about.now,
        expires_at: about.now + enrolmentLife,
      })
      .onConflict((conflict) => conflict.columns(['user_id', 'holder']).doNothing())
      .executeTakeFirst()
    if (changedRows(inserted) === 0) return
    await record(
      trx,
      { name: 'totp.enrolment-shown', details: { enrolment: id } },
      { ...about, actor: userId, subject: userId },
    )
  })
  const opened = await findEnrolment(db, sealer, { userId, holder }, about.now)
  if (!opened) throw new Error('An enrolment vanished as it was opened.')
  return opened
}

/** Finds the enrolment in progress; null when there is none, or it has run out. */
export async function findEnrolment(
  db: Database,
  sealer: Sealer,
  { userId, holder }: EnrolmentOwner,
  now: Instant,
): Promise<Enrolment | null> {
  const row = await db
    .selectFrom('totp_enrolments')
    .select(['id', 'sealed_secret'])
    .where('user_id', '=', userId)
    .where('holder', '=', holder)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row ? { id: row.id, secret: await sealer.open(db, row.sealed_secret, secretBinding(userId, row.id)) } : null
}

/** Takes the enrolment away for good and returns its sealed secret; null when it is gone: it can be confirmed once. */
export async function takeEnrolment(
  trx: DatabaseTransaction,
  userId: string,
  id: string,
  now: Instant,
): Promise<string | null> {
  const row = await trx
    .deleteFrom('totp_enrolments')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .returning('sealed_secret')
    .executeTakeFirst()
  if (!row) return null
  await trx.deleteFrom('totp_enrolments').where('user_id', '=', userId).execute()
  return row.sealed_secret
}

/** Discards whatever a user has begun to enrol. */
export async function discardEnrolments(trx: DatabaseTransaction, userId: string): Promise<void> {
  await trx.deleteFrom('totp_enrolments').where('user_id', '=', userId).execute()
}

/** Discards whatever anybody has begun to enrol. */
export async function discardAllEnrolments(trx: DatabaseTransaction): Promise<void> {
  await trx.deleteFrom('totp_enrolments').execute()
}

/** Deletes enrolments that have run out. */
export async function purgeEnrolments(db: Database, now: Instant): Promise<void> {
  await db.deleteFrom('totp_enrolments').where('expires_at', '<=', now).execute()
}

/** What a person needs to set the app up: the key for typing, and the address that the QR code holds. */
export function setUpKey(
  secret: Buffer,
  { issuer, account }: { issuer: string; account: string },
): { key: string; uri: string } {
  const key = toBase32(secret)
  // A colon separates issuer and account in the label, so neither may hold one.
  const label = [issuer, account].map((part) => encodeURIComponent(part.replaceAll(':', ' '))).join(':')
  const query = [
    `secret=${key}`,
    `issuer=${encodeURIComponent(issuer.replaceAll(':', ' '))}`,
    'algorithm=SHA1',
    `digits=${totpDigits}`,
    `period=${totpPeriodSeconds}`,
  ].join('&')
  return { key, uri: `otpauth://totp/${label}?${query}` }
}
