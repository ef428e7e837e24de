// What enforcing MFA for all users would do, before it is done: whom it would ask, whom not, and which tokens it would
// touch. Every user is in exactly one of the groups. Reads only.

import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { type Database, inNoHurry } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import { whereActive } from '../users/state.ts'

export const previewGroups = ['will-be-asked', 'never-signed-in', 'protected', 'inactive'] as const

/**
 * - `will-be-asked`: has signed in before and has no second factor;
 * - `never-signed-in`: the same, but was never here, or has not chosen a password yet;
 * - `protected`: has a second factor;
 * - `inactive`: is deactivated, or the account has come to its end.
 */
export type PreviewGroup = (typeof previewGroups)[number]

export interface PreviewedUser {
  id: string
  email: string
  name: string | null
}

export interface PreviewedToken {
  name: string
  /** The address of its owner. */
  owner: string
}

export interface EnforcementPreview {
  groups: Readonly<Record<PreviewGroup, { count: number; first: readonly PreviewedUser[] }>>
  /** Tokens that are valid and belong to active people without a second factor. */
  tokens: { count: number; first: readonly PreviewedToken[] }
}

/** How many of each are named. */
export const namedInPreview = 10

/** Works out what enforcing would do now. */
export function previewEnforcement(db: Database, now: Instant): Promise<EnforcementPreview> {
  return inNoHurry(db, (unhurried) => read(unhurried, now))
}

async function read(db: Database, now: Instant): Promise<EnforcementPreview> {
  const groups: Partial<Record<PreviewGroup, { count: number; first: readonly PreviewedUser[] }>> = {}
  for (const group of previewGroups) groups[group] = await readGroup(db, group, now)
  return { groups: groups as EnforcementPreview['groups'], tokens: await readTokens(db, now) }
}

async function readGroup(db: Database, group: PreviewGroup, now: Instant) {
  const members = db.selectFrom('users').where(isIn(group, now))
  const { count } = await members.select((e) => e.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  const first = await members
    .select(['users.id', 'users.email', 'users.name'])
    .orderBy('users.email_key')
    .limit(namedInPreview)
    .execute()
  return { count: Number(count), first }
}

async function readTokens(db: Database, now: Instant) {
  const touched = db
    .selectFrom('personal_access_tokens')
    .innerJoin('users', 'users.id', 'personal_access_tokens.user_id')
    .where('personal_access_tokens.expires_at', '>', now)
    .where(whereActive(now))
    .where((e) => e.not(hasFactor))
  const { count } = await touched.select((e) => e.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  const first = await touched
    .select(['personal_access_tokens.name', 'users.email as owner'])
    .orderBy('users.email_key')
    .orderBy('personal_access_tokens.created_at')
    .limit(namedInPreview)
    .execute()
  return { count: Number(count), first }
}

const hasFactor = sql<SqlBool>`exists (select 1 from totp_factors where totp_factors.user_id = users.id)`
const wasHere = sql<SqlBool>`(users.password_hash is not null and users.last_sign_in_at is not null)`

function isIn(group: PreviewGroup, now: Instant) {
  return (e: ExpressionBuilder<Tables, 'users'>): Expression<SqlBool> => {
    const active = whereActive(now)(e)
    switch (group) {
      case 'inactive':
        return e.not(active)
      case 'protected':
        return e.and([active, hasFactor])
      case 'will-be-asked':
        return e.and([active, e.not(hasFactor), wasHere])
      case 'never-signed-in':
        return e.and([active, e.not(hasFactor), e.not(wasHere)])
    }
  }
}
