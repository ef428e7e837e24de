// What really happened, as an outsider would write it down: who typed what, when, and was it right. Written from what the
// product promises and not from its code: a session is worth something only if these notes justify it.

import { hours, minutes } from '../../../src/time.ts'
import { hotp, stepAt } from '../../../src/totp/otp.ts'
import { secretBytes } from '../../support/browser.ts'
import type { Person } from '../../support/people.ts'

/** An authenticator app that was set up with this key. Steps up to `lastStep` are spent. */
export interface Factor {
  key: string
  lastStep: number
}

export interface Someone {
  person: Person
  isAdministrator: boolean
  active: boolean
  factor: Factor | null
  codes: { set: string; left: Set<string>; saved: boolean } | null
  /** Set when somebody else took the factors away, until new ones are set up; with the one link that leads there. */
  reset: { link: string; madeAt: number; used: boolean } | null
  /** Codes that were accepted once, of whichever kind: none may ever be accepted again. */
  spent: Set<string>
}

/** What was proved in one sitting, and when. */
export interface Proved {
  password: number
  totp: { at: number; factor: Factor } | null
  recoveryCode: number | null
  /** The set-up link that was used in this sitting; a later reset makes it worth nothing. */
  link?: Someone['reset']
}

export interface SessionNotes {
  whose: Someone
  proved: Proved
  begunAt: number
  seenAt: number
  over: boolean
}

export interface SignInNotes {
  whose: Someone
  proved: Proved
  begunAt: number
  /** The session that asked for a fresh proof; null for a sign-in. */
  stepUpOf: SessionNotes | null
  over: boolean
}

export type Holder = SessionNotes | SignInNotes

export interface World {
  now: number
  enforced: boolean
}

/** An enforcement: since when, and until when it must be confirmed, unless it has been. */
export interface Enforced {
  since: number
  confirmBy: number | null
}

/** Does an enforcement hold? Unconfirmed it does until its deadline, and from that instant on no longer. */
export function holds(enforced: Enforced | null, now: number): boolean {
  return enforced !== null && (enforced.confirmBy === null || now < enforced.confirmBy)
}

/** Was this session signed in, from the password on, after this instant? */
export function isSignedInAfter({ begunAt, proved }: SessionNotes, since: number): boolean {
  const proofs = [proved.password, proved.totp?.at, proved.recoveryCode].filter((at) => typeof at === 'number')
  return Math.min(begunAt, ...proofs) > since
}

/** The latest proof of a second factor that still counts; null when there is none. */
export function secondProved({ whose, proved }: Holder): number | null {
  const totp = proved.totp !== null && proved.totp.factor === whose.factor ? proved.totp.at : null
  if (totp === null || proved.recoveryCode === null) return totp ?? proved.recoveryCode
  return Math.max(totp, proved.recoveryCode)
}

const protectedWell = ({ codes }: Someone) => codes?.saved === true && codes.left.size > 0

/** Does what was proved earn this person a session that opens everything? */
export function earnsEverything(holder: Holder, { enforced }: World): boolean {
  const { whose } = holder
  if (!whose.active) return false
  if (whose.factor === null) return !enforced && whose.reset === null
  return secondProved(holder) !== null && protectedWell(whose)
}

/** Is this session still running, by the clock? */
export function isRunning(session: SessionNotes, { now }: World): boolean {
  return !session.over && now - session.seenAt < hours(1) && now - session.begunAt < hours(24)
}

/** May this session open a page of the person's own? */
export function mayOpenPages(session: SessionNotes | null, world: World): boolean {
  return session !== null && isRunning(session, world) && earnsEverything(session, world)
}

/** Was the strongest factor that the account has proved within ten minutes? */
export function isFresh(holder: Holder, { now }: World): boolean {
  const at = holder.whose.factor === null ? holder.proved.password : secondProved(holder)
  return at !== null && now - at <= minutes(10)
}

export function isGoingOn(signIn: SignInNotes | null, { now }: World): signIn is SignInNotes {
  if (signIn === null || signIn.over || now - signIn.begunAt >= minutes(30) || !signIn.whose.active) return false
  return signIn.stepUpOf === null || !signIn.stepUpOf.over
}

/**
 * May this holder be shown a new secret, and confirm it? A sign-in that was led to it may go on when it is no longer
 * required. After a reset, only one in which the link of that reset was used.
 */
export function mayEnrol(holder: Holder, world: World): boolean {
  const { reset, factor } = holder.whose
  if (reset !== null && factor === null && holder.proved.link !== reset) return false
  if ('stepUpOf' in holder) return isGoingOn(holder, world) && factor === null
  if (!isRunning(holder, world) || !holder.whose.active || !isFresh(holder, world)) return false
  return holder.whose.factor === null || protectedWell(holder.whose)
}

/** May this holder be shown new recovery codes? */
export function mayRenewCodes(holder: Holder, world: World): boolean {
  if (!holder.whose.active || holder.whose.factor === null || secondProved(holder) === null) return false
  if ('stepUpOf' in holder) return isGoingOn(holder, world)
  return isRunning(holder, world) && isFresh(holder, world)
}

/** The step whose code this is, within one step of now and later than what was spent; null when there is none. */
export function stepOfCode(factor: Factor, code: string, now: number): number | null {
  const around = stepAt(now)
  const fitting = [around, around - 1, around + 1].find((step) => hotp(secretBytes(factor.key), step) === code)
  return fitting === undefined || fitting <= factor.lastStep ? null : fitting
}
