// Lists of users: searched, filtered and paged by the database. A page begins behind an address, never at a number, so that
// the last page costs what the first does; what is asked of each row is answered by an index.

import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { escapePattern } from '../database/patterns.ts'
import type { Role, Tables } from '../database/tables.ts'
import { days, type Instant } from '../time.ts'
import { type AccountState, accountState } from './managed-user.ts'
import { whereActive } from './state.ts'

export const mfaStates = ['on', 'off', 'codes-unsaved', 'disabled', 'reset'] as const
export type MfaState = (typeof mfaStates)[number]

/** What somebody has to prove a second factor with. */
export const factorFilters = ['totp', 'recovery-codes', 'none'] as const
/** How an account stands, or either of two: `usable` is active or invited, `ended` is deactivated or expired. */
export const stateFilters = ['active', 'invited', 'usable', 'deactivated', 'expired', 'ended'] as const
/** When somebody signed in last: within so many days, longer ago, never, or ever. */
export const seenFilters = ['7', '30', '90', 'over-30', 'over-90', 'never', 'ever'] as const

export interface UserFilter {
  /** Part of the name or address. */
  search: string
  mfa: MfaState | null
  factor: (typeof factorFilters)[number] | null
  /** The id of a group. */
  group: string | null
  role: Role | null
  state: (typeof stateFilters)[number] | null
  seen: (typeof seenFilters)[number] | null
}

export const everyUser: UserFilter = {
  search: '',
  mfa: null,
  factor: null,
  group: null,
  role: null,
  state: null,
  seen: null,
}

export interface ListedUser {
  id: string
  email: string
  name: string | null
  role: Role
  state: AccountState
  mfa: MfaState
  /** How many saved recovery codes are left. */
  codesLeft: number
  lastSignInAt: Instant | null
  createdAt: Instant
  expiresAt: Instant | null
  mfaResetAt: Instant | null
}

export const usersPerPage = 50

/** Lists users by address, a page at a time, starting behind the address key `after`. */
export async function listUsers(
  db: Database,
  {
    filter,
    after,
    limit = usersPerPage,
    only,
    now,
  }: { filter: UserFilter; after: string | null; limit?: number; only?: string; now: Instant },
): Promise<{ users: ListedUser[]; next: string | null }> {
  let query = db
    .selectFrom('users')
    .selectAll('users')
    .select((e) => [
      e.case().when(hasFactor(e)).then(e.lit(1)).else(e.lit(0)).end().as('has_factor'),
      e.case().when(hasUsableFactor(e)).then(e.lit(1)).else(e.lit(0)).end().as('has_usable'),
      e.case().when(hasSavedCodes(e)).then(e.lit(1)).else(e.lit(0)).end().as('has_codes'),
      e
        .selectFrom('recovery_code_sets')
        .innerJoin('recovery_codes', 'recovery_codes.set_id', 'recovery_code_sets.id')
        .whereRef('recovery_code_sets.user_id', '=', 'users.id')
        .where('recovery_code_sets.saved_at', 'is not', null)
        .where('recovery_codes.used_at', 'is', null)
        .select((codes) => codes.fn.countAll<number>().as('n'))
        .as('codes_left'),
    ])
    .where((e) => e.and(conditionsOf(e, filter, now)))
    .orderBy('users.email_key')
    .limit(limit + 1)
  if (only !== undefined) query = query.where('users.id', '=', only)
  if (after !== null) query = query.where('users.email_key', '>', after)
  const rows = await query.execute()
  const page = rows.slice(0, limit)
  return {
    users: page.map((row) => ({
      id: row.id,
      email: row.email,
      name: row.name,
      role: row.role,
      state: accountState(
        { deactivatedAt: row.deactivated_at, expiresAt: row.expires_at, hasPassword: row.password_hash !== null },
        now,
      ),
      mfa: mfaStateOf({
        hasFactor: Boolean(row.has_factor),
        hasUsableFactor: Boolean(row.has_usable),
        hasSavedCodes: Boolean(row.has_codes),
        mfaResetAt: row.mfa_reset_at,
      }),
      codesLeft: Number(row.codes_left),
      lastSignInAt: row.last_sign_in_at,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      mfaResetAt: row.mfa_reset_at,
    })),
    next: rows.length > limit ? (page.at(-1)?.email_key ?? null) : null,
  }
}

/** Finds one user as the list shows them; null when there is no such one. */
export async function findListedUser(db: Database, id: string, now: Instant): Promise<ListedUser | null> {
  const { users } = await listUsers(db, { filter: everyUser, after: null, only: id, now })
  return users[0] ?? null
}

/** Tells in a word how an account's MFA stands. */
export function mfaStateOf(account: {
  hasFactor: boolean
  hasUsableFactor: boolean
  hasSavedCodes: boolean
  mfaResetAt: Instant | null
}): MfaState {
  if (!account.hasFactor) return account.mfaResetAt === null ? 'off' : 'reset'
  if (!account.hasUsableFactor) return 'disabled'
  return account.hasSavedCodes ? 'on' : 'codes-unsaved'
}

type Builder = ExpressionBuilder<Tables, 'users'>
type Condition = Expression<SqlBool>

function hasFactor(e: Builder) {
  return e.exists(
    e.selectFrom('totp_factors').whereRef('totp_factors.user_id', '=', 'users.id').select('totp_factors.id'),
  )
}

function hasUsableFactor(e: Builder) {
  return e.exists(
    e
      .selectFrom('totp_factors')
      .whereRef('totp_factors.user_id', '=', 'users.id')
      .where('totp_factors.disabled_at', 'is', null)
      .select('totp_factors.id'),
  )
}

function hasSavedCodes(e: Builder) {
  return e.exists(
    e
      .selectFrom('recovery_code_sets')
      .whereRef('recovery_code_sets.user_id', '=', 'users.id')
      .where('recovery_code_sets.saved_at', 'is not', null)
      .select('recovery_code_sets.id'),
  )
}

/** Says what a user must be so that a filter leaves them. */
export function conditionsOf(e: Builder, filter: UserFilter, now: Instant): Condition[] {
  const { search, mfa, factor, group, role, state, seen } = filter
  return [
    ...searchCondition(search),
    ...(mfa === null ? [] : [mfaCondition(e, mfa)]),
    ...(factor === null ? [] : [factorCondition(e, factor)]),
    ...(group === null
      ? []
      : [
          e.exists(
            e
              .selectFrom('group_members')
              .whereRef('group_members.user_id', '=', 'users.id')
              .where('group_members.group_id', '=', group)
              .select('group_members.user_id'),
          ),
        ]),
    ...(role === null ? [] : [e('users.role', '=', role)]),
    ...(state === null ? [] : [stateCondition(e, state, now)]),
    ...(seen === null ? [] : [seenCondition(e, seen, now)]),
  ]
}

function searchCondition(search: string): Condition[] {
  const wanted = search.trim().toLowerCase()
  if (!wanted) return []
  const pattern = `%${escapePattern(wanted)}%`
  return [sql<SqlBool>`(users.email_key like ${pattern} escape '\\' or lower(users.name) like ${pattern} escape '\\')`]
}

function mfaCondition(e: Builder, mfa: MfaState): Condition {
  switch (mfa) {
    case 'on':
      return e.and([hasUsableFactor(e), hasSavedCodes(e)])
    case 'codes-unsaved':
      return e.and([hasUsableFactor(e), e.not(hasSavedCodes(e))])
    case 'disabled':
      return e.and([hasFactor(e), e.not(hasUsableFactor(e))])
    case 'off':
      return e.and([e.not(hasFactor(e)), e('users.mfa_reset_at', 'is', null)])
    case 'reset':
      return e.and([e.not(hasFactor(e)), e('users.mfa_reset_at', 'is not', null)])
  }
}

function factorCondition(e: Builder, factor: NonNullable<UserFilter['factor']>): Condition {
  if (factor === 'totp') return hasFactor(e)
  if (factor === 'recovery-codes') return hasSavedCodes(e)
  return e.and([e.not(hasFactor(e)), e.not(hasSavedCodes(e))])
}

function stateCondition(e: Builder, state: NonNullable<UserFilter['state']>, now: Instant): Condition {
  switch (state) {
    case 'usable':
      return whereActive(now)(e)
    case 'ended':
      return e.not(whereActive(now)(e))
    case 'deactivated':
      return e('users.deactivated_at', 'is not', null)
    case 'expired':
      return e.and([e('users.deactivated_at', 'is', null), e('users.expires_at', '<=', now)])
    case 'active':
      return e.and([whereActive(now)(e), e('users.password_hash', 'is not', null)])
    case 'invited':
      return e.and([whereActive(now)(e), e('users.password_hash', 'is', null)])
  }
}

function seenCondition(e: Builder, seen: NonNullable<UserFilter['seen']>, now: Instant): Condition {
  if (seen === 'never') return e('users.last_sign_in_at', 'is', null)
  if (seen === 'ever') return e('users.last_sign_in_at', 'is not', null)
  const count = Number(seen.replace('over-', ''))
  return e('users.last_sign_in_at', seen.startsWith('over-') ? '<' : '>=', now - days(count))
}
