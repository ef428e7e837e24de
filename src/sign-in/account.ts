// Reads what the decision needs to know about a user, a session or a sign-in: one query each, on the handle that the
// caller gives, so that inside a transaction the facts are the transaction's own.

import { type Kysely, sql } from 'kysely'
import { type AccessToken, readScopes } from '../access-tokens/access-tokens.ts'
import type { Database } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { Role, Tables, Theme } from '../database/tables.ts'
import type { EnrolledFactor, RecoveryCodesState } from '../factors/factors.ts'
import { hashToken } from '../secrets/tokens.ts'
import { type Proof, readProofs } from '../sessions/proofs.ts'
import { type CameBy, cameByFrom, type SessionLimits } from '../sessions/sessions.ts'
import type { Instant } from '../time.ts'
import { isActive } from '../users/state.ts'

export interface Account {
  user: {
    id: string
    email: string
    emailKey: string
    name: string | null
    role: Role
    /** Neither deactivated nor run out. */
    active: boolean
    hasPassword: boolean
    language: string | null
    theme: Theme
    createdAt: Instant
    passwordChangedAt: Instant | null
    /** When somebody else reset this user's MFA, until they have set it up again; null when there is nothing to set up again. */
    mfaResetAt: Instant | null
    /** Browsers that became known before are unknown again. */
    browsersKnownSince: Instant | null
  }
  enrolled: readonly (EnrolledFactor & { addedAt: Instant })[]
  recoveryCodes: RecoveryCodesState
  /** The user's identities at providers. */
  identities: readonly { id: string; providerId: string }[]
  policyVersion: number
  providerVersion: number
  helpContact: string | null
}

export interface SessionRecord {
  id: string
  userId: string
  proofs: readonly Proof[]
  createdAt: Instant
  lastSeenAt: Instant
  expiresAt: Instant
}

export interface SignInRecord {
  id: string
  userId: string
  purpose: 'sign-in' | 'step-up'
  sessionId: string | null
  proofs: readonly Proof[]
  freshSince: Instant | null
  /** The identity that it came by; null where it came by a password, or where a step-up has not been at the provider. */
  cameBy: CameBy | null
  returnTo: string
  version: number
  expiresAt: Instant
}

/** One row a factor and identity: users with their factors, identities, recovery codes and the installation's settings. */
function accounts(db: Kysely<Tables>) {
  return db
    .selectFrom('users')
    .innerJoin('installation', (join) => join.on('installation.id', '=', 1))
    .leftJoin('recovery_code_sets', 'recovery_code_sets.user_id', 'users.id')
    .leftJoin('totp_factors', 'totp_factors.user_id', 'users.id')
    .leftJoin('identities', 'identities.user_id', 'users.id')
    .select([
      'identities.id as identity_id',
      'identities.provider_id as identity_provider_id',
      'installation.provider_version',
      'users.id as user_id',
      'users.email',
      'users.email_key',
      'users.name',
      'users.role',
      'users.deactivated_at',
      'users.expires_at as user_expires_at',
      'users.language',
      'users.theme',
      'users.created_at as user_created_at',
      'users.password_changed_at',
      'users.browsers_known_since',
      'users.mfa_reset_at',
      sql<number>`case when users.password_hash is null then 0 else 1 end`.as('has_password'),
      'installation.policy_version',
      'installation.help_contact',
      'recovery_code_sets.saved_at as codes_saved_at',
      'totp_factors.id as totp_id',
      'totp_factors.created_at as totp_added_at',
      'totp_factors.disabled_at as totp_disabled_at',
    ])
    .select((e) =>
      e
        .selectFrom('recovery_codes')
        .whereRef('recovery_codes.set_id', '=', 'recovery_code_sets.id')
        .where('recovery_codes.used_at', 'is', null)
        .select((codes) => codes.fn.countAll<number>().as('n'))
        .as('codes_left'),
    )
}

type AccountRow = Awaited<ReturnType<ReturnType<typeof accounts>['execute']>>[number]

function accountFrom(rows: readonly AccountRow[], row: AccountRow, now: Instant): Account {
  return {
    user: {
      id: row.user_id,
      email: row.email,
      emailKey: row.email_key,
      name: row.name,
      role: row.role,
      active: isActive({ deactivated_at: row.deactivated_at, expires_at: row.user_expires_at }, now),
      hasPassword: Number(row.has_password) === 1,
      language: row.language,
      theme: row.theme,
      createdAt: row.user_created_at,
      passwordChangedAt: row.password_changed_at,
      browsersKnownSince: row.browsers_known_since,
      mfaResetAt: row.mfa_reset_at,
    },
    enrolled: onceEach(
      rows.flatMap(({ totp_id: id, totp_added_at: addedAt, totp_disabled_at }) =>
        id === null || addedAt === null
          ? []
          : [{ kind: 'totp' as const, id, addedAt, disabled: totp_disabled_at !== null }],
      ),
    ),
    identities: onceEach(
      rows.flatMap(({ identity_id: id, identity_provider_id: providerId }) =>
        id === null || providerId === null ? [] : [{ id, providerId }],
      ),
    ),
    recoveryCodes: { saved: row.codes_saved_at !== null, left: Number(row.codes_left) },
    policyVersion: row.policy_version,
    providerVersion: Number(row.provider_version),
    helpContact: row.help_contact,
  }
}

/** Whoever has several of both comes in every combination. */
function onceEach<One extends { id: string }>(all: readonly One[]): One[] {
  return all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index)
}

const accountOf = prepare((db, given: { userId: string }) => accounts(db).where('users.id', '=', given.userId))

/** Reads one user's account as it stands now; null when there is no such user. */
export async function readAccount(db: Database, userId: string, now: Instant): Promise<Account | null> {
  const rows = await accountOf.all(db, { userId })
  const [first] = rows
  return first ? accountFrom(rows, first, now) : null
}

const sessionOf = prepare((db, given: { tokenHash: string; now: Instant; seenSince: Instant; begunSince: Instant }) =>
  accounts(db)
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .select([
      'sessions.id as session_id',
      'sessions.proofs',
      'sessions.created_at',
      'sessions.last_seen_at',
      'sessions.expires_at',
    ])
    .where('sessions.token_hash', '=', given.tokenHash)
    .where('sessions.expires_at', '>', given.now)
    .where('sessions.last_seen_at', '>', given.seenSince)
    // A shorter overall limit, once set, holds for sessions that are older than the setting.
    .where('sessions.created_at', '>', given.begunSince),
)

/** Finds a session by its token, with its user's account: the one read of a session check. Null when it has ended by any rule. */
export async function readSession(
  db: Database,
  token: string,
  { limits, now }: { limits: SessionLimits; now: Instant },
): Promise<{ session: SessionRecord; account: Account } | null> {
  const rows = await sessionOf.all(db, {
    tokenHash: hashToken(token),
    now,
    seenSince: now - limits.idle,
    begunSince: now - limits.overall,
  })
  const [row] = rows
  if (!row) return null
  const session = {
    id: row.session_id,
    userId: row.user_id,
    proofs: readProofs(row.proofs),
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
  }
  return { session, account: accountFrom(rows, row, now) }
}

const signInOf = prepare((db, given: { tokenHash: string; now: Instant }) =>
  accounts(db)
    .innerJoin('sign_ins', 'sign_ins.user_id', 'users.id')
    .select([
      'sign_ins.id as sign_in_id',
      'sign_ins.purpose',
      'sign_ins.session_id',
      'sign_ins.proofs',
      'sign_ins.fresh_since',
      'sign_ins.return_to',
      'sign_ins.identity_id as came_by',
      'sign_ins.provider_session',
      'sign_ins.sealed_id_token',
      'sign_ins.version',
      'sign_ins.expires_at',
    ])
    .where('sign_ins.token_hash', '=', given.tokenHash)
    .where('sign_ins.expires_at', '>', given.now),
)

/** Finds a sign-in or step-up in progress by its token, with its user's account. Null when it has run out or was replaced. */
export async function readSignIn(
  db: Database,
  token: string,
  now: Instant,
): Promise<{ signIn: SignInRecord; account: Account } | null> {
  const rows = await signInOf.all(db, { tokenHash: hashToken(token), now })
  const [row] = rows
  if (!row) return null
  const signIn = {
    id: row.sign_in_id,
    userId: row.user_id,
    purpose: row.purpose,
    sessionId: row.session_id,
    proofs: readProofs(row.proofs),
    freshSince: row.fresh_since,
    cameBy: cameByFrom({ ...row, identity_id: row.came_by }),
    returnTo: row.return_to,
    version: row.version,
    expiresAt: row.expires_at,
  }
  return { signIn, account: accountFrom(rows, row, now) }
}

const accessTokenOf = prepare((db, given: { tokenHash: string; now: Instant }) =>
  accounts(db)
    .innerJoin('personal_access_tokens', 'personal_access_tokens.user_id', 'users.id')
    .select([
      'personal_access_tokens.id as token_id',
      'personal_access_tokens.name as token_name',
      'personal_access_tokens.scopes',
      'personal_access_tokens.created_at as token_created_at',
      'personal_access_tokens.expires_at as token_expires_at',
      'personal_access_tokens.last_used_at',
    ])
    .where('personal_access_tokens.token_hash', '=', given.tokenHash)
    .where('personal_access_tokens.expires_at', '>', given.now),
)

/** Finds a personal access token by its text, with its owner's account: the one read of a token check. Null when it is unknown, revoked or has expired. */
export async function readAccessToken(
  db: Database,
  text: string,
  now: Instant,
): Promise<{ token: AccessToken; account: Account } | null> {
  const rows = await accessTokenOf.all(db, { tokenHash: hashToken(text), now })
  const [row] = rows
  if (!row) return null
  const token = {
    id: row.token_id,
    userId: row.user_id,
    name: row.token_name,
    scopes: readScopes(row.scopes),
    createdAt: row.token_created_at,
    expiresAt: row.token_expires_at,
    lastUsedAt: row.last_used_at,
  }
  return { token, account: accountFrom(rows, row, now) }
}
