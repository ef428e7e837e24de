// The requests that are on their way to a provider. Each is known by the state that was sent along, belongs to one browser and
// one provider, may be answered once, and runs out. What the answer is checked against (PKCE verifier, nonce) is derived
// from the browser's own token, so that nobody who reads the database could finish a round trip.

import { createHmac } from 'node:crypto'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import type { RoundTripPurpose } from '../database/tables.ts'
import { hashToken, newToken } from '../secrets/tokens.ts'
import { type Instant, minutes } from '../time.ts'

/** How long somebody may take to sign in at the provider. */
export const roundTripLife = minutes(10)

export interface RoundTrip {
  providerId: string
  purpose: RoundTripPurpose
  sessionId: string | null
  signInId: string | null
  /** What the answer must answer to, where the protocol names requests (SAML). */
  request: string | null
  returnTo: string
  createdAt: Instant
}

/** Opens a round trip for the browser with this token, and gives the state to send along: an opaque text of 43 characters. */
export async function openRoundTrip(
  trx: Database | DatabaseTransaction,
  trip: Omit<RoundTrip, 'createdAt'> & { browser: string },
  now: Instant,
): Promise<string> {
  const state = newToken()
  await trx
    .insertInto('provider_round_trips')
    .values({
      id: hashToken(state),
      provider_id: trip.providerId,
      purpose: trip.purpose,
      browser_hash: hashToken(trip.browser),
      session_id: trip.sessionId,
      sign_in_id: trip.signInId,
      request: trip.request,
      return_to: trip.returnTo,
      created_at: now,
      expires_at: now + roundTripLife,
    })
    .execute()
  return state
}

/**
 * Takes a round trip that has come back: once, to the browser that it began in, for the provider that it was sent to. Null
 * otherwise; of several that come at once, one gets it.
 */
export async function takeRoundTrip(
  db: Database | DatabaseTransaction,
  { state, browser, providerId }: { state: string; browser: string; providerId: string },
  now: Instant,
): Promise<RoundTrip | null> {
  const row = await db
    .deleteFrom('provider_round_trips')
    .where('id', '=', hashToken(state))
    .where('browser_hash', '=', hashToken(browser))
    .where('provider_id', '=', providerId)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()
  if (!row) return null
  return {
    providerId: row.provider_id,
    purpose: row.purpose,
    sessionId: row.session_id,
    signInId: row.sign_in_id,
    request: row.request,
    returnTo: row.return_to,
    createdAt: row.created_at,
  }
}

/** Derives what only this browser can bring along: the PKCE verifier and the nonce of a round trip. */
export function derivedFor(browser: string, state: string): { verifier: string; nonce: string } {
  const derive = (what: string) => createHmac('sha256', browser).update(`${what}:${state}`).digest('base64url')
  return { verifier: derive('pkce-verifier'), nonce: derive('nonce') }
}

/** Deletes round trips that nobody came back from in time. */
export async function purgeRoundTrips(db: Database, now: Instant): Promise<void> {
  await db.deleteFrom('provider_round_trips').where('expires_at', '<=', now).execute()
}

/** Deletes every round trip: none of them may come back. */
export async function dropRoundTrips(trx: DatabaseTransaction): Promise<void> {
  await trx.deleteFrom('provider_round_trips').execute()
}
