// A row in every table there is, for tests of whatever goes through all of them. A new table does not compile until it has
// a row here.

import type { Insertable, Kysely } from 'kysely'
import type { Tables } from '../../src/database/tables.ts'

const belongsTo = { user_id: 'u' }
const lasts = { created_at: 5, expires_at: 6 }
const caller = { address: '192.0.2.1', user_agent: 'Browser/1.0' }

/** Parents before children. What the migrations put there is changed by them alone. */
const rows: { [Name in keyof Tables]: Insertable<Tables[Name]> | null } = {
  installation: null,
  policies: null,
  brand_logos: { id: 1, type: 'image/png', base64: 'AAAA' },
  keys: { number: 1, sealed_check: 'sealed', wrapped: 'wrapped', created_at: 5, retired_at: 6 },
  users: {
    id: 'u',
    email: 'Ada@example.org',
    email_key: 'ada@example.org',
    name: 'Ada \u{1f511} é',
    role: 'member',
    theme: 'dark',
    created_at: 5,
  },
  invitations: { id: 'i', ...belongsTo, token_hash: 'i', ...lasts },
  one_time_links: { id: 'l', ...belongsTo, purpose: 'reset-password', token_hash: 'l', ...lasts },
  password_reset_requests: {
    id: 'p',
    email_key: 'ada@example.org',
    language: 'en',
    ...caller,
    request_id: 'r',
    created_at: 5,
  },
  groups: { id: 'g', name: 'All', name_key: 'all', created_at: 5 },
  group_members: { group_id: 'g', ...belongsTo },
  personal_access_tokens: { id: 't', ...belongsTo, name: 'Nightly', token_hash: 't', scopes: '[]', ...lasts },
  sessions: { id: 's', ...belongsTo, token_hash: 's', proofs: '[]', ...caller, last_seen_at: 5, ...lasts },
  sign_ins: {
    id: 'n',
    ...belongsTo,
    session_id: 's',
    token_hash: 'n',
    purpose: 'step-up',
    proofs: '[]',
    return_to: '/',
    guesses: 1,
    version: 2,
    ...lasts,
  },
  attempts: { key: 'k', failures: 3, blocked_until: 1_900_000_000_000, last_at: 5 },
  totp_factors: {
    id: 'f',
    ...belongsTo,
    name: 'Phone',
    sealed_secret: 'x',
    created_at: 5,
    last_step: 60_000_000,
    failures: 2,
  },
  totp_enrolments: { id: 'e', ...belongsTo, holder: 's', sealed_secret: 'y', ...lasts },
  recovery_code_sets: { id: 'c', ...belongsTo, salt: 'z', memory_kib: 1, passes: 1, created_at: 5, saved_at: 6 },
  recovery_codes: { set_id: 'c', hash: 'h', used_at: 7 },
  audit_events: { id: 'a', at: 5, name: 'sign-out', details: '{}', linked_at: 6 },
  audit_links: { sequence: 1, event_id: 'a', linked_at: 6, hash: 'h' },
  outbox: {
    id: 'o',
    recipient: 'x',
    subject: 'x',
    body_text: '',
    body_html: '',
    sealed_link: 'l',
    created_at: 5,
    next_try_at: 5,
    tries: 0,
  },
  identity_providers: {
    id: 'ip',
    kind: 'oidc',
    name: 'Works',
    position: 1,
    settings: '{}',
    sealed_secret: 's',
    assurance: '{}',
    allowed_domains: '[]',
    linking: 'in-person',
    admission: 'invited',
    default_groups: '[]',
    claims: '{}',
    group_mapping: '[]',
    created_at: 5,
    updated_at: 5,
    version: 1,
  },
  identities: { id: 'id', provider_id: 'ip', issuer: 'https://works', subject: 'x', ...belongsTo, linked_at: 5 },
  provider_round_trips: {
    id: 'rt',
    provider_id: 'ip',
    purpose: 'sign-in',
    browser_hash: 'b',
    return_to: '/',
    ...lasts,
  },
  seen_assertions: { id: 'sa', expires_at: 6 },
  leases: { work: 'w', holder: 'h', term: 2, asked: 1 },
}

export const everyTable = Object.keys(rows) as (keyof Tables)[]

/** Puts the rows into a database that was just made. */
export async function putRowIntoEveryTable(db: Kysely<Tables>): Promise<void> {
  for (const name of everyTable)
    if (rows[name] !== null)
      await db
        .insertInto(name)
        .values(rows[name] as never)
        .execute()
}
